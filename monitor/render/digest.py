"""The day in one message: stories by severity, the index, near misses, feeds in trouble. Decides nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from monitor.domain import Failure, Reason, Severity, Text
from monitor.render.index import LEVELS, Standing, flags, linked, name, shown
from monitor.render.language import Words
from monitor.render.wording import (
    LIMIT,
    MARKS,
    NAME,
    WHY,
    Line,
    Reader,
    clip,
    country,
    joined,
    moment,
    outlets,
    plain,
    units,
)

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
    reason: Reason
    remedy: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A feed that cannot be read, why, and for how long; None: it never was."""

    feed: str
    failure: Failure
    unread: timedelta | None


@dataclass(frozen=True, slots=True)
class Digest:
    """What a digest tells, each list with the most important first.

    `history` is how far the index is from its use: the days of reading that it needs, and has; None once it is of use.
    """

    at: datetime
    stories: Sequence[Told]
    standings: Sequence[Standing]
    misses: Sequence[Missed]
    troubles: Sequence[Trouble]
    articles: int
    messages: int
    feeds: int
    history: tuple[int, int] | None = None


def digest(day: Digest, reader: Reader) -> Text:
    """The digest as one message; what does not fit is left out from the end, never cut in the middle of a line."""
    words = reader.words
    read, sent = words.count(words.articles, day.articles), words.count(words.messages, day.messages)
    done = words.done.format(articles=read, messages=sent)
    head = [
        Line(f"📋 <b>{escape(words.digest)}</b>", f"📋 {words.digest}"),
        plain(f"{moment(day.at, reader)} · {done}"),
    ]
    body = [*_stories(day, words), *_index(day, words), *_misses(day, words), *_troubles(day, words)]
    return joined(_fitting([*(line for line in head if line), *body]))


def _stories(day: Digest, words: Words) -> Iterator[Line]:
    yield _heading(words.told.format(n=len(day.stories)) if day.stories else words.nothing_told)
    for told in day.stories[:STORIES]:
        about = ", ".join(country(code, words) for code in told.countries[:3])
        rest = f" · {outlets(told.outlets, words)}" + (f" · {about}" if about else "")
        yield linked(told.title, told.url, TITLE, words, f"{MARKS[told.severity]} ", rest)
    yield from _more(len(day.stories) - STORIES, words)


def _index(day: Digest, words: Words) -> Iterator[Line]:
    if day.history:
        needed, has = day.history
        yield _heading(words.index_young.format(days=words.count(words.days, needed), has=has))
        return
    moved = [s for s in day.standings if s.level or s.before]
    yield _heading(words.index_title if moved else words.index_calm)
    for standing in moved[:6]:
        mark, word = LEVELS[standing.level], words.levels[standing.level].lower()
        turn = "▲" if standing.level > standing.before else "▼" if standing.level < standing.before else "="
        told = (
            f"{mark} {flags(standing.subject)} {name(standing.subject, words)}: {word} {turn}{_times(standing, words)}"
        )
        yield Line(escape(told), told)


def _times(standing: Standing, words: Words) -> str:
    if standing.times is None:
        return ""
    times = words.index_times.format(times=shown(standing.times, words))
    if standing.earlier is None:
        return times
    return times + words.index_before.format(times=shown(standing.earlier, words))


def _misses(day: Digest, words: Words) -> Iterator[Line]:
    if day.misses:
        yield _heading(words.misses.format(n=len(day.misses)))
    for missed in day.misses[:MISSES]:
        reason = words.reasons.get(missed.reason, missed.reason.value)
        why = f" · {words.decimal(missed.relevance, 2)}, {reason}: {clip(missed.remedy, WHY)}"
        yield linked(missed.title, missed.url, TITLE, words, "• ", why)
    yield from _more(len(day.misses) - MISSES, words, "balkan-monitor misses")


def _troubles(day: Digest, words: Words) -> Iterator[Line]:
    if not day.troubles:
        if day.feeds:
            yield _heading(words.all_read.format(n=day.feeds))
        return
    yield _heading(words.troubles.format(n=len(day.troubles), all=day.feeds))
    for trouble in day.troubles[:FEEDS]:
        told = f"• {clip(trouble.feed, NAME)}: {words.failures[trouble.failure]}, {_unread(trouble.unread, words)}"
        yield Line(escape(told), told)
    yield from _more(len(day.troubles) - FEEDS, words, "balkan-monitor feeds")


def _unread(unread: timedelta | None, words: Words) -> str:
    if unread is None:
        return words.never_read
    hours = unread // timedelta(hours=1)
    time = words.count(words.hours, hours) if hours < 48 else words.count(words.days, hours // 24)
    return words.unread.format(time=time)


def _heading(text: str) -> Line:
    return Line(f"\n<b>{escape(text)}</b>", f"\n{text}")


def _more(count: int, words: Words, command: str = "") -> Iterator[Line]:
    if count > 0:
        told = words.more.format(n=count) + (f": {command}" if command else "")
        yield Line(escape(told), told)


def _fitting(lines: Iterable[Line]) -> Iterator[Line]:
    size = 0
    for line in lines:
        size += units(line.plain) + 1
        if size > FIT:
            yield Line("…", "…")
            return
        yield line
