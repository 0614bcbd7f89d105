"""What every message is made of: marks, cleaning and cutting of text, lines in two forms, who tells a story."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape
from urllib.parse import urlsplit

from monitor.domain import VOICES, Severity, Story, Text
from monitor.render.language import LANGUAGES, Words

LIMIT = 4096
"""UTF-16 units that Telegram takes in one message, counted without the markup."""
TITLE, SENTENCE, NAME, WHY, URL = 300, 400, 60, 160, 1500
"""The most UTF-16 units of each part; together they stay below LIMIT with room for every line."""
CAMPS = 6
"""The most camps that are named; the others are counted."""
SHORT = 40
"""A sentence shorter than this goes on with the next: it is a dateline, an abbreviation or a heading."""

MARKS = {
    Severity.NONE: "⚪",
    Severity.WATCH: "🔵",
    Severity.TENSION: "🟡",
    Severity.SERIOUS: "🟠",
    Severity.CRITICAL: "🔴",
}

# Telegram and terminals obey these, or show nothing for them: direction overrides and marks, tags, fillers, and three
# combining lines that Telegram takes out of every text, a ring among them.
INVISIBLE = re.compile(
    "[\u00ad\u030a\u0333\u033f\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufdd0-\ufdef\ufeff\ufff0-\ufffc\ufffe\uffff\U000e0000-\U000e0fff]"
)
UNSENDABLE = {"Cc", "Cs", "Co"}
"""Unicode categories: control characters, lone surrogates, private use."""
JOINERS = "\u200d\ufe0f"
RING = "\u030a"
SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+(?=[\"'“„‘«(\[]*([^\W\d_]))")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message in both forms."""

    html: str
    plain: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a message: the zone of the times, and one of LANGUAGES."""

    zone: tzinfo
    language: str = "en"

    @property
    def words(self) -> Words:
        """The words of the language."""
        return LANGUAGES[self.language]


def moment(at: datetime, reader: Reader) -> str:
    """A time in the reader's zone, such as '29 Sep 2023, 18:40 CEST'."""
    local, words = at.astimezone(reader.zone), reader.words
    month = words.months[local.month - 1]
    return words.date.format(day=local.day, month=month, year=local.year, time=f"{local:%H:%M %Z}")


def clean(text: str) -> str:
    """The text on one line, without characters that are invisible, change direction or cannot be sent."""
    whole = unicodedata.normalize("NFC", text) if RING in text else text
    visible = INVISIBLE.sub("", " ".join(whole.split()))
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


def anchor(text: str, href: str) -> str:
    """The text as HTML that leads to the address, if there is one."""
    return f'<a href="{escape(href)}">{escape(text)}</a>' if href else escape(text)


def named(camp: str, words: Words) -> str:
    """A camp as people name it: 'Pristina', 'Banja Luka', 'international'; one that no language knows is a name."""
    # Cut last: a capital may be several characters, one of them such as cannot be sent.
    return words.camps.get(camp) or clip(camp.replace("-", " ").title(), NAME)


def country(code: str, words: Words) -> str:
    """A country's name; its code where it is none of the region."""
    return words.countries.get(code, code)


def independent(story: Story) -> int:
    """How many outlets tell a story in their own words; all that tell it, where their words were not kept."""
    return len(story.voices) or len(story.outlets)


def outlets(count: int, words: Words) -> str:
    """'1 outlet', '4 outlets'; no more than VOICES are told apart."""
    if count < VOICES:
        return words.count(words.outlets, count)
    return words.many_outlets.format(n=VOICES)


def tellers(story: Story, words: Words) -> str:
    """Who tells the story, such as '4 outlets: Belgrade 2, Pristina 1, international 1'; empty where it is one outlet.

    Copies of one text count once. Where not all are known, their camps are: of a story of very many outlets, and of one
    that was stored before they were counted.
    """
    count, camps = independent(story), Counter(voice.camp for voice in story.voices)
    if count < 2:
        return ""
    if camps and count < VOICES:
        by = [f"{named(camp, words)} {n}" for camp, n in camps.most_common()]
    else:
        by = [named(camp, words) for camp in camps or story.camps]
    return f"{outlets(count, words)}: {listed(by, CAMPS, words)}"


def listed(names: Sequence[str], most: int, words: Words) -> str:
    """The first names, and how many more there are: 'a, b and 3 more'."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" {words.more.format(n=more)}" if more > 0 else "")
