"""What people ask in chats: how things stand, what was told last, which story a message tells."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median_high as median
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from monitor.domain import Kind, Story
from monitor.schema import articles, chats, decisions, feeds, messages, stories, tellings
from monitor.store.rows import story
from monitor.store.values import Standing, Status

m = messages.c
SHOWN = (Kind.NEW.value, Kind.UPDATE.value)
Pairs = Sequence[tuple[int, int]] | None
"""A summary's stories, each with the article that tells it; None of another message."""
RECENT = 100
"""The messages that tell how long delivery takes."""
LOOKED = 20
"""How many messages are looked at for each story that is asked for: one story may have several."""


def standing(connection: Connection, now: datetime) -> Standing:
    """How things stand now; counts nothing that grows for ever."""
    read = feeds.c.due.is_not(None)
    waiting = connection.execute(
        select(func.count(), func.min(articles.c.seen)).where(articles.c.judged_at.is_(None))
    ).one()
    undelivered = m.status == Status.PENDING.value, m.kind != Kind.EDIT.value
    barred = m.chat.in_(select(chats.c.chat).where(chats.c.parked.is_not(None)))
    queued = connection.execute(select(func.count(), func.min(m.queued)).where(*undelivered, ~barred)).one()
    recent = select(m.sent_at, m.queued).where(m.sent_at.is_not(None), m.kind != Kind.EDIT.value)
    rows = connection.execute(recent.order_by(m.sent_at.desc()).limit(RECENT))
    took = sorted(_since(row.queued, row.sent_at) for row in rows)
    last = select(func.max(m.sent_at)).where(_shown())
    return Standing(
        feeds=_count(connection, read),
        failing=_count(connection, read, feeds.c.failure.is_not(None)),
        unjudged=waiting[0],
        behind=_since(waiting[1], now),
        pending=queued[0],
        late=_since(queued[1], now),
        parked=_count(connection, *undelivered, barred),
        dead=_count(connection, m.status == Status.DEAD.value),
        last=connection.scalar(last),
        usual=median(took) if took else None,
        most=took[-1] if took else None,
    )


def latest(connection: Connection, chat: str, limit: int) -> list[tuple[Story, datetime]]:
    """The stories that the chat was last shown a message of, and when, the latest first."""
    shown = select(m.story_id, m.told, m.sent_at).where(m.status == Status.SENT.value, m.chat == chat, _shown())
    told: dict[int, datetime] = {}
    for row in connection.execute(shown.order_by(m.id.desc()).limit(limit * LOOKED)):
        for id in _stories(row.story_id, row.told):
            told.setdefault(id, row.sent_at)
    wanted = list(told)[:limit]
    known = {row.id: story(row) for row in connection.execute(select(stories).where(stories.c.id.in_(wanted)))}
    return [(known[id], told[id]) for id in wanted if id in known]


def stories_of(connection: Connection, chat: str, telegram_id: int) -> tuple[int, ...]:
    """The stories that a message of the chat tells; none where it tells none."""
    return _stories(*_by_number(connection, chat, telegram_id))


def summary(connection: Connection, chat: str, telegram_id: int) -> list[tuple[int, int]]:
    """The stories, each with the article that tells it, if the message of the chat is a summary."""
    _, told = _by_number(connection, chat, telegram_id)
    return [(story, article) for story, article in told or ()]


def _by_number(connection: Connection, chat: str, telegram_id: int) -> tuple[int | None, Pairs]:
    mine = select(m.story_id, m.told).where(m.chat == chat, m.telegram_id == telegram_id)
    row = connection.execute(mine.where(m.status == Status.SENT.value).order_by(m.id.desc()).limit(1)).first()
    return (row.story_id, row.told) if row else (None, None)


def _shown() -> ColumnElement[bool]:
    """Whether a message shows people a story, or several."""
    return (m.story_id.is_not(None) & m.kind.in_(SHOWN)) | (m.kind == Kind.SUMMARY.value)


def _stories(own: int | None, told: Pairs) -> tuple[int, ...]:
    """The stories that a message tells: its own, or a summary's, if it was kept which."""
    return (own,) if own is not None else tuple(story for story, _ in told or ())


def shown(connection: Connection, chat: str, story: int, limit: int) -> list[tuple[int, int]]:
    """The newest messages of the chat that tell the story: the other side's numbers, each with the article it tells."""
    mine: Select[Any] = select(m.telegram_id, m.kind, m.story_id, m.chat, m.decision_id).where(
        m.chat == chat, m.story_id == story
    )
    there = mine.where(m.status == Status.SENT.value, m.telegram_id.is_not(None)).order_by(m.id.desc())
    found: dict[int, int | None] = {}
    for row in connection.execute(there.limit(limit * LOOKED)):
        found.setdefault(row.telegram_id, told(connection, row))
    return [(number, article) for number, article in found.items() if article][:limit]


def told(connection: Connection, row: Row[Any]) -> int | None:
    """The article that a message tells: of a first message, which grows, the one that it tells by now."""
    if row.story_id is None:
        return None
    article: int | None = None
    if row.kind != Kind.UPDATE.value:
        first = select(tellings.c.article_id).where(tellings.c.story_id == row.story_id, tellings.c.chat == row.chat)
        article = connection.scalar(first)
    return article or connection.scalar(select(decisions.c.article_id).where(decisions.c.id == row.decision_id))


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).where(*where)) or 0


def _since(at: datetime | None, now: datetime) -> timedelta:
    return timedelta(0) if at is None else max(now - at, timedelta(0))
