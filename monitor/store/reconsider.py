"""Decisions that waited, made anew: their articles and stories as stored, and what they lead to in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from monitor.domain import Judged, Kind, Story, Waiting
from monitor.schema import articles, decisions, messages, stories
from monitor.store.articles import with_keys
from monitor.store.queue import Queued, plain_row, queue
from monitor.store.rows import centroid, chunks, score, storable, story
from monitor.store.tellings import Tellings, wait_on
from monitor.store.values import Reconsidered, Summary

BECAUSE_OF_TIME = "@"
"""Ends the fingerprint of a decision that time led to and not the article; the moment follows."""


def judged(connection: Connection, ids: Sequence[int]) -> dict[int, Judged]:
    """Stored articles with their scores, by number; embeddings are the stories' centroids. Pruned ones are missing."""
    found: dict[int, Judged] = {}
    for chunk in chunks(ids):
        joined = articles.join(stories, stories.c.id == articles.c.story_id)
        asked = select(articles, stories.c.centroid).select_from(joined).where(articles.c.id.in_(chunk))
        rows = [row for row in connection.execute(asked) if row.score is not None]
        for row, article in zip(rows, with_keys(connection, rows), strict=True):
            made = score(row.relevance, row.severity, row.score)
            found[row.id] = Judged(article, made, centroid(row.centroid))
    return found


def of(connection: Connection, ids: Sequence[int]) -> dict[int, Story]:
    """Stories by number."""
    found: dict[int, Story] = {}
    for chunk in chunks(ids):
        found |= {row.id: story(row) for row in connection.execute(select(stories).where(stories.c.id.in_(chunk)))}
    return found


def drop(connection: Connection, waits: Sequence[Waiting], now: datetime) -> None:
    """Forget decisions whose article or story is gone."""
    for waiting in waits:
        wait_on(connection, waiting, None, now)


def commit(
    connection: Connection, made: Sequence[Reconsidered], summaries: Sequence[Summary], now: datetime
) -> list[Reconsidered]:
    """Write the decisions that still waited as they were read; returns those. A Summary is queued if one of its did."""
    told = {id(item): summary for summary in summaries for item in summary.stories}
    taken = [item for item in (*made, *(i for s in summaries for i in s.stories)) if _take(connection, item, now)]
    known = Tellings(connection, {(item.story.id, item.verdict.chat) for item in taken})
    numbers = [_decide(connection, item, now) for item in taken]
    for item in taken:
        known.note(item.story, item.verdict, item.judged.article.id, now)
    wanted = [
        Queued(number, item.story.id, item.story.severity, item.verdict)
        for item, number in zip(taken, numbers, strict=True)
        if item.verdict.text is not None
    ]
    for message, queued in queue(connection, wanted, now):
        known.root(queued.story or 0, queued.verdict.chat, message)
    for summary in summaries:
        mine = [item for item in taken if told.get(id(item)) is summary]
        if mine:
            message = _summary(connection, summary, now)
            for item in mine:
                known.root(item.story.id, summary.chat, message)
    known.write()
    return taken


def _take(connection: Connection, item: Reconsidered, now: datetime) -> bool:
    """Whether the decision still waits as it was read. One that waits on for the same reason is not told again."""
    on = item.verdict if item.verdict.decision.again else None
    same = on is not None and on.decision.reason is item.waiting.reason
    return wait_on(connection, item.waiting, on, now) and not (same and item.verdict.text is None)


def _decide(connection: Connection, item: Reconsidered, now: datetime) -> int:
    article, decision = item.judged.article, item.verdict.decision
    row = {
        "article_id": article.id,
        "fingerprint": f"{article.fingerprint}{BECAUSE_OF_TIME}{now.isoformat()}",
        "chat": item.verdict.chat,
        "story_id": item.story.id,
        "send": decision.send,
        "reason": decision.reason.value,
        "detail": storable(decision.detail),
        "decided_at": now,
        "again": decision.again,
    }
    number: int = connection.execute(insert(decisions).values(row).returning(decisions.c.id)).scalar_one()
    return number


def _summary(connection: Connection, summary: Summary, now: datetime) -> int:
    row = plain_row(summary.chat, summary.text, now, False, summary.thread, Kind.SUMMARY)
    told = [[item.story.id, item.judged.article.id] for item in summary.stories]
    row |= {"severity": int(summary.severity), "told": told}
    number: int = connection.execute(insert(messages).values(row).returning(messages.c.id)).scalar_one()
    return number
