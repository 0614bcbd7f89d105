"""A small world for the tests of living alerts: scripted news, the real pipeline and delivery, and a chat to look at."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

import numpy as np
from bot_api import Accepted, BotApi
from samples import NOW, SOURCE, article

from monitor.config import Config
from monitor.deliver import Backoff, Delivery
from monitor.domain import Article, EventType, FeedState, Judged, Score, Severity
from monitor.pipeline import process, reconsider
from monitor.store import Poll, Store
from monitor.telegram import Telegram

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Scripted:
    """A judge that reads its judgement from the address: `/event/severity/type/n`."""

    threshold: float = 0.5

    @property
    def classifier(self) -> "Scripted":
        """The model; there is none."""
        return self

    version = "scripted"

    def __call__(self, articles: Sequence[Article]) -> list[Judged]:
        """Judge as the script says."""
        return [self._judge(article) for article in articles]

    def _judge(self, item: Article) -> Judged:
        event, severity, kind, _ = item.url.rsplit("/", 4)[1:]
        vector = np.zeros(384, np.float32)
        vector[int(event)] = 1
        countries = ("BA",) if int(event) % 2 else ("XK", "RS")
        return Judged(item, Score(0.9, 0.9, (EventType(kind),), Severity(int(severity)), countries), vector)


def news(n: int, event: int = 0, severity: int = 3, kind: str = "clash", **changes: Any) -> Article:
    """The nth article, of an event, in words of its own; its outlet is its own unless named."""
    words = " ".join(f"{word}{n}" for word in ("kfor", "road", "night", "police"))
    changes = {"title": f"Report {n}: {words}", "summary": words, "outlet": f"outlet {n}", **changes}
    changes |= {"url": f"https://glas.example/{event}/{severity}/{kind}/{n}", "fingerprint": f"{n} {changes['title']}"}
    return article(n, **changes)


@dataclass
class World:
    """The program in a time of its own, telling the chat 1 on a Bot API server; its clock is ahead by `skew`."""

    store: Store
    api: BotApi
    config: Config
    at: datetime = NOW
    judge: Scripted = field(default_factory=Scripted)
    skew: timedelta = timedelta(0)

    async def __aenter__(self) -> "World":
        self.store.migrate()
        self.store.sync_feeds([SOURCE], NOW)
        self.api.clock = self._seconds
        await self.api.__aenter__()
        self.start(self.api.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._telegram.close()
        await self.api.__aexit__()

    def start(self, url: str) -> None:
        """The program begins, with nothing in mind but what the store holds."""
        self._telegram = Telegram("1:x", url)
        self._delivery = Delivery(
            self.store,
            {"telegram": self._telegram},
            backoff=Backoff(2 * SECOND, 60 * SECOND),
            clock=lambda: self.clock,
            sleep=self._sleep,
            jitter=lambda: 0.0,
            timeout=timedelta(hours=1),
        )

    async def restart(self) -> None:
        """The program ends and begins again."""
        await self._telegram.close()
        self.start(self.api.url)

    @property
    def clock(self) -> datetime:
        """What time it is, as far as the program knows."""
        return self.at + self.skew

    def read(self, *articles: Article) -> None:
        """A feed brings articles, published now, but never later than the program's clock says."""
        state, when = FeedState("Glas", SOURCE.url), min(self.at, self.clock)
        told = tuple(a if a.published != NOW - 5 * 60 * SECOND else _at(a, when) for a in articles)
        self.store.record_polls([Poll(state, state, told)], self.clock)

    async def settle(self) -> None:
        """Judge, look again and deliver what can be now."""
        while (await process(self.store, self.judge, self.config, self.clock)).outcomes:  # type: ignore[arg-type]
            pass
        await reconsider(self.store, self.judge, self.config, self.clock)  # type: ignore[arg-type]
        await self._delivery.drain(1.5 * SECOND)

    async def until(self, when: datetime, step: timedelta = timedelta(minutes=1)) -> None:
        """Let time pass, in steps."""
        while self.at < when:
            self.at = min(self.at + step, when)
            await self.settle()

    async def tell(self, *articles: Article) -> None:
        """A feed brings articles, and all is done that can be now."""
        self.read(*articles)
        await self.settle()

    @property
    def chat(self) -> list[Accepted]:
        """What chat 1 shows."""
        return self.api.shows("1")

    def lines(self, number: int) -> list[str]:
        """The lines of a message of the chat, from 0."""
        return self.chat[number].text.splitlines()

    def _seconds(self) -> float:
        return self.at.timestamp()

    async def _sleep(self, seconds: float) -> None:
        # An answer takes none of the World's time, however slow the machine: it passes while nothing is under way.
        busy = bool(self._delivery._flying)
        await asyncio.sleep(0.001)
        while self._delivery._flying:
            busy = True
            await asyncio.sleep(0.001)
        if not busy:
            self.at += timedelta(seconds=min(seconds, 2))


def reasons(store: Store, story: str = "s1") -> list[str]:
    """The reasons of a story's decisions, in order."""
    trail = store.trail(story)
    assert trail is not None
    return [decided.decision.reason.value for decided in trail.decisions]


def _at(item: Article, when: datetime) -> Article:
    return replace(item, published=when, seen=when)


@dataclass(frozen=True)
class Seen:
    """A message as a person sees it in a chat: by its place there, from 1, and by the clock on the wall."""

    place: int
    at: datetime
    edited: tuple[datetime, ...]
    reply_to: int | None
    message: Accepted

    def __str__(self) -> str:
        marks = [f"── {self.place}", f"{self.at:%a %d %b %H:%M %Z}"]
        marks += [f"reply to {self.reply_to}"] if self.reply_to else []
        marks += [f"edited {', '.join(f'{when:%H:%M}' for when in self.edited)}"] if self.edited else []
        marks += ["silent"] if self.message.silent else []
        return "\n".join([" · ".join(marks) + " ──", *(f"  {line}" for line in self.message.text.splitlines()), ""])


def seen(api: BotApi, chat: str, zone: tzinfo) -> list[Seen]:
    """The chat from its first message on, each as it reads now."""

    def wall(messages: Iterable[Accepted], id: int) -> list[datetime]:
        return [datetime.fromtimestamp(message.at, zone) for message in messages if message.id == id]

    shown = api.shows(chat)
    places = {message.id: place for place, message in enumerate(shown, 1)}
    return [
        Seen(
            places[message.id],
            wall(api.accepted, message.id)[0],
            tuple(wall(api.edited, message.id)),
            places.get(message.reply_to or 0),
            message,
        )
        for message in shown
    ]


def outlets(lines: Iterable[str]) -> str:
    """The line that tells who tells it."""
    return next((line for line in lines if " outlets: " in line), "")
