"""How well articles are grouped to stories, and what it costs.

    python bench/grouping.py [--without FILE]
    python bench/grouping.py --common

The seeds' events and single relevant items are given dates (each event a random day, its reports exponentially later,
12 hours on average), at two densities, with their summaries and without; then B-cubed as `monitor/evaluate/stories.py`
takes it, with the shipped model. The model was trained on the seeds, so that its embeddings know their events: for the
choice of weights, `--without FILE` leaves out the ids that the model was trained on, one a line. `--common` prints the
terms that many events share, for `monitor/cluster/terms.py`. Real items with dates are for `bench/stories.py`.
"""

import argparse
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from common import ROOT, machine, quiet, say, show

from monitor import cluster
from monitor.app import load_judge
from monitor.cluster.terms import terms
from monitor.config import load
from monitor.domain import Article, Judged, Story
from monitor.evaluate.stories import Labelled, measure
from monitor.pipeline import Judge
from monitor.seeds import Seed, read_seeds

START = datetime(2026, 1, 1, tzinfo=UTC)
LAG, LONGEST = timedelta(hours=12), timedelta(hours=96)
DENSITIES = (20, 150)
OPEN, PROBES, CALL = 5000, 480, 32
HEAD = ["items", "n", "events", "precision", "recall", "F1", "cross-lingual recall"]


def article(id: str, title: str, summary: str, lang: str, outlet: str = "") -> Article:
    return Article((id,), "", outlet or id, "other", None, id, title, summary, lang, START, START, id)


def dates(events: Sequence[str], days: int) -> list[datetime]:
    """A date for each item: its event's start within so many days, and a lag."""
    chance = random.Random(days)
    starts = {event: START + timedelta(days=chance.uniform(0, days)) for event in dict.fromkeys(events)}
    return [starts[event] + min(LAG * chance.expovariate(1), LONGEST) for event in events]


def seeds_rows(judge: Judge, seeds: Sequence[Seed]) -> list[list[object]]:
    rows: list[list[object]] = []
    events = [seed.event or seed.id for seed in seeds]
    for what, summaries in (("titles and summaries", True), ("titles alone", False)):
        judged = judge([article(s.id, s.title, s.summary if summaries else "", s.lang) for s in seeds])
        for days in DENSITIES:
            when = dates(events, days)
            items = [Labelled(e, s.lang, d, j) for e, s, d, j in zip(events, seeds, when, judged, strict=True)]
            rows.append(row(f"seeds, {what}, {days} days", items))
    return rows


def row(what: str, items: Sequence[Labelled]) -> list[object]:
    found = measure(items)
    values = (*found["b_cubed"].values(), found["cross_lingual_recall"])
    return [what, found["n"], found["events"], *("-" if value is None else f"{value:.3f}" for value in values)]


def cost(judge: Judge, seeds: Sequence[Seed]) -> list[list[object]]:
    """Milliseconds to classify and to group one item, with OPEN open stories (the seeds', moved apart)."""
    articles = [article(s.id, s.title, s.summary, s.lang) for s in seeds[:PROBES]]
    judged: list[Judged] = []
    calls = [partial(lambda part: judged.extend(judge(part)), articles[i : i + CALL]) for i in range(0, PROBES, CALL)]
    classify = median_ms(calls) / CALL
    chance = np.random.default_rng(0)
    stories = [story(judged[i % len(judged)], chance) for i in range(OPEN)]
    index = median_ms([partial(cluster.Open, stories)] * 5)
    find = median_ms([partial(cluster.Open(stories).find, item) for item in judged])
    return [
        [f"classify, in calls of {CALL}", f"{classify:.2f}"],
        [f"find among {OPEN} open stories", f"{find:.2f} ({100 * find / classify:.1f} % of classification)"],
        [f"take in {OPEN} stories", f"{index:.0f} in all"],
    ]


def median_ms(calls: Sequence[Callable[[], object]]) -> float:
    """The median time of calls, which what else the machine does changes least."""
    times = []
    for call in calls:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def story(judged: Judged, chance: np.random.Generator) -> Story:
    noise = judged.embedding + chance.normal(0, 0.03, len(judged.embedding)).astype(np.float32)
    return cluster.start(replace(judged, embedding=noise / np.linalg.norm(noise)))


def common(judge: Judge, seeds: Sequence[Seed]) -> None:
    told: defaultdict[str, set[str]] = defaultdict(set)
    for item, seed in zip(judge([article(s.id, s.title, s.summary, s.lang) for s in seeds]), seeds, strict=True):
        told[seed.event or seed.id] |= set(terms(item))
    counts = Counter(term for event in told.values() for term in event)
    for name, low, high in (("OFTEN", 0.1, 1.0), ("USUAL", 0.04, 0.1), ("COMMON", 0.02, 0.04)):
        listed = sorted(term for term, count in counts.items() if low <= count / len(told) < high)
        print(
            name,
            ", ".join(t for t in listed if t[0] in "@#"),
            " ".join(t for t in listed if t[0] not in "@#"),
            sep="\n",
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=Path, default=ROOT / "seeds")
    options.add_argument("--without", type=Path)
    options.add_argument("--common", action="store_true")
    given = options.parse_args()
    quiet()
    about, judge = machine(), load_judge(load(ROOT / "config"))
    left_out = set(given.without.read_text().split()) if given.without else set()
    seeds = [seed for seed in read_seeds(given.seeds) if seed.relevant and seed.id not in left_out]
    if given.common:
        common(judge, seeds)
        return
    say(f"{len(seeds)} seeds")
    show("Grouping", HEAD, seeds_rows(judge, seeds), [about])
    show("Cost in milliseconds, medians", ["work", "ms"], cost(judge, seeds), [about])


if __name__ == "__main__":
    main()
