"""Opens the database and runs transactions on it; every failure of the database leaves here as a StoreError."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, TimeoutError

from monitor.errors import StoreError

BUSY_MS = 10_000
PRAGMAS = (
    f"busy_timeout={BUSY_MS}",
    "journal_mode=WAL",
    # In WAL mode NORMAL keeps every committed transaction when the process dies, and a consistent earlier state when
    # the power fails: what was lost then is polled, judged and sent again, never left out. FULL costs one disk flush
    # for each batch of polls.
    "synchronous=NORMAL",
    "temp_store=MEMORY",
    "cache_size=-8192",
    "journal_size_limit=67108864",
)
FAILURES = (DBAPIError, TimeoutError, sqlite3.Error)
"""What a database refuses; any other error is a defect of the program, and shown as one."""
PASSING = ("locked", "busy", "disk is full", "disk i/o")


class Database:
    """Transactions over one engine, safe for use from several threads.

    SQLite has one writer: writers of this process queue for a lock, which is fairer than SQLite's own retries.
    """

    def __init__(self, url: str) -> None:
        self._url = _parsed(url)
        self.shown = self._url.render_as_string(hide_password=True)
        self._lite = self._url.get_backend_name() == "sqlite"
        self._memory = self._lite and self._url.database in {None, "", ":memory:"}
        self._lock = threading.RLock()
        self._engine = self._open()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        # One connection serves all threads of an in-memory database, so that readers have to queue too.
        with self._ours(), self._lock if self._memory else nullcontext(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is kept whole, or not at all where the block raises."""
        with self._ours(), self._turn(), self._engine.connect() as opened:
            connection = opened.execution_options(writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Release the files and connections; the next transaction opens them again."""
        self._engine.dispose()

    def _turn(self) -> AbstractContextManager[object]:
        return self._lock if self._lite else nullcontext()

    def _open(self) -> Engine:
        options: dict[str, Any] = {"poolclass": StaticPool} if self._memory else {"pool_pre_ping": not self._lite}
        if self._lite:
            options["connect_args"] = {"check_same_thread": False, "timeout": BUSY_MS / 1000}
        try:
            engine = create_engine(self._url, **options)
        except (ImportError, NoSuchModuleError) as error:
            hint = "; pip install 'balkan-monitor[postgres]' brings it" if "psycopg" in str(error) else ""
            raise StoreError(f"the database {self.shown} needs a driver that is not installed{hint}") from error
        if self._lite:
            event.listen(engine, "connect", _configure)
            event.listen(engine, "begin", _begin)
            self._make_folder()
        return engine

    def _make_folder(self) -> None:
        if self._memory or not self._url.database or self._url.database.startswith("file:"):
            return
        folder = Path(self._url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder {folder} for the database cannot be made: {error.strerror}") from error

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except FAILURES as error:
            raise self._sentence(error) from error

    def _sentence(self, error: DBAPIError | TimeoutError | sqlite3.Error) -> StoreError:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = " ".join(str(cause).split())[:300]
        ours = StoreError(f"the database {self.shown} cannot be used: {reason}")
        lost = isinstance(error, TimeoutError) or (isinstance(error, DBAPIError) and error.connection_invalidated)
        ours.permanent = not (lost or isinstance(error, IntegrityError) or any(p in reason.lower() for p in PASSING))
        return ours


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        wanted = "expected sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
        raise StoreError(f"'{url}' is not the address of a database: {wanted}") from error
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    """Take the transactions from the driver, which begins them too late and too weakly, and set the journal."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """A transaction that will write takes the write lock at once: one that takes it later may have to fail."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
