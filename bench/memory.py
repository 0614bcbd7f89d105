"""The daemon at rest: 150 feeds, the model loaded, all read and judged; resident memory, and CPU over a minute.

    python bench/memory.py

Linux only (/proc). The feeds lie on loopback addresses of their own and answer 304; the daemon polls them by its own
rhythm, as in service.
"""

import contextlib
import os
import sqlite3
import tempfile
import time
from pathlib import Path

from common import configuration, daemon, machine, newsroom, say, show, wait

FEEDS, ITEMS, SECONDS, PATIENCE = 150, 4, 60, 100


def status(pid: int, name: str) -> float:
    """A field of /proc/PID/status, in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def cpu(pid: int) -> float:
    """The CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waiting(database: Path) -> tuple[int, int]:
    """How many articles there are, and how many of them wait to be judged."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database)) as connection:
        return connection.execute("select count(*), sum(judged_at is null) from articles").fetchone()
    return 0, 0


def main() -> None:
    about = machine()
    with tempfile.TemporaryDirectory() as scratch, newsroom(FEEDS, ITEMS, 0, hosts=True) as room:
        room.turn(mode="304", generation=0)
        folder = configuration(Path(scratch) / "c", [room.url(i, hosts=True) for i in range(FEEDS)])
        with daemon(folder) as child:
            wait("all to be judged", lambda: waiting(folder / "state.db") == (FEEDS * ITEMS, 0), PATIENCE, 1)
            busy = status(child.pid, "VmRSS")
            say(f"all read and judged, {busy:.0f} MB; now a minute of rest")
            time.sleep(5)
            began, used, polls = time.monotonic(), cpu(child.pid), (folder / "log").read_text().count("\n")
            time.sleep(SECONDS)
            used, took = cpu(child.pid) - used, time.monotonic() - began
            rest, peak, threads = (status(child.pid, name) for name in ("VmRSS", "VmHWM", "Threads"))
            anonymous = status(child.pid, "RssAnon")
            say(f"{(folder / 'log').read_text().count(chr(10)) - polls} lines of log in that minute")
    rows = [
        ("resident, at rest", f"{rest:.0f} MB"),
        ("of that its own (the rest is libraries' files)", f"{anonymous:.0f} MB"),
        ("resident, just after judging", f"{busy:.0f} MB"),
        ("resident, peak since the start", f"{peak:.0f} MB"),
        ("CPU over a minute", f"{100 * used / took:.1f} % of a core"),
        ("threads", round(threads * 1024)),
    ]
    show(about, ("the daemon", f"{FEEDS} feeds, {FEEDS * ITEMS} items judged"), rows)


if __name__ == "__main__":
    main()
