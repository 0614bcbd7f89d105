"""Explaining: the words left out, what that did to the judgement, and how it is told."""

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from newsroom import FakeModel

from monitor.domain import Article, EventType, Probabilities
from monitor.explain import MOST_SUMMARY, MOST_TITLE, Explanation, Word, explained, log_odds, without, words
from monitor.pipeline import explain
from monitor.trail.words import LEAST, WIDTH, explanation_json, explanation_lines

EVEN = 0.5
TITLE = "Shots near Zvečan: „tenk“ in Zvečan"


class Counting:
    """Adds the words' weights in log-odds, and keeps what it was asked."""

    threshold = 0.5
    version = "counting"

    def __init__(self, **weights: float) -> None:
        self.weights = weights
        self.calls: list[list[tuple[str, str]]] = []

    def classify(self, items: Sequence[Article | tuple[str, str]]) -> list[Probabilities]:
        """The word on each pair."""
        self.calls.append([item for item in items if isinstance(item, tuple)])
        return [self._one(" ".join(pair).split()) for pair in self.calls[-1]]

    def _one(self, told: list[str]) -> Probabilities:
        odds = sum(self.weights.get(word.strip(":„“"), 0.0) for word in told)
        none = dict.fromkeys(EventType, 0.0)
        return Probabilities(1 / (1 + math.exp(-odds)), none, (1.0, 0.0, 0.0, 0.0, 0.0), np.zeros(384, np.float32))


def item(title: str, summary: str = "") -> Any:
    """What explaining looks at in an article."""
    return SimpleNamespace(title=title, summary=summary)


def test_words_are_those_as_written_and_where_they_stand() -> None:
    """Punctuation is no word; a repeated word is there twice, title before summary."""
    found, skipped = words("Tenk, tenk!", "Код Звечана.")
    assert [(word.text, word.field) for word in found] == [
        ("Tenk", "title"), ("tenk", "title"), ("Код", "summary"), ("Звечана", "summary"),
    ]  # fmt: skip
    assert found[1] == Word("tenk", "title", 6, 10)
    assert skipped == 0


@pytest.mark.parametrize(("title", "summary", "skipped"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (3, 4, 7)])
def test_the_ends_of_long_texts_are_not_tried(title: int, summary: int, skipped: int) -> None:
    """Words beyond the bounds of either field are counted, not tried; those at the bound are."""
    found = words("a " * (MOST_TITLE + title), "b " * (MOST_SUMMARY + summary))
    assert (len(found[0]), found[1]) == (MOST_TITLE + MOST_SUMMARY, skipped)


def test_a_word_left_out_leaves_the_rest() -> None:
    """Only its own place goes, and the gap closes."""
    assert without("Tenk kod tenk", "s", Word("tenk", "title", 9, 13)) == ("Tenk kod", "s")
    assert without("t", "a bb c", Word("bb", "summary", 2, 4)) == ("t", "a c")


def test_each_words_change_is_its_weight_in_one_call() -> None:
    """A model that adds weights is explained by these weights, in a single pass with one text a word and the whole."""
    model = Counting(Shots=2.0, tenk=1.0, match=-3.0)
    found = explain(model, item("Shots near „tenk“", "after the match"))
    assert {effect.word.text: round(effect.change, 6) for effect in found.effects} == {
        "Shots": 2.0, "near": 0.0, "tenk": 1.0, "after": 0.0, "the": 0.0, "match": -3.0,
    }  # fmt: skip
    assert [effect.word.text for effect in found.ranked[:3]] == ["match", "Shots", "tenk"]
    assert found.log_odds == pytest.approx(0.0)
    assert [len(call) for call in model.calls] == [7]


def test_certainty_has_finite_log_odds() -> None:
    """0 and 1 are kept from infinity, alike on both sides."""
    assert log_odds(0.0) == pytest.approx(-log_odds(1.0))
    assert log_odds(EVEN) == 0.0


def told(explanation: Explanation, indent: str = "") -> list[str]:
    """The lines without colour."""
    return [line.plain for line in explanation_lines(explanation, indent)]


def test_the_words_are_marked_and_listed_by_strength() -> None:
    """An arrow before each moving word in the text, then a list with signed changes; others stay unmarked."""
    lines = told(explain(Counting(Shots=2.5, match=-1.25), item("Shots after the match")), "  ")
    assert lines[1].strip() == "↑Shots after the ↓match"
    assert [line.split()[:3] for line in lines[2:]] == [["↑", "+2.50", "Shots"], ["↓", "-1.25", "match"]]
    assert len(lines[2].split()[3]) == 2 * len(lines[3].split()[3])
    assert all(line.startswith("  ") for line in lines)


@pytest.mark.parametrize(("change", "shown"), [(LEAST, True), (LEAST - 0.01, False), (-LEAST - 1e-9, True)])
def test_small_changes_are_not_shown(change: float, shown: bool) -> None:
    """What may be rounding is not told as a reason."""
    part = 1 / (1 + math.exp(change + 1e-12))
    lines = told(explained("word", "", EVEN, [part]))
    assert (len(lines) > 1) is shown


def test_long_texts_stay_within_80_columns() -> None:
    """Wrapped with the marks in place, and the words that were not tried are counted."""
    lines = told(explain(Counting(Shots=0.22), item("Shots " * 60, "ab cd " * 60)), "    ")
    assert max(map(len, lines)) <= WIDTH
    assert lines[-1].strip() == f"the last {60 - MOST_TITLE + 120 - MOST_SUMMARY} words were not tried"


def test_an_explanation_as_values() -> None:
    """The strongest word first, with where it stands."""
    found = explanation_json(explain(FakeModel(), item("A raid event-raid", "Police said so.")))
    assert [word["word"] for word in found["words"][:2]] == ["event", "raid"]
    assert found["words"][0] == {"word": "event", "field": "title", "start": 7, "end": 12, "change": 6.8363}
    assert (found["log_odds"], found["words_not_tried"]) == (2.9444, 0)
