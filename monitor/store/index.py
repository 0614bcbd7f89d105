"""What the escalation index is made of, by day; and what is told only once. Measures nothing."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from monitor.domain import EventType, Kind, Severity
from monitor.schema import announced, articles, levels, mentions, messages, volumes
from monitor.store.queue import plain_row
from monitor.store.rows import chunks
from monitor.store.values import Notice, Outcome
from monitor.trend import Mention, Volume

LIVE = timedelta(hours=12)
"""An article older than this when it is read is a feed's backlog, which tells nothing of how much is read a day."""
INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""Upserts are not in SQLAlchemy's common language, though both databases spell them alike."""


def record(connection: Connection, outcomes: Sequence[Outcome], stories: Sequence[int | None], now: datetime) -> None:
    """Count the articles that are judged for the first time, and keep what each tells; `stories` are theirs.

    To be called before the judgements are written.
    """
    first = _unjudged(connection, [o.judged.article.id for o in outcomes if o.judged.article.id is not None])
    counted = Counter(
        (_day(o), o.judged.article.outlet)
        for o, story in zip(outcomes, stories, strict=True)
        if o.judged.article.id in first and (story is not None or now - o.judged.article.published <= LIVE)
    )
    _count(connection, counted)
    known = [o.judged.article.id for o in outcomes if o.judged.article.id not in first]
    for chunk in chunks(known):
        connection.execute(delete(mentions).where(mentions.c.article_id.in_(chunk)))
    told = [_mention(o, story) for o, story in zip(outcomes, stories, strict=True) if story is not None]
    if told:
        connection.execute(insert(mentions), told)


def history(connection: Connection, since: date) -> tuple[list[Volume], list[Mention]]:
    """What was read and told from that day on."""
    read = connection.execute(select(volumes).where(volumes.c.day >= since))
    told = connection.execute(select(mentions).where(mentions.c.day >= since))
    return [Volume(row.day, row.outlet, row.articles) for row in read], [
        Mention(row.day, row.outlet, row.camp, row.story_id, Severity(row.severity), tuple(row.countries), row.eased)
        for row in told
    ]


def standing(connection: Connection) -> dict[str, int]:
    """The level that each subject's index was last seen at."""
    return {row.subject: row.level for row in connection.execute(select(levels))}


def known(connection: Connection, what: Collection[str]) -> set[str]:
    """Which of these were announced."""
    asked = select(announced.c.what)
    return {row for chunk in chunks(what) for row in connection.scalars(asked.where(announced.c.what.in_(chunk)))}


def announce(
    connection: Connection, what: Sequence[str], notices: Sequence[Notice], now: datetime, moved: Mapping[str, int]
) -> bool:
    """Queue the notices and note the levels, unless any of `what` was announced before; returns whether it did."""
    if known(connection, what):
        return False
    if what:
        connection.execute(insert(announced), [{"what": name, "at": now} for name in what])
    for subject, level in moved.items():
        stated = INSERT[connection.dialect.name](levels).values(subject=subject, level=level)
        connection.execute(stated.on_conflict_do_update(index_elements=["subject"], set_={"level": level}))
    rows = [plain_row(n.chat, n.text, now, n.silent, n.thread, Kind.NEW) for n in notices]
    if rows:
        connection.execute(insert(messages), rows)
    return True


def prune(connection: Connection, before: date) -> None:
    """Forget what was read and told before that day."""
    for table in (volumes, mentions):
        connection.execute(delete(table).where(table.c.day < before))


def _unjudged(connection: Connection, ids: Iterable[int]) -> set[int]:
    found: set[int] = set()
    for chunk in chunks(ids):
        never = select(articles.c.id).where(articles.c.id.in_(chunk), articles.c.score.is_(None))
        found |= set(connection.scalars(never))
    return found


def _count(connection: Connection, counted: Mapping[tuple[date, str], int]) -> None:
    if not counted:
        return
    rows = [{"day": day, "outlet": outlet, "articles": count} for (day, outlet), count in sorted(counted.items())]
    adding = INSERT[connection.dialect.name](volumes)
    more = {"articles": volumes.c.articles + adding.excluded.articles}
    connection.execute(adding.on_conflict_do_update(index_elements=["day", "outlet"], set_=more), rows)


def _mention(outcome: Outcome, story: int) -> dict[str, object]:
    article, score = outcome.judged.article, outcome.judged.score
    return {
        "article_id": article.id,
        "day": _day(outcome),
        "outlet": article.outlet,
        "camp": article.camp,
        "story_id": story,
        "severity": int(score.severity),
        "countries": list(score.countries),
        # No severity is that of an article which only denies the story or says that it is over.
        "eased": score.types == (EventType.DEESCALATION,) or score.severity is Severity.NONE,
    }


def _day(outcome: Outcome) -> date:
    return outcome.judged.article.published.astimezone(UTC).date()
