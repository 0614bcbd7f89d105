"""New items from fetch to stored judgement, against the classifier alone on the same texts in one run.

    python bench/pipeline.py

The real daemon polls new feeds of a local server and runs until the last item's judgement is stored; then the
classifier alone judges the texts that were stored, in one call. Both use all cores, and each is measured twice, in turn.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from common import Newsroom, configuration, cores, machine, newsroom, quiet, say, show

FEEDS, ITEMS, ROUNDS = 100, 25, 2
PATIENCE = 100


class Nobody:
    """Takes every message and shows none."""

    async def send(self, message: object) -> None:
        return None


def judged(folder: Path, room: Newsroom) -> tuple[float, float, object, list[tuple[str, str]]]:
    """Seconds from the daemon's start of polling to the last stored judgement; CPU seconds; its judge; the texts."""
    from monitor.app import Daemon, load_judge, open_store
    from monitor.config import load

    config = load(configuration(folder, [room.url(i) for i in range(FEEDS)]))
    store, judge = open_store(config), load_judge(config)
    judge.classifier.classify([("warm", "up")])

    async def run() -> tuple[float, float]:
        daemon = Daemon(config, store, judge, {"terminal": Nobody()})
        began, cpu = time.perf_counter(), time.process_time()
        task = asyncio.create_task(daemon.run())
        async with asyncio.timeout(PATIENCE):
            while daemon.summary.articles < FEEDS * ITEMS:
                await asyncio.sleep(0.05)
        took = time.perf_counter() - began, time.process_time() - cpu
        daemon.stop()
        await task
        return took

    seconds, cpu = asyncio.run(run())
    trails = [store.trail(f"a{number + 1}") for number in range(FEEDS * ITEMS)]
    texts = [(traced.article.title, traced.article.summary) for trail in trails if trail for traced in trail.articles]
    assert len(texts) == FEEDS * ITEMS
    store.close()
    return seconds, cpu, judge, texts


def main() -> None:
    from monitor.app.memory import share

    quiet()
    share()
    about, rows = machine(), []
    with tempfile.TemporaryDirectory() as scratch, newsroom(FEEDS, ITEMS, 0) as room:
        for number in range(ROUNDS):
            seconds, cpu, judge, texts = judged(Path(scratch) / str(number), room)
            began, own_cpu = time.perf_counter(), time.process_time()
            judge.classifier.classify(texts)
            own, own_cpu = time.perf_counter() - began, time.process_time() - own_cpu
            say(f"daemon {seconds:.1f} s, classifier {own:.1f} s")
            rows.append((seconds, cpu, own, own_cpu))
    count = FEEDS * ITEMS
    table = [
        (
            i + 1,
            f"{count / own:.0f}",
            f"{count / s:.0f}",
            f"{100 * own / s:.0f} %",
            f"{1000 * c / count:.1f}",
            f"{1000 * o / count:.1f}",
        )
        for i, (s, c, own, o) in enumerate(rows)
    ]
    head = (
        "round",
        "classifier alone, items/s",
        "fetch to judgement, items/s",
        "of the classifier's",
        "CPU ms an item",
        "classifier's",
    )
    show(about, head, table, [f"{count} new items in {FEEDS} feeds; the classifier uses {cores()} threads in both."])


if __name__ == "__main__":
    main()
