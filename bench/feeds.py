"""Feeds and items a second, against `reader` over the same feeds of one local server in one run.

    python -m venv .venv-bench && .venv-bench/bin/pip install reader sgmllib3k
    python bench/feeds.py [--reader .venv-bench/bin/python]

Both keep what they read in a SQLite file. Pauses between requests to one host are off, since all feeds are on one.
"""

import argparse
import asyncio
import json
import random
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from common import Newsroom, machine, newsroom, process, quiet, say, show

FEEDS, ITEMS, NEW, WORKERS, ROUNDS = 200, 20, 2, 10, 3


class Ours:
    """The daemon's poller and store, without the judging: what a feed reader does."""

    def __init__(self, folder: Path, room: Newsroom) -> None:
        from monitor.config import PollingConfig
        from monitor.domain import Source
        from monitor.store import Store

        self._sources = {f"feed {i}": Source(f"feed {i}", room.url(i)) for i in range(FEEDS)}
        off = {"allow_private": True, "host_delay": timedelta(0), "per_host": 64}
        self._polling = PollingConfig().model_copy(update=off)
        self._store = Store(f"sqlite:///{folder / 'ours.db'}")
        self._store.migrate()
        self._now = datetime.now(UTC)
        self._store.sync_feeds(list(self._sources.values()), self._now)
        # As in the daemon, one client lives through all rounds; reader's process does the same.
        self._runner = asyncio.Runner()
        self._poller = self._runner.run(self._open())

    def round(self) -> dict[str, float]:
        """Poll every feed once."""
        before = self._store.counts().articles
        # All feeds are due again: nothing is asked to wait for longer than an hour.
        self._now += timedelta(hours=2)
        began, cpu = time.perf_counter(), time.process_time()
        self._runner.run(self._poll())
        took = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        total = self._store.counts().articles
        failed = [feed.state for feed in self._store.feeds() if feed.state.failure]
        assert not failed, failed[0]
        return took | {"new": total - before, "total": total}

    async def _open(self) -> Any:
        from monitor.config import AlertsConfig
        from monitor.fetch import Fetcher
        from monitor.pipeline import Poller

        fetcher = await Fetcher(self._polling).__aenter__()
        poller = Poller(self._store, fetcher, lambda: self._now, random.random)
        poller.configure(self._sources, self._polling, AlertsConfig())
        return poller

    async def _poll(self) -> None:
        while await self._poller.tick() or self._poller.busy:
            if self._poller.busy:
                await self._poller.record()


class Theirs:
    """reader, in a process of its own with its own interpreter."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        assert child.stdin and child.stdout
        self._in, self._out = child.stdin, child.stdout
        self.version = self._out.readline().strip()

    def round(self) -> dict[str, float]:
        """Poll every feed once."""
        self._in.write("\n")
        self._in.flush()
        return json.loads(self._out.readline())


def measure(room: Newsroom, ours: Ours, theirs: Theirs) -> list[tuple[str, dict[str, float], dict[str, float]]]:
    """Each kind of round, both readers in turn; the median of the rounds."""
    generation, results = 0, []
    for mode, what, new in (
        ("304", "unchanged, answered 304", 0),
        ("200", "unchanged, the same bytes", 0),
        ("304", "new items", NEW),
    ):
        room.turn(mode=mode, generation=generation)
        for reader in (ours, theirs):  # not measured: the first reading, and validators
            reader.round()
        pairs = []
        for _ in range(ROUNDS):
            if new:
                generation += 1
                room.turn(mode=mode, generation=generation)
            pairs.append((ours.round(), theirs.round()))
            assert all(side["new"] == new * FEEDS for side in pairs[-1]), pairs[-1]
        say(f"{what}: {[tuple(round(side['seconds'], 2) for side in pair) for pair in pairs]} s")
        results.append((what, *(_median([pair[side] for pair in pairs]) for side in (0, 1))))
    return results


def _median(rounds: list[dict[str, float]]) -> dict[str, float]:
    return sorted(rounds, key=lambda one: one["seconds"])[len(rounds) // 2]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reader", default=".venv-bench/bin/python", help="an interpreter that has `reader`")
    quiet()
    python, about = parser.parse_args().reader, machine()
    script = str(Path(__file__).with_name("reader_side.py"))
    with tempfile.TemporaryDirectory() as scratch, newsroom(FEEDS, ITEMS, NEW) as room:
        urls = [room.url(i) for i in range(FEEDS)]
        command = (python, script, str(Path(scratch) / "theirs.db"), str(WORKERS), *urls)
        with process(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            theirs = Theirs(child)
            results = measure(room, Ours(Path(scratch), room), theirs)
    rows = [
        (
            what,
            f"{FEEDS / mine['seconds']:.0f}",
            f"{FEEDS / other['seconds']:.0f}",
            f"{other['seconds'] / mine['seconds']:.1f}",
            f"{1000 * mine['cpu'] / FEEDS:.2f}",
            f"{1000 * other['cpu'] / FEEDS:.2f}",
            f"{mine['new'] / mine['seconds']:.0f} / {other['new'] / other['seconds']:.0f}" if mine["new"] else "-",
        )
        for what, mine, other in results
    ]
    head = (
        "feeds",
        "feeds/s",
        "reader, feeds/s",
        "times as many",
        "CPU ms a feed",
        "reader's",
        "new items/s, ours / reader's",
    )
    note = f"{FEEDS} feeds of {ITEMS} items, reader {theirs.version} with {WORKERS} workers; medians of {ROUNDS} rounds, in turn."
    show(about, head, rows, [note])


if __name__ == "__main__":
    main()
