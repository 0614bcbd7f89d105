"""What people said of articles made one ruling for each. Knows neither scores nor settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.domain import Feedback, Opinion


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether people call an article relevant; `disputed` where they differ, `people` is how many said something."""

    article: int
    relevant: bool
    disputed: bool
    people: int
    at: datetime


def rulings(said: Iterable[Feedback]) -> Mapping[int, Ruling]:
    """The ruling on each article: each person's last word, in whatever chat; most words win, on a tie the last one."""
    last: dict[tuple[int, int], Feedback] = {}
    for word in sorted(said, key=lambda word: word.at):
        last[word.article, word.by.id] = word
    words: dict[int, list[Feedback]] = {}
    for word in sorted(last.values(), key=lambda word: word.at):
        words.setdefault(word.article, []).append(word)
    return {article: _ruling(article, of) for article, of in words.items()}


def _ruling(article: int, words: list[Feedback]) -> Ruling:
    good = [word.opinion is not Opinion.NOT_RELEVANT for word in words]
    yes, no = good.count(True), good.count(False)
    return Ruling(article, yes > no or (yes == no and good[-1]), bool(yes and no), len(words), words[-1].at)
