"""The escalation index: how much danger is told of a country or a pair, against its own normal. See docs/index.md.

Like is compared with like: only outlets that were read for long count, each measured by what it usually tells, so that
neither an outlet's silence nor a new feed moves the index.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from monitor.domain import REGION, Severity
from monitor.errors import InputError

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

PAIRS = ("XK-RS", "BA-RS", "BA-HR", "HR-RS", "ME-RS", "AL-RS", "AL-MK", "MK-XK")
SUBJECTS = (*REGION, *PAIRS)
"""What has an index: each country, and the pairs between which trouble is told."""

BASELINE = 90
"""Days that say what is normal."""
GAP = 7
"""Days between them and the day that is measured, so that a slow rise does not become its own normal."""
ENOUGH = 21
"""Days of the baseline that must have been read before the index means anything: with GAP, four weeks."""
PANEL = 14
"""Days of the baseline on which an outlet must have been read to count."""
FRESH = 3
"""Days, the measured one included, in which it must have been read too: nobody else can bear out what is told."""
DECAY = 0.5
"""What is left of an event's weight a day later."""
TAIL = 7
"""Days after which that is nothing."""
REACH = BASELINE + GAP + TAIL
"""Days before a day that its index looks back."""
WEIGHTS = {
    Severity.NONE: 0.0,
    Severity.WATCH: 1.0,
    Severity.TENSION: 2.0,
    Severity.SERIOUS: 4.0,
    Severity.CRITICAL: 8.0,
}
ALONE, TOGETHER, ACROSS = 0.5, 1.0, 1.5
"""Factors of an event that one outlet tells, several do, and several camps do."""
PRIOR = 200.0
"""Articles for which an outlet is taken to tell as much as all do, so that little reading says little about it."""
UNIT = 4.0
"""Points that count as one event in the noise: a serious one, told by more than one outlet."""
NOISE = 1.0
"""The least spread of the count's root: twice a Poisson count's, since an event is told by several outlets at once."""


class Level(IntEnum):
    """How far the index is above its normal."""

    NORMAL = 0
    ELEVATED = 1
    HIGH = 2
    EXTREME = 3


ENTER = {Level.ELEVATED: 3.0, Level.HIGH: 5.0, Level.EXTREME: 8.0}
"""The deviation from which on a level is reached."""
SLACK = 1.0
"""A level is left only this much below where it is reached."""


@dataclass(frozen=True, slots=True)
class Volume:
    """How many articles of an outlet were read that tell of a day (UTC)."""

    day: date
    outlet: str
    articles: int


@dataclass(frozen=True, slots=True)
class Mention:
    """An article that tells a story on a day (UTC). `eased` is whether it tells only of a step back."""

    day: date
    outlet: str
    camp: str
    story: int
    severity: Severity
    countries: tuple[str, ...]
    eased: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """The index of one subject on one day; None where too little was read, or not for long enough.

    `value`, `normal` (the baseline's median), `band` (what is usual) and `marks` (where each level is reached) are
    points in 1,000 articles. `deviation` is in robust standard deviations, `times` is value over normal (None where
    normal is nearly nothing), `highest` the days since it was last as high, `history` the days of the baseline with
    anything read. `stories` contribute most, the first the most.
    """

    day: date
    value: float | None = None
    normal: float | None = None
    band: tuple[float, float] | None = None
    marks: Mapping[Level, float] = field(default_factory=dict)
    deviation: float | None = None
    times: float | None = None
    highest: int = 0
    history: int = 0
    level: Level = Level.NORMAL
    stories: tuple[int, ...] = ()


def step(deviation: float | None, before: Level) -> Level:
    """The level after `before`: up once one is reached, down only once it is left by SLACK; unknown changes nothing."""
    if deviation is None:
        return before
    reached = max((level for level, enter in ENTER.items() if deviation >= enter), default=Level.NORMAL)
    while before > reached and deviation < ENTER[before] - SLACK:
        before = Level(before - 1)
    return max(reached, before)


def trend(
    volumes: Sequence[Volume], mentions: Sequence[Mention], days: Sequence[date], subjects: Sequence[str] = SUBJECTS
) -> dict[str, tuple[Point, ...]]:
    """The index of each subject on each of the days, which follow one another.

    `volumes` and `mentions` may be in any order, and are needed from REACH days before the first day on. Levels follow
    one another from a normal first day.
    """
    tables = _Tables(volumes, mentions, days[0] - timedelta(days=REACH), days[-1], subjects)
    rows = [tables.measure(day) for day in days]
    found = {}
    for number, subject in enumerate(subjects):
        level, points = Level.NORMAL, []
        for day, row in zip(days, rows, strict=True):
            point = _point(day, row, number)
            level = step(point.deviation, level)
            points.append(replace(point, level=level))
        found[subject] = tuple(points)
    return found


def members(subject: str) -> frozenset[str]:
    """The countries of a subject."""
    return frozenset(subject.split("-"))


def subject_of(text: str) -> str:
    """The subject that people call so, a pair in either order: 'xk', 'RS-XK'. Raises InputError."""
    wanted = members(text.upper())
    found = next((subject for subject in SUBJECTS if members(subject) == wanted), None)
    if found is None:
        raise InputError(f"'{text}' has no index; expected one of {', '.join(SUBJECTS)}")
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    """One day's measures over all subjects: `values` has a row each and a column for every day of the reach."""

    values: Numbers
    scale: float
    history: int
    usable: npt.NDArray[np.bool_]
    stories: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Points:
    """What each telling (an outlet's of an event, a column) is worth to each subject (a row)."""

    worth: Numbers
    events: Whole
    outlets: Whole
    days: Whole

    def by_day(self, begin: int, end: int) -> Numbers:
        """The sums of the days, a row a subject."""
        return np.array([np.bincount(self.days - begin, row, minlength=end - begin) for row in self.worth])

    def by_outlet(self, days: slice, count: int) -> Numbers:
        """The sums of the outlets over some days, a row a subject."""
        inside = (self.days >= days.start) & (self.days < days.stop)
        return np.array([np.bincount(self.outlets[inside], row[inside], minlength=count) for row in self.worth])

    def leading(self, last: int, stories: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """The stories that give most points on the last two days, by subject."""
        return tuple(self._ranked(row, last, stories) for row in self.worth)

    def _ranked(self, row: Numbers, last: int, stories: Sequence[int]) -> tuple[int, ...]:
        given: dict[int, float] = {}
        for column in np.flatnonzero((self.days >= last - 1) & (row > 0)):
            story = stories[int(self.events[column])]
            given[story] = given.get(story, 0.0) + float(row[column]) * DECAY ** int(last - self.days[column])
        return tuple(sorted(given, key=lambda story: (-given[story], story))[:3])


class _Tables:
    """What was read and told, as arrays over outlets, days, and events (a story on a day)."""

    def __init__(
        self,
        volumes: Sequence[Volume],
        mentions: Sequence[Mention],
        first: date,
        last: date,
        subjects: Sequence[str],
    ) -> None:
        self._first, self._subjects = first, subjects
        self._span = (last - first).days + 1
        volumes = [v for v in volumes if first <= v.day <= last]
        outlets = {name: i for i, name in enumerate(sorted({v.outlet for v in volumes}))}
        self._read = np.zeros((len(outlets), self._span))
        for v in volumes:
            self._read[outlets[v.outlet], (v.day - first).days] += v.articles
        told = [m for m in mentions if first <= m.day <= last and m.outlet in outlets and not m.eased]
        events = {key: i for i, key in enumerate(sorted({(m.day, m.story) for m in told}))}
        camps = {key: i for i, key in enumerate(sorted({(m.day, m.story, m.camp) for m in told}))}
        self._story = [story for _, story in events]
        self._event_day = _whole((day - first).days for day, _ in events)
        self._camp_event = _whole(events[day, story] for day, story, _ in camps)
        self._outlet = _whole(outlets[m.outlet] for m in told)
        self._event = _whole(events[m.day, m.story] for m in told)
        self._camp = _whole(camps[m.day, m.story, m.camp] for m in told)
        self._weight = np.array([WEIGHTS[m.severity] for m in told], float)
        self._names = np.array([[code in m.countries for code in REGION] for m in told], float).reshape(-1, len(REGION))

    def measure(self, day: date) -> _Row:
        """The values of all subjects over the reach of a day, by the outlets that were read for long and still are."""
        end = (day - self._first).days + 1
        begin, base = max(end - REACH - 1, 0), slice(max(end - 1 - GAP - BASELINE, 0), max(end - 1 - GAP, 0))
        panel = (self._read[:, base] > 0).sum(axis=1) >= PANEL
        panel &= self._read[:, max(end - FRESH, 0) : end].any(axis=1)
        read = np.where(panel[:, None], self._read, 0.0)
        told, seen, shares = self._points(panel, begin, end), read[:, base].sum(axis=1), read[:, begin:end]
        rate = (told.by_outlet(base, len(panel)).sum(axis=1) + 1.0) / max(seen.sum(), 1.0)
        own = (told.by_outlet(base, len(panel)) + PRIOR * rate[:, None]) / (seen + PRIOR)[None, :]
        observed, expected = _decayed(told.by_day(begin, end)), _decayed(own @ shares)
        amount = _decayed(shares.sum(axis=0))
        values = np.where(amount > 0, 1000 * rate[:, None] * observed / np.where(amount > 0, expected, 1.0), np.nan)
        normal = np.zeros(end - begin, bool)
        normal[base.start - begin : base.stop - begin] = amount[base.start - begin : base.stop - begin] > 0
        return _Row(values, float(amount[-1]), int(normal.sum()), normal, told.leading(end - 1, self._story))

    def _points(self, panel: npt.NDArray[np.bool_], begin: int, end: int) -> "_Points":
        """An outlet that tells an event counts once a day, with the gravest severity that anybody tells of it then."""
        count, width = len(self._story), max(len(panel), 1)
        days = self._event_day[self._event]
        kept = np.flatnonzero(panel[self._outlet] & (days >= begin) & (days < end))
        events, outlets = np.divmod(np.unique(self._event[kept] * width + self._outlet[kept]), width)
        tellers = np.bincount(events, minlength=count)
        camps = np.bincount(self._camp_event[np.unique(self._camp[kept])], minlength=count)
        weight = np.zeros(count)
        np.maximum.at(weight, self._event[kept], self._weight[kept])
        weight *= np.where(camps > 1, ACROSS, np.where(tellers > 1, TOGETHER, ALONE))
        worth = self._subjects_of(kept, count)[:, events] * weight[events]
        return _Points(worth, events, outlets, self._event_day[events])

    def _subjects_of(self, kept: Whole, count: int) -> npt.NDArray[np.bool_]:
        """Whether each event is about each subject: a pair's both countries must be named, if not by one article."""
        met = {
            code: np.bincount(self._event[kept], self._names[kept, number], minlength=count) > 0
            for number, code in enumerate(REGION)
        }
        rows = [np.logical_and.reduce([met[code] for code in sorted(members(s))]) for s in self._subjects]
        return np.array(rows, bool).reshape(len(self._subjects), count)


def _whole(values: Iterable[int]) -> Whole:
    return np.fromiter(values, np.intp)


def _decayed(rows: Numbers) -> Numbers:
    """Each day's value with those of the days before it, which count less and less; the last axis is days."""
    summed = rows.astype(float)
    for back in range(1, min(TAIL, rows.shape[-1] - 1) + 1):
        summed[..., back:] += DECAY**back * rows[..., :-back]
    return summed


def _point(day: date, row: _Row, number: int) -> Point:
    values, now = row.values[number], float(row.values[number, -1])
    if row.history < ENOUGH or np.isnan(now):
        return Point(day, history=row.history)
    # Roots of counts: their spread is nearly the same whatever their size, and nothing is nothing.
    unit = 1000 * UNIT / row.scale
    roots = np.sqrt(values[row.usable] / unit)
    middle = float(np.median(roots))
    spread = max(1.4826 * float(np.median(np.abs(roots - middle))), NOISE)
    normal = middle**2 * unit
    earlier = np.flatnonzero(values[:-1] >= now)
    seen = np.flatnonzero(~np.isnan(values[:-1]))
    since = len(values) - 1 - int(earlier[-1] if len(earlier) else seen[0])
    return Point(
        day=day,
        value=now,
        normal=normal,
        band=(max(middle - spread, 0.0) ** 2 * unit, (middle + spread) ** 2 * unit),
        marks={level: (middle + enter * spread) ** 2 * unit for level, enter in ENTER.items()},
        deviation=(float(np.sqrt(now / unit)) - middle) / spread,
        times=now / normal if middle >= 0.5 else None,
        highest=since,
        history=row.history,
        stories=row.stories[number],
    )
