"""Due feeds to stored articles: claim, fetch, parse, normalise, record, and set the next check. Judges nothing."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from monitor.config import AlertsConfig, PollingConfig
from monitor.domain import Article, Feed, FeedState, Fetched, Source
from monitor.fetch import Fetcher
from monitor.normalize import articles
from monitor.parse import parse
from monitor.schedule import next_check
from monitor.store import Counts, Poll, Store

log = structlog.get_logger("monitor")
LEASE = timedelta(minutes=15)
"""How long a claimed feed may take: far longer than any timeout, short enough that a killed process is not missed."""
AHEAD = 4
"""Feeds claimed at a time, as a multiple of those fetched at a time: some wait for their host's turn."""
TOLD = frozenset({1, 2, 4, 8, 16, 32, 64, 128})
"""Failures in a row of which the log tells; `balkan-monitor feeds` always does."""
TOGETHER = 3
RECORDED = 200
"""Polls recorded in one transaction at most."""


class Poller:
    """Polls what is due: `tick` starts polls and returns, `record` stores those that ended."""

    def __init__(
        self, store: Store, fetcher: Fetcher, clock: Callable[[], datetime], jitter: Callable[[], float]
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._clock = clock
        self._jitter = jitter
        self._sources: Mapping[str, Source] = {}
        self._polling = PollingConfig()
        self._alerts = AlertsConfig()
        self._running: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Queue[Poll] = asyncio.Queue()
        self._unrecorded = 0
        self.arrived = asyncio.Event()

    def configure(self, sources: Mapping[str, Source], polling: PollingConfig, alerts: AlertsConfig) -> None:
        """Take the configuration; polls under way end with the one they began with."""
        self._sources, self._polling, self._alerts = sources, polling, alerts

    def use(self, fetcher: Fetcher) -> None:
        """Fetch with another client from now on."""
        self._fetcher = fetcher

    async def tick(self) -> int:
        """Claim what is due, as far as there is room, and start polling it. Gives how many were started."""
        room = self._polling.concurrency * AHEAD - len(self._running)
        if room <= 0:
            return 0
        claimed = await asyncio.to_thread(self._store.due_feeds, self._clock(), room, LEASE)
        for state in claimed:
            if state.name not in self._sources:
                continue
            task = asyncio.create_task(self._poll(self._sources[state.name], state))
            self._running.add(task)
            self._unrecorded += 1
            task.add_done_callback(self._running.discard)
        return len(claimed)

    async def record(self) -> None:
        """Wait for a poll to end, and record it together with all that have ended by then."""
        polls = [await self._ended.get()]
        while len(polls) < RECORDED and not self._ended.empty():
            polls.append(self._ended.get_nowait())
        now, max_age = self._clock(), self._alerts.max_age
        counts = await asyncio.to_thread(self._store.record_polls, polls, now, max_age)
        self._unrecorded -= len(polls)
        _log(polls, counts)
        if any(count.new or count.edited for count in counts):
            self.arrived.set()

    @property
    def busy(self) -> bool:
        """Whether a poll is under way or not recorded yet."""
        return self._unrecorded > 0

    async def stop(self) -> None:
        """Give up the polls under way; their leases run out and they are polled again."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _poll(self, source: Source, state: FeedState) -> None:
        fetched = await self._fetcher.fetch(state)
        feed, found = Feed(), tuple[Article, ...]()
        if fetched.body is not None:
            undated = self._undated(state)
            feed, found = await asyncio.to_thread(_read, source, fetched, self._clock(), undated)
        self._ended.put_nowait(self._finish(source, state, fetched, feed, found))

    def _undated(self, state: FeedState) -> datetime:
        """The date of entries without one: now, where the feed was read lately; else they are backlog, and too old."""
        now = self._clock()
        known = state.last_success is not None and now - state.last_success <= self._alerts.max_age
        return now if known else now - self._alerts.max_age - timedelta(seconds=1)

    def _finish(
        self, source: Source, state: FeedState, fetched: Fetched, feed: Feed, found: tuple[Article, ...]
    ) -> Poll:
        now = self._clock()
        failure = fetched.failure or feed.failure
        when, interval = next_check(
            self._polling, state, fetched, feed, fixed=source.interval, now=now, jitter=self._jitter()
        )
        # A body that could not be read is fetched whole again: its validators would only say 'unchanged'.
        read = failure is None
        after = replace(
            state,
            url=fetched.moved_to or state.url,
            etag=fetched.etag if read and not fetched.unchanged else state.etag,
            last_modified=fetched.last_modified if read and not fetched.unchanged else state.last_modified,
            body_hash=fetched.body_hash if read and not fetched.unchanged else state.body_hash,
            interval=interval,
            next_check=when,
            last_checked=now,
            last_success=now if read else state.last_success,
            failures=0 if read else state.failures + 1,
            failure=failure,
            failure_detail=(fetched.detail or feed.detail) if failure else "",
        )
        return Poll(state, after, found)


def _read(source: Source, fetched: Fetched, now: datetime, undated: datetime) -> tuple[Feed, tuple[Article, ...]]:
    feed = parse(fetched.body or b"", fetched.headers, fetched.url)
    return feed, articles(source, feed, now, undated)


def _log(polls: Sequence[Poll], counts: Sequence[Counts]) -> None:
    """One line for what a feed brought or how its trouble began and ended; many that fail together are one line."""
    for poll, count in zip(polls, counts, strict=True):
        state = poll.state
        if count.new or count.edited:
            log.info("feed read", feed=state.name, new=count.new, edited=count.edited)
        if poll.claimed.failure and not state.failure:
            log.info("feed recovered", feed=state.name, failures=poll.claimed.failures)
    failed = [poll.state for poll in polls if poll.state.failure and poll.state.failures in TOLD]
    if len(failed) > TOGETHER:
        kinds = Counter(state.failure.value for state in failed if state.failure)
        names = ", ".join(state.name for state in failed[:TOGETHER])
        log.warning("feeds failed", **{k.replace(" ", "_"): n for k, n in kinds.items()}, first=names)
        return
    for state in failed:
        if state.failure:
            told = {"failure": state.failure.value, "detail": state.failure_detail, "failures": state.failures}
            log.warning("feed failed", feed=state.name, **told)
