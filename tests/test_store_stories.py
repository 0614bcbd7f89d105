"""What judging leads to: one transaction for judgement, story, decisions and messages."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from samples import LEASE, MINUTE, NOW, article, filled, outcome, poll, score, story, verdict

from monitor.domain import Alerted, Kind, Mark, PlaceHit, Reason, Severity, Told
from monitor.errors import InputError
from monitor.store import Status, Store
from monitor.store.rows import score as stored_score
from monitor.store.rows import score_parts


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store with three articles that wait."""
    made = Store(url)
    filled(made, 3)
    yield made
    made.close()


def test_a_judgement_comes_back_as_it_was(store: Store) -> None:
    """Score, hits, places, model, reason and story are all in the trail."""
    told = store.unjudged(1)[0]
    given = store.commit([outcome(told, verdict(), verdict("2", send=False), about=story())], NOW)
    trail = store.trail(str(told.id))
    assert trail is not None
    judgement = trail.articles[0].judgement
    assert judgement is not None
    assert (judgement.score, judgement.model, judgement.reason, judgement.at) == (score(), "model-1", Reason.FIRST, NOW)
    assert trail.articles[0].article == replace(told, story=given[-1])
    assert [(d.chat, d.decision.send, d.decision.reason, d.current) for d in trail.decisions] == [
        ("1", True, Reason.FIRST, True),
        ("2", False, Reason.NOTHING_NEW, True),
    ]
    assert [(a.chat, a.status, a.reason, a.article) for a in trail.alerts] == [
        ("1", Status.PENDING, Reason.FIRST, told.id)
    ]
    for id in (f"s{given[-1]}", "m1"):
        same = store.trail(id)
        assert same is not None
        assert (same.articles, same.decisions, same.alerts) == (trail.articles, trail.decisions, trail.alerts)


def test_a_story_comes_back_as_it_was(store: Store) -> None:
    """With its centroid to the bit."""
    centroid = np.random.default_rng(1).normal(size=384).astype(np.float32)
    told = story(centroid=centroid, severity=Severity.CRITICAL)
    given = store.commit([outcome(store.unjudged(1)[0], about=told)], NOW)
    (kept,) = store.open_stories(NOW)
    assert np.array_equal(kept.centroid, centroid)
    assert replace(kept, centroid=centroid) == replace(told, id=given[-1])


def test_articles_of_one_commit_share_a_new_story(store: Store) -> None:
    """The same negative id is one new story, kept as it was last; another is another; 0 is a story of its own."""
    one, two, three = store.unjudged(3)
    grown = replace(story(-7), articles=2, updated=NOW + MINUTE)
    given = store.commit(
        [outcome(one, about=story(-7)), outcome(two, about=grown), outcome(three, about=story(0))], NOW
    )
    assert list(given) == [-7]
    assert [(s.articles, s.id == given[-7]) for s in store.open_stories(NOW)] == [(2, True), (1, False)]
    trail = store.trail(f"s{given[-7]}")
    assert trail is not None
    assert [t.article.id for t in trail.articles] == [one.id, two.id]


def test_a_story_grows(store: Store) -> None:
    """A stored story is updated by the next article."""
    one, two, _ = store.unjudged(3)
    id = store.commit([outcome(one, about=story())], NOW)[-1]
    grown = replace(story(id), articles=2, outlets=("glas.example", "zora.example"), updated=NOW + MINUTE)
    assert store.commit([outcome(two, about=grown)], NOW) == {}
    (kept,) = store.open_stories(NOW + MINUTE)
    assert (kept.id, kept.articles, kept.outlets) == (id, 2, ("glas.example", "zora.example"))
    assert store.open_stories(NOW + 2 * MINUTE) == []


def test_committing_twice_sends_once(store: Store) -> None:
    """A commit that is repeated after a crash, or made by two processes, changes nothing the second time."""
    told = outcome(store.unjudged(1)[0], verdict(), about=story())
    store.commit([told], NOW)
    before = store.counts()
    assert store.commit([told], NOW) == {}
    assert store.commit([replace(told, story=story(-5))], NOW) == {}
    assert store.counts() == before


def test_an_article_twice_in_a_commit_counts_once(store: Store) -> None:
    """The first outcome holds."""
    told = store.unjudged(1)[0]
    store.commit([outcome(told, verdict(), about=story()), outcome(told, verdict(), about=story(-2))], NOW)
    assert (store.counts().stories, store.counts().messages[Status.PENDING]) == (1, 1)


def test_a_text_that_changed_meanwhile_is_judged_anew(store: Store) -> None:
    """A judgement of the old text is dropped whole; the new text still waits."""
    told = store.unjudged(1)[0]
    poll(store, article(1, title="Changed", fingerprint="changed"))
    store.commit([outcome(told, verdict(), about=story())], NOW)
    assert [a.fingerprint for a in store.unjudged(1)] == ["changed"]
    assert store.counts().messages[Status.PENDING] == store.counts().stories == 0


def test_an_edit_there_and_back_is_not_decided_twice(store: Store) -> None:
    """A title that is changed and changed back leads to one decision for each wording, and one message."""
    for title, fingerprint in [("A", "print-1"), ("B", "b"), ("A", "print-1"), ("B", "b")]:
        poll(store, article(1, title=title, fingerprint=fingerprint))
        told = [a for a in store.unjudged(10) if a.id == 1]
        store.commit([outcome(a, verdict(send=fingerprint == "print-1"), about=story()) for a in told], NOW)
    trail = store.trail("1")
    assert trail is not None
    assert [(d.decision.send, d.current) for d in trail.decisions] == [(True, False), (False, True)]
    assert store.counts().messages[Status.PENDING] == 1


def test_a_chat_is_remembered_to_have_been_told(store: Store) -> None:
    """By story and chat: when, how grave, by whom; the last message counts, and the first is remembered."""
    one, two, three = store.unjudged(3)
    id = store.commit([outcome(one, verdict("1"), verdict("2"), about=story())], NOW)[-1]
    grave = story(id, severity=Severity.CRITICAL)
    update = verdict("1", kind=Kind.UPDATE, marks=(Mark.DENIED,))
    store.commit([outcome(two, update, verdict("2", send=False), about=grave)], NOW + MINUTE)
    store.commit([outcome(three, verdict("3"), about=story())], NOW)
    camps, outlets, before = ("belgrade",), ("glas.example",), Told(Severity.SERIOUS, ("belgrade",))
    known = store.alerted([id])
    first = Alerted(NOW, Severity.SERIOUS, 2, camps, outlets, (), Severity.SERIOUS, one.id, True, True, before)
    assert known[id, "2"] == first
    told = Told(Severity.CRITICAL, camps, (Mark.DENIED,))
    assert known[id, "1"] == replace(
        first, at=NOW + MINUTE, severity=Severity.CRITICAL, marks=(Mark.DENIED,), message=1, base=told
    )
    assert len(known) == 2
    assert store.alerted([]) == {}


@pytest.mark.parametrize(
    ("langs", "title"),
    [(("sq",), "second"), (("sr", "hr"), "third"), (("hr", "en"), "first"), (("s",), None), (("mk",), None)],
)
def test_the_first_headline_in_a_language_is_found(store: Store, langs: tuple[str, ...], title: str | None) -> None:
    """In any of its scripts; none where no article of the story has it, whatever other stories have."""
    told = [("first", "en"), ("second", "sq"), ("third", "sr-Cyrl"), ("fourth", "sq"), ("other", "mk")]
    poll(store, *(article(n, title=title, lang=lang) for n, (title, lang) in enumerate(told, 10)))
    *same, other = sorted(store.unjudged(9), key=lambda a: a.id or 0)[3:]
    store.commit([outcome(a, about=story(-1)) for a in same] + [outcome(other, about=story(-2))], NOW)
    found = store.headline(1, langs)
    assert (found and found.title) == title
    assert found is None or (found.outlet, found.url[:21]) == ("glas.example", "https://glas.example/")


def test_a_sending_decision_needs_a_text(store: Store) -> None:
    """It is a defect, and the whole commit is undone."""
    one, two, _ = store.unjudged(3)
    with pytest.raises(ValueError, match="needs a text"):
        store.commit([outcome(one, verdict(), about=story()), outcome(two, verdict(text=None), about=story())], NOW)
    assert (len(store.unjudged(10)), store.counts().stories) == (3, 0)


@pytest.mark.parametrize("id", ["", "x1", "1.5", "-1", "s", "a" + "9" * 30, "1; drop table articles", "²"])
def test_what_is_no_id_is_refused(store: Store, id: str) -> None:
    """In one sentence."""
    with pytest.raises(InputError, match="is no id"):
        store.trail(id)


@pytest.mark.parametrize("id", ["99", "a99", "s99", "m99"])
def test_an_unknown_id_has_no_trail(store: Store, id: str) -> None:
    """None, not an error."""
    assert store.trail(id) is None


def test_counts(store: Store) -> None:
    """How much there is of everything."""
    store.commit([outcome(store.unjudged(1)[0], verdict("1"), verdict("2"), about=story())], NOW)
    store.record_failed(store.claim_messages(NOW, "me", LEASE, 1)[0].id, "no", None, 1)
    totals = store.counts()
    assert (totals.feeds, totals.failing, totals.articles, totals.unjudged, totals.stories) == (1, 0, 3, 2, 1)
    assert totals.messages == {Status.PENDING: 1, Status.SENT: 0, Status.DEAD: 1, Status.MERGED: 0}


@pytest.mark.parametrize("kept", [5, 3])
def test_a_place_is_stored_with_its_kind(kept: int) -> None:
    """So that an edit says where as the first message did; what was stored before is read as well."""
    town = PlaceHit("XK", "Zvečan", "Звечану", "summary", "town")
    parts = score_parts(replace(score(), places=(town,)))
    parts["places"] = [hit[:kept] for hit in parts["places"]]
    read = stored_score(0.9, 3, parts).places
    assert read == ((town,) if kept == 5 else (PlaceHit("XK", "Zvečan", "Звечану"),))
