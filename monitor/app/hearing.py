"""Listening to chats for as long as there is a bot, by the configuration in force."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

from monitor.chat import Desk, Listener
from monitor.config import Config, TelegramConfig
from monitor.deliver import Pace
from monitor.pipeline import Judge
from monitor.store import Store
from monitor.telegram.line import Line

ANSWERS = timedelta(seconds=2)
"""How long answers that are under way may take to go out at the end."""


class Hearing:
    """Starts, restarts and ends the listener as the configuration says."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        pace: Pace,
        wake: Callable[[], None],
        moved: Callable[[], None],
    ) -> None:
        self._desk = Desk(store, clock, pace, wake, moved)
        self._heard: TelegramConfig | None = None
        self._listener: Listener | None = None
        self._task: asyncio.Task[None] | None = None

    async def use(self, config: Config, judge: Judge) -> None:
        """Answer by this configuration, and listen where it says."""
        self._desk.use(config, judge)
        telegram = config.telegram
        if telegram != self._heard:
            await self._end()
            self._heard = telegram
            # Also before there is a chat: the log then names those who write, whose numbers are to be put there.
            if telegram.token is not None:
                self._task = asyncio.create_task(self._listen(telegram, telegram.token.get_secret_value()))

    async def stop(self, grace: timedelta) -> None:
        """Take what came already, let its answers go out, and end."""
        await self._end(grace)
        self._desk.close()

    async def _listen(self, telegram: TelegramConfig, token: str) -> None:
        async with AsyncExitStack() as stack:
            line = await stack.enter_async_context(Line(token, telegram.api_url))
            self._listener = Listener(line, telegram.webhook, self._desk.take)
            await self._listener.run()
            await self._desk.rest(ANSWERS)

    async def _end(self, grace: timedelta = timedelta(seconds=5)) -> None:
        if self._listener is not None:
            self._listener.stop()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=grace.total_seconds())
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._listener = self._task = None
