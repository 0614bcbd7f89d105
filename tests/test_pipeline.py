"""The joined stages: polls that are recorded whatever happens, articles that are judged in the right order and once."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from newsroom import FakeModel, config, judge, title
from samples import NOW, SOURCE, article
from structlog.testing import capture_logs

from monitor.config import AlertsConfig, Config
from monitor.domain import EventType, Failure, FeedState, Fetched, Reason, Severity
from monitor.errors import StoreError
from monitor.pipeline import Poller, process
from monitor.pipeline.journal import GATHERED, Journal
from monitor.store import Counts, Poll, Store

TICK = timedelta(microseconds=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store that knows a feed."""
    made = Store(f"sqlite:///{tmp_path}/m.db")
    made.migrate()
    made.sync_feeds([SOURCE], NOW)
    yield made
    made.close()


def put(store: Store, *told: tuple[str, timedelta]) -> None:
    """Store articles with these titles and ages."""
    claimed = store.feeds()[0].state
    made = tuple(
        article(n, title=text, published=NOW - age, fingerprint=text, keys=(text,))
        for n, (text, age) in enumerate(told)
    )
    store.record_polls([Poll(claimed, claimed, made)], NOW)


@pytest.mark.parametrize(
    ("age", "reason"), [(timedelta(hours=12), Reason.FIRST), (timedelta(hours=12) + TICK, Reason.STALE)]
)
async def test_age_is_measured_to_the_microsecond(store: Store, age: timedelta, reason: Reason) -> None:
    """What is exactly `max_age` old is told; what is older is stored and never told."""
    put(store, (title("a"), age))
    done = await process(store, judge(), Config(), NOW)
    assert dict(done.reasons) == {reason: 1}
    assert done.messages == (reason is Reason.FIRST)
    assert store.counts().unjudged == 0


async def test_a_batch_is_told_in_the_order_of_the_events(store: Store) -> None:
    """Of articles judged together the earliest published starts the story, wherever its feed listed it."""
    put(store, (f"later: {title('a')}", timedelta(hours=1)), (f"earlier: {title('a')}", timedelta(hours=2)))
    await process(store, judge(), Config(), NOW)
    (first, *_) = store.alerts()[::-1]
    assert "earlier" in first.text.plain


async def test_a_backlog_does_not_hold_an_alert_up(store: Store) -> None:
    """With a thousand old articles waiting, the fresh one is in the first batch; in the end all were judged."""
    put(store, *((f"Report {n}", timedelta(days=2, seconds=n)) for n in range(1_000)))
    put(store, (title("a"), timedelta(0)))
    assert (await process(store, judge(), Config(), NOW)).messages == 1
    judged = [len((await process(store, judge(), Config(), NOW)).outcomes) for _ in range(16)]
    assert (store.counts().unjudged, sum(judged)) == (0, 1_001 - 64)


async def test_nothing_waits_nothing_happens(store: Store) -> None:
    """An empty queue costs one query."""
    assert (await process(store, judge(), Config(), NOW)).outcomes == ()


async def test_a_chat_that_takes_more_is_told_what_and_how_grave(store: Store) -> None:
    """Where a chat's threshold is below the model's own, what is told between them has types and a severity."""
    strict = replace(judge(), threshold=0.99)
    eager = Config(alerts=AlertsConfig(threshold=0.5))
    put(store, (title("a", grave=3), timedelta(0)))
    (outcome,) = (await process(store, strict, eager, NOW)).outcomes
    assert outcome.reason is Reason.FIRST
    assert (outcome.judged.score.types, outcome.judged.score.severity) == ((EventType.CLASH,), Severity.SERIOUS)


async def test_a_muted_and_a_required_rule_are_heard(store: Store, tmp_path: Path) -> None:
    """The configuration's rules decide, with their reasons."""
    from monitor.config import KeywordRule, Keywords

    rules = Keywords(mute=(KeywordRule(match="leposavic"),))
    settings = config(tmp_path / "x.db", {}, keywords=rules)
    put(store, (title("a"), timedelta(0)))
    assert dict((await process(store, judge(settings), settings, NOW)).reasons) == {Reason.MUTED: 1}


class Refusing(Store):
    """A store that refuses the polls of one feed."""

    def record_polls(self, polls, now, max_age=timedelta(hours=12)):  # type: ignore[no-untyped-def]
        """Refuse any batch with it."""
        if any(poll.state.name == "bad" for poll in polls):
            raise StoreError("this cannot be stored")
        return super().record_polls(polls, now, max_age)


async def test_a_poll_that_cannot_be_stored_takes_no_other_with_it(tmp_path: Path) -> None:
    """The others of its batch are stored; it alone is told in the log and read again later."""
    store = Refusing(f"sqlite:///{tmp_path}/m.db")
    store.migrate()
    names = ("a", "bad", "c")
    store.sync_feeds([replace(SOURCE, name=name, url=f"http://{name}.example/") for name in names], NOW)
    poller = Poller(store, None, lambda: NOW, lambda: 0.0)  # type: ignore[arg-type]
    for feed in store.feeds():
        done = replace(feed.state, etag="new", next_check=NOW)
        poller._ended.put_nowait(Poll(feed.state, done))
        poller._unrecorded += 1
    with capture_logs() as logs:
        await poller.record()
    assert [(feed.state.name, feed.state.etag) for feed in store.feeds()] == [("a", "new"), ("bad", None), ("c", "new")]
    assert [(line["event"].partition(",")[0], line["feed"]) for line in logs] == [("poll not stored", "bad")]
    assert not poller.busy
    await poller.stop()
    store.close()


class Scripted:
    """A fetcher that raises what is scripted, or gives it."""

    def __init__(self, *outcomes: Fetched | Exception) -> None:
        self.outcomes = [*outcomes]
        self.asked: list[tuple[str, str | None]] = []

    async def fetch(self, state: FeedState) -> Fetched:
        """The next outcome."""
        self.asked.append((state.url, state.etag))
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def poll(store: Store, fetcher: Scripted, times: int) -> FeedState:
    """Poll the one feed so often, each time when it is due; gives what is remembered."""
    now = NOW
    poller = Poller(store, fetcher, lambda: now, lambda: 0.0)  # type: ignore[arg-type]
    poller.configure({SOURCE.name: SOURCE}, Config().polling, AlertsConfig())
    for _ in range(times):
        assert await poller.tick() == 1
        async with asyncio.timeout(5):
            await poller.record()
        assert not poller.busy
        now = max(now, store.feeds()[0].state.next_check or now)
    await poller.stop()
    return store.feeds()[0].state


async def test_a_defect_met_in_a_poll_is_the_feeds_failure(store: Store) -> None:
    """Whatever is raised while a feed is polled, the poll ends and is recorded, and the feed is asked again."""
    with capture_logs() as logs:
        state = await poll(store, Scripted(RuntimeError("a defect")), 1)
    assert (state.failures, state.failure, state.failure_detail) == (
        1,
        Failure.BAD_XML,
        "the feed cannot be polled (RuntimeError)",
    )
    assert state.next_check == NOW + Config().polling.max_interval
    assert ("feed cannot be polled", SOURCE.name) in [(line["event"], line.get("feed")) for line in logs]


MOVED = "https://moved.example/feed"
FEED = b"<rss version='2.0'><channel><item><title>News</title><link>https://x.example/1</link></item></channel></rss>"
BARE = b"<rss version='2.0'><channel><title>Nothing</title></channel></rss>"
WALL = b"<!DOCTYPE html><html><body>Log in</body></html>"


@pytest.mark.parametrize(
    ("body", "believed"), [(FEED, True), (BARE, False), (WALL, False), (b"<rss><channel><item>", False)]
)
async def test_a_move_is_believed_where_it_leads_to_news(store: Store, body: bytes, believed: bool) -> None:
    """A permanent redirect to a page, to an empty feed or to a torn one leaves the address as it was."""
    state = await poll(store, Scripted(Fetched(MOVED, 200, body, moved_to=MOVED)), 1)
    assert state.url == (MOVED if believed else SOURCE.url)


async def test_a_remembered_address_that_fails_is_given_up(store: Store) -> None:
    """After three failures in a row the configured address is asked again, without the other server's validators."""
    down = Fetched(MOVED, failure=Failure.TIMEOUT)
    fetcher = Scripted(Fetched(MOVED, 200, FEED, moved_to=MOVED, etag="m"), down, down, down, down)
    state = await poll(store, fetcher, 5)
    assert fetcher.asked == [(SOURCE.url, None), *3 * [(MOVED, "m")], (SOURCE.url, None)]
    assert (state.url, state.failures) == (SOURCE.url, 4)


def failing(name: str, failures: int = 1, failure: Failure | None = Failure.TIMEOUT) -> tuple[Poll, Counts]:
    """A poll that failed so often."""
    state = FeedState(name, "http://x.example/", failures=failures, failure=failure)
    return Poll(replace(state, failures=failures - 1), state), Counts()


def told(*notes: tuple[list[tuple[Poll, Counts]], timedelta, bool]) -> list[str]:
    """What the log says of these."""
    journal = Journal()
    with capture_logs() as logs:
        for recorded, after, over in notes:
            journal.note(recorded, NOW + after, over)
        journal.close()
    return [f"{line['event']} {line.get('feed', line.get('feeds'))}" for line in logs]


def test_many_failures_are_one_line() -> None:
    """Sixty-five unreachable feeds are told together once their polls are over, three one by one."""
    many = [failing(f"f{n}") for n in range(65)]
    assert told((many[:30], timedelta(0), False), (many[30:], timedelta(seconds=1), True)) == [
        "feeds failed; `balkan-monitor feeds` shows each 65"
    ]
    assert told((many[:3], timedelta(0), True)) == [f"feed failed f{n}" for n in range(3)]
    assert len(told((many[:4], timedelta(0), True))) == 1


def test_failures_are_told_while_polls_go_on() -> None:
    """Where polls never pause, failures wait no longer than GATHERED."""
    one, two = failing("a"), failing("b")
    assert told(([one], timedelta(0), False), ([two], GATHERED - TICK, False)) == ["feed failed a", "feed failed b"]
    journal = Journal()
    with capture_logs() as logs:
        journal.note([one], NOW, False)
        journal.note([], NOW + GATHERED - TICK, False)
        assert logs == []
        journal.note([], NOW + GATHERED, False)
        assert len(logs) == 1


@pytest.mark.parametrize(("failures", "lines"), [(1, 1), (2, 1), (3, 0), (4, 1), (5, 0), (8, 1), (128, 1), (129, 0)])
def test_repetition_is_told_ever_less(failures: int, lines: int) -> None:
    """The first, second, fourth, eighth failure in a row and so on."""
    assert len(told(([failing("a", failures)], timedelta(0), True))) == lines


def test_recovery_and_news_are_told_at_once() -> None:
    """They wait for nothing."""
    was, _ = failing("a")
    back = (Poll(was.state, replace(was.state, failure=None, failures=0)), Counts(new=2))
    assert told(([back], timedelta(0), False)) == ["feed read a", "feed recovered a"]


def test_the_fake_judges_as_the_model_does() -> None:
    """The tests' model gives what the real one's contract promises: unit embeddings, distributions."""
    (found,) = FakeModel().classify([(title("a", 4), "")])
    assert abs(float((found.embedding**2).sum()) - 1) < 1e-5
    assert (sum(found.severity), len(found.types)) == (1.0, 7)
    assert datetime.now(UTC).tzinfo
