"""Chats that refuse the bot, whose messages wait; and groups that became supergroups, which take all along."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from monitor.domain import Kind
from monitor.schema import announced, changes, chats, decisions, feedback, messages, mutes, tellings, thresholds
from monitor.store.engine import Database
from monitor.store.rows import storable
from monitor.store.values import Status

AGAIN = timedelta(days=1)
"""How often a parked chat is tried though nobody there asked for it."""
STALE = timedelta(days=3)
"""What waited longer than this in a parked chat is not told any more."""
TOO_LATE = "too old when the chat took messages again"
KEYED = (
    (decisions, ("article_id", "fingerprint")),
    (tellings, ("story_id",)),
    (feedback, ("article_id", "user_id")),
    (thresholds, ()),
    (mutes, ("id",)),
    (changes, ("id",)),
)
"""What belongs to a chat beside its messages, and what is unique there together with the chat."""
c, m = chats.c, messages.c


@dataclass(frozen=True, slots=True)
class Parked:
    """A chat that refuses the bot: since when, and what was said."""

    chat: str
    since: datetime
    why: str


class Chats:
    """The part of the store that knows how chats stand to the bot. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def park(self, message: int, why: str, now: datetime) -> bool:
        """Let the message wait, and all others of its chat, until `resume` or a day has passed.

        Returns whether the chat was open before.
        """
        with self._database.write() as tx:
            waiting = update(messages).where(m.id == message, m.status == Status.PENDING.value)
            values = {"due": now, "owner": None, "error": storable(why)}
            chat = tx.scalar(waiting.values(values).returning(m.chat))
            if chat is None:
                return False
            since = tx.scalar(select(c.parked).where(c.chat == chat))
            _write(tx, chat, {"parked": since or now, "why": storable(why), "probe": now + AGAIN})
            return since is None

    def shut(self, chat: str, why: str, now: datetime) -> bool:
        """Let all messages of the chat wait, as `park` does, before one is tried; whether it was open before."""
        with self._database.write() as tx:
            since = tx.scalar(select(c.parked).where(c.chat == chat))
            _write(tx, chat, {"parked": since or now, "why": storable(why), "probe": now + AGAIN})
            return since is None

    def resume(self, chat: str, now: datetime) -> bool:
        """Try the chat now, for somebody there wants what waits; returns whether it was parked.

        It is parked no more once it takes a message: who may write there need not be one who lets the bot write. What
        waited for three days is a dead letter by then. Mostly only reads: it is asked at each command from a chat.
        """
        with self._database.read() as tx:
            if tx.scalar(select(c.parked).where(c.chat == chat)) is None:
                return False
        with self._database.write() as tx:
            _bury(tx, chat, now)
            if tx.scalar(select(m.id).where(m.chat == chat, m.status == Status.PENDING.value).limit(1)) is None:
                return reopen(tx, chat, now)
            tx.execute(update(chats).where(c.chat == chat).values(probe=now))
            return True

    def try_parked(self, now: datetime) -> None:
        """Try the parked chats now: those that take their oldest message are parked no more."""
        with self._database.write() as tx:
            tx.execute(update(chats).where(c.parked.is_not(None)).values(probe=now))

    def parked(self) -> list[Parked]:
        """The chats that refuse the bot, by name."""
        with self._database.read() as tx:
            rows = tx.execute(select(chats).where(c.parked.is_not(None)).order_by(c.chat))
            return [Parked(row.chat, row.parked, row.why) for row in rows]

    def waiting_since(self) -> Mapping[str, datetime]:
        """Since when each chat's oldest message waits; without edits, which take their time, and parked chats."""
        barred = m.chat.in_(select(c.chat).where(c.parked.is_not(None)))
        undelivered = m.status == Status.PENDING.value, m.kind != Kind.EDIT.value
        with self._database.read() as tx:
            oldest = select(m.chat, func.min(m.queued).label("since")).where(*undelivered, ~barred)
            return {row.chat: row.since for row in tx.execute(oldest.group_by(m.chat).order_by(m.chat))}

    def dead_letters(self) -> Mapping[str, int]:
        """How many messages each chat will not get, unless they are tried again; chats without any are absent."""
        with self._database.read() as tx:
            dead = select(m.chat, func.count().label("letters")).where(m.status == Status.DEAD.value)
            return {row.chat: row.letters for row in tx.execute(dead.group_by(m.chat).order_by(m.chat))}

    def move(self, old: str, new: str) -> None:
        """The group `old` became `new`, which takes over its messages and what it was told.

        The other side's numbers of its messages mean nothing there: what would be an edit or a reply is sent anew.
        """
        with self._database.write() as tx:
            _write(tx, old, {"parked": None, "why": "", "probe": None, "moved_to": new})
            tx.execute(update(chats).where(c.moved_to == old).values(moved_to=new))
            tx.execute(delete(chats).where(c.chat == new, c.moved_to.is_not(None)))
            _move_messages(tx, old, new)
            for table, key in KEYED:
                there = table.alias("there")
                same = [there.c[name] == table.c[name] for name in key]
                taken = exists().where(there.c.chat == new, *same)
                tx.execute(update(table).where(table.c.chat == old, ~taken).values(chat=new))
            _move_announced(tx, f"digest {old} ", f"digest {new} ")

    def moves(self) -> Mapping[str, str]:
        """Where groups are now, by their old ids."""
        with self._database.read() as tx:
            return {row.chat: row.moved_to for row in tx.execute(select(chats).where(c.moved_to.is_not(None)))}


def reopen(connection: Connection, chat: str, now: datetime) -> bool:
    """Let a parked chat take messages again, without those that are too old; returns whether it was parked.

    The others could not go before, so that they are late only from now on.
    """
    parked = update(chats).where(c.chat == chat, c.parked.is_not(None))
    if not connection.execute(parked.values(parked=None, probe=None, why="")).rowcount:
        return False
    _bury(connection, chat, now)
    waiting = update(messages).where(m.chat == chat, m.status == Status.PENDING.value)
    connection.execute(waiting.values(queued=now))
    return True


def _bury(connection: Connection, chat: str, now: datetime) -> None:
    """Give up what waited too long for the chat."""
    stale = update(messages).where(m.chat == chat, m.status == Status.PENDING.value, m.owner.is_(None))
    late = {"status": Status.DEAD.value, "due": None, "error": TOO_LATE}
    connection.execute(stale.where(m.queued <= now - STALE).values(late))


def _write(connection: Connection, chat: str, values: dict[str, object]) -> None:
    if not connection.execute(update(chats).where(c.chat == chat).values(values)).rowcount:
        connection.execute(insert(chats).values({"chat": chat, "why": ""} | values))


def _move_messages(connection: Connection, old: str, new: str) -> None:
    there = messages.alias("there")
    pending = (m.kind == Kind.EDIT.value) & (m.status == Status.PENDING.value)
    same = (there.c.story_id == m.story_id) & (there.c.kind == m.kind) & (there.c.status == m.status)
    twice = exists().where(there.c.chat == new, same)
    merged = {"status": Status.MERGED.value, "due": None, "owner": None}
    connection.execute(update(messages).where(m.chat == old, pending, twice).values(merged))
    connection.execute(update(messages).where(m.chat == old).values(chat=new, telegram_id=None))


def _move_announced(connection: Connection, old: str, new: str) -> None:
    what = announced.c.what
    for name in connection.scalars(select(what).where(what.startswith(old, autoescape=True))).all():
        moved = new + name.removeprefix(old)
        if connection.scalar(select(what).where(what == moved)) is None:
            connection.execute(update(announced).where(what == name).values(what=moved))
