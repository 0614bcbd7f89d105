"""Measures grouping against labelled events: B-cubed, and how often two languages' reports of one event meet.

Items are grouped as the pipeline does it, one by one in the order of their dates (file order within a day, at midnight
UTC). Items without a date come first, in file order, and share one moment of their own: time says nothing among them,
and they never meet a dated item. That is hard on them, because years may lie between two of them.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from monitor import cluster
from monitor.domain import Judged
from monitor.errors import InputError
from monitor.evaluate.records import Record, read_records

T = TypeVar("T")
UNDATED = datetime(1, 1, 8, tzinfo=UTC)
"""The moment of all items without a date: before every other one, and far from it."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A relevant record, the event that it tells, its outlet, and its date; None where that is not known."""

    record: Record
    event: str
    date: datetime | None = None
    outlet: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """An item as judged, and the event that it tells; the article's own times are not looked at, only `date` is."""

    event: str
    lang: str
    date: datetime | None
    judged: Judged


def read_tellings(path: Path) -> list[Telling]:
    """The file's relevant items that name an `event`. Raises InputError as `read_records` does, and for a bad date."""
    records = read_records(path)
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    documents = [json.loads(line) for line in raw.decode("utf-8-sig").split("\n") if line.strip()]
    told = [
        Telling(record, event, _date(document, path), str(document.get("outlet") or ""))
        for record, document in zip(records, documents, strict=True)
        if record.relevant and (event := str(document.get("event") or ""))
    ]
    if not told:
        raise InputError(f"{path}: no relevant items with an event")
    return told


def _date(document: Mapping[str, object], path: Path) -> datetime | None:
    value = document.get("date")
    if not value:
        return None
    try:
        date = datetime.fromisoformat(str(value))
    except ValueError:
        raise InputError(f"{path}: item {document.get('id')}: '{value}' is no date") from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def labelled(tellings: Sequence[Telling], judged: Sequence[Judged]) -> list[Labelled]:
    """Each telling with its judgement, which is of an article in the record's language."""
    pairs = zip(tellings, judged, strict=True)
    return [Labelled(telling.event, telling.record.lang, telling.date, item) for telling, item in pairs]


def measure(items: Sequence[Labelled]) -> dict[str, Any]:
    """Groups the items and compares: `{n, events, b_cubed: {precision, recall, f1}, cross_lingual_recall}`.

    `cross_lingual_recall` is the share of pairs of one event in two languages that are in one story.
    A measure that cannot be taken is None.
    """
    found = group(items)
    events = [item.event for item in items]
    precision, recall = b_cubed(events, found)
    f1 = 2 * precision * recall / (precision + recall) if precision and recall else None
    return {
        "n": len(items),
        "events": len(set(events)),
        "b_cubed": {"precision": precision, "recall": recall, "f1": f1},
        "cross_lingual_recall": cross_lingual_recall(events, found, [item.lang for item in items]),
    }


def group(items: Sequence[Labelled]) -> list[int]:
    """The number of the story that each item is put into."""
    opened = cluster.Open()
    found = [0] * len(items)
    for index in sorted(range(len(items)), key=lambda i: items[i].date or UNDATED):
        when = items[index].date or UNDATED
        judged = items[index].judged
        judged = replace(judged, article=replace(judged.article, published=when, seen=when))
        place = opened.find(judged)
        if place is None:
            place = opened.add(cluster.start(judged))
        else:
            opened.replace(place, cluster.join(opened[place], judged))
        found[index] = place
    return found


def b_cubed(truth: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[float | None, float | None]:
    """Precision and recall: the mean over items of the share of its group that is of its event, and the other way."""
    if not truth:
        return None, None
    both, events, groups = Counter(zip(truth, found, strict=True)), Counter(truth), Counter(found)
    pairs = list(zip(truth, found, strict=True))
    precision = sum(both[pair] / groups[pair[1]] for pair in pairs) / len(pairs)
    recall = sum(both[pair] / events[pair[0]] for pair in pairs) / len(pairs)
    return precision, recall


def cross_lingual_recall(truth: Sequence[Hashable], found: Sequence[Hashable], langs: Sequence[str]) -> float | None:
    """The share of the pairs of one event in two languages (by primary subtag) that were put together; None without."""
    primary = [lang.partition("-")[0].lower() for lang in langs]
    members = _members(truth)
    pairs = [(a, b) for rows in members.values() for a, b in combinations(rows, 2) if primary[a] != primary[b]]
    return sum(found[a] == found[b] for a, b in pairs) / len(pairs) if pairs else None


def _members(truth: Iterable[T]) -> dict[T, list[int]]:
    members: defaultdict[T, list[int]] = defaultdict(list)
    for index, event in enumerate(truth):
        members[event].append(index)
    return members
