"""The feeds' rows: which there are, which are due, what is remembered of each; and the poller's sign of life."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, insert, literal, select, update

from monitor.domain import Failure, FeedState, Source
from monitor.schedule import longest_pause
from monitor.schema import beats, feeds
from monitor.store.values import KnownFeed, Poll

DAEMON = "daemon"
FORGOTTEN: dict[str, Any] = {
    "etag": None,
    "last_modified": None,
    "body_hash": None,
    "interval": None,
    "next_check": None,
    "last_success": None,
    "failures": 0,
    "failure": None,
    "failure_detail": "",
}
"""What is no longer true of a feed once its address has changed."""

STATE = [c for c in feeds.c if c.name not in {"configured", "due", "last_body", "owner"}]


def sync(connection: Connection, sources: Sequence[Source], now: datetime) -> None:
    """Make the rows follow the configuration; feeds that left it stay, without being due."""
    known = {row.name: row for row in connection.execute(select(*feeds.c))}
    missing = [_inserted(source, now) for source in sources if source.name not in known]
    if missing:
        connection.execute(insert(feeds), missing)
    for source in sources:
        row = known.get(source.name)
        changes = _changes(source, row, now) if row else {}
        if changes:
            connection.execute(update(feeds).where(feeds.c.name == source.name).values(changes))
    gone = [{"_name": name} for name in known.keys() - {source.name for source in sources}]
    if gone:
        connection.execute(update(feeds).where(feeds.c.name == bindparam("_name")).values(due=None), gone)


def due(connection: Connection, now: datetime, limit: int, lease: timedelta, owner: str | None) -> list[FeedState]:
    """Claim up to `limit` feeds that are due, the longest due first, for `owner` until `now + lease`."""
    longest = select(feeds.c.name).where(feeds.c.due <= now).order_by(feeds.c.due).limit(limit)
    # In PostgreSQL a claim passes over what another process is claiming; only as a CTE is it sure to be read once.
    once = longest.with_for_update(skip_locked=True).cte("longest")
    mine = update(feeds).where(feeds.c.name.in_(select(once.c.name)), feeds.c.due <= now)
    claim = mine.values(due=now + lease, owner=owner).returning(*STATE)
    claimed = [_state(row) for row in connection.execute(claim).all()]
    return sorted(claimed, key=lambda state: (state.next_check is not None, state.next_check or now, state.name))


def known(connection: Connection) -> list[KnownFeed]:
    """Every feed that was ever configured, by name."""
    rows = connection.execute(select(*STATE, feeds.c.due).order_by(feeds.c.name))
    return [KnownFeed(_state(row), row.due is not None) for row in rows]


_SAVE = (
    update(feeds)
    # An address that the configuration changed while the poll was under way is not changed back.
    .where(feeds.c.name == bindparam("_name"), feeds.c.url == bindparam("_claimed"))
    .values(
        {c.name: bindparam(f"_{c.name}", type_=c.type) for c in STATE if c.name != "name"}
        # A feed that was disabled meanwhile stays so.
        | {"due": case((feeds.c.due.is_(None), None), else_=bindparam("_due", type_=feeds.c.due.type)), "owner": None}
    )
)
_LISTED = (
    update(feeds).where(feeds.c.name == bindparam("_name")).values(last_body=bindparam("_at", type_=feeds.c.due.type))
)


def save(connection: Connection, polls: Sequence[Poll], fresh: Sequence[bool], now: datetime) -> None:
    """Remember the states that the polls ended with, and give their leases back. `fresh`: which brought something."""
    if polls:
        connection.execute(_SAVE, [_saved(poll, new, now) for poll, new in zip(polls, fresh, strict=True)])
    listed = [{"_name": poll.state.name, "_at": now} for poll in polls if poll.articles]
    if listed:
        connection.execute(_LISTED, listed)


def holders(connection: Connection) -> set[str]:
    """Who holds leases of feeds."""
    return set(connection.scalars(select(feeds.c.owner).where(feeds.c.owner.is_not(None)).distinct()))


def release(connection: Connection, owner: str, now: datetime) -> int:
    """End the leases of `owner`: its feeds are due now. Returns how many there were."""
    held = update(feeds).where(feeds.c.owner == owner).values(owner=None)
    due_now = case((feeds.c.due.is_(None), None), else_=literal(now, feeds.c.due.type))
    return connection.execute(held.values(due=due_now)).rowcount


def beat(connection: Connection, now: datetime) -> None:
    """The daemon lives."""
    mine = update(beats).where(beats.c.name == DAEMON).values(at=now)
    if not connection.execute(mine).rowcount:
        connection.execute(insert(beats).values(name=DAEMON, at=now))


def last_beat(connection: Connection) -> datetime | None:
    """When the daemon last said so; None if it never did."""
    return connection.scalar(select(beats.c.at).where(beats.c.name == DAEMON))


def _inserted(source: Source, now: datetime) -> dict[str, Any]:
    address = {"name": source.name, "configured": source.url, "url": source.url}
    return address | FORGOTTEN | {"due": now if source.enabled else None}


def _changes(source: Source, row: Row[Any], now: datetime) -> dict[str, Any]:
    if source.url != row.configured:
        address = {"configured": source.url, "url": source.url}
        return address | FORGOTTEN | {"due": now if source.enabled else None}
    if source.enabled == (row.due is not None):
        return {}
    return {"due": now if source.enabled else None}


def _saved(poll: Poll, new: bool, now: datetime) -> dict[str, Any]:
    state = poll.state
    return {
        "_name": state.name,
        "_claimed": poll.claimed.url,
        "_url": state.url,
        "_etag": state.etag,
        "_last_modified": state.last_modified,
        "_body_hash": state.body_hash,
        "_interval": state.interval,
        "_next_check": state.next_check,
        "_last_checked": state.last_checked,
        "_last_success": state.last_success,
        "_last_new": now if new else state.last_new,
        "_pause": longest_pause(state.pause, state.last_new, now) if new else state.pause,
        "_failures": state.failures,
        "_failure": state.failure and state.failure.value,
        "_failure_detail": state.failure_detail,
        "_due": state.next_check or now,
    }


def _state(row: Any) -> FeedState:
    values = {c.name: getattr(row, c.name) for c in STATE}
    return FeedState(**values | {"failure": Failure(row.failure) if row.failure else None})
