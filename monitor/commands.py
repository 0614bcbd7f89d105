"""What people write to the bot, read: a command with its arguments, or what is wrong with it in one line.

Knows neither who asked nor what there is: whether a story, feed or rule of that name exists is for others to say.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from monitor.config import parse_duration
from monitor.domain import MuteKind

List = Literal["boost", "mute", "always", "require"]
LONGEST = timedelta(days=365)
MAX_DAYS = 366
COMMAND = re.compile(r"/(\w{1,64})(?:@(\w+))?(?:\s+|$)(.*)", re.DOTALL)
MEANT = {"start": "help"}
"""Commands under another name."""
PURPOSES = {
    "status": "how feeds, judging and delivery are doing",
    "latest": "the latest alerts of this chat",
    "story": "what is known of a story: /story 12",
    "why": "why it was told, or not: /why 12 (a story), /why a4711 (an article)",
    "trend": "the escalation index as a picture: /trend Kosovo 30, /trend XK-RS",
    "misses": "what was just below the line",
    "feeds": "the feeds, trouble first; /feeds all: as many as fit",
    "mute": "hold back: /mute 2h, /mute story 12, /mute keyword WORDS, /mute source NAME",
    "unmute": "end a mute: /unmute 3, /unmute all",
    "threshold": "show this chat's threshold, or set it: /threshold 0.6",
    "keywords": "list the rules; /keywords add boost WORD 0.8, /keywords remove WORD",
    "test": "send a test alert to this chat",
    "score": "judge a headline: /score TEXT",
    "undo": "take the last change back, or one by its number: /undo 3",
    "help": "this list",
}
"""The commands in the order in which they are shown, each with what it is for."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A command that takes nothing: status, latest, misses, feeds, feeds all, mutes, test, keywords, help."""

    what: str


@dataclass(frozen=True, slots=True)
class Show:
    """`story` or `why`: of an id as `trail` takes it; '' where the message that is replied to says which."""

    what: str
    id: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The index of a subject as it was called (None: of all) over so many days."""

    subject: str | None
    days: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A mute that is asked for; `span` None: until it is lifted. A story's `what` is '' where a reply says which."""

    kind: MuteKind
    what: str
    span: timedelta | None


@dataclass(frozen=True, slots=True)
class Release:
    """The end of a mute by its number, of all, or of the only one (None)."""

    which: int | Literal["all"] | None


@dataclass(frozen=True, slots=True)
class Threshold:
    """The chat's threshold: shown (None), set to a number, or as configured again."""

    value: float | Literal["default"] | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of keywords.yaml to be added to a list or removed (`list` None: wherever it stands)."""

    add: bool
    list: List | None
    match: str
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """A text to be judged."""

    text: str


@dataclass(frozen=True, slots=True)
class Undo:
    """A change to be taken back by its number, or the last one."""

    id: int | None


Command = Ask | Show | Trend | Hold | Release | Threshold | Rule | Judge | Undo


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a command, as one line that says what was expected. `known` is whether there is such a one."""

    says: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A command or a mistake, and whether it named the bot."""

    command: Command | Mistake
    named: bool


def read(text: str, bot: str) -> Asked | None:
    """The command that a text is; None where it is none, or is meant for another bot than `bot`."""
    found = COMMAND.match(text.strip())
    if found is None or (found[2] and found[2].casefold() != bot.casefold()):
        return None
    word = found[1].lower()
    name = MEANT.get(word, word)
    if name not in PURPOSES:
        return Asked(Mistake(f"I know no /{word}; /help lists what I know.", known=False), bool(found[2]))
    return Asked(READERS[name](name, found[3].split()), bool(found[2]))


def _plain(name: str, words: list[str]) -> Command | Mistake:
    return Mistake(f"/{name} takes nothing after it.") if words else Ask(name)


def _feeds(name: str, words: list[str]) -> Command | Mistake:
    said = " ".join([name, *words]).lower()
    return Ask(said) if said in {name, "feeds all"} else Mistake("Say /feeds, or /feeds all for the whole list.")


def _help(name: str, words: list[str]) -> Command | Mistake:
    return Ask(name)


def _show(name: str, words: list[str]) -> Command | Mistake:
    usage = Mistake(f"Give a story's number, such as /{name} 12, or reply to an alert with /{name}.")
    if len(words) > 1:
        return usage
    kinds = "s" if name == "story" else "asm"
    found = re.fullmatch(rf"([{kinds}]?)(\d{{1,18}})", words[0].lower()) if words else None
    if words and found is None:
        return usage
    return Show(name, f"{found[1] or 's'}{int(found[2])}" if found else "")


def _trend(name: str, words: list[str]) -> Command | Mistake:
    numbers = [int(word) for word in words if re.fullmatch(r"[0-9]{1,6}", word)]
    subject = " ".join(word for word in words if not re.fullmatch(r"[0-9]{1,6}", word))
    if len(numbers) > 1:
        return Mistake("Give a country or a pair and a number of days, such as /trend Kosovo 30 or /trend XK-RS.")
    days = numbers[0] if numbers else 90
    if not 1 <= days <= MAX_DAYS:
        return Mistake(f"Give 1 to {MAX_DAYS} days.")
    return Trend(subject or None, days)


def _mute(name: str, words: list[str]) -> Command | Mistake:
    usage = Mistake("Say what: /mute 2h, /mute story 12, /mute keyword WORDS, /mute source NAME; a time may follow.")
    if not words:
        return Ask("mutes")
    *rest, last = words
    span = _span(last)
    if span is not None and not timedelta(minutes=1) <= span <= LONGEST:
        return Mistake("Give a time from 1m to 365d, such as 2h.")
    if not rest:
        what = last.lower()
        return Hold(MuteKind.ALL, "", span) if span else Hold(MuteKind.STORY, "", None) if what == "story" else usage
    kind, what = rest[0].lower(), " ".join(rest[1:] if span else words[1:])
    if kind == "story":
        found = re.fullmatch(r"s?(\d{1,18})|", what.lower())
        return usage if found is None else Hold(MuteKind.STORY, str(int(found[1])) if found[1] else "", span)
    if kind not in {"keyword", "source"} or not what:
        return usage
    return Hold(MuteKind(kind), what, span)


def _unmute(name: str, words: list[str]) -> Command | Mistake:
    if not words:
        return Release(None)
    if len(words) == 1 and words[0].lower() == "all":
        return Release("all")
    if len(words) == 1 and re.fullmatch(r"\d{1,18}", words[0]):
        return Release(int(words[0]))
    return Mistake("Give a mute's number, such as /unmute 3, or /unmute all; /mute lists them.")


def _threshold(name: str, words: list[str]) -> Command | Mistake:
    usage = Mistake("Give a number from 0 to 1, such as /threshold 0.6, or /threshold default.")
    if len(words) > 1:
        return usage
    if not words or words[0].lower() == "default":
        return Threshold("default" if words else None)
    value = _number(words[0])
    return Threshold(value) if value is not None and 0 <= value <= 1 else usage


def _keywords(name: str, words: list[str]) -> Command | Mistake:
    if not words:
        return Ask(name)
    verb, rest = words[0].lower(), words[1:]
    named = rest[0].lower() if rest else ""
    where: List | None = next((known for known in _lists() if known == named), None)
    if verb == "add" and where and len(rest) > 1:
        weight = _number(rest[-1]) if where == "boost" and len(rest) > 2 else None
        if weight is not None and not -10 <= weight <= 10:
            return Mistake("Give a weight from -10 to 10; 1 takes a probability of 0.50 to 0.73.")
        return Rule(True, where, " ".join(rest[1:-1] if weight is not None else rest[1:]), weight)
    if verb == "remove" and rest and not (where and len(rest) == 1):
        return Rule(False, where, " ".join(rest[1:] if where else rest))
    return Mistake("Say /keywords add boost|mute|always|require WORDS [weight], or /keywords remove [list] WORDS.")


def _lists() -> tuple[List, ...]:
    return ("boost", "mute", "always", "require")


def _score(name: str, words: list[str]) -> Command | Mistake:
    return Judge(" ".join(words)) if words else Mistake("Give a headline, such as /score Shots fired near Zvečan.")


def _undo(name: str, words: list[str]) -> Command | Mistake:
    if not words:
        return Undo(None)
    if len(words) == 1 and re.fullmatch(r"\d{1,18}", words[0]):
        return Undo(int(words[0]))
    return Mistake("Give a change's number, such as /undo 3; without one the last change is taken back.")


def _number(word: str) -> float | None:
    """A number as people write it, a comma for the point included."""
    return float(word.replace(",", ".")) if re.fullmatch(r"[+-]?[0-9]{1,6}([.,][0-9]{1,6})?", word) else None


def _span(word: str) -> timedelta | None:
    """A time as people write it; one that no clock can count to is the longest there is."""
    if not re.fullmatch(r"([0-9]{1,6}[smhdw])+", word.lower()):
        return None
    try:
        return parse_duration(word.lower())
    except ValueError:
        return timedelta.max


READERS: dict[str, Callable[[str, list[str]], Command | Mistake]] = {
    **dict.fromkeys(("status", "latest", "misses", "test"), _plain),
    "feeds": _feeds,
    **dict.fromkeys(("story", "why"), _show),
    "help": _help,
    "trend": _trend,
    "mute": _mute,
    "unmute": _unmute,
    "threshold": _threshold,
    "keywords": _keywords,
    "score": _score,
    "undo": _undo,
}
