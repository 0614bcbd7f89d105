"""The escalation index in words: a crossing of its levels as a message, and a standing as a line of the digest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from monitor.domain import Text
from monitor.render.language import ENGLISH, LANGUAGES, Words
from monitor.render.wording import Line, Reader, anchor, bold, clip, country, flag, italic, joined, link, moment, plain
from monitor.text import fold

LEVELS = "⚪🟡🟠🔴"
"""The marks of the levels, from normal to extreme."""
SHORT = {"bih": "BA", "bosna": "BA", "bosnia": "BA", "bosnja": "BA"}
SHORT |= {"makedonija": "MK", "macedonia": "MK", "maqedonia": "MK"}
"""What people call countries besides their names, folded."""
CALLED = {fold(said): code for words in LANGUAGES.values() for code, said in words.countries.items()} | SHORT
LED = 160
"""The most UTF-16 units of a story's title beside others."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a country's or pair's index stands, and where it stood `before`; levels are 0 (normal) to 3.

    `times` is its value over its normal, None where its normal is nearly nothing; `highest` the days since it was last
    as high.
    """

    subject: str
    level: int
    before: int = 0
    times: float | None = None
    earlier: float | None = None
    highest: int = 0
    deviation: float = 0.0


@dataclass(frozen=True, slots=True)
class Led:
    """A story as a title with an address."""

    title: str
    url: str = ""


def crossing(standings: Sequence[Standing], led: Sequence[Led], now: datetime, reader: Reader) -> Text:
    """The message that one index or several have crossed a level; the first is the one that matters most."""
    first, words = standings[0], reader.words
    mark, word = LEVELS[first.level], words.levels[first.level]
    above = words.deviations.format(n=words.decimal(first.deviation, 1))
    why = words.why.format(why=above if first.level else words.came_down)
    lines = [
        Line(f"{mark} <b>{escape(word)}</b> · {escape(words.index)}", f"{mark} {word} · {words.index}"),
        bold(f"{flags(first.subject)} {_told(first, words)}"),
        *(plain(f"{flags(s.subject)} {_told(s, words)}") for s in standings[1:6]),
        *(linked(story.title, story.url, LED, words, "• ") for story in (led if first.level else ())[:3]),
        italic(f"{why} · {moment(now, reader)}"),
    ]
    return joined(lines)


def name(subject: str, words: Words = ENGLISH) -> str:
    """'Kosovo–Serbia' for XK-RS."""
    return "–".join(country(code, words) for code in subject.split("-"))


def called(text: str) -> str:
    """A country or a pair by its codes, where it is called by names, in any language and script: 'Косово-Srbija'."""
    return "-".join(CALLED.get(fold(part), part.strip()) for part in re.split("[-–—]", text))


def flags(subject: str) -> str:
    """The flags of a country or pair."""
    return "".join(flag(code) for code in subject.split("-"))


def shown(times: float, words: Words) -> str:
    """A factor with as many digits as mean something."""
    return words.decimal(times, 0 if times >= 9.95 else 1)


def linked(title: str, url: str, limit: int, words: Words, lead: str = "", rest: str = "") -> Line:
    """A title that leads to its article, cut to `limit`, between what stands before and after it."""
    told = clip(title, limit) or words.untitled
    return Line(f"{escape(lead)}{anchor(told, link(url))}{escape(rest)}", f"{lead}{told}{rest}")


def _told(standing: Standing, words: Words) -> str:
    if not standing.level:
        return f"{name(standing.subject, words)}: {words.normal_again}"
    times = words.near_nothing
    if standing.times is not None:
        times = words.times.format(times=shown(standing.times, words))
    if standing.highest > 1:
        times = words.highest.format(days=words.count(words.days, standing.highest), times=times)
    return f"{name(standing.subject, words)}: {times}"
