"""The escalation index as a specification: levels and their slack, and what must not move it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from monitor.domain import Severity
from monitor.trend import BASELINE, ENOUGH, GAP, PANEL, SUBJECTS, Level, Mention, Point, Volume, step, trend

FIRST = date(2026, 1, 1)
DAY = timedelta(days=1)
TODAY = FIRST + 120 * DAY
N, E, H, X = Level


@pytest.mark.parametrize(
    ("before", "deviation", "after"),
    [
        (N, 2.99, N),
        (N, 3.0, E),
        (N, 4.99, E),
        (N, 5.0, H),
        (N, 8.0, X),
        (E, 2.0, E),
        (E, 1.99, N),
        (E, 5.0, H),
        (H, 4.0, H),
        (H, 3.99, E),
        (H, 1.99, N),
        (X, 7.0, X),
        (X, 6.99, H),
        (X, 3.99, E),
        (X, 0.0, N),
        (X, None, X),
        (N, None, N),
    ],
)
def test_a_level_is_reached_at_once_and_left_with_slack(before: Level, deviation: float | None, after: Level) -> None:
    """Up from the bound on, down only when it is missed by more than one deviation; not knowing changes nothing."""
    assert step(deviation, before) is after


def test_noise_on_a_bound_is_one_crossing() -> None:
    """An index that trembles around a bound crosses it once."""
    level, seen = Level.NORMAL, []
    for deviation in (2.9, 3.0, 2.8, 3.1, 2.2, 3.0):
        level = step(deviation, level)
        seen.append(level)
    assert sum(a is not b for a, b in pairwise(seen)) == 1


def read(outlet: str, days: Iterable[int] = range(121), articles: int = 50) -> list[Volume]:
    """An outlet that is read every day."""
    return [Volume(FIRST + n * DAY, outlet, articles) for n in days]


def told(
    outlet: str, days: Iterable[int], story: int = 0, severity: int = 2, camp: str = "", **more: object
) -> list[Mention]:
    """An outlet that tells an event of Kosovo and Serbia every so many days; each day's is an event of its own."""
    rows = [
        Mention(FIRST + n * DAY, outlet, camp or outlet, 1000 * story + n, Severity(severity), ("XK", "RS"))
        for n in days
    ]
    return [replace(row, **more) for row in rows]  # type: ignore[arg-type]


def world(outlets: int = 6) -> tuple[list[Volume], list[Mention]]:
    """Outlets that each tell the day's event every other day."""
    names = [f"o{n}" for n in range(outlets)]
    return [v for name in names for v in read(name)], [m for name in names for m in told(name, range(0, 121, 2))]


def point(volumes: list[Volume], mentions: list[Mention], subject: str = "XK-RS", day: date = TODAY) -> Point:
    """The index of one subject on one day."""
    return trend(volumes, mentions, [day], (subject,))[subject][0]


def over(found: Point) -> float:
    """How many times its normal the index is."""
    assert found.value is not None
    assert found.normal
    return found.value / found.normal


def test_an_ordinary_day_is_normal() -> None:
    """What is told every other day is normal, whatever its size."""
    found = point(*world())
    assert found.value is not None
    assert found.normal is not None
    assert found.deviation is not None
    assert abs(found.deviation) < 1.5
    assert found.level is Level.NORMAL
    assert found.history == BASELINE


def test_a_crisis_is_seen_and_told_in_numbers() -> None:
    """Several grave events in all outlets take the index up: how far, since when, by which stories."""
    volumes, mentions = world()
    crisis = [m for s in range(1, 6) for n in range(6) for m in told(f"o{n}", (120,), story=s, severity=4)]
    found = point(volumes, mentions + crisis)
    assert found.level is Level.HIGH
    assert found.times is not None
    assert found.times > 10
    assert found.highest == BASELINE + GAP + 7
    assert set(found.stories) <= {1000 * s + 120 for s in range(1, 6)}
    assert len(found.stories) == 3
    assert trend(volumes, mentions + crisis, [TODAY], ("BA",))["BA"][0].level is Level.NORMAL


@pytest.mark.parametrize("silent", [("o0",), ("o0", "o1", "o2"), ("o0", "o1", "o2", "o3", "o4")])
def test_silence_is_not_peace(silent: tuple[str, ...]) -> None:
    """Outlets that are no longer read leave the index where it was, though far less is told."""
    volumes, mentions = world()
    cut = TODAY - 10 * DAY
    quiet = [v for v in volumes if v.outlet not in silent or v.day < cut]
    less = [m for m in mentions if m.outlet not in silent or m.day < cut]
    whole, part = point(volumes, mentions), point(quiet, less)
    assert over(part) == pytest.approx(over(whole), rel=0.02)
    assert part.level is Level.NORMAL


def test_the_silence_of_the_loudest_is_not_peace_either() -> None:
    """Each outlet is measured by what it usually tells: without the one that tells most, less is expected."""
    names = [f"o{n}" for n in range(6)]
    volumes = [v for name in names for v in read(name)]
    mentions = [m for name in names for m in told(name, range(0, 121, 6))]
    mentions += [m for s in range(1, 8) for m in told("o0", range(121), story=s)]
    cut = TODAY - 8 * DAY
    kept = (
        [v for v in volumes if v.outlet != "o0" or v.day < cut],
        [m for m in mentions if m.outlet != "o0" or m.day < cut],
    )
    whole, part = point(volumes, mentions), point(*kept)
    assert over(part) > 0.7 * over(whole)
    naive = sum(m.day >= cut for m in kept[1]) / sum(m.day >= cut for m in mentions)
    assert naive < 0.2


def test_a_new_feed_is_not_war() -> None:
    """A feed that is read since lately changes nothing at all, whatever it tells."""
    volumes, mentions = world()
    since = range(121 - PANEL - GAP + 1, 121)
    loud = [m for s in range(2, 12) for m in told("new", since, story=s, severity=4)]
    loud += told("new", since, camp="another")
    assert point(volumes + read("new", since), mentions + loud) == point(volumes, mentions)


def test_a_feed_counts_once_it_was_read_for_long() -> None:
    """From PANEL days of the baseline on."""
    volumes, mentions = world()
    long = range(121 - PANEL - GAP - 1, 121)
    loud = [m for s in range(2, 12) for m in told("new", (119, 120), story=s, severity=4)]
    assert point(volumes + read("new", long), mentions + loud) != point(volumes, mentions)


def test_more_of_everything_is_not_war() -> None:
    """Outlets that all publish twice as much, and tell twice as many events, are as they were."""
    volumes, mentions = world()
    cut = TODAY - 10 * DAY
    more = [replace(v, articles=100) if v.day >= cut else v for v in volumes]
    again = mentions + [replace(m, story=m.story + 5000) for m in mentions if m.day >= cut]
    assert point(more, again).value == pytest.approx(point(volumes, mentions).value, rel=0.02)


@pytest.mark.parametrize(("days", "known"), [(ENOUGH - 1, False), (ENOUGH, True)])
def test_there_is_no_index_without_history(days: int, known: bool) -> None:
    """Four weeks of reading: three of them say what is normal."""
    start = 120 - GAP - days
    found = point(read("o0", range(start, 121)), told("o0", range(start, 121, 2)))
    assert (found.value is not None) is known
    assert found.history == days
    assert known or (found.level is Level.NORMAL and found.deviation is None)


def test_there_is_no_index_of_nothing() -> None:
    """Neither of an empty database, nor where nothing was read for three days."""
    assert point([], []).value is None
    volumes, mentions = world()
    cut = TODAY - 2 * DAY
    gone = [v for v in volumes if v.day < cut], [m for m in mentions if m.day < cut]
    assert point(*gone).value is None


def test_a_day_without_news_of_it_is_zero() -> None:
    """Read and not told is peace."""
    volumes, mentions = world()
    found = point(volumes, [m for m in mentions if m.day < TODAY - 20 * DAY])
    assert found.value == 0
    assert found.deviation is not None
    assert found.deviation < 0


def at_once(*mentions: Mention) -> float:
    """The value of a day on which these are told, in a world where nothing else is."""
    found = point([v for n in range(4) for v in read(f"o{n}")], list(mentions))
    assert found.value is not None
    return found.value


ONE = told("o0", (120,), camp="belgrade")[0]


@pytest.mark.parametrize(
    ("more", "times"),
    [
        ((), 1),
        ((replace(ONE, severity=Severity.TENSION),), 1),
        ((replace(ONE, outlet="o1"),), 4),
        ((replace(ONE, outlet="o1", camp="pristina"),), 6),
        ((replace(ONE, outlet="o1"), replace(ONE, outlet="o2")), 6),
        ((replace(ONE, severity=Severity.CRITICAL),), 4),
        ((replace(ONE, story=7),), 2),
        ((replace(ONE, story=7, eased=True),), 1),
        ((replace(ONE, outlet="unread"),), 1),
        ((replace(ONE, story=7, countries=("BA",)),), 1),
        ((replace(ONE, day=TODAY - DAY),), 1.5),
    ],
)
def test_an_event_weighs_by_severity_and_by_who_tells_it(more: tuple[Mention, ...], times: float) -> None:
    """Once an outlet and day, doubly where others tell it too, triply across camps; half of yesterday's is left."""
    assert at_once(ONE, *more) == pytest.approx(times * at_once(ONE))


@pytest.mark.parametrize(
    ("countries", "about"),
    [
        ([("XK", "RS")], {"XK", "RS", "XK-RS"}),
        ([("XK",)], {"XK"}),
        ([("XK",), ("RS",)], {"XK", "RS", "XK-RS"}),
        ([("BA", "HR", "RS")], {"BA", "HR", "RS", "BA-RS", "BA-HR", "HR-RS"}),
        ([("GR",)], set()),
    ],
)
def test_an_event_counts_for_the_countries_that_are_named(countries: list[tuple[str, ...]], about: set[str]) -> None:
    """And for a pair where both are named, if not by one article."""
    mentions = [replace(ONE, outlet=f"o{n}", countries=named) for n, named in enumerate(countries)]
    found = trend([v for n in range(4) for v in read(f"o{n}")], mentions, [TODAY])
    assert {subject for subject in SUBJECTS if found[subject][0].value} == about


def test_the_hour_of_the_day_does_not_matter() -> None:
    """A day of which a tenth was read counts for a tenth: the index does not fall at midnight."""
    volumes, mentions = world(10)
    young = [replace(v, articles=5) if v.day == TODAY else v for v in volumes]
    few = [m for m in mentions if m.day < TODAY]
    yesterday = point(volumes, mentions, day=TODAY - DAY)
    assert yesterday.value is not None
    assert point(young, few).value == pytest.approx(yesterday.value, rel=0.25)


def test_several_days_are_as_each_by_itself() -> None:
    """Only the levels know of the day before."""
    volumes, mentions = world()
    together = trend(volumes, mentions, [TODAY - DAY, TODAY], ("XK",))["XK"]
    assert together[1] == point(volumes, mentions, "XK")
