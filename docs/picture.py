"""Draws docs/alert.svg: the alert of one item of the demo's newsroom, rendered by the program itself."""

import textwrap
from datetime import UTC, datetime
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from monitor import cluster
from monitor.domain import Article, Decision, EventType, Judged, PlaceHit, Reason, Score, Severity
from monitor.render import render

WIDTH, MARGIN, LEADING, COLUMNS = 620, 22, 22, 66
STYLES = {"b": "font-weight:600", "i": "font-style:italic;fill:#5b6b77", "a": "fill:#2a7fc1"}


class Spans(HTMLParser):
    """Telegram HTML to (style, text) pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.pieces: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        self.stack.append(STYLES.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        """Text under the open tags."""
        self.pieces.append((";".join(self.stack), data))


def example() -> str:
    """The alert as Telegram HTML."""
    when = datetime(2026, 9, 29, 16, 40, tzinfo=UTC)
    title = "US calls on Serbia to withdraw unprecedented military deployment along Kosovo border"
    summary = "The White House spoke of tanks and artillery along the line and urged Belgrade to pull them back."
    article = Article(
        keys=("example",),
        source="Continental Wire",
        outlet="Continental Wire",
        camp="international",
        country=None,
        url="https://wire.example/4500",
        title=title,
        summary=summary,
        lang="en",
        published=when,
        seen=when,
        fingerprint="",
    )
    kinds = (EventType.DEPLOYMENT, EventType.WITHDRAWAL_CALL)
    places = (PlaceHit("RS", "Serbia", "Serbia"), PlaceHit("XK", "Kosovo", "Kosovo"))
    score = Score(0.99, 0.99, kinds, Severity.CRITICAL, ("XK", "RS"), places=places)
    judged = Judged(article, score, np.eye(1, 384, dtype=np.float32)[0])
    return render(cluster.start(judged), judged, Decision(True, Reason.FIRST), ZoneInfo("Europe/Belgrade")).html


def draw(html: str) -> str:
    """A chat bubble with the message in it, as SVG."""
    rows = []
    for line in html.splitlines():
        spans = Spans()
        spans.feed(line)
        if len(spans.pieces) == 1:
            style, text = spans.pieces[0]
            rows += [[(style, part)] for part in textwrap.wrap(text, COLUMNS)]
        else:
            rows.append(spans.pieces)
    height = 2 * MARGIN + LEADING * len(rows) + 14
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-size="15"'
        ' font-family="Helvetica,Arial,sans-serif" fill="#16222b">',
        '<rect width="100%" height="100%" rx="12" fill="#cfe0ec"/>',
        f'<rect x="10" y="10" width="{WIDTH - 20}" height="{height - 20}" rx="12" fill="#ffffff"/>',
    ]
    for number, row in enumerate(rows):
        parts = "".join(f'<tspan style="{style}">{escape(text)}</tspan>' for style, text in row)
        lines.append(f'<text x="{MARGIN}" y="{MARGIN + LEADING * (number + 1)}" xml:space="preserve">{parts}</text>')
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    Path(__file__).with_name("alert.svg").write_text(draw(example()), "utf-8")
