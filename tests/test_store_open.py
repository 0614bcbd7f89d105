"""Opening databases that cannot be opened, and sharing one between threads and processes."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from samples import LEASE, NOW, filled, outcome, story, verdict

from monitor.errors import StoreError
from monitor.store import Status, Store


def make_text(path: Path) -> str:
    """A file of another kind."""
    path.write_text("this is a letter to my aunt, not a database" * 50)
    return f"sqlite:///{path}"


def make_folder(path: Path) -> str:
    """A folder where the file should be."""
    path.mkdir()
    return f"sqlite:///{path}"


def make_file_as_folder(path: Path) -> str:
    """A file where the folder should be."""
    path.write_text("")
    return f"sqlite:///{path}/inside/monitor.db"


def make_foreign(path: Path) -> str:
    """Another program's database."""
    with sqlite3.connect(path) as other:
        other.execute("create table bookmarks (id integer)")
    return f"sqlite:///{path}"


def make_read_only(path: Path) -> str:
    """A database that may not be written."""
    sqlite3.connect(path).execute("pragma user_version=1")
    return f"sqlite:///file:{path}?mode=ro&uri=true"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (make_text, "file is not a database"),
        (make_folder, "unable to open database file"),
        (make_file_as_folder, "cannot be made: Not a directory"),
        (make_foreign, "belongs to another program: it has the table 'bookmarks'"),
        (make_read_only, "readonly database"),
        (lambda path: "sqlite:////proc/monitor/monitor.db", "cannot be made"),
        (lambda path: "nonsense", "'nonsense' is not the address of a database: expected sqlite:///"),
        (lambda path: "oracledb://x", "needs a driver that is not installed"),
        (lambda path: "postgresql://user:secret@127.0.0.1:9/none", "127.0.0.1"),
    ],
)
def test_an_unusable_database_is_one_sentence(tmp_path: Path, make: Callable[[Path], str], says: str) -> None:
    """Whatever is wrong with the database, the user reads one sentence that names it, without a password."""
    with pytest.raises(StoreError) as refused:
        Store(make(tmp_path / "it")).migrate()
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    """The state folder need not exist."""
    Store(f"sqlite:///{tmp_path}/a/b/monitor.db").migrate()
    assert (tmp_path / "a/b/monitor.db").exists()


def test_threads_share_a_store(url: str) -> None:
    """Ten threads that claim at once get each message once."""
    store = Store(url)
    told = filled(store, 1)
    store.commit([outcome(told[0], *(verdict(str(chat)) for chat in range(40)), about=story())], NOW)
    claimed: list[int] = []

    def claim() -> None:
        for _ in range(4):
            claimed.extend(m.id for m in store.claim_messages(NOW, threading.current_thread().name, LEASE, 1))

    threads = [threading.Thread(target=claim) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(set(claimed))
    assert len(claimed) == 40
    store.close()


def test_an_in_memory_database_serves_all_threads() -> None:
    """A replay may keep its state in memory, whichever thread asks."""
    store = Store("sqlite://")
    filled(store, 3)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(len(store.unjudged(10))))
    thread.start()
    thread.join()
    assert seen == [3]


DIES = """
import os, sys
sys.path[:0] = {path!r}
from samples import *
store = Store(sys.argv[1])
told = filled(store, 2)
store.commit([outcome(told[0], verdict(), about=story())], NOW)
print("accepted", flush=True)
with store._database.write() as tx:
    from monitor.store import stories
    stories.commit(tx, [outcome(told[1], verdict(), about=story())], NOW)
    os.kill(os.getpid(), 9)
"""


def test_an_accepted_alert_survives_a_kill(url: str) -> None:
    """What commit accepted is there after kill -9; what was half written is not, and its article is judged again."""
    path = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    code = DIES.format(path=path)
    died = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, timeout=60, check=False)
    assert (died.returncode, died.stdout) == (-9, "accepted\n"), died.stderr
    store = Store(url)
    store.migrate()
    assert store.counts().messages[Status.PENDING] == 1
    assert [a.id for a in store.unjudged(10)] == [2]
    store.close()
