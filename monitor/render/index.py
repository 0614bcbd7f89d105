"""The escalation index in words: a crossing of its levels as a message, and a standing as a line of the digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

from monitor.domain import Text
from monitor.render.wording import COUNTRIES, Line, clip, flag, italic, joined, link, moment, plain

LEVELS = ("⚪ NORMAL", "🟡 ELEVATED", "🟠 HIGH", "🔴 EXTREME")
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


def crossing(standings: Sequence[Standing], led: Sequence[Led], now: datetime, zone: tzinfo) -> Text:
    """The message that one index or several have crossed a level; the first is the one that matters most."""
    first = standings[0]
    mark, word = LEVELS[first.level].split(" ")
    title = f"{flags(first.subject)} {_told(first)}"
    why = f"{first.deviation:.1f} deviations above its 90 days" if first.level else "it came down"
    lines = [
        Line(f"{mark} <b>{word}</b> · escalation index", f"{mark} {word} · escalation index"),
        Line(f"<b>{escape(title)}</b>", title),
        *(plain(f"{flags(s.subject)} {_told(s)}") for s in standings[1:6]),
        *(linked(story.title, story.url, LED, "• ") for story in (led if first.level else ())[:3]),
        italic(f"Why: {why} · {moment(now, zone)}"),
    ]
    return joined(lines)


def name(subject: str) -> str:
    """'Kosovo–Serbia' for XK-RS."""
    return "–".join(COUNTRIES.get(code, code) for code in subject.split("-"))


def flags(subject: str) -> str:
    """The flags of a country or pair."""
    return "".join(flag(code) for code in subject.split("-"))


def measure(times: float | None) -> str:
    """'3.1 times its normal'."""
    return "its normal is near nothing" if times is None else f"{shown(times)} times its normal"


def shown(times: float) -> str:
    """A factor with as many digits as mean something."""
    return f"{times:.0f}" if times >= 9.95 else f"{times:.1f}"


def linked(title: str, url: str, limit: int, lead: str = "", rest: str = "") -> Line:
    """A title that leads to its article, cut to `limit`, between what stands before and after it."""
    told, href = clip(title, limit) or "(no title)", link(url)
    anchor = f'<a href="{escape(href)}">{escape(told)}</a>' if href else escape(told)
    return Line(f"{escape(lead)}{anchor}{escape(rest)}", f"{lead}{told}{rest}")


def _told(standing: Standing) -> str:
    if not standing.level:
        return f"{name(standing.subject)}: back to normal"
    record = f"highest in {standing.highest} days, " if standing.highest > 1 else ""
    return f"{name(standing.subject)}: {record}{measure(standing.times)}"
