"""Due feeds to stored articles: claim, fetch, parse, normalise, record, and set the next check. Judges nothing."""

import asyncio
import functools
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from monitor.config import AlertsConfig, PollingConfig
from monitor.domain import Article, Failure, Feed, FeedState, Fetched, Source
from monitor.errors import StoreError
from monitor.fetch import Fetcher
from monitor.normalize import articles
from monitor.parse import parse
from monitor.pipeline.journal import Journal
from monitor.schedule import next_check
from monitor.store import Counts, Poll, Store, this_process

log = structlog.get_logger("monitor")
LEASE = timedelta(minutes=15)
"""How long a claimed feed may take: far longer than any timeout, short enough that a killed process is not missed."""
AHEAD = 4
"""Feeds claimed at a time, as a multiple of those fetched at a time: some wait for their host's turn."""
RECORDED = 200
"""Polls recorded in one transaction at most."""
AT_MOVED = 3
"""Failures in a row at an address that a redirect led to, after which the configured one is asked again."""
LARGE = 300_000
"""Bytes from which a document waits for the one thread that reads large ones, so that small ones do not wait."""


class Poller:
    """Polls what is due: `tick` starts polls and returns, `record` stores those that ended.

    Documents are read in threads of their own: reading a hostile one takes seconds, and must hold up neither the
    database nor the reading of the others.
    """

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
        self._small = ThreadPoolExecutor(2, thread_name_prefix="read")
        self._large = ThreadPoolExecutor(1, thread_name_prefix="read-large")
        self._journal = Journal()
        self.arrived = asyncio.Event()

    def configure(self, sources: Mapping[str, Source], polling: PollingConfig, alerts: AlertsConfig) -> None:
        """Take the configuration; polls under way end with the one they began with."""
        self._sources, self._polling, self._alerts = sources, polling, alerts

    def use(self, fetcher: Fetcher) -> None:
        """Fetch with another client from now on."""
        self._fetcher = fetcher

    async def tick(self, until: datetime | None = None) -> int:
        """Claim what is due (`until` then, by default now), as far as there is room, and start polling it.

        Gives how many were started.
        """
        room = self._polling.concurrency * AHEAD - len(self._running)
        if room <= 0:
            return 0
        claimed = await asyncio.to_thread(self._store.due_feeds, until or self._clock(), room, LEASE, this_process())
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
        try:
            recorded = await asyncio.to_thread(self._record, polls)
        finally:
            self._unrecorded -= len(polls)
        if any(count.new or count.edited for _, count in recorded):
            self.arrived.set()
        self._journal.note(recorded, self._clock(), over=not self.busy)

    def _record(self, polls: list[Poll]) -> list[tuple[Poll, Counts]]:
        """Store polls together, or one by one if that fails: one that cannot be stored takes no other with it."""
        now, max_age = self._clock(), self._alerts.max_age
        try:
            return list(zip(polls, self._store.record_polls(polls, now, max_age), strict=True))
        except StoreError as error:
            if len(polls) == 1 or not error.permanent:
                raise
        recorded, failed = [], None
        for poll in polls:
            try:
                recorded.append((poll, self._store.record_polls([poll], now, max_age)[0]))
            except StoreError as error:
                failed = error
                log.error("poll not stored, the feed is read again later", feed=poll.state.name, error=str(error))
        if failed and not recorded:
            raise failed
        return recorded

    @property
    def busy(self) -> bool:
        """Whether a poll is under way or not recorded yet."""
        return self._unrecorded > 0

    async def stop(self) -> None:
        """Give up the polls under way; they are polled again once their leases end or are released."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._journal.close()
        for readers in (self._small, self._large):
            readers.shutdown(wait=False, cancel_futures=True)

    async def _poll(self, source: Source, state: FeedState) -> None:
        """Poll a feed; whatever is raised meanwhile, the poll ends, lest it be waited for, and held, for ever."""
        try:
            poll = await self._polled(source, state)
        except Exception as error:
            log.exception("feed cannot be polled", feed=source.name)
            poll = self._broken(state, error)
        self._ended.put_nowait(poll)

    async def _polled(self, source: Source, state: FeedState) -> Poll:
        fetched = await self._fetcher.fetch(state)
        feed, found = Feed(), tuple[Article, ...]()
        if fetched.body is not None:
            feed, found = await self._read(source, state, fetched)
        return self._finish(source, state, fetched, feed, found)

    def _broken(self, state: FeedState, error: Exception) -> Poll:
        """A poll that met a defect of this program: the feed is asked again, as seldom as a feed may be."""
        now = self._clock()
        after = replace(
            state,
            next_check=now + self._polling.max_interval,
            last_checked=now,
            failures=state.failures + 1,
            failure=Failure.BAD_XML,
            failure_detail=f"the feed cannot be polled ({type(error).__name__})",
        )
        return Poll(state, after)

    async def _read(self, source: Source, state: FeedState, fetched: Fetched) -> tuple[Feed, tuple[Article, ...]]:
        readers = self._small if len(fetched.body or b"") < LARGE else self._large
        work = functools.partial(_read, source, fetched, self._clock(), self._undated(state))
        try:
            return await asyncio.get_running_loop().run_in_executor(readers, work)
        except Exception as error:
            log.exception("feed cannot be read", feed=source.name)
            return Feed(failure=Failure.BAD_XML, detail=f"the feed cannot be read ({type(error).__name__})"), ()

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
        return Poll(state, _addressed(source, after, fetched, feed), found)


def _addressed(source: Source, after: FeedState, fetched: Fetched, feed: Feed) -> FeedState:
    """The state with the address to ask next: a permanent redirect is believed where it leads to news.

    Portals that want a login, and sites that were taken over, redirect for ever too: to a page.
    """
    if fetched.moved_to and feed.entries and after.failure is None:
        return replace(after, url=fetched.moved_to)
    if after.failures >= AT_MOVED and after.url != source.url:
        # Another server's validators say nothing there.
        return replace(after, url=source.url, etag=None, last_modified=None, body_hash=None)
    return after


def _read(source: Source, fetched: Fetched, now: datetime, undated: datetime) -> tuple[Feed, tuple[Article, ...]]:
    feed = parse(fetched.body or b"", fetched.headers, fetched.url)
    return feed, articles(source, feed, now, undated)
