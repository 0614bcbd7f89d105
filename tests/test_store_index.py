"""What the escalation index is made of, what is told once, and what was nearly told, as the store keeps it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from samples import MINUTE, NOW, article, filled, outcome, poll, score, story, verdict

from monitor.domain import Decision, EventType, Reason, Severity, Text
from monitor.store import Notice, Store
from monitor.trend import Mention, Volume

DAY = NOW.astimezone(UTC).date()
HOURS = timedelta(hours=1)
TEXT = Text("<b>x</b>", "x")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store with three articles that wait."""
    made = Store(url)
    filled(made, 3)
    yield made
    made.close()


def test_reading_and_telling_are_kept_by_day(store: Store) -> None:
    """Every article counts as read; those in a story as told, with who tells it and how grave it is."""
    one, two, three = store.unjudged(3)
    ids = store.commit([outcome(one, about=story(-1)), outcome(two, about=story(-1)), outcome(three)], NOW)
    volumes, mentions = store.history(DAY)
    assert volumes == [Volume(DAY, "glas.example", 3)]
    told = Mention(DAY, "glas.example", "belgrade", ids[-1], Severity.SERIOUS, ("XK", "RS"))
    assert mentions == [told, told]
    assert store.history(DAY + timedelta(days=1)) == ([], [])


def test_an_edit_is_not_read_again_and_tells_what_it_says_now(store: Store) -> None:
    """The article counts once; its severity is that of the newest wording, and nothing once it tells no story."""
    store.commit([outcome(told, about=story()) for told in store.unjudged(3)], NOW)
    for severity, about in ((Severity.CRITICAL, story()), (Severity.NONE, None)):
        poll(store, article(1, title=f"Changed {severity}", fingerprint=f"changed {severity}"))
        made = outcome(store.unjudged(1)[0], about=about)
        store.commit([replace(made, judged=replace(made.judged, score=score(severity=severity)))], NOW)
        volumes, mentions = store.history(DAY)
        assert volumes == [Volume(DAY, "glas.example", 3)]
        found = sorted(mention.severity for mention in mentions)
        assert found == [3, 3, 4] if about else [3, 3]


def test_a_step_back_is_marked(store: Store) -> None:
    """It is told, and is no danger."""
    made = outcome(store.unjudged(1)[0], about=story())
    store.commit([replace(made, judged=replace(made.judged, score=score(types=(EventType.DEESCALATION,))))], NOW)
    assert [mention.eased for mention in store.history(DAY)[1]] == [True]


@pytest.mark.parametrize(("age", "read"), [(12 * HOURS, 1), (12 * HOURS + MINUTE, 0)])
def test_a_backlog_is_not_read(url: str, age: timedelta, read: int) -> None:
    """What is old when it is first seen says nothing of how much is published a day."""
    store = Store(url)
    filled(store, 0)
    poll(store, article(1, published=NOW - age))
    store.commit([outcome(store.unjudged(1)[0], reason=Reason.IRRELEVANT)], NOW)
    assert sum(volume.articles for volume in store.history(DAY - timedelta(days=2))[0]) == read
    store.close()


def test_a_commit_made_twice_counts_once(store: Store) -> None:
    """As everything else that judging leads to."""
    made = [outcome(told, about=story(-1)) for told in store.unjudged(3)]
    store.commit(made, NOW)
    before = store.history(DAY)
    store.commit(made, NOW)
    assert store.history(DAY) == before


def test_days_are_kept_longer_than_articles(store: Store) -> None:
    """Pruning articles leaves the index its baseline, for more than a year."""
    store.commit([outcome(told, about=story(-1)) for told in store.unjudged(3)], NOW)
    store.prune(NOW + timedelta(days=400))
    assert len(store.history(DAY)[1]) == 3
    store.prune(NOW + timedelta(days=401))
    assert store.history(DAY) == ([], [])


def test_what_a_group_was_told_once_moves_with_it(store: Store) -> None:
    """Under its new number it is not told the day or the index again."""
    store.announce(["digest -1 2026-03-03", "index -1 XK 2 2026-03-03", "index -12 XK 2 2026-03-03"], [], NOW)
    store.chats.move("-1", "-2")
    moved = ["digest -2 2026-03-03", "index -2 XK 2 2026-03-03", "index -12 XK 2 2026-03-03"]
    assert store.announced(moved) == set(moved)


def test_a_thing_is_announced_once(store: Store) -> None:
    """Notices, levels and the mark that they were told stand or fall together."""
    notices = [Notice("1", TEXT, silent=True, thread=7), Notice("2", TEXT)]
    assert store.announce(["digest 1", "digest 2"], notices, NOW, {"XK": 2})
    assert not store.announce(["digest 3", "digest 2"], notices, NOW, {"XK": 0, "RS": 1})
    assert store.announced(["digest 1", "digest 3"]) == {"digest 1"}
    assert store.levels() == {"XK": 2}
    assert [(m.chat, m.silent, m.thread, m.text) for m in store.claim_messages(NOW, "me", MINUTE, 9)] == [
        ("1", True, 7, TEXT),
        ("2", False, None, TEXT),
    ]
    assert store.announce([], [], NOW, {"XK": 1, "RS": 1})
    assert store.levels() == {"XK": 1, "RS": 1}


def test_refusals_are_listed_once_and_as_they_stand(store: Store) -> None:
    """The newest first, of the wording that stands; what became a story is none."""
    one, two, three = store.unjudged(3)
    no = Decision(False, Reason.OUT_OF_REGION, "it is about GR")
    refusal = verdict("*", send=False, decision=no)
    store.commit([outcome(one, refusal, reason=no.reason), outcome(two, refusal, reason=no.reason)], NOW)
    store.commit([outcome(three, verdict(), about=story())], NOW)
    poll(store, article(1, title="Changed", fingerprint="changed"))
    store.commit([outcome(told, verdict(), about=story()) for told in store.unjudged(1)], NOW)
    found = store.refused(NOW)
    assert [(r.article.id, r.reason, r.detail, r.at, r.score) for r in found] == [
        (two.id, Reason.OUT_OF_REGION, "it is about GR", NOW, score())
    ]
    assert store.refused(NOW + MINUTE) == []


def test_a_story_that_nobody_bore_out_is_listed_until_it_is_told(store: Store) -> None:
    """With the story, which says how many outlets it took."""
    one, two, _ = store.unjudged(3)
    waits = verdict(send=False, decision=Decision(False, Reason.UNCORROBORATED, "1 of 2 outlets"))
    id = store.commit([outcome(one, waits, about=story(-1))], NOW)[-1]
    (found,) = store.refused(NOW)
    assert found.story is not None
    assert (found.story.id, found.reason) == (id, Reason.UNCORROBORATED)
    store.commit([outcome(two, verdict(), about=story(id))], NOW)
    assert store.refused(NOW) == []


def test_a_story_is_shown_with_its_first_address(store: Store) -> None:
    """Its title, and where its first article stands."""
    one, two, _ = store.unjudged(3)
    id = store.commit([outcome(one, about=story(-1)), outcome(two, about=story(-1))], NOW)[-1]
    assert store.links([id, 99]) == {id: ("Army units near Raška", "https://glas.example/1")}
    assert (store.read_since(NOW), store.read_since(NOW + MINUTE)) == (3, 0)
