"""Decisions to messages: Telegram HTML, and the same in plain text. Sends nothing, and decides nothing.

Text from feeds is cleaned and cut before it is escaped, so that no entity is split and every message is valid.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape
from urllib.parse import urlsplit

from monitor.domain import Decision, EventType, Judged, Reason, Score, Severity, Story, Text

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
REASONS = {Reason.FIRST: "first report", Reason.ESCALATED: "it became graver", Reason.ALWAYS: "a rule always alerts"}
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
class _Line:
    html: str
    plain: str


def render(story: Story, judged: Judged, decision: Decision, zone: tzinfo) -> Text:
    """The alert about a story that a chat is sent, told by the article that just joined it; times are in `zone`."""
    article, score = judged.article, judged.score
    title = clip(article.title, TITLE) or clip(article.url, TITLE) or "(no title)"
    when = moment(article.published, zone)
    lines = [
        _heading(story, score),
        _places(story.countries or score.countries),
        _Line(f"<b>{escape(title)}</b>", title),
        _plain(sentence(article.summary, title)),
        _who(story, article.outlet, article.url, when),
        _italic(f"Why: {_why(score, decision)}"),
    ]
    return _text(line for line in lines if line)


def test_alert(now: datetime, zone: tzinfo) -> Text:
    """A message that proves that alerts arrive."""
    lines = [
        _Line("⚪ <b>TEST</b> · no event", "⚪ TEST · no event"),
        _Line("<b>This is what an alert will look like</b>", "This is what an alert will look like"),
        _plain("Balkan Monitor reached this chat; nothing happened in the region."),
        _plain(f"Balkan Monitor · {moment(now, zone)}"),
        _italic("Why: a test was asked for"),
    ]
    return _text(lines)


def notice(text: str) -> Text:
    """A message from the program itself, such as that a configuration was refused."""
    told = clip(text, 3000)
    return _text([_plain(f"⚙️ {told}")])


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


def _heading(story: Story, score: Score) -> _Line:
    mark, word = SEVERITIES[max(story.severity, score.severity)].split(" ")
    types = ", ".join(TYPES[t] for t in story.types or score.types)
    rest = f" · {types}" if types else ""
    return _Line(f"{mark} <b>{word}</b>{rest}", f"{mark} {word}{rest}")


def _places(countries: tuple[str, ...]) -> _Line | None:
    return _plain(" · ".join(f"{_flag(code)} {COUNTRIES.get(code, code)}" for code in countries[:7]))


def _flag(code: str) -> str:
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code)


def _who(story: Story, outlet: str, url: str, when: str) -> _Line:
    told, href = clip(outlet, NAME) or "source", link(url)
    others = [clip(name, NAME) for name in story.outlets if name != outlet]
    also = "".join(f", {name}" for name in others[:4] if name)
    more = f" and {len(others) - 4} more" if len(others) > 4 else ""
    anchor = f'<a href="{escape(href)}">{escape(told)}</a>' if href else escape(told)
    html = f"{anchor}{escape(also)}{more} · {escape(when)}"
    return _Line(html, f"{told}{also}{more} · {when}" + (f"\n{href}" if href else ""))


def _why(score: Score, decision: Decision) -> str:
    """What led to the message, in words: the reason, the score, the rules and places that matched."""
    why = [REASONS.get(decision.reason, decision.reason.value)]
    if decision.reason is Reason.ESCALATED and decision.detail:
        why[0] += f" ({clip(decision.detail, WHY)})"
    boosted = abs(score.relevance - score.model) >= 0.005
    why.append(f"relevance {score.relevance:.2f}" + (f" (model {score.model:.2f})" if boosted else ""))
    for hit in score.keywords[:3]:
        why.append(f"{hit.list} “{clip(hit.match, NAME)}” found “{clip(hit.found, NAME)}”")
    names = list(dict.fromkeys(name for hit in score.places if (name := clip(hit.found, NAME))))
    if names:
        why.append("places: " + ", ".join(names[:4]))
    return "; ".join(why)


def _plain(text: str) -> _Line | None:
    return _Line(escape(text), text) if text else None


def _italic(text: str) -> _Line:
    return _Line(f"<i>{escape(text)}</i>", text)


def _text(lines: Iterable[_Line | None]) -> Text:
    kept = [line for line in lines if line]
    return Text("\n".join(line.html for line in kept), "\n".join(line.plain for line in kept))
