"""Recorded items through the real pipeline with their own times as its clock; gives the messages it would have sent."""

import asyncio
import gzip
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from monitor.config import Config, TelegramConfig, family
from monitor.domain import (
    Article,
    Entry,
    Feed,
    FeedState,
    Judged,
    Kind,
    Model,
    Probabilities,
    Reason,
    Severity,
    Source,
    Story,
)
from monitor.errors import InputError
from monitor.normalize import articles
from monitor.pipeline import Judge, process, reconsider
from monitor.store import Poll, Store, Verdict
from monitor.text import fold, language

STEP = timedelta(minutes=5)
"""The virtual clock's step: what was published within one step is judged together."""
FEED = "backtest"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the replay would have sent."""

    at: datetime
    kind: str
    reason: Reason
    severity: Severity
    types: tuple[str, ...]
    countries: tuple[str, ...]
    title: str
    outlets: int
    story: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What was replayed, and what it would have sent."""

    articles: int
    days: int
    alerts: tuple[Sent, ...]


def read_records(path: Path, sources: Sequence[Source] = ()) -> list[Article]:
    """The file's items (JSON lines, also gzipped) in the order of their times. Raises InputError naming the line.

    An item that one of the `sources` would have brought has that source's name, outlet and camp.
    """
    feeds = _Feeds(sources)
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            found = [article for number, line in enumerate(file, 1) if (article := _article(path, number, line, feeds))]
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    return sorted(found, key=lambda article: article.published)


def replay(records: Sequence[Article], judge: Judge, config: Config) -> Replay:
    """Send the records through grouping, decisions and the outbox of a scratch database, step by step.

    One reader is told, by the rules of `alerts`: not the chats and services, each with rules of its own.
    """
    config = config.model_copy(update={"telegram": TelegramConfig(), "notify": ()})
    remembering = replace(judge, classifier=_Remembered(judge.classifier, records))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'backtest.db'}")
        store.migrate()
        found = asyncio.run(_steps(store, remembering, config, records))
        store.close()
    days = {article.published.date() for article in records}
    return Replay(len(records), len(days), tuple(found))


class _Remembered:
    """A model that answers from what it was asked before, so that it could read in large batches."""

    def __init__(self, model: Model, records: Sequence[Article]) -> None:
        self.threshold, self.version = model.threshold, model.version
        texts = list(dict.fromkeys((article.title, article.summary) for article in records))
        self._known = dict(zip(texts, model.classify(texts), strict=True))

    def classify(self, items: Sequence[Article | tuple[str, str]]) -> list[Probabilities]:
        """The model's word on each item."""
        return [self._known[(i.title, i.summary) if isinstance(i, Article) else i] for i in items]


async def _steps(store: Store, judge: Judge, config: Config, records: Sequence[Article]) -> list[Sent]:
    state = FeedState(FEED, FEED)
    outbox = _Outbox(store)
    now = EPOCH
    for start, group in groupby(records, key=lambda article: (article.published - EPOCH) // STEP):
        now = EPOCH + (start + 1) * STEP
        await _wait(store, judge, config, outbox, now)
        store.record_polls([Poll(state, state, tuple(replace(article, seen=now) for article in group))], now)
        while (done := await process(store, judge, config, now)).outcomes:
            for outcome in done.outcomes:
                if outcome.story is not None:
                    outbox.note(outcome.story, outcome.judged, outcome.verdicts)
            outbox.deliver(now)
    await _wait(store, judge, config, outbox, now + config.alerts.max_age)
    return outbox.sent


async def _wait(store: Store, judge: Judge, config: Config, outbox: "_Outbox", until: datetime) -> None:
    """Let time pass; decisions that wait for it are looked at, and edits delivered, each when it is due."""
    while (due := [*store.waiting().values(), *filter(None, [store.next_wait()])]) and (now := min(due)) <= until:
        for item in (await reconsider(store, judge, config, now)).made:
            outbox.note(item.story, item.judged, (item.verdict,))
        outbox.deliver(now)


class _Outbox:
    """Takes every message at once, and knows what led to it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._led: dict[tuple[int, Kind], tuple[Story, Judged, Reason]] = {}
        self.sent: list[Sent] = []

    def note(self, story: Story, judged: Judged, verdicts: Iterable[Verdict]) -> None:
        """Remember what the next message of the story is about."""
        for verdict in verdicts:
            if verdict.text is not None:
                self._led[story.id, verdict.kind] = story, judged, verdict.decision.reason

    def deliver(self, now: datetime) -> None:
        """Take what is due."""
        while claimed := self._store.claim_messages(now, FEED, STEP, 100):
            for message in claimed:
                self._store.record_sent(message.id, message.id, now)
                if message.story is not None:
                    self.sent.append(_sent(message.kind, *self._led[message.story, message.kind], now))


def _sent(kind: Kind, story: Story, judged: Judged, reason: Reason, now: datetime) -> Sent:
    return Sent(
        at=now,
        kind=kind.value,
        reason=reason,
        severity=story.severity,
        types=story.types or judged.score.types,
        countries=story.countries or judged.score.countries,
        title=judged.article.title,
        outlets=len(story.outlets),
        story=story.id,
    )


class _Feeds:
    """The configured source that an item is of: the one of its address's host, else of its outlet's name."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._named: defaultdict[str, list[Source]] = defaultdict(list)
        self._hosts: defaultdict[str, list[Source]] = defaultdict(list)
        for source in sources:
            for name in {fold(source.name), fold(source.outlet)}:
                self._named[name].append(source)
            self._hosts[family(source.url)].append(source)

    def find(self, outlet: str, url: str, lang: str) -> Source | None:
        """Of an outlet's several feeds, one in the item's language; None where none is known."""
        found = self._of(family(url)) or self._named.get(fold(outlet), []) or self._of(outlet.lower())
        return next((s for s in found if language(s.lang or "") == language(lang)), found[0] if found else None)

    def _of(self, host: str) -> list[Source]:
        """The feeds of a host, or of what it is a part of; none where several outlets share it, as aggregators do."""
        while "." in host:
            if found := self._hosts.get(host):
                return found if len({source.outlet for source in found}) == 1 else []
            host = host.partition(".")[2]
        return []


def _article(path: Path, number: int, line: str, feeds: _Feeds) -> Article | None:
    try:
        record = json.loads(line)
        when = datetime.fromisoformat(record.get("published") or record["date"])
        texts = [record.get(key) or "" for key in ("title", "summary", "lang", "outlet", "url")]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}, line {number}: no item with title and published ({error})") from None
    title, summary, lang, outlet, url = texts
    published = when if when.tzinfo else when.replace(tzinfo=UTC)
    entry = Entry(f"{number}", url, title, summary, published.astimezone(UTC))
    source = feeds.find(outlet, url, lang) or Source(FEED, url, outlet=outlet or family(url))
    source = replace(source, url=url, lang=lang or source.lang)
    found = articles(source, Feed((entry,)), published)
    # The number alone identifies a record: the same address may stand in the file twice.
    return replace(found[0], keys=(f"b:{number}",)) if found else None
