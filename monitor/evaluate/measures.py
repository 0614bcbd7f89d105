"""The measures themselves, over plain arrays. Knows no files and no models."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
BINS = 10


@dataclass(frozen=True, slots=True)
class Counts:
    """How a yes-or-no judgement fared."""

    hits: int
    misses: int
    false_alarms: int
    negatives: int

    @property
    def precision(self) -> float | None:
        """The share of alarms that were right; None without alarms."""
        return _ratio(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float | None:
        """The share of positives that were found; None without positives."""
        return _ratio(self.hits, self.hits + self.misses)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where there was nothing to find and nothing was found."""
        return _ratio(2 * self.hits, 2 * self.hits + self.misses + self.false_alarms)

    @property
    def false_alarms_per_1000(self) -> float | None:
        """False alarms per thousand negatives; None without negatives."""
        return _ratio(1000 * self.false_alarms, self.negatives)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def counts(truth: Bools, found: Bools) -> Counts:
    """Counts of a judgement against the truth, both of shape (n,)."""
    hits = int((truth & found).sum())
    return Counts(hits, int(truth.sum()) - hits, int((~truth & found).sum()), int((~truth).sum()))


def precision_recall(truth: Bools, score: Floats) -> tuple[Floats, Floats]:
    """Recall and precision at each score that occurs, from the highest down; `truth` holds a positive."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    last = np.append(np.diff(score[order]) != 0, True)
    return hits[last] / hits[-1], hits[last] / (np.flatnonzero(last) + 1)


def average_precision(truth: Bools, score: Floats) -> float | None:
    """The area under the precision-recall steps, items of equal score taken together; None without positives."""
    if not truth.any():
        return None
    recall, precision = precision_recall(truth, score)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def calibration_error(truth: Bools, score: Floats, bins: int = BINS) -> float | None:
    """Expected calibration error.

    How far, on average, a probability is from the share of positives in its tenth; None without items.
    """
    if not len(truth):
        return None
    return sum(row.n * abs(row.told - row.true) for row in reliability(truth, score, bins)) / len(truth)


@dataclass(frozen=True, slots=True)
class Bin:
    """Items of like probability: how many, the mean that was told, and the share that was true."""

    n: int
    told: float
    true: float


def reliability(truth: Bools, score: Floats, bins: int = BINS) -> list[Bin]:
    """The tenths of probability that hold items, from the lowest."""
    place = np.minimum((score * bins).astype(int), bins - 1)
    held = [place == number for number in range(bins)]
    return [Bin(int(r.sum()), float(score[r].mean()), float(truth[r].mean())) for r in held if r.any()]


def resampled(n: int, rounds: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """Rows drawn with replacement, of shape (rounds, n), the same each time."""
    return np.random.default_rng(seed).integers(0, n, (rounds, n))
