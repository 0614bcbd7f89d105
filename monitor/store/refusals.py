"""What was not told, for the list of near misses; and what a digest says of stories."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, exists, func, or_, select

from monitor.domain import Headline, Reason, Story
from monitor.misses import Refused
from monitor.schema import articles, decisions, messages, stories
from monitor.store.articles import with_keys
from monitor.store.rows import chunks, score, story
from monitor.store.values import EVERYONE

UNWANTED = (Reason.IRRELEVANT, Reason.OUT_OF_REGION, Reason.NOT_WANTED, Reason.UNCORROBORATED)
"""Why a chat's rules refuse what others may be told."""


def refused(connection: Connection, since: datetime, limit: int, chat: str | None = None) -> list[Refused]:
    """The newest refusals since then, each article once: by itself, or as uncorroborated in a story not told.

    Of a chat: by itself, or by the chat's rules, in a story that was not told there.
    """
    d = decisions.c
    alone = (d.chat == EVERYONE) & d.send.is_(False)
    told = exists().where(messages.c.story_id == d.story_id)
    waits = (d.reason == Reason.UNCORROBORATED.value) & ~told
    if chat is not None:
        elsewhere = (d.chat == chat) & d.send.is_(False) & d.reason.in_([reason.value for reason in UNWANTED])
        waits = elsewhere & ~told.where(messages.c.chat == chat)
    newest = (
        select(func.max(d.id))
        .where(d.decided_at >= since, or_(alone, waits))
        .group_by(d.article_id)
        .order_by(func.max(d.id).desc())
        .limit(limit)
    )
    joined = decisions.join(articles, (articles.c.id == d.article_id) & (articles.c.fingerprint == d.fingerprint))
    made = select(d.reason.label("why"), d.detail, d.decided_at, articles).select_from(joined)
    rows = connection.execute(made.where(d.id.in_(newest), articles.c.score.is_not(None)).order_by(d.id.desc())).all()
    known = {s.id: s for s in _stories(connection, {row.story_id for row in rows if row.story_id is not None})}
    return [
        Refused(
            article,
            score(row.relevance, row.severity, row.score),
            Reason(row.why),
            row.detail,
            row.decided_at,
            known.get(row.story_id),
        )
        for row, article in zip(rows, with_keys(connection, rows), strict=True)
    ]


def links(connection: Connection, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """The title of each story, and the address of its first article ('' where that was pruned)."""
    found: dict[int, tuple[str, str]] = {}
    for chunk in chunks(ids):
        first = select(func.min(articles.c.id)).where(articles.c.story_id.in_(chunk)).group_by(articles.c.story_id)
        rows = connection.execute(select(articles.c.story_id, articles.c.url).where(articles.c.id.in_(first)))
        urls = {row.story_id: row.url for row in rows}
        named = connection.execute(select(stories.c.id, stories.c.title).where(stories.c.id.in_(chunk)))
        found |= {row.id: (row.title, urls.get(row.id, "")) for row in named}
    return found


def headline(connection: Connection, story: int, langs: Collection[str]) -> Headline | None:
    """The story's first title in one of the languages; a language's tag is also that of its scripts and regions."""
    lang = articles.c.lang
    spoken = or_(*(or_(lang == name, lang.startswith(f"{name}-")) for name in langs))
    found = select(articles.c.title, articles.c.url, articles.c.outlet).where(articles.c.story_id == story, spoken)
    row = connection.execute(found.order_by(articles.c.id).limit(1)).first()
    return None if row is None else Headline(row.title, row.url, row.outlet)


def read_since(connection: Connection, since: datetime) -> int:
    """How many articles were first read since then."""
    return connection.scalar(select(func.count()).where(articles.c.seen >= since)) or 0


def _stories(connection: Connection, ids: Collection[int]) -> list[Story]:
    return [
        story(row)
        for chunk in chunks(ids)
        for row in connection.execute(select(stories).where(stories.c.id.in_(chunk)))
    ]
