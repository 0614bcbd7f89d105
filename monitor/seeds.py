"""The labelled examples: read and checked, for validity, for repetition, and for balance. Trains nothing."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.domain import REGION, EventType
from monitor.errors import InputError
from monitor.text import words

QUOTAS = {
    "English": (("en",), 1200),
    "Serbian (Latin)": (("sr-Latn",), 800),
    "Serbian (Cyrillic)": (("sr-Cyrl",), 400),
    "Albanian": (("sq",), 800),
    "Bosnian and Croatian": (("bs", "hr"), 600),
    "Macedonian": (("mk",), 300),
    "others": (("cnr", "bg", "el", "tr", "sl", "ro", "de", "fr", "it", "ru", "hu", "nl"), 900),
}
KEYS = {"id", "lang", "title", "summary", "relevant", "types", "severity", "places", "event", "note", "unsure"}
TYPES = frozenset(kind.value for kind in EventType)
RUN = 8
FAMILY = 5
NEAR = 0.8


@dataclass(frozen=True, slots=True)
class Seed:
    """One labelled example; the record form is in seeds/README.md."""

    id: str
    lang: str
    title: str
    summary: str
    relevant: bool
    types: tuple[str, ...]
    severity: int
    places: tuple[str, ...]
    event: str | None = None
    note: str = ""
    unsure: bool = False

    @property
    def text(self) -> str:
        """Title and summary together."""
        return f"{self.title} {self.summary}".strip()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the balance: what was counted, and what was asked for (at least, or between)."""

    what: str
    count: float
    least: float
    most: float = float("inf")

    @property
    def holds(self) -> bool:
        """Whether the count is within its bounds."""
        return self.least <= self.count <= self.most


@dataclass(frozen=True, slots=True)
class Report:
    """What the checker found: mistakes and repetitions, a sentence each, and the balance."""

    seeds: int
    faults: tuple[str, ...]
    balance: tuple[Row, ...]

    @property
    def passes(self) -> bool:
        """No fault, and every row of the balance holds."""
        return not self.faults and all(row.holds for row in self.balance)


def read_seeds(folder: Path) -> list[Seed]:
    """Every record of the folder's JSONL files, in order of file and line. Raises InputError naming file and line."""
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise InputError(f"{folder}: no .jsonl files with labelled examples")
    return [seed for path in paths for seed in _read(path)]


def _read(path: Path) -> Iterable[Seed]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            yield parse_seed(json.loads(line), path.stem)
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}, line {number}: {error}") from None


def parse_seed(record: object, lang: str) -> Seed:
    """One record of the language's file; raises ValueError that says what is wrong with it."""
    if not isinstance(record, dict):
        raise ValueError("expected a JSON object")
    if unknown := set(record) - KEYS:
        raise ValueError(f"unknown key '{min(unknown)}'")
    try:
        fields = {**record, "types": tuple(record["types"]), "places": tuple(record["places"])}
        seed = Seed(**fields)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a key is missing: {error}") from None
    _check_labels(seed, lang)
    return seed


def _check_labels(seed: Seed, lang: str) -> None:
    if seed.lang != lang:
        raise ValueError(f"lang is '{seed.lang}' in the file of '{lang}'")
    if not (isinstance(seed.title, str) and seed.title.strip()) or not isinstance(seed.summary, str):
        raise ValueError("title must be text, and summary text or empty")
    if not isinstance(seed.relevant, bool) or seed.severity not in range(5) or isinstance(seed.severity, bool):
        raise ValueError("relevant must be true or false, and severity a number from 0 to 4")
    if not set(seed.types) <= TYPES or not set(seed.places) <= set(REGION):
        raise ValueError("types must be event types, and places codes of the region's countries")
    if seed.relevant != bool(seed.types) or seed.relevant != (seed.severity > 0):
        raise ValueError("types and a severity of 1 to 4 belong to relevant items, and only to them")
    if seed.relevant and not seed.places:
        raise ValueError("a relevant item needs a place")


def check(seeds: Sequence[Seed]) -> Report:
    """Repetitions and balance of records that are valid one by one."""
    faults = [*_repeated_ids(seeds), *_bad_events(seeds), *_families(seeds), *_near_duplicates(seeds)]
    return Report(len(seeds), tuple(faults), tuple(_balance(seeds)))


def _repeated_ids(seeds: Sequence[Seed]) -> Iterable[str]:
    for identity, count in Counter(seed.id for seed in seeds).items():
        if count > 1:
            yield f"the id {identity} stands {count} times"


def _bad_events(seeds: Sequence[Seed]) -> Iterable[str]:
    for event, members in events(seeds).items():
        if not 2 <= len(members) <= 6:
            yield f"the event {event} is told by {len(members)} items, expected 2 to 6"


def events(seeds: Iterable[Seed]) -> Mapping[str, list[Seed]]:
    """The items of each shared event."""
    groups: dict[str, list[Seed]] = defaultdict(list)
    for seed in seeds:
        if seed.event:
            groups[seed.event].append(seed)
    return groups


def _families(seeds: Sequence[Seed]) -> Iterable[str]:
    """Sequences of RUN words that more than FAMILY items of a language share."""
    holders: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for index, seed in enumerate(seeds):
        folded = words(seed.text)
        for start in range(len(folded) - RUN + 1):
            holders[seed.lang, *folded[start : start + RUN]].add(index)
    for (lang, *run), found in sorted(holders.items()):
        if len(found) > FAMILY:
            yield f"{lang}: '{' '.join(run)}' stands in {len(found)} items"


def _near_duplicates(seeds: Sequence[Seed]) -> Iterable[str]:
    """Pairs of one language and label that nearly agree in their word triples; pairs with two labels are meant."""
    shingles = [frozenset(_triples(words(seed.text))) for seed in seeds]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, seed in enumerate(seeds):
        shared: Counter[int] = Counter()
        for triple in shingles[index]:
            shared.update(holders[seed.lang, *triple])
            holders[seed.lang, *triple].append(index)
        for other, common in shared.items():
            union = len(shingles[index]) + len(shingles[other]) - common
            if common >= NEAR * union and seed.relevant == seeds[other].relevant:
                yield f"{seed.lang}: {seed.id} and {seeds[other].id} are nearly the same: '{seed.title}'"


def _triples(folded: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(folded, folded[1:], folded[2:], strict=False) if len(folded) > 2 else [tuple(folded)]


def _balance(seeds: Sequence[Seed]) -> Iterable[Row]:
    by_lang = Counter(seed.lang for seed in seeds)
    yield Row("items", len(seeds), 5000)
    for name, (langs, least) in QUOTAS.items():
        yield Row(name, sum(by_lang[lang] for lang in langs), least)
    relevant = [seed for seed in seeds if seed.relevant]
    negative = [seed for seed in seeds if not seed.relevant]
    yield Row("relevant, share", round(len(relevant) / max(1, len(seeds)), 3), 0.37, 0.43)
    hard = sum(seed.note.startswith("hard") for seed in negative)
    yield Row("hard among the negatives, share", round(hard / max(1, len(negative)), 3), 0.63)
    yield Row("with a summary, share", round(sum(bool(s.summary) for s in seeds) / max(1, len(seeds)), 3), 0.4, 0.6)
    kinds = Counter(kind for seed in relevant for kind in seed.types)
    for kind in EventType:
        yield Row(f"type {kind.value}", kinds[kind.value], 250)
    levels = Counter(seed.severity for seed in seeds)
    for level in range(5):
        yield Row(f"severity {level}", levels[level], 200)
    shared = [group for group in events(seeds).values() if len({seed.lang for seed in group}) > 1]
    yield Row("events told in several languages", len(shared), 700)
