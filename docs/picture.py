"""Draws docs/alert.svg: a grave and a small alert as a chat shows them, rendered by the program itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from monitor import cluster
from monitor.domain import (
    Article,
    Decision,
    EventType,
    Headline,
    Judged,
    KeywordHit,
    PlaceHit,
    Reason,
    Score,
    Severity,
    Voice,
)
from monitor.render import Reader, render

WIDTH, MARGIN, LEADING, SIZE, GAP = 620, 24, 22, 15, 14
ROOM = WIDTH - 2 * MARGIN - 12
STYLES = {"b": "font-weight:600", "i": "font-style:italic;fill:#5b6b77", "a": "fill:#2a7fc1"}
MARKS = {"🔴": ";fill:#dd2e44", "🔵": ";fill:#3f88c5"}
"""For viewers that draw an emoji in the colour of the text."""
NOW = datetime(2026, 9, 29, 16, 40, tzinfo=UTC)
READER = Reader(ZoneInfo("Europe/Belgrade"))
Span = tuple[str, str, bool]
"""A style, a text in it, and whether it is set off."""


class Spans(HTMLParser):
    """Telegram HTML as spans, line by line."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.lines: list[list[Span]] = [[]]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        """Text under the open tags."""
        style = ";".join(STYLES[tag] for tag in self.stack if tag in STYLES)
        for number, part in enumerate(data.split("\n")):
            if number:
                self.lines.append([])
            self.lines[-1].append((style, part, "blockquote" in self.stack))


def grave() -> str:
    """A critical alert as Telegram HTML: told by four outlets, first in Serbian, and read in English."""
    told = Judged(
        article(
            "Politički dnevnik",
            "Kolone oklopnih vozila stigle na administrativnu liniju, vojska u najvišoj borbenoj gotovosti",
            "U više mesta uz liniju u noći na utorak čula se pucnjava. Ministarstvo se još nije oglasilo.",
            lang="sr-Latn",
        ),
        score(
            (EventType.DEPLOYMENT, EventType.CLASH),
            Severity.CRITICAL,
            KeywordHit("boost", "borben* gotovost*", "borbenoj gotovosti", "title", 1.0),
        ),
        np.eye(1, 384, dtype=np.float32)[0],
    )
    voices = [("a", "belgrade"), ("b", "belgrade"), ("c", "pristina"), ("d", "international")]
    story = replace(
        cluster.start(told),
        outlets=("Politički dnevnik", "Glas severa", "Zëri i Lirë", "Continental Wire"),
        voices=tuple(Voice(outlet, camp, ()) for outlet, camp in voices),
    )
    also = Headline(
        "Armoured columns reach Kosovo line as Serbia puts its army on highest alert",
        "https://wire.example/4500",
        "Continental Wire",
    )
    return render(story, told, Decision(True, Reason.FIRST), READER, also).html


def small() -> str:
    """An alert of the lowest severity as Telegram HTML."""
    told = Judged(
        article("Zëri i Lirë", "KFOR adds two patrols near Leposavić before Sunday's vote", "", lang="en"),
        replace(
            score((EventType.DEPLOYMENT,), Severity.WATCH),
            places=(PlaceHit("XK", "Leposavić", "Leposavić", "title", "town"),),
        ),
        np.eye(1, 384, dtype=np.float32)[0],
    )
    return render(cluster.start(told), told, Decision(True, Reason.FIRST), READER).html


def article(outlet: str, title: str, summary: str, lang: str) -> Article:
    """An invented article."""
    return Article(
        keys=("example",),
        source=outlet,
        outlet=outlet,
        camp="belgrade",
        country=None,
        url="https://daily.example/4500",
        title=title,
        summary=summary,
        lang=lang,
        published=NOW,
        seen=NOW,
        fingerprint="",
    )


def score(kinds: tuple[EventType, ...], severity: Severity, *hits: KeywordHit) -> Score:
    """What it was judged to be."""
    countries = ("XK", "RS") if severity > Severity.WATCH else ("XK",)
    return Score(0.99 if hits else 0.81, 0.97 if hits else 0.81, kinds, severity, countries, hits)


def width(text: str, style: str) -> float:
    """About how wide a text is drawn at most, in pixels."""
    narrow, broad = "iljt.,:;'|!()[] ", "mwMW"
    units = (1.3 if ord(c) > 0x2FFF else 0.37 if c in narrow else 0.98 if c in broad else 0.61 for c in text)
    return SIZE * (sum(units) + 0.1 * sum(map(str.isupper, text))) * (1.12 if "weight" in style else 1)


def wrapped(line: list[Span]) -> Iterator[list[Span]]:
    """A line of a message as the lines that fit."""
    row: list[Span] = []
    used = 0.0
    for style, text, quoted in line:
        for word in text.replace(" ", " \0").split("\0"):
            if row and used + width(word.rstrip(), style) > ROOM:
                yield row
                row, used = [], 0.0
            row.append((style + MARKS.get(word.strip(), ""), word, quoted))
            used += width(word, style)
    yield row


def bubble(html: str, top: int) -> tuple[list[str], int]:
    """A message as SVG below `top`, and where it ends."""
    rows = [row for line in Spans(html).lines for row in wrapped(line)]
    height = LEADING * len(rows) + MARGIN
    drawn = [f'<rect x="10" y="{top}" width="{WIDTH - 20}" height="{height}" rx="12" fill="#ffffff"/>']
    quoted = [number for number, row in enumerate(rows) if any(span[2] for span in row)]
    if quoted:
        at, tall = top + 11 + LEADING * quoted[0], LEADING * len(quoted)
        drawn.append(f'<rect x="{MARGIN}" y="{at}" width="{ROOM + 12}" height="{tall}" rx="4" fill="#e8f1f8"/>')
        drawn.append(f'<rect x="{MARGIN}" y="{at}" width="3" height="{tall}" fill="#2a7fc1"/>')
    for number, row in enumerate(rows):
        parts = "".join(f'<tspan style="{style}">{escape(text)}</tspan>' for style, text, _ in row)
        x = MARGIN + (12 if number in quoted else 0)
        drawn.append(f'<text x="{x}" y="{top + 6 + LEADING * (number + 1)}" xml:space="preserve">{parts}</text>')
    return drawn, top + height


def draw(*messages: str) -> str:
    """A chat with the messages in it, as SVG."""
    lines: list[str] = []
    bottom = 0
    for html in messages:
        drawn, bottom = bubble(html, bottom + GAP)
        lines += drawn
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + GAP}" font-size="{SIZE}"'
        ' font-family="Helvetica,Arial,sans-serif" fill="#16222b">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" rx="12" fill="#cfe0ec"/>', *lines, "</svg>", ""])


if __name__ == "__main__":
    Path(__file__).with_name("alert.svg").write_text(draw(grave(), small()), "utf-8")
