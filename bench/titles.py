"""Any title through `render`, read by the strict parser of Telegram's HTML that the tests have: how many it refuses.

    python bench/titles.py [--count 100000] [--seed 5]

Titles, summaries, outlets and addresses are real ones of the seeds, cut and mixed with markup, entities, control and
combining characters, emoji, directions, lone surrogates and letters of all of Unicode. Severities, languages and the
kinds of message take turns. The fallback in plain text is checked for what cannot be sent and for its length.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

import numpy as np
from common import ROOT, machine, show, texts

sys.path.insert(0, str(ROOT / "tests"))

from telegram_html import MAX_UNITS, Refused, parse_html

from monitor import cluster
from monitor.domain import (
    Article,
    Decision,
    EventType,
    Headline,
    Judged,
    KeywordHit,
    Mark,
    PlaceHit,
    Reason,
    Score,
    Severity,
    Story,
    Text,
    Told,
    Voice,
)
from monitor.render import LANGUAGES, Digest, Missed, Reader, digest, render, summary, units, update
from monitor.render import Told as Line

NOW = datetime(2026, 9, 29, 16, 40, tzinfo=UTC)
UNIT = np.eye(1, 384, dtype=np.float32)[0]
NASTY = [
    *("<b>", "</b>", "<a href='x'>", '<a href="https://x.example">', "</a>", "<!--", "<script>", "<", ">", "<<", "</"),
    *("&", "&amp;", "&lt", "&#39;", "&#x0;", "&nbsp;", "&&", '"', "'", "`", "*", "_", "[x](y)", "{0}", "{title}", "%s"),
    *("\0", "\x07", "\x1b[31m", "\r\n", "\t", "\x85", "\u2028", "\u202e", "\u2066", "\u200f", "\ufeff", "\u00ad"),
    *("\ud83d", "\ude00", "\udfff", "\u030a", "\u0333", "\u033f", "e\u0301", "\u200d", "\ufe0f", "\U000e0041"),
    *("😀", "👨\u200d👩\u200d👧", "🇷🇸", "🇷", "ﷺ", "𝔘", "\u0e01\u0e33", "क्ष", "שלום", "مرحبا", "\uffff", "\U0010ffff"),
    *(" ", "  ", "\n\n", "\u3000", "", "Title. ", "…", "https://x.example/?a=1&b=<2>", "javascript:alert(1)"),
]


class Wild:
    """Texts that a feed could bring if it wanted to."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._real = texts(2000)

    def pick(self, of: list) -> object:
        return self._chance.choice(of)

    def text(self, most: int = 8) -> str:
        """A text of up to so many pieces; now and then one that is far too long."""
        if self._chance.random() < 0.02:
            return self._piece() * self._chance.randrange(1, 400)
        return "".join(self._piece() for _ in range(self._chance.randrange(most)))

    def url(self) -> str:
        """An address, mostly one that may be linked."""
        kind = self._chance.randrange(4)
        return ["https://x.example/a?b=1&c=" + self.text(2), "https://x.example/" + "%20" * 400, self.text(3), ""][kind]

    def _piece(self) -> str:
        chance = self._chance.random()
        if chance < 0.45:
            title, summary_ = self._chance.choice(self._real)
            told = summary_ if chance < 0.1 else title
            return told[self._chance.randrange(len(told) + 1) :] if chance < 0.3 else told
        if chance < 0.8:
            return self._chance.choice(NASTY)
        return "".join(chr(self._chance.randrange(0x110000)) for _ in range(self._chance.randrange(12)))


def told(wild: Wild, n: int) -> tuple[Story, Judged, Reader]:
    """The nth story with an article in it, and who reads it."""
    severity, kinds = Severity(n % 5), tuple(EventType)[: n % 8]
    article = Article(
        keys=("x",),
        source="x",
        outlet=wild.text(3),
        camp=wild.text(2),
        country=None,
        url=wild.url(),
        title=wild.text(),
        summary=wild.text(),
        lang=str(wild.pick(["en", "sq", "sr-Cyrl", "el"])),
        published=NOW,
        seen=NOW,
        fingerprint="",
    )
    hits = tuple(KeywordHit("boost", wild.text(2), wild.text(2), "title", 1.0) for _ in range(n % 4))
    places = tuple(PlaceHit("XK", wild.text(2), wild.text(2)) for _ in range(n % 5))
    judged = Judged(article, Score(0.97, 0.9, kinds, severity, ("XK", "RS")[: n % 3], hits, places), UNIT)
    story = cluster.start(judged)
    voices = tuple(Voice(f"{i}", wild.text(2), ()) for i in range([0, 1, 3, 64][n % 4]))
    outlets = (article.outlet, *(wild.text(2) for _ in range(n % 7)))
    grown = replace(story, outlets=outlets, camps=(article.camp, wild.text(2)), voices=voices)
    return grown, judged, Reader(ZoneInfo("Europe/Belgrade"), list(LANGUAGES)[n % len(LANGUAGES)])


def alert(wild: Wild, story: Story, judged: Judged, reader: Reader) -> Text:
    also = Headline(wild.text(), wild.url(), wild.text(2))
    return render(story, judged, Decision(True, Reason.FIRST), reader, also)


def changed(wild: Wild, story: Story, judged: Judged, reader: Reader) -> Text:
    return update(story, judged, Told(Severity.NONE), set(Mark), reader)


def morning(wild: Wild, story: Story, judged: Judged, reader: Reader) -> Text:
    return summary([(story, judged)] * 14, reader)


def daily(wild: Wild, story: Story, judged: Judged, reader: Reader) -> Text:
    article = judged.article
    line = Line(article.title, article.url, story.severity, story.countries, len(story.outlets))
    missed = Missed(article.title, article.url, 0.4, Reason.MUTED, wild.text(2))
    return digest(Digest(NOW, [line] * 9, (), [missed] * 4, (), 5000, 7, 107), reader)


KINDS: dict[str, tuple[Callable[[Wild, Story, Judged, Reader], Text], int]] = {
    "alert": (alert, 1),
    "update": (changed, 10),
    "summary": (morning, 100),
    "digest": (daily, 100),
}
"""The messages, and of how many titles one is put into each."""


def refused(text: Text) -> str:
    """Why Telegram would not take the message, or not as it is; empty if it would."""
    try:
        parse_html(text.html)
        parse_html(escape(text.plain))
    except Refused as error:
        return str(error)
    return "plain text too long" if units(text.plain) > MAX_UNITS else ""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=5)
    wanted = options.parse_args()
    about, wild = machine(), Wild(wanted.seed)
    made: Counter[str] = Counter()
    errors: Counter[tuple[str, str]] = Counter()
    longest, began = 0, time.perf_counter()
    for n in range(wanted.count):
        story, judged, reader = told(wild, n)
        for kind, (make, every) in KINDS.items():
            if n % every == 0:
                text = make(wild, story, judged, reader)
                made[kind] += 1
                longest = max(longest, units(text.plain))
                if error := refused(text):
                    errors[kind, error] += 1
    rows = [(kind, f"{made[kind]:,}", sum(c for (k, _), c in errors.items() if k == kind)) for kind in KINDS]
    seconds = time.perf_counter() - began
    notes = [f"{error}: {count} of {kind}" for (kind, error), count in errors.most_common(5)]
    notes.append(f"Longest: {longest} of {MAX_UNITS} UTF-16 units. Seed {wanted.seed}, {seconds:.0f} s. {about}")
    show(f"{wanted.count:,} generated titles", ("message", "rendered", "refused"), rows, notes)
    sys.exit(bool(errors))


if __name__ == "__main__":
    main()
