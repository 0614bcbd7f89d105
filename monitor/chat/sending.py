"""How answers go out: within the pace that they share with alerts, which come first.

An answer that cannot be given soon is not given at all: who asked has asked again by then.
"""

import asyncio
from bisect import insort
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import structlog

from monitor.deliver import Pace
from monitor.errors import DeliveryError

log = structlog.get_logger(__name__)
Request = Callable[[], Awaitable[None]]
TRIES = 4
PAUSE = timedelta(seconds=1)
"""Before what could not be sent is tried again; doubled each time."""
PATIENCE = timedelta(seconds=5)
"""How long an answer may wait for its turn."""
LABELS = timedelta(minutes=2)
"""The same of buttons, which would go on showing what is not so any more."""
TIMEOUT = timedelta(seconds=30)
"""How long one attempt may take, for alerts wait meanwhile."""
ALERTS = 0.4
"""The part of what a group gets in a minute that answers leave to alerts."""
YIELD = timedelta(milliseconds=200)
"""An answer that has to wait lets an alert that waits, too, go first."""
STEP = timedelta(milliseconds=50)


class Crowded(DeliveryError):
    """The chat gets as many messages as it may."""


class Outgoing:
    """Sends what is asked for, each chat's answers in order, buttons after them. `pace` is shared with delivery."""

    def __init__(
        self,
        pace: Pace,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._pace, self._clock, self._sleep = pace, clock, sleep
        group = max(1, int(pace.limits.group * (1 - ALERTS)))
        self._own = Pace(replace(pace.limits, group=group))
        self._lines: dict[str, list[tuple[int, int]]] = {}
        self._numbers = count()
        self._labels: dict[tuple[str, int], Request] = {}

    async def say(self, chat: str, request: Request) -> DeliveryError | None:
        """Send a message to the chat; returns why it did not arrive, None where it did."""
        return await self._tried(lambda: self._in_turn(chat, request, PATIENCE, 0), chat, PATIENCE)

    async def tell(self, chat: str, request: Request) -> None:
        """Send what is no message, so that no limit counts it."""
        await self._tried(request, chat, PATIENCE)

    async def label(self, chat: str, message: int, request: Request) -> None:
        """Change the buttons under a message; of several changes that wait, only the last is made."""
        key = chat, message
        waiting = key in self._labels
        self._labels[key] = request
        if waiting:
            return
        made: Request | None = None

        async def make() -> None:
            nonlocal made
            made = self._labels[key]
            await made()

        try:
            while made is not self._labels[key]:
                if await self._tried(lambda: self._in_turn(chat, make, LABELS, 1), chat, LABELS):
                    return
        finally:
            del self._labels[key]

    async def _tried(self, request: Request, chat: str, patience: timedelta) -> DeliveryError | None:
        """Send, again where that may help; what does not arrive is only logged."""
        for attempt in range(TRIES):
            try:
                await request()
            except DeliveryError as error:
                wait = error.retry_after or PAUSE * 2**attempt
                last = error.permanent or isinstance(error, Crowded) or attempt + 1 == TRIES or wait > patience
                if not error.unparsable:
                    (log.warning if last else log.info)("answer not sent", chat=chat, error=str(error), last=last)
                if last:
                    return error
                await self._sleep(wait.total_seconds())
            else:
                break
        return None

    async def _in_turn(self, chat: str, request: Request, patience: timedelta, rank: int) -> None:
        await self._turn(chat, patience, rank)
        try:
            async with asyncio.timeout(TIMEOUT.total_seconds()):
                await request()
        except TimeoutError:
            seconds = TIMEOUT.total_seconds()
            raise DeliveryError(f"no answer within {seconds:g} seconds", permanent=False) from None
        except DeliveryError as error:
            if error.retry_after:
                self._pace.hold(chat, self._clock() + error.retry_after)
            raise
        finally:
            for pace in (self._pace, self._own):
                pace.ended(chat, self._clock())

    async def _turn(self, chat: str, patience: timedelta, rank: int) -> None:
        """Wait until a message may start, and start it. Raises Crowded where that would be too late."""
        line, ticket = self._lines.setdefault(chat, []), (rank, next(self._numbers))
        insort(line, ticket)
        now = opens = self._clock()
        ends = now + patience
        try:
            while True:
                free = max(pace.free(chat, now) for pace in (self._pace, self._own))
                if free > now:
                    opens = free + YIELD
                if ticket == line[0] and now >= opens:
                    break
                if max(now, opens) >= ends:
                    raise Crowded("the chat gets as many messages as it may", permanent=False)
                await self._sleep(max(opens - now, STEP).total_seconds())
                now = self._clock()
            for pace in (self._pace, self._own):
                pace.started(chat)
        finally:
            line.remove(ticket)
            if not line:
                del self._lines[chat]
