"""The troubles that the people who run the program were told of and that are not over."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from monitor.domain import Kind
from monitor.schema import messages, troubles
from monitor.store.queue import plain_row
from monitor.store.rows import storable
from monitor.store.values import Notice

t = troubles.c


def known(connection: Connection) -> dict[str, str]:
    """The words of each, by what it is, the first told first."""
    return {row.what: row.text for row in connection.execute(select(troubles).order_by(t.since, t.what))}


def note(
    connection: Connection, begun: Mapping[str, str], over: Collection[str], notices: Sequence[Notice], now: datetime
) -> None:
    """Remember what began and forget what is over, together with the messages that tell of it."""
    connection.execute(delete(troubles).where(t.what.in_([*begun, *over])))
    if begun:
        rows = [{"what": what, "text": storable(text), "since": now} for what, text in begun.items()]
        connection.execute(insert(troubles), rows)
    told = [plain_row(n.chat, n.text, now, n.silent, n.thread, Kind.NEW) for n in notices]
    if told:
        connection.execute(insert(messages), told)
