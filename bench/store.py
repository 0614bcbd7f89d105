"""What a poll costs in a store of 1,000 and of 1,000,000 articles.

    python bench/store.py

The first 1,000 articles are stored as the daemon does it; the rest are copies of them made inside SQLite, each with
another address, source and identity, so that every index holds a million entries. Best of several rounds each.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common import machine, say, show, texts

SMALL, LARGE, LISTED, NEW, ROUNDS = 1_000, 1_000_000, 50, 5, 30
NOW = datetime.now(UTC)


class Feeds:
    """A store with 20 feeds of 50 articles, and what polls of them bring."""

    def __init__(self, path: Path) -> None:
        from monitor.domain import Source
        from monitor.store import Store

        self.store = Store(f"sqlite:///{path}")
        self.store.migrate()
        self._texts = texts(SMALL)
        sources = [Source(f"feed {i}", f"https://h{i}.example/rss") for i in range(SMALL // LISTED)]
        self.store.sync_feeds(sources, NOW)
        self._states = [feed.state for feed in self.store.feeds()]
        self._number = 0
        self.store.record_polls([self.poll(feed, range(LISTED)) for feed in range(len(sources))], NOW)
        with closing(sqlite3.connect(path)) as db:  # all but what comes later was judged
            db.execute("update articles set judged_at = seen")
            db.commit()

    def poll(self, feed: int, numbers: range) -> object:
        """A finished poll that lists these articles."""
        from monitor.store import Poll

        state = self._states[feed]
        return Poll(state, replace(state, last_checked=NOW), tuple(self._article(feed, number) for number in numbers))

    def fresh(self) -> object:
        """A poll of the first feed with some new articles above the known ones."""
        self._number += NEW
        return self.poll(0, range(self._number, self._number + LISTED))

    def _article(self, feed: int, number: int) -> object:
        from monitor.domain import Article

        title, summary = self._texts[(feed * LISTED + number) % len(self._texts)]
        name, link = self._states[feed].name, f"https://h{feed}.example/news/{number}"
        keys = (f"g:{name}:{link}", f"u:h{feed}.example/news/{number}")
        mark = f"{feed}-{number}"
        return Article(keys, name, name, "other", "RS", link, title, summary, "sr-Latn", NOW, NOW, mark)


def grow(path: Path) -> None:
    """Copy the stored articles and their keys until there are LARGE, whatever columns they have."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for pragma in ("synchronous=off", "journal_mode=off", "cache_size=-2000000", "temp_store=memory"):
            db.execute(f"pragma {pragma}")
        (stride,) = db.execute("select max(id) from articles").fetchone()
        count = "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?) select i from n"
        db.execute(f"create temp table n as {count}", (LARGE // stride,))
        columns = [row[1] for row in db.execute("pragma table_info(articles)")]
        new = {"id": f"id + n.i * {stride}", "url": "url || '/' || n.i", "fingerprint": "fingerprint || '-' || n.i"}
        new["judged_at"] = "seen"
        values = ", ".join(new.get(column, column) for column in columns)
        db.execute("begin")
        db.execute(f"insert into articles ({', '.join(columns)}) select {values} from articles, n")
        db.execute(
            f"insert into article_keys (key, article_id) select key || '/' || n.i, article_id + n.i * {stride} from article_keys, n"
        )
        db.execute("commit")
        db.execute("pragma journal_mode=wal")


def measure(feeds: Feeds) -> dict[str, float]:
    """Milliseconds for what a poll asks of the store."""
    store = feeds.store
    known, unchanged = feeds.poll(3, range(LISTED)), feeds.poll(4, range(0))
    work: dict[str, Callable[[], object]] = {
        "claiming 64 due feeds (none due)": lambda: store.due_feeds(NOW - timedelta(days=1), 64, timedelta(minutes=1)),
        "a poll, unchanged": lambda: store.record_polls([unchanged], NOW),
        f"a poll that lists {LISTED} known articles": lambda: store.record_polls([known], NOW),
        f"a poll that lists {LISTED}, {NEW} of them new": lambda: store.record_polls([feeds.fresh()], NOW),
        "reading 64 articles to be judged": lambda: store.unjudged(64),
    }
    return {name: _best(one) for name, one in work.items()}


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * min(times)


def main() -> None:
    about = machine()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "store.db"
        feeds = Feeds(path)
        small = measure(feeds)
        feeds.store.close()
        began = time.perf_counter()
        grow(path)
        say(f"filled in {time.perf_counter() - began:.0f} s, {path.stat().st_size / 1e6:.0f} MB")
        large, total = measure(feeds), feeds.store.counts().articles
    rows = [(name, f"{small[name]:.2f}", f"{large[name]:.2f}", f"{large[name] / small[name]:.2f}") for name in small]
    show(about, ("milliseconds", f"{SMALL:,} articles", f"{total:,} articles", "ratio"), rows)


if __name__ == "__main__":
    main()
