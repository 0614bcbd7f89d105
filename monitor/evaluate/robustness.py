"""Whether a judgement holds when only the setting of a headline changes, and turns when its meaning does.

In the spirit of CheckList (Ribeiro et al., ACL 2020), over the cases of data/robustness.yaml. Trains nothing.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml

from monitor.domain import Model

WRITTEN = "as written"
LOWER = "negation"
"""A denial must be judged below what it denies. The other turned sentences must not be relevant."""
TESTS: Mapping[str, str] = {
    WRITTEN: "the label is right",
    "script": "the decision stays",
    "no diacritics": "the decision stays",
    "capitals": "the decision stays",
    "outlet before or after": "the decision stays",
    "typing mistake": "the decision stays",
    "marker before": "the decision stays",
    "another place": "the decision stays",
    LOWER: "judged lower",
    "history": "not relevant",
    "sport": "not relevant",
    "other war": "not relevant",
}
"""Each test, and what passes it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A headline with its label, and what it may be made into; the form is in data/robustness.yaml."""

    lang: str
    title: str
    relevant: bool
    script: str = ""
    place: str = ""
    others: Sequence[str] = ()
    turned: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test makes of a case's title, or of one of its turned sentences."""

    test: str
    case: Case
    written: str
    title: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A trial with the relevance of what was written, that of what it was made into, and whether it passed."""

    trial: Trial
    before: float
    after: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """How a test went."""

    test: str
    outcomes: tuple[Outcome, ...]

    @property
    def share(self) -> float:
        """The share of trials that passed."""
        return sum(outcome.passed for outcome in self.outcomes) / len(self.outcomes)

    @property
    def failures(self) -> list[Outcome]:
        """Those that did not."""
        return [outcome for outcome in self.outcomes if not outcome.passed]


def robustness(model: Model) -> list[Rate]:
    """The pass rates of a model at its own threshold, a test each."""
    tried = list(trials(_document()))
    titles = list(dict.fromkeys([title for trial in tried for title in (trial.written, trial.title)]))
    judged = dict(zip(titles, (p.relevance for p in model.classify([(t, "") for t in titles])), strict=True))
    outcomes = []
    for trial in tried:
        before, after = judged[trial.written], judged[trial.title]
        outcomes.append(Outcome(trial, before, after, passes(trial, before, after, model.threshold)))
    return [Rate(test, tuple(o for o in outcomes if o.trial.test == test)) for test in TESTS]


def passes(trial: Trial, before: float, after: float, threshold: float) -> bool:
    """Whether the relevance before and after is as the trial's test asks."""
    if trial.test == WRITTEN:
        return (after >= threshold) == trial.case.relevant
    if trial.test == LOWER:
        return after < before
    if trial.test in trial.case.turned:
        return after < threshold
    return (before >= threshold) == (after >= threshold)


def trials(document: Mapping[str, Any]) -> Iterator[Trial]:
    """Every trial of every case; what a change leaves as it was is none. Turned sentences are set differently too."""
    outlets, markers = document["outlets"], document["markers"]
    for raw in document["cases"]:
        case = Case(**raw)
        yield Trial(WRITTEN, case, case.title, case.title)
        yield from (Trial(test, case, case.title, told) for test, told in case.turned.items())
        yield from (Trial("script", case, case.title, told) for told in [case.script] if told)
        places = [case.title.replace(case.place, other) for other in case.others]
        yield from (Trial("another place", case, case.title, told) for told in places)
        for written in (case.title, *case.turned.values()):
            made = {
                "no diacritics": [bare(written)],
                "capitals": [written.upper()],
                "outlet before or after": [
                    *(o + written for o in outlets["before"]),
                    *(written + o for o in outlets["after"]),
                ],
                "typing mistake": mistyped(written),
                "marker before": [marker + written for marker in markers.get(case.lang, markers["any"])],
            }
            for test, titles in made.items():
                yield from (Trial(test, case, written, told) for told in titles if told != written)


def bare(text: str) -> str:
    """Text as typed without diacritics, đ as dj; Cyrillic letters, which have no such form, stay."""
    return "".join(_plain(char) for char in text.replace("đ", "dj").replace("Đ", "Dj"))


def _plain(char: str) -> str:
    letter = unicodedata.normalize("NFD", char)[0]
    return letter if letter.isascii() else char


def mistyped(text: str) -> list[str]:
    """The text with the middle letters of its longest word exchanged, and with those of its second longest."""
    longest = sorted(re.finditer(r"\w{5,}", text), key=lambda match: -len(match.group()))[:2]
    return [_exchanged(text, (match.start() + match.end()) // 2) for match in longest]


def _exchanged(text: str, place: int) -> str:
    return text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]


def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((files("monitor") / "data" / "robustness.yaml").read_text("utf-8"))
    return document
