"""The day in one message: stories by severity, the index, near misses, feeds in trouble. Decides nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

from monitor.domain import Severity, Text
from monitor.render.index import LEVELS, Standing, flags, linked, name, shown
from monitor.render.wording import COUNTRIES, LIMIT, NAME, SEVERITIES, WHY, Line, clip, joined, moment, plain, units

STORIES, MISSES, FEEDS = 8, 3, 4
"""The most of each that are shown; the rest is counted."""
TITLE = 140
FIT = LIMIT - 200


@dataclass(frozen=True, slots=True)
class Told:
    """A story of the day, and the address of one of its articles."""

    title: str
    url: str
    severity: Severity
    countries: tuple[str, ...]
    outlets: int


@dataclass(frozen=True, slots=True)
class Missed:
    """An item that was just below the line, the reason, and the setting that would have let it through."""

    title: str
    url: str
    relevance: float
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A feed that cannot be read, why, and for how long."""

    feed: str
    failure: str
    since: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What a digest tells, each list with the most important first. `history` is how far the index is from its use."""

    at: datetime
    stories: Sequence[Told]
    standings: Sequence[Standing]
    misses: Sequence[Missed]
    troubles: Sequence[Trouble]
    articles: int
    messages: int
    feeds: int
    history: str = ""


def digest(day: Digest, zone: tzinfo) -> Text:
    """The digest as one message; what does not fit is left out from the end, never cut in the middle of a line."""
    done = f"{_count(day.articles, 'article')} read, {_count(day.messages, 'message')} sent"
    head = [Line("📋 <b>DAILY DIGEST</b>", "📋 DAILY DIGEST"), plain(f"{moment(day.at, zone)} · {done}")]
    body = [*_stories(day), *_index(day), *_misses(day), *_troubles(day)]
    return joined(_fitting([*(line for line in head if line), *body]))


def _stories(day: Digest) -> Iterator[Line]:
    yield from _heading(f"Stories ({len(day.stories)})" if day.stories else "No stories: nothing was told")
    for told in day.stories[:STORIES]:
        mark = SEVERITIES[told.severity].split(" ")[0]
        about = ", ".join(COUNTRIES.get(code, code) for code in told.countries[:3])
        rest = f" · {_count(told.outlets, 'outlet')}" + (f" · {about}" if about else "")
        yield linked(told.title, told.url, TITLE, f"{mark} ", rest)
    yield from _more(len(day.stories) - STORIES)


def _index(day: Digest) -> Iterator[Line]:
    if day.history:
        yield from _heading(f"Index: {day.history}")
        return
    moved = [s for s in day.standings if s.level or s.before]
    yield from _heading("Index" if moved else "Index: every country is at its normal")
    for standing in moved[:6]:
        mark, word = LEVELS[standing.level].split(" ")
        turn = "▲" if standing.level > standing.before else "▼" if standing.level < standing.before else "="
        times = f", {shown(standing.times)}× its normal" if standing.times is not None else ""
        before = f" ({shown(standing.earlier)}× a day before)" if times and standing.earlier is not None else ""
        told = f"{mark} {flags(standing.subject)} {name(standing.subject)}: {word.lower()} {turn}{times}{before}"
        yield Line(escape(told), told)


def _misses(day: Digest) -> Iterator[Line]:
    if day.misses:
        yield from _heading(f"Just below the line ({len(day.misses)})")
    for missed in day.misses[:MISSES]:
        why = f" · {missed.relevance:.2f}, {missed.reason}: {clip(missed.remedy, WHY)}"
        yield linked(missed.title, missed.url, TITLE, "• ", why)
    yield from _more(len(day.misses) - MISSES, "balkan-monitor misses")


def _troubles(day: Digest) -> Iterator[Line]:
    if not day.troubles:
        yield from _heading(f"All {day.feeds} feeds are read" if day.feeds else "")
        return
    yield from _heading(f"Feeds in trouble ({len(day.troubles)} of {day.feeds})")
    for trouble in day.troubles[:FEEDS]:
        told = f"• {clip(trouble.feed, NAME)}: {trouble.failure}, {trouble.since}"
        yield Line(escape(told), told)
    yield from _more(len(day.troubles) - FEEDS, "balkan-monitor feeds")


def _heading(text: str) -> Iterator[Line]:
    if text:
        yield Line(f"\n<b>{escape(text)}</b>", f"\n{text}")


def _more(count: int, command: str = "") -> Iterator[Line]:
    if count > 0:
        told = f"and {count} more" + (f": {command}" if command else "")
        yield Line(escape(told), told)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _fitting(lines: Iterable[Line]) -> Iterator[Line]:
    size = 0
    for line in lines:
        size += units(line.plain) + 1
        if size > FIT:
            yield Line("…", "…")
            return
        yield line
