"""What people said and set in chats, over both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from samples import LEASE, MINUTE, NOW, article, filled, outcome, poll, story, verdict

from monitor.domain import Article, Change, Kind, Mute, MuteKind, Opinion, Person, Severity, Text
from monitor.store import Store

ANA, MARKO = Person(1, "Ana"), Person(2, "Marko")
DAY = timedelta(days=1)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store with two articles of one story."""
    made = Store(url)
    one, two = filled(made, 2)
    made.commit([outcome(one, about=story()), outcome(two, about=story())], NOW)
    yield made
    made.close()


def mute(**changes: object) -> Mute:
    """A mute of everything in chat 1 for an hour."""
    made = Mute("1", MuteKind.ALL, "", NOW + timedelta(hours=1), ANA, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def change(key: str, old: str | None = None, new: str | None = None, request: int = 0) -> Change:
    """Ana's change in chat 1."""
    return Change("1", ANA, NOW, key, old, new, request)


def test_the_last_word_of_a_person_counts(store: Store) -> None:
    """One row a person, article and chat, with the judgement that it is about; others' words stand beside it."""
    for by, opinion, at in (
        (ANA, Opinion.RELEVANT, NOW),
        (MARKO, Opinion.RELEVANT, NOW),
        (ANA, Opinion.NOT_RELEVANT, NOW + MINUTE),
    ):
        assert store.people.give(1, "1", by, opinion, 0.5, at)
    store.people.give(1, "2", ANA, Opinion.RELEVANT, 0.7, NOW)
    assert store.people.opinions(1, "1") == (("Marko", Opinion.RELEVANT), ("Ana", Opinion.NOT_RELEVANT))
    assert store.people.opinions(2, "1") == ()
    last = store.people.feedback()[-1]
    assert (last.article, last.story, last.chat, last.by, last.opinion) == (1, 1, "1", ANA, Opinion.NOT_RELEVANT)
    assert (last.score, last.threshold, last.model, last.at) == (0.97, 0.5, "model-1", NOW + MINUTE)
    assert len(store.people.feedback()) == 3
    assert store.people.feedback(NOW + MINUTE) == [last]


@pytest.mark.parametrize("number", [3, 99])
def test_only_what_was_judged_can_be_spoken_of(store: Store, number: int) -> None:
    """An article that waits for its judgement, or that is not known, takes no word."""
    poll(store, article(3))
    assert store.people.give(number, "1", ANA, Opinion.RELEVANT, 0.5, NOW) is None
    assert store.people.feedback() == []


def test_what_was_spoken_of_is_not_pruned(store: Store) -> None:
    """The program learns from it; what nobody spoke of goes."""
    store.people.give(1, "1", ANA, Opinion.RELEVANT, 0.5, NOW)
    store.sync_feeds([], NOW)
    assert store.prune(NOW + 10 * DAY) == 1
    assert store.people.give(1, "1", ANA, Opinion.NOT_RELEVANT, 0.5, NOW)
    assert not store.people.give(2, "1", ANA, Opinion.NOT_RELEVANT, 0.5, NOW)


def test_a_mute_holds_until_its_time(store: Store) -> None:
    """To the microsecond; one without a time holds until it is lifted; each chat has its own."""
    store.people.write(change("mute"), mute())
    store.people.write(change("mute"), mute(kind=MuteKind.STORY, what="1", until=None, severity=Severity.SERIOUS))
    store.people.write(change("mute"), mute(chat="2", kind=MuteKind.SOURCE, what="Glas"))
    assert [m.id for m in store.people.mutes(NOW)] == [1, 2, 3]
    first, second = store.people.mutes(NOW, "1")
    assert first == mute(id=1)
    assert (second.what, second.severity, second.until) == ("1", Severity.SERIOUS, None)
    last = timedelta(microseconds=1)
    assert [m.id for m in store.people.mutes(NOW + timedelta(hours=1) - last, "1")] == [1, 2]
    assert [m.id for m in store.people.mutes(NOW + timedelta(hours=1), "1")] == [2]


def test_changes_can_be_undone_once(store: Store) -> None:
    """A threshold, a mute and its end go back to what they were."""
    people = store.people
    first, _ = people.write(change("threshold", None, "0.7"))
    second, _ = people.write(change("threshold", "0.7", "0.8"))
    assert people.thresholds() == {"1": 0.8}
    assert people.undo(second, MARKO, 9, NOW)
    assert people.thresholds() == {"1": 0.7}
    assert not people.undo(second, MARKO, 9, NOW)
    assert people.undo(first, MARKO, 10, NOW)
    assert people.thresholds() == {}
    muted, _ = people.write(change("mute"), mute())
    lifted, _ = people.write(change("unmute", muted.new))
    assert people.mutes(NOW) == []
    people.undo(lifted, ANA, 11, NOW)
    assert [m.id for m in people.mutes(NOW)] == [1]
    people.undo(muted, ANA, 12, NOW)
    assert people.mutes(NOW) == []
    assert [(c.key, c.undone) for c in people.changes(10)] == [
        ("unmute", NOW),
        ("mute", NOW),
        ("threshold", NOW),
        ("threshold", NOW),
    ]
    assert people.changes(1, first.id)[0].new == "0.7"


def test_a_request_is_carried_out_once(store: Store) -> None:
    """The same update again, as after a crash before it was acknowledged, changes nothing."""
    made, new = store.people.write(change("threshold", None, "0.7", request=5))
    again, newer = store.people.write(change("threshold", "0.7", "0.9", request=5))
    assert (new, newer, again) == (True, False, made)
    assert store.people.thresholds() == {"1": 0.7}
    store.people.undo(made, ANA, 6, NOW)
    assert store.people.undone_by(6) == replace(made, undone=NOW)
    assert store.people.undone_by(5) is None


def test_an_edit_under_way_is_sent_again_with_the_new_buttons(store: Store) -> None:
    """What a claimed edit would show of the buttons is old once somebody judges or mutes: it is due again."""
    first, second = verdict("1"), verdict("1", kind=Kind.EDIT)
    one, two = filled_again(store)
    store.commit([outcome(one, first, about=story())], NOW)
    store.record_sent(store.claim_messages(NOW, "me", LEASE, 5)[0].id, 100, NOW)
    number = store.trail(f"a{one.id}").story.id  # type: ignore[union-attr]
    store.commit([outcome(two, second, about=story(number))], NOW + MINUTE)
    (edit,) = store.claim_messages(NOW + 2 * MINUTE, "me", LEASE, 5)
    assert (edit.kind, edit.article, edit.opinions, edit.muted) == (Kind.EDIT, one.id, (), False)
    store.people.give(one.id or 0, "1", ANA, Opinion.RELEVANT, 0.5, NOW)
    store.people.write(change("mute"), mute(kind=MuteKind.STORY, what=str(number), until=None))
    store.record_sent(edit.id, 100, NOW + 2 * MINUTE)
    (again,) = store.claim_messages(NOW + 9 * MINUTE, "me", LEASE, 5)
    assert (again.id, again.opinions, again.muted) == (edit.id, (("Ana", Opinion.RELEVANT),), True)


def filled_again(store: Store) -> list[Article]:
    """Two more articles that wait."""
    poll(store, article(11), article(12))
    return store.unjudged(2)


def test_how_things_stand_is_told(store: Store) -> None:
    """Feeds, what waits and for how long, the last alert; of a chat its latest stories, each once."""
    one, _ = filled_again(store)
    store.commit([outcome(one, verdict("1"), verdict("2"), about=story())], NOW)
    for message in store.claim_messages(NOW, "me", LEASE, 1):
        store.record_sent(message.id, 100, NOW + MINUTE)
    now = store.people.standing(NOW + 5 * MINUTE)
    assert (now.feeds, now.failing, now.unjudged, now.behind) == (1, 0, 1, 5 * MINUTE)
    assert (now.pending, now.late, now.parked, now.dead) == (1, 5 * MINUTE, 0, 0)
    assert now.last == NOW + MINUTE
    assert (now.usual, now.most) == (MINUTE, MINUTE)
    ((told, at),) = store.people.latest("1", 5)
    assert ((told.id,), at) == (store.people.stories_of("1", 100), NOW + MINUTE)
    assert store.people.latest("2", 5) == []
    assert store.people.stories_of("2", 100) == ()


def test_what_waits_in_parked_chats_is_not_late(store: Store) -> None:
    """It is counted apart, and as late again once the chat takes messages; edits are never counted."""
    (one, *_), two, three = (store.enqueue([chat], Text("", "hi"), NOW) for chat in ("1", "2", "2"))
    store.chats.park(one, "blocked", NOW)
    store.chats.park(two[0], "blocked", NOW)
    now = store.people.standing(NOW + MINUTE)
    assert (now.pending, now.late, now.parked) == (0, timedelta(0), 1 + len(two + three))
    store.record_sent(two[0], 70, NOW)
    now = store.people.standing(NOW + MINUTE)
    assert (now.pending, now.late, now.parked) == (1, MINUTE, 1)
