"""How well real stories are told apart, and what a replay of recorded news would send.

    python bench/stories.py --stories FILE [--streams FILE...]

What `balkan-monitor evaluate FILE --stories` and `balkan-monitor backtest FILE` run, with the shipped configuration.
Days are UTC; those without an alert count, too. A new alert is a story's first message; its messages are all of them,
updates and edits included.
"""

import argparse
import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from common import ROOT, machine, quiet, say, show
from grouping import HEAD, row

from monitor.app import load_judge
from monitor.backtest import Replay, Sent, read_records, replay
from monitor.cli.measure import judge_records
from monitor.config import Config, load
from monitor.domain import Kind
from monitor.evaluate.stories import labelled, read_tellings
from monitor.pipeline import Judge


def told_apart(judge: Judge, file: Path) -> list[object]:
    told = read_tellings(file)
    return row(file.name, labelled(told, judge_records(judge, [telling.record for telling in told])))


def replayed(judge: Judge, config: Config, file: Path) -> tuple[list[object], list[list[object]]]:
    """The stream's row, and a row for each of its days with alerts."""
    records = read_records(file, config.sources)
    say(f"{file.name}: {len(records)} items")
    found = replay(records, judge, config)
    new = Counter(day(sent.at) for sent in found.alerts if sent.kind == Kind.NEW)
    days = {day(article.published) for article in records} | set(new)
    counts = [new[each] for each in days]
    busiest = Counter((day(sent.at), sent.story) for sent in found.alerts)
    most = max(busiest.values(), default=0)
    whole = [file.name, found.articles, found.days, f"{statistics.median(counts):g}", max(counts), most]
    return whole, [[file.name, each, count, titles(found, each)] for each, count in sorted(new.items())]


def day(when: datetime) -> date:
    return when.astimezone(UTC).date()


def titles(found: Replay, when: date) -> str:
    """The day's gravest new alerts, so that a reader sees of what they were."""
    told: Sequence[Sent] = [sent for sent in found.alerts if sent.kind == Kind.NEW and day(sent.at) == when]
    gravest = sorted(told, key=lambda sent: -sent.severity)[:3]
    return "; ".join(" ".join(f"{sent.severity:d} {sent.title}".replace("|", "/").split())[:100] for sent in gravest)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--stories", type=Path, required=True)
    options.add_argument("--streams", type=Path, nargs="*", default=[])
    given = options.parse_args()
    quiet()
    about, config = machine(), load(ROOT / "config")
    judge = load_judge(config)
    show("Real stories, B-cubed", HEAD, [told_apart(judge, given.stories)], [about])
    if not given.streams:
        return
    rows, daily = zip(*(replayed(judge, config, file) for file in given.streams), strict=True)
    head = ["stream", "articles", "days", "new alerts a day, median", "most", "most messages of one story in a day"]
    show("Replays", head, rows)
    head = ["stream", "day (UTC)", "new alerts", "the gravest, with their severity"]
    show("Days with alerts", head, [row for part in daily for row in part])


if __name__ == "__main__":
    main()
