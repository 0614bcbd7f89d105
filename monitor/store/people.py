"""What people said and set in chats: feedback, mutes, thresholds, and the log of changes that can be undone.

Also what they ask there, with answers that come quickly however much is stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from monitor.domain import Change, Feedback, Kind, Mute, MuteKind, Opinion, Part, Person, Severity, Story
from monitor.schema import articles, changes, feedback, messages, mutes, thresholds
from monitor.store import asking
from monitor.store.engine import Database
from monitor.store.index import INSERT
from monitor.store.rows import storable
from monitor.store.values import Standing, Status

THRESHOLD, MUTE, UNMUTE = "threshold", "mute", "unmute"
"""Keys of changes that have their effect here; those of other keys are only logged."""


class People:
    """The part of the store that people write to. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(
        self, article: int, chat: str, by: Person, opinion: Opinion, threshold: float, now: datetime
    ) -> Feedback | None:
        """Keep a person's word on a judged article, in place of an earlier one; None where the article is not known.

        `threshold` is the one in force in the chat.
        """
        with self._database.write() as tx:
            judged = articles.c.story_id, articles.c.relevance, articles.c.model
            row = tx.execute(select(*judged).where(articles.c.id == article, articles.c.relevance.is_not(None))).first()
            if row is None:
                return None
            told = Feedback(article, row.story_id, chat, by, opinion, row.relevance, threshold, row.model or "", now)
            _upsert(tx, told)
            _show_again(tx, row.story_id, chat)
            return told

    def opinions(self, article: int, chat: str) -> tuple[tuple[str, Opinion], ...]:
        """Who said what of the article in the chat, the first first."""
        with self._database.read() as tx:
            return opinions(tx, article, chat)

    def feedback(self, since: datetime | None = None) -> list[Feedback]:
        """All that was said since then (None: ever), each person's last word on an article in a chat, by time."""
        with self._database.read() as tx:
            wanted = select(feedback).order_by(feedback.c.at, feedback.c.article_id, feedback.c.user_id)
            return [
                _feedback(row) for row in tx.execute(wanted if since is None else wanted.where(feedback.c.at >= since))
            ]

    def mutes(self, now: datetime, chat: str | None = None) -> list[Mute]:
        """The mutes in force, of a chat or of all, the oldest first."""
        with self._database.read() as tx:
            held = select(mutes).where(_in_force(now)).order_by(mutes.c.id)
            return [_mute(row) for row in tx.execute(held if chat is None else held.where(mutes.c.chat == chat))]

    def thresholds(self) -> Mapping[str, float]:
        """The thresholds that were set by command, by chat."""
        with self._database.read() as tx:
            return {row.chat: row.value for row in tx.execute(select(thresholds))}

    def write(self, change: Change, mute: Mute | None = None) -> tuple[Change, bool]:
        """Carry a change out and log it; returns it with its number, and whether it is new.

        `threshold` sets the chat's to the number in `new` (None: as configured); `mute` stores the mute and puts its
        number into `new`; `unmute` lifts the mutes whose numbers `old` lists. A request that was carried out already
        changes nothing; the request 0 is none.
        """
        with self._database.write() as tx:
            if change.request and (row := tx.execute(_asked(change.request)).first()):
                return _change(row), False
            if mute is not None:
                number = tx.scalar(insert(mutes).values(_mute_row(mute)).returning(mutes.c.id))
                change = replace(change, new=str(number))
            _apply(tx, change)
            row = tx.execute(insert(changes).values(_change_row(change)).returning(*changes.c)).one()
            return _change(row), True

    def changes(self, limit: int, id: int | None = None) -> list[Change]:
        """The newest changes, the newest first, or only the one of that number."""
        with self._database.read() as tx:
            wanted = select(changes).order_by(changes.c.id.desc()).limit(limit)
            return [_change(row) for row in tx.execute(wanted if id is None else wanted.where(changes.c.id == id))]

    def undo(self, change: Change, by: Person, request: int, now: datetime) -> bool:
        """Take a change back, as far as its effect is in the store; False where it was taken back already."""
        with self._database.write() as tx:
            undone = {"undone": now, "undone_by": by.id, "undone_request": request}
            open_ = update(changes).where(changes.c.id == change.id, changes.c.undone.is_(None))
            if not tx.execute(open_.values(undone)).rowcount:
                return False
            _revert(tx, change, now)
            return True

    def undone_by(self, request: int) -> Change | None:
        """The change that this request took back, if it did."""
        with self._database.read() as tx:
            row = tx.execute(select(changes).where(changes.c.undone_request == request)).first()
            return _change(row) if row else None

    def standing(self, now: datetime) -> Standing:
        """How things stand now."""
        with self._database.read() as tx:
            return asking.standing(tx, now)

    def latest(self, chat: str, limit: int) -> list[tuple[Story, datetime]]:
        """The stories that the chat was last shown a message of, and when, the latest first."""
        with self._database.read() as tx:
            return asking.latest(tx, chat, limit)

    def stories_of(self, chat: str, telegram_id: int) -> tuple[int, ...]:
        """The stories that a message of the chat tells, by Telegram's number of the message."""
        with self._database.read() as tx:
            return asking.stories_of(tx, chat, telegram_id)

    def summary(self, chat: str, telegram_id: int) -> tuple[Part, ...]:
        """What the message of the chat tells if it is a summary, in its order; nothing for another one."""
        with self._database.read() as tx:
            return parts(tx, asking.summary(tx, chat, telegram_id), chat)

    def shown(self, chat: str, story: int, limit: int) -> list[tuple[int, int]]:
        """The newest messages of the chat that tell the story: Telegram's numbers, each with the article it tells."""
        with self._database.read() as tx:
            return asking.shown(tx, chat, story, limit)

    def muted_by(self, change: Change) -> list[int]:
        """The stories whose mutes the change made or lifted."""
        numbers = {MUTE: change.new, UNMUTE: change.old}.get(change.key)
        with self._database.read() as tx:
            return [int(row.what) for row in tx.execute(_stories(_numbers(numbers)))]


def opinions(connection: Connection, article: int, chat: str) -> tuple[tuple[str, Opinion], ...]:
    """Who said what of the article in the chat, the first first."""
    said = select(feedback).where(feedback.c.article_id == article, feedback.c.chat == chat)
    rows = connection.execute(said.order_by(feedback.c.at, feedback.c.user_id))
    return tuple((row.user_name, Opinion(row.opinion)) for row in rows)


def parts(connection: Connection, told: Iterable[tuple[int, int]], chat: str) -> tuple[Part, ...]:
    """A summary's stories and articles with what was said of them in the chat."""
    return tuple(Part(story, article, opinions(connection, article, chat)) for story, article in told)


def is_muted(connection: Connection, story: int, chat: str, now: datetime) -> bool:
    """Whether the story is muted in the chat."""
    mine = (mutes.c.chat == chat) & (mutes.c.kind == MuteKind.STORY.value) & (mutes.c.what == str(story))
    return connection.scalar(select(mutes.c.id).where(mine, _in_force(now)).limit(1)) is not None


def _in_force(now: datetime) -> Any:
    return mutes.c.lifted.is_(None) & (mutes.c.until.is_(None) | (mutes.c.until > now))


def _apply(connection: Connection, change: Change) -> None:
    if change.key == THRESHOLD:
        _set(connection, change, change.new)
    elif change.key == UNMUTE:
        _lift(connection, change.old, change.at)
    elif change.key == MUTE:
        _lift(connection, change.new, None)


def _revert(connection: Connection, change: Change, now: datetime) -> None:
    if change.key == THRESHOLD:
        _set(connection, change, change.old)
    elif change.key == UNMUTE:
        _lift(connection, change.old, None)
    elif change.key == MUTE:
        _lift(connection, change.new, now)


def _set(connection: Connection, change: Change, value: str | None) -> None:
    connection.execute(delete(thresholds).where(thresholds.c.chat == change.chat))
    if value is not None:
        row = {"chat": change.chat, "value": float(value), "at": change.at}
        connection.execute(insert(thresholds).values(row))


def _lift(connection: Connection, numbers: str | None, lifted: datetime | None) -> None:
    """End the mutes of these numbers, or put them in force again."""
    ids = _numbers(numbers)
    connection.execute(update(mutes).where(mutes.c.id.in_(ids)).values(lifted=lifted))
    for row in connection.execute(_stories(ids)).all():
        _show_again(connection, int(row.what), row.chat)


def _numbers(said: str | None) -> list[int]:
    return [int(number) for number in (said or "").split(",") if number]


def _stories(ids: list[int]) -> Any:
    """The stories that these mutes hold."""
    return select(mutes.c.what, mutes.c.chat).where(mutes.c.id.in_(ids), mutes.c.kind == MuteKind.STORY.value)


def _show_again(connection: Connection, story: int | None, chat: str) -> None:
    """An edit that is under way would show the buttons as they were: it is sent once more."""
    flying = (messages.c.story_id == story) & (messages.c.chat == chat) & (messages.c.kind == Kind.EDIT.value)
    flying &= (messages.c.status == Status.PENDING.value) & messages.c.owner.is_not(None)
    connection.execute(update(messages).where(flying).values(revised=True))


def _asked(request: int) -> Any:
    return select(changes).where(changes.c.request == request)


def _upsert(connection: Connection, told: Feedback) -> None:
    key = {"article_id": told.article, "chat": told.chat, "user_id": told.by.id}
    said: dict[str, Any] = {"user_name": storable(told.by.name), "story_id": told.story, "opinion": told.opinion.value}
    said |= {"score": told.score, "threshold": told.threshold, "model": told.model, "at": told.at}
    row = INSERT[connection.dialect.name](feedback).values(key | said)
    connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=said))


def _feedback(row: Row[Any]) -> Feedback:
    by = Person(row.user_id, row.user_name)
    said = Opinion(row.opinion)
    return Feedback(row.article_id, row.story_id, row.chat, by, said, row.score, row.threshold, row.model, row.at)


def _mute(row: Row[Any]) -> Mute:
    by = Person(row.user_id, row.user_name)
    return Mute(row.chat, MuteKind(row.kind), row.what, row.until, by, row.at, Severity(row.severity), row.id)


def _mute_row(mute: Mute) -> dict[str, Any]:
    row: dict[str, Any] = {
        "chat": mute.chat,
        "kind": mute.kind.value,
        "what": storable(mute.what),
        "severity": int(mute.severity),
    }
    by = {"user_id": mute.by.id, "user_name": storable(mute.by.name)}
    return row | by | {"until": mute.until, "at": mute.at}


def _change(row: Row[Any]) -> Change:
    by = Person(row.user_id, row.user_name)
    return Change(row.chat, by, row.at, row.key, row.old, row.new, row.request, row.undone, row.id)


def _change_row(change: Change) -> dict[str, Any]:
    said = {"chat": change.chat, "user_id": change.by.id, "user_name": storable(change.by.name), "at": change.at}
    values = {"old": change.old and storable(change.old), "new": change.new and storable(change.new)}
    return said | values | {"key": change.key, "request": change.request}
