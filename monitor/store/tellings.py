"""What each chat was told of each story, and the decisions on it that wait for their time."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, tuple_, update

from monitor.domain import Alerted, Kind, Mark, Reason, Severity, Story, Told, Waiting
from monitor.schema import messages, tellings
from monitor.store.rows import chunks
from monitor.store.values import Status, Verdict

t = tellings.c
EMPTY: dict[str, Any] = {c.name: None for c in tellings.c}
EMPTY |= {"camps": [], "marks": [], "outlets": [], "waiting_marks": []}
RESTED: dict[str, Any] = {"again": None, "since": None, "waiting": None, "waiting_article": None, "waiting_marks": []}
"""What a telling says where no decision waits."""
Key = tuple[int, str]


def alerted(connection: Connection, ids: Collection[int]) -> dict[Key, Alerted]:
    """What each chat was last told of each story, by (story, chat); chats that were told nothing are absent."""
    rows = [row for row in _of(connection, ids) if row.told_at is not None]
    roots = _messages(connection, [row.root for row in rows])
    late = _late(connection, {row.story_id for row in rows})
    keys = [(row.story_id, row.chat) for row in rows]
    return {key: _alerted(row, roots.get(row.root), key in late) for key, row in zip(keys, rows, strict=True)}


def waiting(connection: Connection, ids: Collection[int]) -> dict[Key, Waiting]:
    """The decisions on these stories that wait, by (story, chat)."""
    return {(row.story_id, row.chat): as_waiting(row) for row in _of(connection, ids) if row.again is not None}


def due(connection: Connection, now: datetime, limit: int) -> list[Waiting]:
    """The decisions whose time has come, the earliest first, and those made in the future: the clock was set back."""
    come = (t.again <= now) | (t.since > now)
    waits = select(tellings).where(t.again.is_not(None), come).order_by(t.again, t.story_id, t.chat)
    return [as_waiting(row) for row in connection.execute(waits.limit(limit))]


def next_due(connection: Connection) -> datetime | None:
    """When the next decision that waits is to be looked at."""
    return connection.scalar(select(t.again).where(t.again.is_not(None)).order_by(t.again).limit(1))


def wait_on(connection: Connection, told: Waiting, verdict: Verdict | None, now: datetime) -> bool:
    """Take a decision that waits, if it still waits as it was read; returns whether it does.

    It waits on until `verdict`'s time, if that has one.
    """
    again = verdict.decision.again if verdict else None
    mine = update(tellings).where(t.story_id == told.story, t.chat == told.chat, t.again == told.again)
    mine = mine.where(t.waiting_article == told.article, t.since == told.since)
    if verdict is None or again is None:
        return connection.execute(mine.values(RESTED)).rowcount == 1
    return connection.execute(mine.values(again=again, since=now, waiting=verdict.decision.reason.value)).rowcount == 1


class Tellings:
    """The rows that a commit changes, read and written once."""

    def __init__(self, connection: Connection, keys: Iterable[Key]) -> None:
        self._connection = connection
        wanted = set(keys)
        ids = {story for story, _ in wanted}
        rows = {(row.story_id, row.chat): dict(row._mapping) for row in _of(connection, ids)}
        self._known = {key: row for key, row in rows.items() if key in wanted}
        self._rows = {key: dict(self._known.get(key, EMPTY | {"story_id": key[0], "chat": key[1]})) for key in wanted}
        self._changed: set[Key] = set()

    def note(self, story: Story, verdict: Verdict, article: int | None, now: datetime) -> None:
        """Take over what a verdict on the story changes; messages' numbers follow by `root`."""
        key = (story.id, verdict.chat)
        row, decision = self._rows[key], verdict.decision
        if decision.again is not None:
            row |= {"again": decision.again, "since": now, "waiting": decision.reason.value}
            row |= {"waiting_article": article, "waiting_marks": list(verdict.marks)}
            self._changed.add(key)
        if verdict.kind is Kind.EDIT and verdict.text is not None:
            row |= {"shown": int(story.severity), "outlets": list(story.outlets)}
            self._changed.add(key)
        elif decision.send:
            self._tell(row, story, verdict, article, now)
            self._changed.add(key)

    def root(self, story: int, chat: str, message: int) -> None:
        """The message is the first of the story in the chat, if there was none."""
        row = self._rows[story, chat]
        if row["root"] is None:
            row["root"] = message
            self._changed.add((story, chat))

    def write(self) -> None:
        """Store the changes."""
        keys = sorted(self._changed)
        for chunk in chunks([key for key in keys if key in self._known]):
            self._connection.execute(delete(tellings).where(tuple_(t.story_id, t.chat).in_(chunk)))
        if keys:
            self._connection.execute(insert(tellings), [self._rows[key] for key in keys])

    def _tell(self, row: dict[str, Any], story: Story, verdict: Verdict, article: int | None, now: datetime) -> None:
        first = row["told_at"] is None or verdict.unseen
        row |= RESTED | {"told_at": now, "severity": int(story.severity), "camps": list(story.camps)}
        row |= {"marks": [str(mark) for mark in verdict.marks], "base": _base(verdict.base)}
        if first:
            row |= {"shown": int(story.severity), "outlets": list(story.outlets), "article_id": article}


def as_waiting(row: Row[Any]) -> Waiting:
    """A tellings row as the decision that waits."""
    marks = tuple(Mark(mark) for mark in row.waiting_marks)
    return Waiting(row.story_id, row.chat, row.again, Reason(row.waiting), row.waiting_article, row.since, marks)


def _of(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    known = [id for id in ids if id > 0]
    return [row for chunk in chunks(known) for row in connection.execute(select(tellings).where(t.story_id.in_(chunk)))]


def _messages(connection: Connection, ids: Iterable[int]) -> Mapping[int, Row[Any]]:
    found: dict[int, Row[Any]] = {}
    m = messages.c
    for chunk in chunks(id for id in ids if id is not None):
        found |= {row.id: row for row in connection.execute(select(m.id, m.kind, m.status).where(m.id.in_(chunk)))}
    return found


def _late(connection: Connection, ids: Collection[int]) -> set[Key]:
    """Where an update waits for its delivery."""
    m, found = messages.c, set()
    for chunk in chunks(ids):
        held = select(m.story_id, m.chat).where(m.story_id.in_(chunk), m.status == Status.PENDING.value)
        found |= {(r.story_id, r.chat) for r in connection.execute(held.where(m.kind == Kind.UPDATE.value))}
    return found


def _alerted(row: Row[Any], root: Row[Any] | None, late: bool) -> Alerted:
    severity, camps, marks = Severity(row.severity), tuple(row.camps), tuple(Mark(mark) for mark in row.marks)
    told = Told(severity, camps, marks)
    return Alerted(
        at=row.told_at,
        severity=severity,
        message=row.root or 0,
        camps=camps,
        outlets=tuple(row.outlets),
        marks=marks,
        shown=Severity(row.shown or 0),
        article=row.article_id,
        own=root is not None and root.kind != Kind.SUMMARY.value,
        unseen=root is not None and root.status == Status.PENDING.value,
        base=_told(row.base) if late and row.base else told,
    )


def _told(base: Mapping[str, Any]) -> Told:
    return Told(Severity(base["severity"]), tuple(base["camps"]), tuple(Mark(mark) for mark in base["marks"]))


def _base(base: Told | None) -> dict[str, Any] | None:
    if base is None:
        return None
    return {"severity": int(base.severity), "camps": list(base.camps), "marks": [str(mark) for mark in base.marks]}
