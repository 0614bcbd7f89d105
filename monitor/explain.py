"""Which words moved a judgement: each is left out in turn, and the change in log-odds is its share.

Judges nothing itself. Occlusion: M. D. Zeiler and R. Fergus, 2014; J. Li, W. Monroe and D. Jurafsky, 2016.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.text import spans

MOST_TITLE, MOST_SUMMARY = 40, 48
"""Words of each that are left out in turn; what the classifier reads seldom goes far beyond."""
EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1, where log-odds have no end."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, and where it stands: the field, and [start, end) in it."""

    text: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a word did to the classifier's log-odds of relevance: above 0 it spoke for danger, below 0 against."""

    word: Word
    change: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The words of a text in their order, each with its effect; `skipped` counts those that were not tried."""

    title: str
    summary: str
    log_odds: float
    effects: tuple[Effect, ...]
    skipped: int = 0

    @property
    def ranked(self) -> list[Effect]:
        """The effects, the largest first, whichever way they go."""
        return sorted(self.effects, key=lambda effect: -abs(effect.change))


def words(title: str, summary: str) -> tuple[list[Word], int]:
    """The words to be left out, in their order, and how many more there are."""
    found = []
    skipped = 0
    for field, text, most in (("title", title, MOST_TITLE), ("summary", summary, MOST_SUMMARY)):
        places = spans(text)
        found += [Word(text[start:end], field, start, end) for start, end in places[:most]]
        skipped += len(places[most:])
    return found, skipped


def without(title: str, summary: str, word: Word) -> tuple[str, str]:
    """Title and summary with a word left out."""
    if word.field == "title":
        return _cut(title, word), summary
    return title, _cut(summary, word)


def _cut(text: str, word: Word) -> str:
    return " ".join((text[: word.start] + text[word.end :]).split())


def explained(title: str, summary: str, whole: float, parts: Sequence[float]) -> Explanation:
    """The explanation, from the relevance of the whole text and, for each of `words`, of the text without it."""
    tried, skipped = words(title, summary)
    top = log_odds(whole)
    effects = (Effect(word, top - log_odds(part)) for word, part in zip(tried, parts, strict=True))
    return Explanation(title, summary, top, tuple(effects), skipped)


def log_odds(probability: float) -> float:
    """The natural logarithm of the odds."""
    kept = min(max(probability, EDGE), 1 - EDGE)
    return math.log(kept / (1 - kept))
