"""Which feeds are due, and what is remembered of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from samples import LEASE, MINUTE, NOW, SOURCE, article

from monitor.domain import Failure, FeedState, Source
from monitor.store import Poll, Store

OTHER = Source("Zora", "https://zora.example/feed")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store that knows two feeds."""
    made = Store(url)
    made.migrate()
    made.sync_feeds([SOURCE, OTHER], NOW)
    yield made
    made.close()


def names(states: list[FeedState]) -> list[str]:
    """Their names, in order."""
    return [state.name for state in states]


def finish(store: Store, state: FeedState, **changes: object) -> None:
    """Record a poll that found nothing new."""
    store.record_polls([Poll(state, replace(state, **changes))], NOW)  # type: ignore[arg-type]


def test_new_feeds_are_due_at_once(store: Store) -> None:
    """A feed that was never polled is due now."""
    assert names(store.due_feeds(NOW, 10, LEASE)) == ["Glas", "Zora"]


def test_a_claimed_feed_is_not_claimed_again(store: Store) -> None:
    """Until its lease ends, or its poll is recorded, nobody else polls it."""
    store.due_feeds(NOW, 10, LEASE)
    assert store.due_feeds(NOW + LEASE - timedelta(microseconds=1), 10, LEASE) == []
    assert names(store.due_feeds(NOW + LEASE, 10, LEASE)) == ["Glas", "Zora"]


def test_the_longest_due_comes_first(store: Store) -> None:
    """With room for one, the feed that has waited longest is polled."""
    glas, zora = store.due_feeds(NOW, 10, LEASE)
    finish(store, glas, next_check=NOW + 2 * MINUTE)
    finish(store, zora, next_check=NOW + MINUTE)
    assert names(store.due_feeds(NOW + 3 * MINUTE, 1, LEASE)) == ["Zora"]
    assert names(store.due_feeds(NOW + 3 * MINUTE, 1, LEASE)) == ["Glas"]


def test_a_feed_is_due_exactly_at_its_time(store: Store) -> None:
    """Not a microsecond early."""
    glas = store.due_feeds(NOW, 1, LEASE)[0]
    finish(store, glas, next_check=NOW + MINUTE)
    assert "Glas" not in names(store.due_feeds(NOW + MINUTE - timedelta(microseconds=1), 10, LEASE))
    assert "Glas" in names(store.due_feeds(NOW + MINUTE, 10, LEASE))


def test_all_that_is_remembered_comes_back(store: Store) -> None:
    """A feed's state is the same after the round through the database, to the microsecond."""
    claimed = store.due_feeds(NOW, 1, LEASE)[0]
    later = NOW + timedelta(microseconds=1)
    state = FeedState(
        name="Glas",
        url="https://new.example/rss",
        etag='W/"é"',
        last_modified="Fri, 29 Sep 2023 16:40:00 GMT",
        body_hash="ab",
        interval=timedelta(seconds=61.5),
        next_check=later,
        last_checked=later,
        last_success=later,
        last_new=later,
        failures=3,
        failure=Failure.NOT_A_FEED,
        failure_detail="text/html",
    )
    store.record_polls([Poll(claimed, state)], NOW)
    assert store.feeds()[0].state == state


def test_a_changed_address_forgets_the_old_ones_answers(store: Store) -> None:
    """Validators and redirects of the old address are dropped, failures too, and the feed is due at once."""
    glas = store.due_feeds(NOW, 1, LEASE)[0]
    finish(
        store, glas, url="https://moved.example/", etag="x", last_modified="y", body_hash="z", next_check=NOW + MINUTE
    )
    finish(store, replace(glas, url="https://moved.example/"), failures=2, failure=Failure.TIMEOUT, last_new=NOW)
    store.sync_feeds([replace(SOURCE, url="https://glas.example/new"), OTHER], NOW)
    assert store.feeds()[0].state == FeedState("Glas", "https://glas.example/new", last_new=NOW)
    assert "Glas" in names(store.due_feeds(NOW, 10, LEASE))


def test_an_unchanged_configuration_keeps_a_redirect(store: Store) -> None:
    """A permanent redirect is remembered over restarts."""
    glas = store.due_feeds(NOW, 1, LEASE)[0]
    finish(store, glas, url="https://moved.example/", etag="x", next_check=NOW + MINUTE)
    store.sync_feeds([SOURCE, OTHER], NOW)
    assert (store.feeds()[0].state.url, store.feeds()[0].state.etag) == ("https://moved.example/", "x")


def test_a_poll_under_way_does_not_undo_the_configuration(store: Store) -> None:
    """A poll that was claimed before the address changed does not write the old address back."""
    glas = store.due_feeds(NOW, 1, LEASE)[0]
    store.sync_feeds([replace(SOURCE, url="https://glas.example/new"), OTHER], NOW)
    finish(store, glas, etag="old", next_check=NOW + MINUTE)
    assert store.feeds()[0].state == FeedState("Glas", "https://glas.example/new")


@pytest.mark.parametrize("sources", [[OTHER], [replace(SOURCE, enabled=False), OTHER]])
def test_a_removed_or_disabled_feed_is_not_due(store: Store, sources: list[Source]) -> None:
    """It keeps what is known of it, a poll under way does not bring it back, and it is due when it returns."""
    glas = store.due_feeds(NOW, 1, LEASE)[0]
    store.sync_feeds(sources, NOW)
    finish(store, glas, etag="kept", next_check=NOW)
    assert names(store.due_feeds(NOW + 10 * LEASE, 10, LEASE)) == ["Zora"]
    assert next((f.state.name, f.state.etag, f.enabled) for f in store.feeds()) == ("Glas", "kept", False)
    store.sync_feeds([SOURCE, OTHER], NOW)
    assert "Glas" in names(store.due_feeds(NOW, 10, LEASE))


def test_the_daemons_sign_of_life_is_kept(store: Store) -> None:
    """The last one counts; before the first there is none."""
    assert store.last_beat() is None
    store.beat(NOW)
    store.beat(NOW + MINUTE)
    assert store.last_beat() == NOW + MINUTE


def test_recording_without_a_next_check_is_due_now(store: Store) -> None:
    """A feed is never lost from the schedule."""
    glas = store.due_feeds(NOW, 1, LEASE)[0]
    store.record_polls([Poll(glas, replace(glas, next_check=None), (article(),))], NOW)
    assert "Glas" in names(store.due_feeds(NOW, 10, LEASE))
