"""What decisions queue: first messages, updates, summaries, and edits, of which at most one a story and chat waits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from monitor.domain import Kind, Severity, Text
from monitor.schema import messages
from monitor.store.rows import storable
from monitor.store.values import Status, Verdict

m = messages.c
EDIT_PACE, SLOWER = timedelta(minutes=1), 4
"""The least time between two changes of what a chat shows of a story, the first message included; and how many times as
long as the story had been told at the last change. So another outlet is shown after a minute when a story breaks, and a
story that is told all day is edited five times, not five hundred."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A message to be queued: what a verdict says, the decision that it comes from, and the story."""

    decision: int
    story: int | None
    severity: Severity
    verdict: Verdict


def queue(connection: Connection, wanted: Sequence[Queued], now: datetime) -> list[tuple[int, Queued]]:
    """Insert what is wanted, in its order, and return it with its numbers; edits take the place of one that waits."""
    fresh = [item for item in wanted if item.verdict.kind is not Kind.EDIT]
    numbers = _insert(connection, [_row(item, now) for item in fresh])
    for item in {(item.story, item.verdict.chat): item for item in wanted if item.verdict.kind is Kind.EDIT}.values():
        _edit(connection, item, now)
    return list(zip(numbers, fresh, strict=True))


def paced(connection: Connection, story: int | None, chat: str, now: datetime) -> datetime:
    """When an edit may change the chat's view of the story again."""
    shown = select(func.min(m.sent_at), func.max(m.sent_at)).where(m.story_id == story, m.chat == chat)
    first, last = connection.execute(shown).one()
    if last is None:
        return now + EDIT_PACE
    # What was sent in the future was sent before the clock was set back: how long before, nobody knows.
    first, last = min(first, now), min(last, now)
    due: datetime = max(now, last + max(EDIT_PACE, SLOWER * (last - first)))
    return due


def plain_row(chat: str, text: Text, now: datetime, silent: bool, thread: int | None, kind: Kind) -> dict[str, Any]:
    """A messages row that waits, without what only stories have."""
    row: dict[str, Any] = {"chat": chat, "kind": kind.value, "html": storable(text.html), "plain": storable(text.plain)}
    row |= {"silent": silent, "thread": thread, "status": Status.PENDING.value, "due": now, "attempts": 0, "error": ""}
    return row | {"created": now, "queued": now}


def _insert(connection: Connection, rows: Iterable[dict[str, Any]]) -> list[int]:
    rows = list(rows)
    if not rows:
        return []
    return list(connection.scalars(insert(messages).returning(m.id, sort_by_parameter_order=True), rows))


def _row(item: Queued, now: datetime) -> dict[str, Any]:
    verdict = item.verdict
    if verdict.text is None:
        raise ValueError(f"decision {item.decision}: a decision to send needs a text")
    whole = verdict.whole
    row = plain_row(verdict.chat, verdict.text, now, verdict.silent, verdict.thread, verdict.kind)
    row |= {"decision_id": item.decision, "story_id": item.story, "severity": int(item.severity)}
    row |= {"whole_html": whole and storable(whole.html), "whole_plain": whole and storable(whole.plain)}
    return row


def _edit(connection: Connection, item: Queued, now: datetime) -> None:
    row = _row(item, now)
    waiting = (m.story_id == item.story) & (m.chat == item.verdict.chat)
    waiting &= (m.kind == Kind.EDIT.value) & (m.status == Status.PENDING.value)
    changed = {name: row[name] for name in ("decision_id", "html", "plain", "severity", "created")}
    # What is under way cannot be changed any more: the row is due again once it has landed.
    taken = update(messages).where(waiting).values(changed | {"revised": m.owner.is_not(None)})
    if not connection.execute(taken).rowcount:
        due = paced(connection, item.story, item.verdict.chat, now)
        connection.execute(insert(messages).values(row | {"due": due}))
