"""Looks at how the daemon does and queues what its admins should know; without the database, tells them directly."""

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url

from monitor.app import wiring
from monitor.config import Config, admins
from monitor.deliver import NOTIFY, way
from monitor.domain import Message, Sender
from monitor.errors import DeliveryError, StoreError
from monitor.render import notice
from monitor.store import Notice, Store
from monitor.watch import GRAVE, Facts, Watched, watch

log = structlog.get_logger("monitor")
PATIENCE = 2
"""Failures of the database in a row before somebody is told."""
CROWD = timedelta(hours=1)
"""How long after dead letters were counted more are not told of: they come in crowds."""


class Watcher:
    """Watches a daemon. `use` must be called before it looks; `judged`, `refused` and `topics` are what it knows."""

    def __init__(self, store: Store, clock: Callable[[], datetime], wake: Callable[[], None]) -> None:
        self._store, self._clock, self._wake = store, clock, wake
        self._started, self._failures, self._told = clock(), 0, False
        self.judged: datetime | None = None
        self.refused = ""
        self.topics: Mapping[tuple[str, int], bool] = {}
        self._dead: Mapping[str, int] | None = None
        self._counted: datetime | None = None

    def use(self, written: Config, senders: Mapping[str, Sender]) -> None:
        """Watch by this configuration, as it is written in the file."""
        self._config, self._senders = written, senders

    async def look(self) -> bool:
        """Queue what began and what is over since the last look; returns whether the daemon does its work."""
        found, working = await asyncio.to_thread(self._look)
        if found.notices:
            self._wake()
        for text in found.notices:
            log.warning("watch", told=text)
        return working

    async def broken(self, error: StoreError) -> None:
        """The database failed. Told without it, once, if it goes on; `look` tells when it is over."""
        self._failures += 1
        if self._failures < PATIENCE or self._told:
            return
        text = notice(f"The database cannot be used, so that nothing is read or told. {error}")
        for chat, thread in admins(self._config):
            try:
                await self._senders[way(chat)].send(Message(0, chat, text, thread=thread))
                self._told = True
            except (DeliveryError, KeyError) as refused:
                log.warning("trouble not told", chat=chat, error=str(refused))

    def _look(self) -> tuple[Watched, bool]:
        now, known = self._clock(), self._store.troubles()
        config = wiring.followed(self._config, self._store)
        facts = self._facts(config, now)
        found = watch(facts, known, now)
        notices = list(found.notices)
        if self._told:
            notices.append("The database works again.")
        closed = {parked.chat for parked in self._store.chats.parked()}
        told = [
            Notice(chat, notice(text), thread=thread)
            for text in notices
            for chat, thread in admins(config)
            if chat not in closed and way(chat) in self._senders
        ]
        if found.begun or found.over or told:
            self._store.note_troubles(found.begun, found.over, told, now)
        self._failures, self._told = 0, False
        return Watched(found.begun, found.over, tuple(notices)), GRAVE.isdisjoint(
            {*known, *found.begun} - {*found.over}
        )

    def _facts(self, config: Config, now: datetime) -> Facts:
        written = {str(chat.id) for chat in self._config.telegram.chats}
        return Facts(
            started=self._started,
            feeds=[feed.state for feed in self._store.feeds() if feed.enabled],
            judged=self.judged,
            behind=self._store.people.standing(now).behind,
            late={chat: at for chat, at in self._store.chats.waiting_since().items() if self._reached(config, chat)},
            parked={parked.chat: parked.why for parked in self._store.chats.parked()},
            dead=self._letters(now),
            topics={
                str(chat.id): self.topics.get((str(chat.id), chat.thread))
                for chat in config.telegram.chats
                if chat.thread is not None
            },
            moved={old: new for old, new in self._store.chats.moves().items() if old in written},
            refused=self.refused,
            free=_free(wiring.database_url(self._config)),
        )

    def _reached(self, config: Config, chat: str) -> bool:
        """Whether something is configured that reaches the chat: what waits for a service that is gone is not late."""
        services = {service.chat for service in config.notify}
        return way(chat) in self._senders and (way(chat) != NOTIFY or chat in services)

    def _letters(self, now: datetime) -> Mapping[str, int]:
        """The dead letters by chat; where there were suddenly more, those of that look for a while."""
        if self._counted is None or not timedelta(0) <= now - self._counted < CROWD:
            before, self._dead = self._dead, self._store.chats.dead_letters()
            more = before is not None and any(self._dead[chat] > before.get(chat, 0) for chat in self._dead)
            self._counted = now if more else None
        return self._dead or {}


def _free(url: str) -> int | None:
    """The bytes left where an SQLite file is; of other databases nothing is known here."""
    parsed = make_url(url)
    if not parsed.drivername.startswith("sqlite") or not parsed.database:
        return None
    try:
        left = os.statvfs(Path(parsed.database).parent)
    except OSError:
        return None
    return left.f_bavail * left.f_frsize
