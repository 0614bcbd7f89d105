"""What simpler judges make of the same items: their certainties, and the measures of each. Opens no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.domain import Score
from monitor.evaluate import certainty
from monitor.evaluate.measures import Floats, average_precision, counts
from monitor.evaluate.records import Record
from monitor.score import boosted, lift

EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Judgements:
    """How sure a judge is of each item (n,), and from where it would alert; None where nothing says from where."""

    certainty: Floats
    threshold: float | None = None


def product(scores: Sequence[Score], threshold: float, countries: Sequence[str] | None) -> Judgements:
    """The product itself, for comparison."""
    return Judgements(np.array([certainty(score, countries) for score in scores], dtype=np.float64), threshold)


def keyword_rules(scores: Sequence[Score], countries: Sequence[str] | None) -> Judgements:
    """The rules, with the region, and no classifier: the sum of boosts as log-odds, an alert where it is above 0."""
    alone = (replace(score, relevance=boosted(EVEN, lift(score.keywords))) for score in scores)
    found = np.array([certainty(score, countries) for score in alone], dtype=np.float64)
    return Judgements(found, float(np.nextafter(EVEN, 1)))


def prototypes(items: npt.NDArray[np.float32], examples: npt.NDArray[np.float32]) -> Judgements:
    """The greatest cosine of each item (n, 384) to an example (k, 384), all of them unit vectors."""
    return Judgements((items @ examples.T).max(axis=1).astype(np.float64))


def compared(records: Sequence[Record], judges: Mapping[str, Judgements]) -> dict[str, dict[str, Any]]:
    """Average precision, precision, recall and F1 of each judge over all items, and under `sure` over the sure ones."""
    truth = np.array([record.relevant for record in records], dtype=np.bool_)
    sure = np.array([not record.unsure for record in records], dtype=np.bool_)
    return {
        name: _measured(truth, judge, truth | True) | {"sure": _measured(truth, judge, sure)}
        for name, judge in judges.items()
    }


def _measured(truth: npt.NDArray[np.bool_], judge: Judgements, rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
    told = {"average_precision": average_precision(truth[rows], judge.certainty[rows])}
    if judge.threshold is None:
        return {**told, "precision": None, "recall": None, "f1": None}
    part = counts(truth[rows], judge.certainty[rows] >= judge.threshold)
    return {**told, "precision": part.precision, "recall": part.recall, "f1": part.f1}
