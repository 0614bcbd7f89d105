"""A small world for the tests of living alerts: scripted news, the real pipeline and delivery, and a chat to look at."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
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
    """The program in a time of its own, telling the chat 1 on a Bot API server."""

    store: Store
    api: BotApi
    config: Config
    at: datetime = NOW
    judge: Scripted = field(default_factory=Scripted)

    async def __aenter__(self) -> "World":
        self.store.migrate()
        self.store.sync_feeds([SOURCE], NOW)
        self.api.clock = self._seconds
        await self.api.__aenter__()
        self._telegram = Telegram("1:x", self.api.url)
        self._delivery = Delivery(
            self.store,
            {"telegram": self._telegram},
            backoff=Backoff(2 * SECOND, 60 * SECOND),
            clock=lambda: self.at,
            sleep=self._sleep,
            jitter=lambda: 0.0,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._telegram.close()
        await self.api.__aexit__()

    def read(self, *articles: Article) -> None:
        """A feed brings articles, published now."""
        state = FeedState("Glas", SOURCE.url)
        told = tuple(a if a.published != NOW - 5 * 60 * SECOND else _at(a, self.at) for a in articles)
        self.store.record_polls([Poll(state, state, told)], self.at)

    async def settle(self) -> None:
        """Judge, look again and deliver what can be now."""
        while (await process(self.store, self.judge, self.config, self.at)).outcomes:  # type: ignore[arg-type]
            pass
        await reconsider(self.store, self.judge, self.config, self.at)  # type: ignore[arg-type]
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
        for _ in range(20):
            await asyncio.sleep(0.001)
        self.at += timedelta(seconds=min(seconds, 2))


def reasons(store: Store, story: str = "s1") -> list[str]:
    """The reasons of a story's decisions, in order."""
    trail = store.trail(story)
    assert trail is not None
    return [decided.decision.reason.value for decided in trail.decisions]


def _at(item: Article, when: datetime) -> Article:
    return replace(item, published=when, seen=when)


def outlets(lines: Iterable[str]) -> str:
    """The line that tells who tells it."""
    return next((line for line in lines if " outlets: " in line), "")
