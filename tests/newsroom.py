"""A model that knows by a mark what is an event, feeds that tell events, and the real daemon over them, for tests.

A title with `event-NAME` is relevant, and the same event wherever NAME is the same; `grave-N` says how grave it is.
"""

import asyncio
import re
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from pydantic import SecretStr

from monitor.app import Daemon, make_senders, open_store
from monitor.config import Chat, Config, PollingConfig, StorageConfig, TelegramConfig
from monitor.domain import Article, EventType, Probabilities, Source
from monitor.keywords import compile_rules
from monitor.pipeline import Judge
from monitor.places import parse_gazetteer
from monitor.store import Alert, Store

EVENT = re.compile(r"event-(\w+)")
GRAVE = re.compile(r"grave-(\d)")
SECOND = timedelta(seconds=1)
GAZETTEER = Path(__file__).parent.parent / "monitor" / "data" / "gazetteer.tsv"


class FakeModel:
    """Judges by the marks; a title with `poison` makes it fail, as a defect would."""

    threshold = 0.5
    version = "fake"

    def classify(self, items: Sequence[Article | tuple[str, str]]) -> list[Probabilities]:
        """The word on each item."""
        return [_judged(item[0] if isinstance(item, tuple) else item.title) for item in items]


class Scripted(FakeModel):
    """Judges headlines as people write them; `script` gives the event and how grave of those that tell one."""

    version = "scripted"

    def __init__(self, script: Mapping[str, tuple[str, int]]) -> None:
        self._script = script

    def classify(self, items: Sequence[Article | tuple[str, str]]) -> list[Probabilities]:
        """The word on each item."""
        titles = [item[0] if isinstance(item, tuple) else item.title for item in items]
        return [_judged("event-{} grave-{}".format(*self._script[t]) if t in self._script else t) for t in titles]


def _judged(title: str) -> Probabilities:
    if "poison" in title:
        raise ValueError("a title that no model can read")
    event, grave = EVENT.search(title), GRAVE.search(title)
    vector = np.random.default_rng(zlib.crc32((event[1] if event else title).encode())).standard_normal(384)
    level = int(grave[1]) if grave else 2
    severity = tuple(float(level == n) if event else float(n == 0) for n in range(5))
    types = {kind: 0.9 if event and kind is EventType.CLASH else 0.05 for kind in EventType}
    unit = (vector / np.linalg.norm(vector)).astype(np.float32)
    return Probabilities(0.95 if event else 0.02, types, severity, unit)  # type: ignore[arg-type]


def judge(config: Config | None = None, model: FakeModel | None = None) -> Judge:
    """A fake model with the real gazetteer and the configuration's rules."""
    rules = compile_rules((config or Config()).keywords)
    return Judge(model or FakeModel(), rules, parse_gazetteer(GAZETTEER.read_text("utf-8")), 0.5)


def title(event: str, grave: int = 2) -> str:
    """A headline that tells the event."""
    return f"Shots fired near Leposavic in Kosovo, event-{event} grave-{grave}"


def item(title: str, guid: str | None = None, at: datetime | None = None, dated: bool = True, summary: str = "") -> str:
    """An RSS item, published now unless told otherwise."""
    when = f"<pubDate>{format_datetime(at or datetime.now(UTC))}</pubDate>" if dated else ""
    name = guid or title
    return (
        f"<item><title>{escape(title)}</title><guid isPermaLink='false'>{escape(name)}</guid>{when}"
        f"<link>https://news.example/{zlib.crc32(name.encode())}</link>"
        + (f"<description>{escape(summary)}</description></item>" if summary else "</item>")
    )


def rss(*items: str) -> bytes:
    """A feed of these items, and one that is no event, so that it is never empty."""
    calm = item("Weather: sunny and warm", "calm", datetime.now(UTC) - timedelta(days=30))
    body = f"<channel><title>News</title>{''.join(items)}{calm}</channel>"
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'>{body}</rss>".encode()


class Clock:
    """The wall clock, put forward at will."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        """The time."""
        return datetime.now(UTC) + self.ahead


def config(database: Path, feeds: Mapping[str, str], api: str = "", chats: Sequence[int] = (), **more: Any) -> Config:
    """Feeds by name and address, polled every half second from loopback; alerts go to the chats, else the terminal."""
    polling = PollingConfig(allow_private=True, per_host=16, timeout=5 * SECOND, host_delay=0 * SECOND)
    polling = polling.model_copy(update={"min_interval": SECOND / 2})
    telegram = TelegramConfig()
    if api:
        told = tuple(Chat(id=chat, admin=chat == chats[0]) for chat in chats)
        telegram = TelegramConfig(api_url=api, chats=told, token=SecretStr("1:token"))
    sources = tuple(
        Source(name, url, lang="en", outlet=name, camp="international", interval=SECOND / 2)
        for name, url in feeds.items()
    )
    made = {"polling": polling, "telegram": telegram, "storage": StorageConfig(url=f"sqlite:///{database}")}
    return Config().model_copy(update=made | {"sources": sources} | more)


@asynccontextmanager
async def running(
    config: Config, clock: Callable[[], datetime] | None = None, model: FakeModel | None = None
) -> AsyncIterator[tuple[Daemon, Store]]:
    """The daemon, running until the block ends; then it has stopped in order."""
    async with AsyncExitStack() as stack:
        store = open_store(config)
        stack.callback(store.close)
        daemon = Daemon(config, store, judge(config, model), await make_senders(config, stack), clock or Clock())
        task = asyncio.create_task(daemon.run())
        try:
            yield daemon, store
        finally:
            daemon.stop()
            await asyncio.wait_for(task, 15)


async def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait until it is true; fails after so many seconds."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


def polled(store: Store, name: str) -> datetime | None:
    """When the feed was read last."""
    return next((feed.state.last_success for feed in store.feeds() if feed.state.name == name), None)


async def read_again(store: Store, *names: str) -> None:
    """Wait until the feeds were read once more, and what they listed was judged."""
    before = {name: polled(store, name) for name in names}
    await until(lambda: all(polled(store, name) not in {None, before[name]} for name in names))
    await until(lambda: store.counts().unjudged == 0)


def sent(store: Store) -> list[Alert]:
    """The alerts of the outbox, the oldest first; edits of an alert that was sent already are none."""
    return [alert for alert in store.alerts(10_000)[::-1] if alert.kind == "new"]
