"""What every message is made of: words for the domain's terms, cleaning and cutting of text, lines in two forms."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape
from urllib.parse import urlsplit

from monitor.domain import EventType, Severity, Story, Text

LIMIT = 4096
"""UTF-16 units that Telegram takes in one message, counted without the markup."""
TITLE, SENTENCE, NAME, WHY, URL = 300, 400, 60, 160, 1500
"""The most UTF-16 units of each part; together they stay below LIMIT with room for every line."""
SHORT = 40
"""A sentence shorter than this goes on with the next: it is a dateline, an abbreviation or a heading."""

SEVERITIES = {
    Severity.NONE: "⚪ NOTE",
    Severity.WATCH: "🔵 WATCH",
    Severity.TENSION: "🟡 TENSION",
    Severity.SERIOUS: "🟠 SERIOUS",
    Severity.CRITICAL: "🔴 CRITICAL",
}
TYPES = {
    EventType.DEPLOYMENT: "deployment",
    EventType.CLASH: "clash",
    EventType.WITHDRAWAL_CALL: "call to withdraw",
    EventType.THREAT: "threat",
    EventType.UNREST: "unrest",
    EventType.ARMS: "arms",
    EventType.DEESCALATION: "de-escalation",
}
COUNTRIES = {
    "AL": "Albania",
    "BA": "Bosnia and Herzegovina",
    "HR": "Croatia",
    "XK": "Kosovo",
    "ME": "Montenegro",
    "MK": "North Macedonia",
    "RS": "Serbia",
}
NAMELESS = {"international", "official", "other", "turkish"}
"""Camps that are no place's name."""
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

# Telegram and terminals obey these, or show nothing for them: direction overrides and marks, tags, fillers.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufdd0-\ufdef\ufeff\ufff0-\ufffc\ufffe\uffff\U000e0000-\U000e0fff]"
)
UNSENDABLE = {"Cc", "Cs", "Co"}
"""Unicode categories: control characters, lone surrogates, private use."""
JOINERS = "\u200d\ufe0f"
SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+(?=[\"'“„‘«(\[]*([^\W\d_]))")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message in both forms."""

    html: str
    plain: str


def moment(at: datetime, zone: tzinfo) -> str:
    """A time in the reader's zone, such as '29 Sep 2023, 18:40 CEST'."""
    local = at.astimezone(zone)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M %Z}"


def clean(text: str) -> str:
    """The text on one line, without characters that are invisible, change direction or cannot be sent."""
    visible = INVISIBLE.sub("", " ".join(text.split()))
    if visible.isascii() and visible.isprintable():
        return visible
    return " ".join("".join(c for c in visible if unicodedata.category(c) not in UNSENDABLE).split())


def clip(text: str, limit: int) -> str:
    """The clean text, cut to at most `limit` UTF-16 units, between words where there is one to end on."""
    text = clean(text)
    if units(text) <= limit:
        return text
    cut = text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    words, space, rest = cut.rpartition(" ")
    end = len(words) if space and len(rest) < 40 else len(cut)
    # A letter without its accents, or an emoji without its other half, would be another one.
    while end and (unicodedata.combining(text[end]) or text[end] in JOINERS or text[end - 1] in JOINERS):
        end -= 1
    return f"{text[:end].rstrip()}…"


def units(text: str) -> int:
    """The text's length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def sentence(summary: str, title: str) -> str:
    """The first sentence of the summary that says more than the title; empty if there is none."""
    text = clean(summary)
    if text.startswith(title):
        text = text[len(title) :].lstrip(" .:;–—-|")
    for end in SENTENCE_END.finditer(text):
        if end.start() >= SHORT and not end[1].islower():
            text = text[: end.end()]
            break
    return clip(text, SENTENCE)


def link(url: str) -> str:
    """The address if a message may link to it (http or https, with a host, of a sane length), else empty."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host or units(url) > URL:
        return ""
    return url if clean(url) == url and " " not in url else ""


def flag(code: str) -> str:
    """A country's flag as emoji."""
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code)


def plain(text: str) -> Line | None:
    """A line without markup, or None where there is nothing to say."""
    return Line(escape(text), text) if text else None


def italic(text: str) -> Line:
    """A line in italics."""
    return Line(f"<i>{escape(text)}</i>", text)


def joined(lines: Iterable[Line | None]) -> Text:
    """The lines that there are, as one message."""
    kept = [line for line in lines if line]
    return Text("\n".join(line.html for line in kept), "\n".join(line.plain for line in kept))


def bold(text: str) -> Line:
    """A line in bold."""
    return Line(f"<b>{escape(text)}</b>", text)


def named(camp: str) -> str:
    """A camp as people name it: 'Pristina', 'Banja Luka', 'international'."""
    words = clip(camp, NAME).replace("-", " ")
    return words if camp in NAMELESS else words.title()


def tellers(story: Story) -> str:
    """Who tells the story, such as '4 outlets: Belgrade 2, Pristina 1, international 1'; empty where it is one outlet.

    Copies of one text count once; of a story that was stored before they were counted, only the camps are known.
    """
    camps = Counter(voice.camp for voice in story.voices)
    if camps.total() > 1:
        return f"{camps.total()} outlets: " + ", ".join(f"{named(camp)} {n}" for camp, n in camps.most_common())
    if camps or len(story.outlets) < 2:
        return ""
    return f"{len(story.outlets)} outlets: {', '.join(map(named, story.camps))}"
