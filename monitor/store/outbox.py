"""The outbox: what is claimed for delivery, in order for each chat, and what became of it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    Select,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    type_coerce,
    update,
)

from monitor.domain import Kind, Message, Reason, Severity, Text
from monitor.schema import Instant, chats, decisions, messages, tellings
from monitor.store.asking import told
from monitor.store.chats import reopen
from monitor.store.people import is_muted, opinions, parts
from monitor.store.queue import EDIT_PACE, plain_row
from monitor.store.rows import chunks, storable
from monitor.store.values import Alert, Status

m = messages.c
_TEXT = (m.html, m.plain, m.silent, m.thread)
_CLAIMED = (m.id, m.chat, m.kind, m.story_id, m.severity, *_TEXT, m.attempts, m.queued, m.decision_id, m.told)
LATELY = 5
"""Attempts of one message that a minute holds; they come ever more seldom."""
FIRSTS = (Kind.NEW.value, Kind.EDIT.value)
"""What shows a story's first message: itself, or an edit that could not find it and was sent in its place."""


def claim(
    connection: Connection, now: datetime, owner: str, lease: timedelta, limit: int, resting: Collection[str]
) -> list[Message]:
    """Claim up to `limit` messages that are due, the longest due first, until `now + lease`.

    A chat gives only its oldest undelivered message: while that one is claimed or waits, no later one overtakes it.
    A parked chat gives it only when it is to be tried.
    Edits have their own times and come after all else. What waits of the same story is told by the claimed message.
    """
    closed = select(chats.c.chat).where(chats.c.parked.is_not(None), chats.c.probe > now)
    heads = _heads().where(m.chat.not_in(closed))
    if resting:
        heads = heads.where(m.chat.not_in(resting))
    # What was queued in the future was queued before the clock was set back: its time is not worth waiting for.
    come = (m.due <= now) | ((m.queued > now) & m.owner.is_(None))
    ready = select(m.id).where(m.id.in_(heads), come).order_by(m.due, m.id).limit(limit)
    # In PostgreSQL a claim passes over what another process is claiming; only as a CTE is it sure to be read once.
    once = ready.with_for_update(skip_locked=True).cte("ready")
    taking = update(messages).where(m.id.in_(select(once.c.id)), m.status == Status.PENDING.value, come)
    queued = case((m.queued > now, literal(now, Instant())), else_=m.queued)
    taken = taking.values(due=now + lease, owner=owner, revised=False, queued=queued)
    rows = connection.execute(taken.returning(*_CLAIMED)).all()
    return [_message(connection, _merged(connection, row), now) for row in sorted(rows, key=lambda row: row.id)]


def waiting(connection: Connection) -> dict[str, datetime]:
    """When the oldest undelivered message of each chat is to be tried; a claimed one when its lease ends."""
    joined = messages.outerjoin(chats, (chats.c.chat == m.chat) & chats.c.parked.is_not(None))
    rows = connection.execute(select(m.chat, m.due, chats.c.probe).select_from(joined).where(m.id.in_(_heads())))
    return {row.chat: max(row.due, row.probe or row.due) for row in rows}


def sent(connection: Connection, id: int, telegram_id: int | None, now: datetime) -> None:
    """The other side has the message. This holds whatever else was recorded of it, and whoever held the lease.

    An edit that got another text meanwhile is due again. The chat is no longer parked.
    """
    values = {"status": Status.SENT.value, "sent_at": now, "telegram_id": telegram_id, "due": None, "owner": None}
    accepted = update(messages).where(m.id == id).values(values | {"error": ""})
    row = connection.execute(accepted.values(attempts=m.attempts + 1).returning(m.chat, m.revised)).first()
    if row is not None:
        reopen(connection, row.chat, now)
    if row is not None and row.revised:
        again = {"status": Status.PENDING.value, "due": now + EDIT_PACE, "attempts": 0, "revised": False, "queued": now}
        connection.execute(update(messages).where(m.id == id).values(again))


def failed(connection: Connection, id: int, error: str, retry_at: datetime | None, attempts: int) -> None:
    """The message was not accepted: tried again at `retry_at`, or a dead letter if that is None."""
    status = Status.DEAD if retry_at is None else Status.PENDING
    values = {"status": status.value, "due": retry_at, "owner": None, "attempts": attempts, "error": storable(error)}
    connection.execute(update(messages).where(m.id == id, m.status == Status.PENDING.value).values(values))


def holders(connection: Connection) -> set[str]:
    """Who holds leases of messages."""
    held = select(m.owner).where(m.status == Status.PENDING.value, m.owner.is_not(None))
    return set(connection.scalars(held.distinct()))


def release(connection: Connection, owner: str, now: datetime) -> int:
    """End the leases of `owner`: its messages are due now. Returns how many there were."""
    held = update(messages).where(m.status == Status.PENDING.value, m.owner == owner)
    return connection.execute(held.values(due=now, owner=None)).rowcount


def requeue(connection: Connection, ids: Collection[int] | None, now: datetime) -> int:
    """Try dead letters again, all of them if `ids` is None; returns how many."""
    later = messages.alias("later")
    same = (later.c.story_id == m.story_id) & (later.c.chat == m.chat) & (later.c.kind == m.kind)
    newer = exists().where(same, later.c.id > m.id)
    # An older wording of a message must not replace a newer one.
    dead = update(messages).where(m.status == Status.DEAD.value, (m.kind != Kind.EDIT.value) | ~newer)
    if ids is not None:
        dead = dead.where(m.id.in_(ids))
    return connection.execute(dead.values(status=Status.PENDING.value, due=now, queued=now, attempts=0)).rowcount


def enqueue(
    connection: Connection, chats: Sequence[str], text: Text, now: datetime, silent: bool, thread: int | None
) -> list[int]:
    """Queue a message that no article led to; returns the ids."""
    statement = insert(messages).returning(m.id, sort_by_parameter_order=True)
    rows = [plain_row(chat, text, now, silent, thread, Kind.NEW) for chat in chats]
    return list(connection.scalars(statement, rows)) if rows else []


def sends(connection: Connection, since: datetime) -> list[tuple[str, datetime]]:
    """The chats and times of what was sent since then, in order."""
    rows = connection.execute(select(m.chat, m.sent_at).where(m.sent_at >= since).order_by(m.sent_at))
    return [(row.chat, row.sent_at) for row in rows]


def tries(connection: Connection, since: datetime, now: datetime) -> list[tuple[str, datetime]]:
    """The chats and times of attempts since then, in order: each may have arrived, though no answer came back.

    Those of one message count as of its last; of what is not sent yet, as of now.
    """
    rows = connection.execute(select(m.chat, m.sent_at, m.attempts).where(m.sent_at >= since).order_by(m.sent_at))
    sent = [(row.chat, row.sent_at) for row in rows for _ in range(min(row.attempts, LATELY))]
    tried = m.owner.is_not(None) | ((m.attempts > 0) & (m.due >= since))
    rows = connection.execute(select(m.chat, m.attempts).where(m.status == Status.PENDING.value, tried).order_by(m.id))
    return sent + [(row.chat, now) for row in rows for _ in range(min(row.attempts + 1, LATELY))]


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
    """Of each chat the message that is under way, else the oldest, else the edit that is due first."""
    edit = m.kind == Kind.EDIT.value
    due = type_coerce(m.due, BigInteger)
    order = (case((m.owner.is_not(None), 0), else_=1), case((edit, 1), else_=0), case((edit, due), else_=0), m.id)
    place = func.row_number().over(partition_by=m.chat, order_by=order).label("place")
    ranked = select(m.id, place).where(m.status == Status.PENDING.value).subquery()
    return select(ranked.c.id).where(ranked.c.place == 1)


def _merged(connection: Connection, row: Row[Any]) -> Row[Any]:
    """The message with what waits behind it of the same story told in it, so that nobody gets a flood after a silence.

    A first message takes the newest wording of it; of updates the last one says all that the others do.
    """
    if row.story_id is None or row.kind not in {Kind.NEW.value, Kind.UPDATE.value}:
        return row
    update_, edit = m.kind == Kind.UPDATE.value, m.kind == Kind.EDIT.value
    fit = update_ if row.kind == Kind.UPDATE.value else edit | (update_ & m.whole_html.is_not(None))
    behind = select(m.id, m.kind, m.html, m.plain, m.whole_html, m.whole_plain, m.severity, m.silent)
    behind = behind.where(m.story_id == row.story_id, m.chat == row.chat, m.status == Status.PENDING.value)
    behind = behind.where(fit, m.owner.is_(None), m.id != row.id)
    # By decisions, since an edit that waits is an old row with a new text.
    later = connection.execute(behind.order_by(m.decision_id, m.id)).all()
    if not later:
        return row
    last = later[-1]
    whole = row.kind == Kind.NEW.value and last.whole_html is not None
    html, plain = (last.whole_html, last.whole_plain) if whole else (last.html, last.plain)
    settled = {"status": Status.MERGED.value, "due": None}
    connection.execute(update(messages).where(m.id.in_([r.id for r in later])).values(settled))
    said = {"html": html, "plain": plain, "severity": last.severity}
    said |= {"silent": row.silent and all(r.silent for r in later)}
    if row.kind == Kind.UPDATE.value:
        said |= {"whole_html": last.whole_html, "whole_plain": last.whole_plain}
    changed = update(messages).where(m.id == row.id).values(said)
    return connection.execute(changed.returning(*_CLAIMED)).one()


def _first_shown(connection: Connection, story: int | None, chat: str) -> int | None:
    """The other side's number of the message that tells the story first: its own, or a summary."""
    if story is None:
        return None
    own = select(m.telegram_id).where(m.story_id == story, m.chat == chat, m.kind.in_(FIRSTS))
    found: int | None = connection.scalar(own.where(m.telegram_id.is_not(None)).order_by(m.id.desc()).limit(1))
    if found is not None:
        return found
    root = select(tellings.c.root).where(tellings.c.story_id == story, tellings.c.chat == chat).scalar_subquery()
    first: int | None = connection.scalar(select(m.telegram_id).where(m.id == root))
    return first


def _message(connection: Connection, row: Row[Any], now: datetime) -> Message:
    article = told(connection, row)
    shown = _first_shown(connection, row.story_id, row.chat) if row.kind in {Kind.UPDATE, Kind.EDIT} else None
    return Message(
        id=row.id,
        chat=row.chat,
        text=Text(row.html, row.plain),
        attempts=row.attempts,
        silent=row.silent,
        reply_to=shown if row.kind == Kind.UPDATE else None,
        thread=row.thread,
        story=row.story_id,
        severity=None if row.severity is None else Severity(row.severity),
        queued=row.queued,
        kind=Kind(row.kind),
        edits=shown if row.kind == Kind.EDIT else None,
        article=article,
        opinions=opinions(connection, article, row.chat) if article else (),
        muted=row.story_id is not None and is_muted(connection, row.story_id, row.chat, now),
        parts=parts(connection, row.told or (), row.chat),
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
