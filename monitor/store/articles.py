"""The articles' rows: new ones, edits of known ones, what waits to be judged, and pruning."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, insert, literal, select, update

from monitor.domain import Article
from monitor.schema import Span, article_keys, articles, feedback, feeds
from monitor.store.rows import article, chunks, storable, stored_key
from monitor.store.values import Counts, Poll

DAY = timedelta(days=1)
PATIENT = 8
"""One in so many articles of a batch is taken because it waits longest, the others because they are the latest."""
WHEN = articles.c.published.type

KNOWN = [
    articles.c[name]
    for name in ("id", "source", "url", "title", "summary", "lang", "published", "seen", "listed", "fingerprint")
]
_EDIT = (
    update(articles)
    .where(articles.c.id == bindparam("_id"))
    .values({name: bindparam(f"_{name}") for name in ("url", "title", "summary", "lang", "fingerprint")})
    .values(published=bindparam("_published", type_=WHEN), listed=bindparam("_listed", type_=WHEN))
)
_REJUDGE = update(articles).where(articles.c.id == bindparam("_id")).values(judged_at=None)
_LIST = update(articles).where(articles.c.id == bindparam("_id")).values(listed=bindparam("_listed", type_=WHEN))


def record(connection: Connection, polls: Sequence[Poll], now: datetime, max_age: timedelta) -> list[Counts]:
    """Store what the polls listed; returns what each brought.

    An article that shares a key with a known one is that one. Only the feed that brought an article first may edit it,
    since other feeds tell it in their own words; within one call the first telling counts.
    """
    batch = _Batch(connection, polls, now, max_age)
    counts = [batch.take(told) for told in batch.told]
    batch.write(connection)
    return counts


def unjudged(connection: Connection, limit: int) -> list[Article]:
    """Articles that wait to be judged, the earlier published first: the latest of all, and some that wait longest.

    So a backlog holds no fresh news up, and fresh news, however much of it, does not keep the backlog waiting for ever.
    """
    waiting = select(articles).where(articles.c.judged_at.is_(None))
    longest = connection.execute(waiting.order_by(articles.c.id).limit(limit // PATIENT)).all()
    latest = connection.execute(waiting.order_by(articles.c.published.desc(), articles.c.id).limit(limit)).all()
    rows = list({row.id: row for row in (*longest, *latest)}.values())[:limit]
    return with_keys(connection, sorted(rows, key=lambda row: (row.published, row.id)))


def with_keys(connection: Connection, rows: Sequence[Row[Any]]) -> list[Article]:
    """Articles rows as values, in the same order."""
    found: dict[int, list[str]] = {row.id: [] for row in rows}
    for chunk in chunks(found):
        keys = select(article_keys).where(article_keys.c.article_id.in_(chunk)).order_by(article_keys.c.key)
        for row in connection.execute(keys):
            found[row.article_id].append(row.key)
    return [article(row, tuple(found[row.id])) for row in rows]


def prune(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` articles first seen before then; returns how many.

    What a feed still lists stays, whatever its age: it would come back as new. What people gave their word on stays,
    too: the program learns from it.
    """
    listed = exists().where(
        feeds.c.name == articles.c.source,
        feeds.c.due.is_not(None),
        feeds.c.last_body < articles.c.listed + literal(2 * DAY, Span()),
    )
    said = exists().where(feedback.c.article_id == articles.c.id)
    old = select(articles.c.id).where(articles.c.seen < before, articles.c.listed < before, ~listed, ~said)
    ids = list(connection.scalars(old.order_by(articles.c.seen).limit(limit)))
    for chunk in chunks(ids):
        connection.execute(delete(article_keys).where(article_keys.c.article_id.in_(chunk)))
        connection.execute(delete(articles).where(articles.c.id.in_(chunk)))
    return len(ids)


class _Batch:
    """The changes that a batch of polls makes, gathered so that each table is written once."""

    def __init__(self, connection: Connection, polls: Sequence[Poll], now: datetime, max_age: timedelta) -> None:
        self._now, self._max_age = now, max_age
        self.told = [[(a, tuple(map(stored_key, a.keys))) for a in poll.articles] for poll in polls]
        # A key leads to the id of a known article, or to -1 - the index of a new one.
        self._owner = _owners(connection, {key for told in self.told for _, keys in told for key in keys})
        self._known = _load(connection, set(self._owner.values()))
        self._new: list[Article] = []
        self._added: list[tuple[str, int]] = []
        self._edits: dict[int, dict[str, Any]] = {}
        self._rejudged: list[int] = []
        self._done: set[int] = set()
        self._listed: set[int] = set()

    def take(self, listed: Sequence[tuple[Article, tuple[str, ...]]]) -> Counts:
        """Note what one poll's articles change."""
        new = edited = 0
        for told, keys in listed:
            owner = next((self._owner[key] for key in keys if key in self._owner), None)
            if owner is None:
                owner, new = -1 - len(self._new), new + 1
                self._new.append(told)
            elif owner >= 0:
                edited += self._again(owner, told)
            fresh = [key for key in dict.fromkeys(keys) if key not in self._owner]
            self._owner |= dict.fromkeys(fresh, owner)
            self._added += [(key, owner) for key in fresh]
        return Counts(new, edited)

    def write(self, connection: Connection) -> None:
        """Carry the changes out."""
        ids = _insert(connection, self._new, self._now)
        keys = [{"key": key, "article_id": owner if owner >= 0 else ids[-1 - owner]} for key, owner in self._added]
        if keys:
            connection.execute(insert(article_keys), keys)
        if self._edits:
            connection.execute(_EDIT, list(self._edits.values()))
        if self._rejudged:
            connection.execute(_REJUDGE, [{"_id": id} for id in self._rejudged])
        listed = [{"_id": id, "_listed": self._now} for id in self._listed - self._edits.keys()]
        if listed:
            connection.execute(_LIST, listed)

    def _again(self, id: int, told: Article) -> bool:
        """Note that a known article was listed; returns whether it was edited."""
        row = self._known[id]
        if self._now - row.listed >= DAY:
            self._listed.add(id)
        if told.source != row.source or id in self._done:
            return False
        self._done.add(id)
        edit = {
            "_url": storable(told.url),
            "_title": storable(told.title),
            "_summary": storable(told.summary),
            "_lang": told.lang,
            "_fingerprint": told.fingerprint,
            # A later date is a publisher's way to push old news up, and must not make it fresh.
            "_published": min(told.published, row.published),
        }
        if all(getattr(row, name[1:]) == value for name, value in edit.items()):
            return False
        self._edits[id] = edit | {"_id": id, "_listed": self._now}
        if told.fingerprint != row.fingerprint and self._now - row.seen <= self._max_age:
            self._rejudged.append(id)
        return True


def _owners(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(keys):
        rows = connection.execute(select(article_keys).where(article_keys.c.key.in_(chunk)))
        found |= {row.key: row.article_id for row in rows}
    return found


def _load(connection: Connection, ids: Iterable[int]) -> dict[int, Row[Any]]:
    found: dict[int, Row[Any]] = {}
    for chunk in chunks(ids):
        found |= {row.id: row for row in connection.execute(select(*KNOWN).where(articles.c.id.in_(chunk)))}
    return found


def _insert(connection: Connection, new: Sequence[Article], now: datetime) -> list[int]:
    if not new:
        return []
    statement = insert(articles).returning(articles.c.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, [_row(told, now) for told in new]))


def _row(told: Article, now: datetime) -> dict[str, Any]:
    return {
        "source": told.source,
        "outlet": storable(told.outlet),
        "camp": told.camp,
        "country": told.country,
        "url": storable(told.url),
        "title": storable(told.title),
        "summary": storable(told.summary),
        "lang": told.lang,
        "published": min(told.published, told.seen),
        "seen": told.seen,
        "listed": now,
        "fingerprint": told.fingerprint,
    }
