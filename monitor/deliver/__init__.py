"""Delivers the outbox: claims messages, sends them, records what became of them. Decides nothing about their content.

A message is sent at least once: only where the other side took it and its answer was lost, or the process died before
it was recorded, is it sent again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from monitor.deliver.pace import BACKOFF, NOTIFY, Backoff, Limits, Pace, way
from monitor.deliver.terminal import Terminal
from monitor.domain import Message, Sender, Text
from monitor.errors import DeliveryError, StoreError
from monitor.store import Store, this_process

__all__ = ["NOTIFY", "Backoff", "Delivered", "Delivery", "Limits", "Pace", "Terminal", "way"]

AT_ONCE = 24
"""Messages under way at most; fewer than the sender's connections."""
LOOK = timedelta(seconds=15)
"""How long a message that another process queued may go unnoticed."""
REST = timedelta(seconds=2)
"""The pause after the database failed."""
RECORD_TRIES = 5
MARGIN = timedelta(seconds=10)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the messages so far; `late` is how long the last one waited."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    late: timedelta = timedelta(0)


def _now() -> datetime:
    return datetime.now(UTC)


class Delivery:
    """The outbox's reader. `senders` has a sender for each way out; `moved` is called when a group became another.

    `pace` is shared with whoever else sends to the same chats in this process; by default nobody does.
    `timeout` bounds one attempt; a lease outlives three of them (with markup and topic, and without each), so that
    nobody else sends the message meanwhile. After a crash the messages that were under way are sent again at the next
    start on the same host, on another one once their leases end. `topics` is whether each topic took its last message.
    """

    def __init__(
        self,
        store: Store,
        senders: Mapping[str, Sender],
        *,
        pace: Pace | None = None,
        backoff: Backoff = BACKOFF,
        timeout: timedelta = timedelta(seconds=30),
        moved: Callable[[], object] = lambda: None,
        clock: Callable[[], datetime] = _now,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._senders, self._backoff = store, senders, backoff
        self._moved = moved
        self._timeout, self._lease = timeout, 3 * timeout + MARGIN
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        self._owner = this_process()
        self._pace, self._seeded = pace or Pace(), False
        self._flying: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._stopping = False
        self._deadline: datetime | None = None
        self.delivered = Delivered()
        self.topics: dict[tuple[str, int], bool] = {}

    def wake(self) -> None:
        """Look at the outbox now: something was queued."""
        self._changed.set()

    def use(self, senders: Mapping[str, Sender]) -> None:
        """Send the next messages through these; what is under way ends as it began."""
        self._senders = senders
        self.wake()

    def stop(self) -> None:
        """Let `run` and `drain` end: claim nothing more, finish what is under way."""
        self._stopping = True
        self.wake()

    def finish(self, patience: timedelta) -> None:
        """Let `run` end once the outbox is empty, or has nothing that is due within `patience` from now."""
        self._deadline = self._clock() + patience
        self.wake()

    async def run(self, grace: timedelta = timedelta(seconds=5)) -> None:
        """Deliver until `stop` or `finish`; what a stop finds under way has `grace` to end, and else is sent again."""
        try:
            while not self._stopping:
                self._changed.clear()
                if not await self._step():
                    return
        finally:
            if self._flying:
                await asyncio.wait(self._flying, timeout=grace.total_seconds())
            for task in self._flying:
                task.cancel()

    async def drain(self, patience: timedelta, grace: timedelta = timedelta(seconds=5)) -> Delivered:
        """Deliver until the outbox is empty, or has nothing that is due within `patience` from now."""
        self.finish(patience)
        await self.run(grace)
        return self.delivered

    async def _step(self) -> bool:
        """Start what may start and wait for the next change; False once there is nothing to wait for."""
        # Read before the outbox is: what is queued until somebody says that it was all is not missed.
        deadline = self._deadline
        try:
            await self._start()
            wake = await self._next()
        except StoreError as error:
            log.error("outbox unavailable", error=str(error))
            await self._pause(self._clock() + REST)
            return True
        if deadline and not self._flying and (wake is None or wake > deadline):
            return False
        soon = self._clock() + LOOK
        await self._pause(min(wake or soon, soon))
        return True

    async def _start(self) -> None:
        if not self._seeded:
            await self._seed()
        now = self._clock()
        room = self._room(now)
        if not room:
            return
        resting = self._pace.resting(now)
        claimed = await asyncio.to_thread(
            self._store.claim_messages, now, self._owner, self._lease, room, tuple(resting)
        )
        for message in claimed:
            now = self._clock()
            if self._pace.free(message.chat, now) <= now:
                self._pace.started(message.chat)
                self._fly(self._deliver(message))
            else:
                # Something else was sent while this was claimed.
                self._fly(self._put_back(message))

    def _fly(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._flying.add(task)
        task.add_done_callback(self._landed)

    def _room(self, now: datetime) -> int:
        return min(self._pace.room(now), AT_ONCE - len(self._flying))

    async def _seed(self) -> None:
        """Take over from an earlier process: what it had under way, and what it tried, for the other side counts it."""
        now = self._clock()
        for chat, at in await asyncio.to_thread(self._store.tries, now - timedelta(minutes=1), now):
            self._pace.ended(chat, at)
        await asyncio.to_thread(self._store.release_dead, self._owner, now)
        self._seeded = True

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._changed.set()

    async def _next(self) -> datetime | None:
        """When the next message may start, by its own time, its chat's rest and the limit over all chats.

        None if nothing waits, or if nothing may start before a message that is under way ends.
        """
        now = self._clock()
        resting, opens = self._pace.resting(now), self._pace.opens(now)
        if not self._room(now) and (opens is None or len(self._flying) >= AT_ONCE):
            return None
        waiting = await asyncio.to_thread(self._store.waiting)
        times = [max(due, resting.get(chat, due), opens or due) for chat, due in waiting.items()]
        return min(times, default=None)

    async def _pause(self, until: datetime) -> None:
        seconds = max(0.0, (until - self._clock()).total_seconds())
        waits = [asyncio.ensure_future(self._changed.wait()), asyncio.ensure_future(self._sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _deliver(self, message: Message) -> None:
        try:
            telegram_id = await self._attempt(message)
        except DeliveryError as error:
            self._pace.ended(message.chat, self._clock())
            await self._failed(message, error)
        else:
            self._pace.ended(message.chat, self._clock())
            await self._sent(message, telegram_id)

    async def _attempt(self, message: Message) -> int | None:
        """Send; where markup or topic are refused, send without: an alert not bold, or elsewhere, beats none."""
        while True:
            try:
                telegram_id = await self._bounded(message)
            except DeliveryError as error:
                message = self._plainer(message, error)
            else:
                if message.thread is not None and message.edits is None:
                    self.topics[message.chat, message.thread] = True
                return telegram_id

    def _plainer(self, message: Message, error: DeliveryError) -> Message:
        """The message without what was refused; raises the error where that is all of it."""
        if error.unparsable and message.text.html:
            log.error("message markup refused", message=message.id, error=str(error), html=message.text.html)
            return replace(message, text=Text("", message.text.plain))
        if error.no_topic and message.thread is not None:
            log.warning("topic refused", **_fields(message), topic=message.thread, error=str(error))
            self.topics[message.chat, message.thread] = False
            return replace(message, thread=None)
        raise error

    async def _bounded(self, message: Message) -> int | None:
        sender = self._senders.get(way(message.chat))
        if sender is None:
            raise DeliveryError("nothing is configured that reaches this chat", permanent=False)
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                return await sender.send(message)
        except TimeoutError:
            seconds = self._timeout.total_seconds()
            raise DeliveryError(f"no answer within {seconds:g} seconds", permanent=False) from None
        except DeliveryError:
            raise
        except Exception as error:
            log.exception("sender failed in a way it should not", message=message.id)
            raise DeliveryError(f"unexpected: {type(error).__name__}", permanent=False) from error

    async def _sent(self, message: Message, telegram_id: int | None) -> None:
        now = self._clock()
        await self._record(lambda: self._store.record_sent(message.id, telegram_id, now))
        late = now - (message.queued or now)
        self.delivered = replace(self.delivered, sent=self.delivered.sent + 1, late=late)
        log.info("message delivered", **_fields(message), late=round(late.total_seconds(), 1))

    async def _failed(self, message: Message, error: DeliveryError) -> None:
        if error.moved_to is not None and error.moved_to != message.chat:
            await self._move(message, error.moved_to)
        elif error.barred:
            await self._park(message, error)
        else:
            await self._refused(message, error)

    async def _move(self, message: Message, to: str) -> None:
        """Follow a group that became another, with all that waits for it."""

        def write() -> None:
            self._store.chats.move(message.chat, to)
            self._store.record_failed(message.id, "the group moved", self._clock(), message.attempts)

        await self._record(write)
        log.warning("chat moved; put its new id into monitor.yaml", chat=message.chat, new=to)
        self._moved()

    async def _park(self, message: Message, error: DeliveryError) -> None:
        """Let the chat's messages wait until somebody there lets the bot write again."""
        fresh: list[bool] = []
        await self._record(lambda: fresh.append(self._store.chats.park(message.id, str(error), self._clock())))
        self.delivered = replace(self.delivered, retried=self.delivered.retried + 1)
        (log.warning if any(fresh) else log.info)("chat parked", **_fields(message), error=str(error))

    async def _put_back(self, message: Message) -> None:
        """Let a message that was claimed and not tried wait for its chat's turn."""
        now = self._clock()
        await self._record(lambda: self._store.record_failed(message.id, "", now, message.attempts))

    async def _refused(self, message: Message, error: DeliveryError) -> None:
        attempts, now = message.attempts + 1, self._clock()
        wait = error.retry_after or self._backoff.wait(attempts, self._jitter())
        if error.retry_after:
            self._pace.hold(message.chat, now + wait)
        over = now - (message.queued or now) >= self._backoff.give_up
        retry_at = None if error.permanent or over else now + wait
        await self._record(lambda: self._store.record_failed(message.id, str(error), retry_at, attempts))
        if retry_at is None:
            self.delivered = replace(self.delivered, dead=self.delivered.dead + 1)
            log.error("message refused", **_fields(message), error=str(error))
        else:
            self.delivered = replace(self.delivered, retried=self.delivered.retried + 1)
            log.warning("message delayed", **_fields(message), error=str(error), wait=round(wait.total_seconds(), 1))

    async def _record(self, write: Callable[[], None]) -> None:
        """Write what became of a message; a message that cannot be recorded is sent again, so this tries hard."""
        for attempt in range(RECORD_TRIES):
            try:
                return await asyncio.to_thread(write)
            except StoreError as error:
                log.error("delivery not recorded", error=str(error), attempt=attempt + 1)
                await self._sleep(REST.total_seconds())


def _fields(message: Message) -> dict[str, object]:
    return {"message": message.id, "chat": message.chat, "story": message.story, "attempt": message.attempts + 1}
