"""What a person asks of the store: the whole trail of an article or story, and how much there is of everything."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from monitor.domain import Decision, Reason
from monitor.schema import articles, decisions, feeds, messages, stories, tellings
from monitor.store import outbox
from monitor.store.articles import with_keys
from monitor.store.reconsider import BECAUSE_OF_TIME
from monitor.store.rows import score, story
from monitor.store.tellings import waiting as waiting_on
from monitor.store.values import Decided, Judgement, Status, Totals, Traced, Trail


def article_trail(connection: Connection, id: int) -> Trail | None:
    """The trail of one article, with the story that it is in; None if nothing is known of it."""
    row = connection.execute(select(articles).where(articles.c.id == id)).one_or_none()
    decided = _decisions(connection, decisions.c.article_id == id)
    if row is None and not decided:
        return None
    story_id = row.story_id if row else next((d.story for d in reversed(decided) if d.story is not None), None)
    return _trail(
        connection, story_id, [row] if row else [], decided, messages.c.decision_id.in_([d.id for d in decided])
    )


def story_trail(connection: Connection, id: int) -> Trail | None:
    """The trail of a story with all its articles; None if there is no such story."""
    if connection.scalar(select(stories.c.id).where(stories.c.id == id)) is None:
        return None
    rows = connection.execute(select(articles).where(articles.c.story_id == id).order_by(articles.c.id)).all()
    decided = _decisions(connection, decisions.c.story_id == id)
    # A summary of several stories is the first message of each.
    roots = select(tellings.c.root).where(tellings.c.story_id == id)
    return _trail(connection, id, rows, decided, (messages.c.story_id == id) | messages.c.id.in_(roots))


def message_trail(connection: Connection, id: int) -> Trail | None:
    """The trail of what led to a message: its story, its article, or only itself."""
    found = outbox.alerts_by_id(connection, [id])
    if not found:
        return None
    if found[0].story is not None:
        return story_trail(connection, found[0].story)
    if found[0].article is not None:
        return article_trail(connection, found[0].article)
    return Trail(None, (), (), tuple(found))


def totals(connection: Connection) -> Totals:
    """How much there is of everything."""
    by_status = select(messages.c.status, func.count()).group_by(messages.c.status)
    counted = {Status(status): count for status, count in connection.execute(by_status)}
    return Totals(
        feeds=_count(connection, feeds.c.due.is_not(None)),
        failing=_count(connection, feeds.c.due.is_not(None), feeds.c.failure.is_not(None)),
        articles=connection.scalar(select(func.count()).select_from(articles)) or 0,
        unjudged=_count(connection, articles.c.judged_at.is_(None)),
        stories=connection.scalar(select(func.count()).select_from(stories)) or 0,
        messages={status: counted.get(status, 0) for status in Status},
    )


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).where(*where)) or 0


def _decisions(connection: Connection, where: ColumnElement[bool]) -> list[Decided]:
    joined = decisions.outerjoin(articles, articles.c.id == decisions.c.article_id)
    now = articles.c.fingerprint.label("now")
    rows = connection.execute(select(decisions, now).select_from(joined).where(where).order_by(decisions.c.id))
    return [_decided(row) for row in rows]


def _decided(row: Row[Any]) -> Decided:
    decision = Decision(row.send, Reason(row.reason), row.detail, again=row.again)
    current = row.now == row.fingerprint.partition(BECAUSE_OF_TIME)[0]
    return Decided(row.id, row.article_id, row.chat, row.story_id, decision, row.decided_at, current)


def _trail(
    connection: Connection,
    story_id: int | None,
    rows: Iterable[Row[Any]],
    decided: list[Decided],
    about: ColumnElement[bool],
) -> Trail:
    told = connection.execute(select(stories).where(stories.c.id == story_id)).one_or_none() if story_id else None
    rows = list(rows)
    traced = zip(with_keys(connection, rows), map(judgement, rows), strict=True)
    ids = connection.scalars(select(messages.c.id).where(about))
    alerts = outbox.alerts_by_id(connection, list(ids))
    waiting = waiting_on(connection, [story_id]).values() if story_id else ()
    told_of = tuple(Traced(*pair) for pair in traced)
    return Trail(story(told) if told else None, told_of, tuple(decided), tuple(alerts), tuple(waiting))


def judgement(row: Row[Any]) -> Judgement | None:
    """The judgement that is stored, also where an edit has asked for another; None if there was none."""
    if row.score is None:
        return None
    return Judgement(score(row.relevance, row.severity, row.score), row.model, Reason(row.reason), row.judged_at)
