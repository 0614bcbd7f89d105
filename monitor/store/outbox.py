"""The outbox: what is claimed for delivery, in order for each chat, and what became of it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from monitor.domain import Message, Reason, Severity, Text
from monitor.schema import decisions, messages
from monitor.store.rows import chunks, storable
from monitor.store.values import Alert, Kind, Status

m = messages.c
_CLAIMED = (m.id, m.chat, m.kind, m.story_id, m.severity, m.html, m.plain, m.silent, m.thread, m.attempts, m.queued)


def claim(
    connection: Connection, now: datetime, owner: str, lease: timedelta, limit: int, resting: Collection[str]
) -> list[Message]:
    """Claim up to `limit` messages that are due, the longest due first, until `now + lease`.

    A chat gives only its oldest undelivered message: while that one is claimed or waits, no later one overtakes it.
    """
    heads = _heads()
    if resting:
        heads = heads.where(m.chat.not_in(resting))
    ready = select(m.id).where(m.id.in_(heads), m.due <= now).order_by(m.due, m.id).limit(limit)
    # In PostgreSQL a claim passes over what another process is claiming; only as a CTE is it sure to be read once.
    once = ready.with_for_update(skip_locked=True).cte("ready")
    taking = update(messages).where(m.id.in_(select(once.c.id)), m.status == Status.PENDING.value, m.due <= now)
    rows = connection.execute(taking.values(due=now + lease, owner=owner).returning(*_CLAIMED)).all()
    roots = _roots(connection, [row for row in rows if row.kind == Kind.UPDATE])
    return [_message(row, roots) for row in sorted(rows, key=lambda row: row.id)]


def waiting(connection: Connection) -> dict[str, datetime]:
    """When the oldest undelivered message of each chat is to be tried; a claimed one when its lease ends."""
    rows = connection.execute(select(m.chat, m.due).where(m.id.in_(_heads())))
    return {row.chat: row.due for row in rows}


def sent(connection: Connection, id: int, telegram_id: int | None, now: datetime) -> None:
    """The other side has the message. This holds whatever else was recorded of it, and whoever held the lease."""
    values = {"status": Status.SENT.value, "sent_at": now, "telegram_id": telegram_id, "due": None, "owner": None}
    accepted = update(messages).where(m.id == id).values(values | {"error": ""})
    connection.execute(accepted.values(attempts=m.attempts + 1))


def failed(connection: Connection, id: int, error: str, retry_at: datetime | None, attempts: int) -> None:
    """The message was not accepted: tried again at `retry_at`, or a dead letter if that is None."""
    status = Status.DEAD if retry_at is None else Status.PENDING
    values = {"status": status.value, "due": retry_at, "owner": None, "attempts": attempts, "error": storable(error)}
    connection.execute(update(messages).where(m.id == id, m.status == Status.PENDING.value).values(values))


def renew(connection: Connection, ids: Collection[int], owner: str, until: datetime) -> None:
    """Hold claimed messages longer, those that are still held by `owner`."""
    held = update(messages).where(m.id.in_(ids), m.owner == owner, m.status == Status.PENDING.value)
    connection.execute(held.values(due=until))


def requeue(connection: Connection, ids: Collection[int] | None, now: datetime) -> int:
    """Try dead letters again, all of them if `ids` is None; returns how many."""
    dead = update(messages).where(m.status == Status.DEAD.value)
    if ids is not None:
        dead = dead.where(m.id.in_(ids))
    return connection.execute(dead.values(status=Status.PENDING.value, due=now, queued=now, attempts=0)).rowcount


def enqueue(
    connection: Connection, chats: Sequence[str], text: Text, now: datetime, silent: bool, thread: int | None
) -> list[int]:
    """Queue a message that no article led to; returns the ids."""
    row: dict[str, Any] = {"kind": Kind.NEW.value, "html": storable(text.html), "plain": storable(text.plain)}
    row |= {"silent": silent, "thread": thread}
    row |= {"status": Status.PENDING.value, "due": now, "attempts": 0, "error": "", "created": now, "queued": now}
    statement = insert(messages).returning(m.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, [row | {"chat": chat} for chat in chats])) if chats else []


def sends(connection: Connection, since: datetime) -> list[tuple[str, datetime]]:
    """The chats and times of what was sent since then, in order."""
    rows = connection.execute(select(m.chat, m.sent_at).where(m.sent_at >= since).order_by(m.sent_at))
    return [(row.chat, row.sent_at) for row in rows]


def alerts(connection: Connection, limit: int, status: Status | None) -> list[Alert]:
    """The newest messages, the newest first."""
    newest = _alerts().order_by(m.id.desc()).limit(limit)
    if status is not None:
        newest = newest.where(m.status == status.value)
    return [_alert(row) for row in connection.execute(newest)]


def alerts_by_id(connection: Connection, ids: Iterable[int]) -> list[Alert]:
    """These messages, the oldest first."""
    rows = [row for chunk in chunks(ids) for row in connection.execute(_alerts().where(m.id.in_(chunk)))]
    return sorted(map(_alert, rows), key=lambda alert: alert.id)


def _heads() -> Select[tuple[int]]:
    return select(func.min(m.id)).where(m.status == Status.PENDING.value).group_by(m.chat)


def _roots(connection: Connection, replies: Sequence[Row[Any]]) -> dict[tuple[int, str], int]:
    """The other side's id of the first message that each story's chat got, by (story, chat)."""
    found: dict[tuple[int, str], int] = {}
    for row in replies:
        first = select(m.telegram_id).where(m.story_id == row.story_id, m.chat == row.chat, m.telegram_id.is_not(None))
        root = connection.scalar(first.order_by(m.id).limit(1))
        if root is not None:
            found[row.story_id, row.chat] = root
    return found


def _message(row: Row[Any], roots: dict[tuple[int, str], int]) -> Message:
    return Message(
        id=row.id,
        chat=row.chat,
        text=Text(row.html, row.plain),
        attempts=row.attempts,
        silent=row.silent,
        reply_to=roots.get((row.story_id, row.chat)) if row.kind == Kind.UPDATE else None,
        thread=row.thread,
        story=row.story_id,
        severity=None if row.severity is None else Severity(row.severity),
        queued=row.queued,
    )


def _alerts() -> Select[Any]:
    joined = messages.outerjoin(decisions, m.decision_id == decisions.c.id)
    return select(messages, decisions.c.article_id, decisions.c.reason).select_from(joined)


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        id=row.id,
        chat=row.chat,
        kind=Kind(row.kind),
        status=Status(row.status),
        text=Text(row.html, row.plain),
        created=row.created,
        due=row.due,
        sent=row.sent_at,
        attempts=row.attempts,
        error=row.error,
        severity=None if row.severity is None else Severity(row.severity),
        story=row.story_id,
        article=row.article_id,
        reason=None if row.reason is None else Reason(row.reason),
        telegram_id=row.telegram_id,
    )
