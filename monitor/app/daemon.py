"""The running service: ticks ask the store what is due; polls wake judging, judging wakes delivery; signals end it."""

import asyncio
import contextlib
import logging
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor import __version__
from monitor.app import wiring
from monitor.app.hearing import Hearing
from monitor.app.heartbeat import Heartbeat
from monitor.app.memory import trim
from monitor.app.systemd import notify
from monitor.app.watching import Watcher
from monitor.config import Config, reload, stamp, warnings
from monitor.deliver import Delivery, Pace
from monitor.domain import Reason, Sender, Source
from monitor.errors import MonitorError, StoreError
from monitor.pipeline import Judge, Poller, process, recipients, reconsider, tell_day, watch_index
from monitor.store import Store, this_process

log = structlog.get_logger("monitor")
TICK = timedelta(seconds=1)
WATCH = timedelta(seconds=3)
BEAT = timedelta(seconds=30)
AGAIN = timedelta(seconds=5)
"""How often decisions that wait for their time are looked for."""
INDEX = timedelta(minutes=10)
DIGEST = timedelta(seconds=30)
PRUNE = timedelta(hours=6)
GRACE = timedelta(seconds=7)
"""How long what is in flight may take to finish after a signal."""
PATIENCE = timedelta(seconds=30)
"""How long `once` waits for what could not be delivered at once."""
IDLE = 60.0
"""Seconds after which judging looks for work though nobody called."""


def utcnow() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Summary:
    """What a run did."""

    articles: int = 0
    alerts: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)


class Daemon:
    """Everything between a configuration and its alerts, for one process."""

    def __init__(
        self,
        config: Config,
        store: Store,
        judge: Judge,
        senders: Mapping[str, Sender],
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._written, self._config = config, config
        self._store, self._senders = store, senders
        self._judge = judge
        self._clock = clock
        # Alerts and answers go to the same chats, whose limits count both.
        pace = Pace()
        self._delivery = Delivery(store, senders, pace=pace, moved=self._request_reload, clock=clock)
        self._watcher, self._heartbeat = Watcher(store, clock, self._delivery.wake), Heartbeat(clock)
        self._watcher.topics = self._delivery.topics
        self._hearing = Hearing(store, clock, pace, self._delivery.wake, self._request_reload)
        self._stamp: object = stamp(Path(config.folder)) if config.folder else ()
        self._stopping = asyncio.Event()
        self._deciding = asyncio.Lock()
        self.summary = Summary()

    async def run(self) -> None:
        """Run until `stop` or a signal; what is in flight then finishes within GRACE."""
        async with AsyncExitStack() as stack:
            poller = await self._start(stack)
            delivering = asyncio.create_task(self._delivery.run(GRACE))
            judging = asyncio.create_task(self._forever(lambda: self._judge_arrived(poller)))
            recording = asyncio.create_task(self._forever(poller.record))
            scheduler = self._scheduler(poller)
            scheduler.start()
            await self._hearing.use(self._config, self._judge)
            self._announce()
            await self._stopping.wait()
            notify("STOPPING=1")
            scheduler.shutdown(wait=False)
            await poller.stop()
            recording.cancel()
            self._delivery.stop()
            ending = asyncio.create_task(self._hearing.stop(GRACE))
            await asyncio.wait([judging, delivering, ending], timeout=GRACE.total_seconds())
            for task in (judging, delivering, ending):
                task.cancel()
            await asyncio.gather(recording, judging, delivering, ending, return_exceptions=True)
            await self._guarded(self._release)
        log.info("stopped", articles=self.summary.articles, alerts=self.summary.alerts)

    async def once(self) -> None:
        """Poll all that is due, judge it, deliver meanwhile what can be delivered now, and return.

        After `stop` or a signal what is due by then has GRACE to be sent.
        """
        async with AsyncExitStack() as stack:
            poller = await self._start(stack)
            delivering = asyncio.create_task(self._delivery.run(GRACE / 2))
            try:
                await self._poll_and_judge(poller)
                await self._deliver_rest(delivering)
            finally:
                delivering.cancel()
            await self._guarded(self._release)
        done = self._delivery.delivered
        log.info("done", articles=self.summary.articles, alerts=self.summary.alerts, sent=done.sent, refused=done.dead)

    async def _poll_and_judge(self, poller: Poller) -> None:
        # What becomes due again meanwhile is for the next run.
        began = self._clock()
        while (await poller.tick(began) or poller.busy) and not self._stopping.is_set():
            if poller.busy:
                await self._either(asyncio.create_task(poller.record()))
        await poller.stop()
        while not self._stopping.is_set() and await self._process():
            pass
        for work in (self._reconsider, self._watch_index, self._tell_day):
            if not self._stopping.is_set():
                await work()

    async def _deliver_rest(self, delivering: "asyncio.Task[None]") -> None:
        """Wait until what can be delivered now is; once the daemon is to stop, until what is due was tried."""
        if not self._stopping.is_set():
            self._delivery.finish(PATIENCE)
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait([delivering, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
        if not delivering.done():
            self._delivery.finish(timedelta(0))
            await asyncio.wait([delivering], timeout=(GRACE / 2).total_seconds())
            self._delivery.stop()
        await delivering

    def stop(self) -> None:
        """Ask the daemon to end."""
        self._stopping.set()

    async def _start(self, stack: AsyncExitStack) -> Poller:
        self._stack = stack
        config = self._config = await asyncio.to_thread(wiring.followed, self._written, self._store)
        self._watcher.use(self._written, self._senders)
        await asyncio.to_thread(self._store.release_dead, this_process(), self._clock())
        await asyncio.to_thread(self._store.sync_feeds, config.sources, self._clock())
        fetcher = await stack.enter_async_context(wiring.make_fetcher(config))
        poller = Poller(self._store, fetcher, self._clock, random.random)
        poller.configure(_by_name(config), config.polling, config.alerts)
        self._handle_signals()
        return poller

    def _announce(self) -> None:
        enabled = sum(source.enabled for source in self._config.sources)
        for text in warnings(self._config):
            log.warning(text)
        log.info(
            "started",
            version=__version__,
            feeds=enabled,
            config=self._config.folder,
            model=self._judge.classifier.version,
            threshold=round(self._judge.threshold, 3),
            chats=[chat for chat, _ in recipients(self._config)],
        )
        notify(f"READY=1\nSTATUS=Watching {enabled} feeds")

    def _scheduler(self, poller: Poller) -> AsyncIOScheduler:
        # Its own complaints are of ticks that were late, or cancelled at the end; what jobs raise is logged here.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None})
        jobs: list[tuple[Callable[[], Awaitable[object]], timedelta]] = [
            (poller.tick, TICK),
            (lambda: self._reload_if_changed(poller), WATCH),
            (self._reconsider, AGAIN),
            (self._watch_index, INDEX),
            (self._tell_day, DIGEST),
            (self._beat, BEAT),
            (self._prune, PRUNE),
        ]
        for work, every in jobs:
            first = utcnow() if work != self._prune else None
            scheduler.add_job(
                self._guarded,
                "interval",
                [work],
                seconds=every.total_seconds(),
                max_instances=1,
                **({"next_run_time": first} if first else {}),
            )
        return scheduler

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        handlers = {signal.SIGTERM: self.stop, signal.SIGINT: self.stop, signal.SIGHUP: self._request_reload}
        for number, handler in handlers.items():
            # Outside the main thread there are no signals to handle.
            with contextlib.suppress(ValueError, NotImplementedError, RuntimeError):
                loop.add_signal_handler(number, handler)

    async def _forever(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do the work again and again until the daemon stops; trouble is logged, and tried again after a pause."""
        while not self._stopping.is_set():
            if not await self._guarded(work):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), 5)

    async def _guarded(self, work: Callable[[], Awaitable[object]]) -> bool:
        try:
            await work()
        except MonitorError as error:
            log.error("cannot go on, trying again", error=str(error))
            return False
        except Exception:
            log.exception("unexpected trouble, trying again")
            return False
        return True

    async def _judge_arrived(self, poller: Poller) -> None:
        poller.arrived.clear()
        if not await self._process():
            # A burst leaves a hundred megabytes free that the process would hold on to.
            await asyncio.to_thread(trim)
            await self._either(asyncio.create_task(poller.arrived.wait()), IDLE)

    async def _either(self, work: "asyncio.Task[object]", seconds: float | None = None) -> None:
        """Wait for the work or for the daemon to stop, so long at most; the work's own error is raised."""
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            done, _ = await asyncio.wait([work, stopping], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if work in done:
                work.result()
        finally:
            stopping.cancel()
            work.cancel()

    async def _process(self) -> bool:
        async with self._deciding:
            done = await process(self._store, self._judge, self._config, self._clock())
        if done.outcomes:
            self._watcher.judged = self._clock()
            self.summary.articles += len(done.outcomes)
            self.summary.alerts += done.messages
            self.summary.reasons.update(done.reasons)
            log.info("judged", articles=len(done.outcomes), alerts=done.messages)
        if done.queued:
            self._delivery.wake()
        return bool(done.outcomes)

    async def _reconsider(self) -> None:
        async with self._deciding:
            done = await reconsider(self._store, self._judge, self._config, self._clock())
        self.summary.alerts += done.messages
        if done.made:
            self._delivery.wake()

    async def _beat(self) -> None:
        """Show that the loop turns and the database takes what is written; look at the rest."""
        try:
            await asyncio.to_thread(self._store.beat, self._clock())
            notify("WATCHDOG=1")
            working = await self._watcher.look()
        except StoreError as error:
            await self._watcher.broken(error)
            raise
        if working:
            await self._heartbeat.beat(self._config.heartbeat)

    async def _watch_index(self) -> None:
        if await watch_index(self._store, self._config, self._judge.threshold, self._clock()):
            self._delivery.wake()

    async def _tell_day(self) -> None:
        if await tell_day(self._store, self._config, self._judge.threshold, self._clock()):
            self._delivery.wake()

    async def _release(self) -> None:
        """Give up what was claimed and not finished, so that the next start need not wait for its lease."""
        await asyncio.to_thread(self._store.release, this_process(), self._clock())

    async def _prune(self) -> None:
        pruned = await asyncio.to_thread(self._store.prune, self._clock() - self._config.storage.retention)
        if pruned:
            log.info("pruned", articles=pruned)

    def _request_reload(self) -> None:
        self._stamp = None

    async def _reload_if_changed(self, poller: Poller) -> None:
        folder = Path(self._config.folder)
        now = stamp(folder) if self._config.folder else ()
        if now == self._stamp:
            return
        self._stamp = now
        try:
            written = await asyncio.to_thread(reload, folder, self._written)
            judge = await asyncio.to_thread(wiring.rejudge, self._judge, self._config, written)
            await self._exchange(written)
        except MonitorError as error:
            log.error("configuration refused, the old one stays in force", error=str(error))
            self._watcher.refused = str(error)
            written, judge = self._written, self._judge
        else:
            self._watcher.refused = ""
            log.info("configuration read again", feeds=sum(source.enabled for source in written.sources))
        # Also where it was refused: a group may have moved.
        await self._take(written, judge, poller)
        await self._watcher.look()

    async def _exchange(self, config: Config) -> None:
        """Send by the new configuration from now on. Raises ConfigError."""
        if (config.telegram, config.notify) != (self._written.telegram, self._written.notify):
            self._senders = await wiring.make_senders(config, self._stack)
            self._delivery.use(self._senders)

    async def _take(self, written: Config, judge: Judge, poller: Poller) -> None:
        config = await asyncio.to_thread(wiring.followed, written, self._store)
        old, self._written, self._config, self._judge = self._config, written, config, judge
        self._watcher.use(written, self._senders)
        if config.polling != old.polling:
            poller.use(await self._stack.enter_async_context(wiring.make_fetcher(config)))
        if config.storage.url != old.storage.url:
            log.warning("storage.url takes effect at the next start")
        await self._hearing.use(config, judge)
        await asyncio.to_thread(self._store.sync_feeds, config.sources, self._clock())
        poller.configure(_by_name(config), config.polling, config.alerts)


def _by_name(config: Config) -> dict[str, Source]:
    return {source.name: source for source in config.sources}
