"""New articles, edits of known ones, and pruning."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from samples import LEASE, MINUTE, NOW, SOURCE, article, filled, outcome, poll, story, verdict
from sqlalchemy import event

from monitor.domain import Article, Reason, Source
from monitor.store import Counts, Poll, Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store that knows the feed Glas."""
    made = Store(url)
    made.migrate()
    made.sync_feeds([SOURCE], NOW)
    yield made
    made.close()


def stored(store: Store) -> list[Article]:
    """The articles that wait to be judged, without their numbers."""
    return [replace(a, id=None) for a in store.unjudged(100)]


def judge(store: Store) -> None:
    """Judge all that waits."""
    store.commit([outcome(a, reason=Reason.IRRELEVANT) for a in store.unjudged(100)], NOW)


def test_a_new_article_comes_back_as_it_was(store: Store) -> None:
    """All of it, in the order of arrival, numbered."""
    told = [article(2), article(1, country=None, title="Војска “код” Рашке & <b>😀</b>", summary="")]
    assert poll(store, *told) == (2, 0)
    assert stored(store) == told
    assert [a.id for a in store.unjudged(100)] == [1, 2]
    assert [a.id for a in store.unjudged(1)] == [1]


def test_a_listed_article_is_not_new_again(store: Store) -> None:
    """Polling the same feed again brings nothing."""
    poll(store, article(1), article(2))
    assert poll(store, article(1), article(2)) == (0, 0)
    assert len(store.unjudged(100)) == 2


@pytest.mark.parametrize(
    "keys",
    [
        ("Glas\x1fguid-1", "https://glas.example/other"),
        ("Glas\x1fother", "https://glas.example/1"),
        ("https://glas.example/1",),
    ],
)
def test_any_shared_key_makes_it_the_same(store: Store, keys: tuple[str, ...]) -> None:
    """A new GUID under a known address is an edit, and so is a new address under a known GUID."""
    poll(store, article(1))
    assert poll(store, article(1, keys=keys, title="Retitled")) == (0, 1)
    assert [a.title for a in stored(store)] == ["Retitled"]


def test_keys_learnt_from_an_edit_are_known(store: Store) -> None:
    """After an entry changed its GUID, the new GUID alone identifies it."""
    poll(store, article(1, keys=("a",)))
    poll(store, article(1, keys=("a", "b")))
    assert poll(store, article(1, keys=("b", "c"))) == (0, 0)
    assert poll(store, article(1, keys=("c",))) == (0, 0)
    assert stored(store)[0].keys == ("a", "b", "c")


def test_one_poll_that_tells_an_article_twice_stores_it_once(store: Store) -> None:
    """Keys chain within a batch: the first telling counts, now and at each later poll."""
    told = [
        article(1, keys=("a",)),
        article(1, keys=("a", "b"), title="Second"),
        article(1, keys=("b",), title="Third"),
    ]
    assert poll(store, *told) == (1, 0)
    assert poll(store, *told) == (0, 0)
    assert [a.title for a in stored(store)] == [article(1).title]


def test_two_feeds_of_one_batch_share_an_article(store: Store) -> None:
    """The same address from two feeds in one transaction is one article, counted for the first."""
    store.sync_feeds([SOURCE, Source("Zora", "https://zora.example/rss")], NOW)
    glas, zora = store.due_feeds(NOW, 10, LEASE)
    first, second = article(1), article(1, keys=("Zora\x1f1", "https://glas.example/1"), source="Zora")
    counts = store.record_polls([Poll(glas, glas, (first,)), Poll(zora, zora, (second,))], NOW)
    assert counts == [Counts(1, 0), Counts(0, 0)]


def test_another_feed_does_not_edit(store: Store) -> None:
    """A feed that tells a known article in other words changes nothing: two feeds would overwrite each other for ever."""
    poll(store, article(1))
    told = article(1, source="Zora", title="Army units near Raška - Glas", fingerprint="other")
    assert poll(store, told) == (0, 0)
    assert stored(store)[0].title == article(1).title


@pytest.mark.parametrize("change", ["title", "summary", "url"])
def test_an_edit_changes_what_is_stored(store: Store, change: str) -> None:
    """Text and address follow the feed; nothing is sent for judgement while the fingerprint is the same."""
    poll(store, article(1))
    edited = replace(article(1), **{change: "https://glas.example/changed"})
    assert poll(store, edited) == (0, 1)
    assert stored(store) == [edited]
    judge(store)
    poll(store, article(1))
    assert store.unjudged(10) == []


@pytest.mark.parametrize(("after", "again"), [(12 * HOUR, True), (12 * HOUR + timedelta(microseconds=1), False)])
def test_a_recent_edit_is_judged_again(store: Store, after: timedelta, again: bool) -> None:
    """A changed text is judged again if the article was first seen no longer than max_age ago."""
    poll(store, article(1))
    judge(store)
    poll(store, article(1, title="Shots fired", fingerprint="changed"), at=NOW + after)
    assert [a.fingerprint for a in store.unjudged(10)] == (["changed"] if again else [])


@pytest.mark.parametrize(("published", "kept"), [(-MINUTE, -MINUTE), (MINUTE, timedelta(0)), (30 * DAY, timedelta(0))])
def test_only_an_earlier_date_is_believed(store: Store, published: timedelta, kept: timedelta) -> None:
    """Publishers date old news later to push it up; that must not make stale news fresh."""
    poll(store, article(1, published=NOW - DAY))
    poll(store, article(1, published=NOW - DAY + published))
    assert stored(store)[0].published == NOW - DAY + kept


def test_text_that_a_database_refuses_is_stored_without_it(store: Store) -> None:
    """One article with NUL or half a surrogate does not stop the batch that it is in."""
    told = article(1, keys=("bad\0\ud800key",), title="a\0b\ud83d", summary="\udfff", url="https://x.example/\ud800")
    assert poll(store, told, article(2)) == (2, 0)
    assert poll(store, told, article(2)) == (0, 0)
    assert stored(store)[0].title == "ab?"


def test_long_keys_are_told_apart(store: Store) -> None:
    """Keys of thousands of characters work, and differ by their ends."""
    long = "https://glas.example/?" + "x" * 5000
    assert poll(store, article(1, keys=(long + "1",)), article(2, keys=(long + "2",))) == (2, 0)
    assert poll(store, article(1, keys=(long + "1",)), article(3, keys=(long + "3",))) == (1, 0)


def test_a_large_poll_is_one_batch(store: Store) -> None:
    """A feed of thousands of entries is stored whole, and known whole."""
    told = [article(n) for n in range(3_000)]
    assert poll(store, *told) == (3_000, 0)
    assert poll(store, *told) == (0, 0)


def test_old_articles_go_and_what_they_led_to_stays(store: Store) -> None:
    """Pruning deletes articles and keys; decisions, messages and the story are kept."""
    first = filled(store, 1)[0]
    given = store.commit([outcome(first, verdict(), about=story())], NOW)
    poll(store, article(2), at=NOW + 5 * DAY)
    assert store.prune(NOW + MINUTE) == 1
    trail = store.trail("1")
    assert trail is not None
    assert (trail.articles, len(trail.decisions), len(trail.alerts)) == ((), 1, 1)
    assert trail.story is not None
    assert trail.story.id == given[-1]
    assert poll(store, article(1), at=NOW + 6 * DAY) == (1, 0)
    assert store.unjudged(10)[-1].id == 3, "a pruned article's number is not given again"


def test_what_a_feed_still_lists_is_not_pruned(store: Store) -> None:
    """A feed that lists the same entry for a year must not make it new each time its articles are pruned."""
    poll(store, article(1), article(2))
    for day in range(1, 40):
        poll(store, article(1), article(3), at=NOW + day * DAY)
    assert store.prune(NOW + 30 * DAY) == 1
    assert poll(store, article(1), at=NOW + 41 * DAY) == (0, 0)


def test_a_quiet_feeds_articles_stay_while_it_lists_them(store: Store) -> None:
    """A feed that answers 'not modified' for months still lists what it listed last; once disabled, it does not."""
    poll(store, article(1))
    for day in range(1, 100, 9):
        poll(store, at=NOW + day * DAY)
    assert store.prune(NOW + 90 * DAY) == 0
    store.sync_feeds([], NOW)
    assert store.prune(NOW + 90 * DAY) == 1


def test_fresh_news_is_judged_before_a_backlog_that_is_judged_all_the_same(store: Store) -> None:
    """The latest published come first, with some of those that wait longest; in the end everything had its turn."""
    poll(store, *(article(n, published=NOW - n * HOUR) for n in range(1, 201)))
    poll(store, *(article(n, published=NOW) for n in range(201, 211)))
    first = store.unjudged(64)
    assert len(first) == 64
    assert {a.id for a in first} >= {*range(1, 9), *range(201, 211)}
    assert [a.published for a in first] == sorted(a.published for a in first)
    seen: set[int | None] = set()
    for n in range(100):
        poll(store, *(article(1000 + 64 * n + m, published=NOW) for m in range(64)))
        told = store.unjudged(64)
        seen |= {a.id for a in told}
        store.commit([outcome(a, reason=Reason.IRRELEVANT) for a in told], NOW)
        if seen >= set(range(1, 211)):
            break
    assert n < 30, "a backlog of 200 waits while fresh news fills every batch"


def statements(store: Store) -> list[tuple[str, Any]]:
    """Collect, from here on, every statement that the store runs, with its first parameters."""
    ran: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, statement: str, parameters: Any, _x: object, many: bool) -> None:
        ran.append((statement, parameters[0] if many else parameters))

    event.listen(store._database._engine, "before_cursor_execute", note)
    return ran


def test_hot_statements_use_indexes(tmp_path: Path) -> None:
    """No statement of polling, judging and delivering reads a whole table, so that history costs nothing."""
    store = Store(f"sqlite:///{tmp_path}/m.db")
    filled(store, 3)
    ran = statements(store)
    claimed = store.due_feeds(NOW + 10 * LEASE, 10, LEASE)
    edited = article(1, title="x", fingerprint="y")
    store.record_polls([Poll(claimed[0], claimed[0], (edited, article(2), article(9)))], NOW + 2 * DAY)
    told = store.unjudged(10)
    store.commit([outcome(a, verdict(), about=story()) for a in told], NOW)
    store.commit([outcome(told[0], verdict(), about=story(1))], NOW)
    store.alerted([1, 2])
    store.open_stories(NOW)
    message = store.claim_messages(NOW, "me", LEASE, 10, ("2",))[0]
    store.record_failed(message.id, "later", NOW, 1)
    store.record_sent(message.id, 5, NOW)
    store.waiting()
    store.sends(NOW)
    store.release_dead("me:1:x", NOW)
    store.release("me", NOW)
    store.trail("a1")
    store.trail("s1")
    store.trail("m1")
    store.alerts(10)
    database = sqlite3.connect(tmp_path / "m.db")
    plans = {
        (statement, row[3])
        for statement, parameters in ran
        if statement.split()[0] in {"SELECT", "UPDATE", "DELETE"}
        for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    }
    assert len(plans) > 25
    # A scan over an index that ends at LIMIT, or over the rows of an inner query, reads no table from end to end.
    allowed = (
        "USING INDEX articles_unjudged",
        "USING INDEX articles_fresh",
        "SCAN feeds",
        "SCAN (subquery",
        "SCAN (join",
        "SCAN anon_",
    )
    scans = [p for p in plans if "SCAN" in p[1] and not any(a in p[1] for a in allowed) and "LIMIT" not in p[0]]
    assert scans == []
