"""Turns logits on held-out seeds into calibrations and a threshold. Fits no network."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.classifier import Calibration

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
COSTS = (1.0, 1.0, 4.0, 20.0, 20.0)
"""What an error costs, by true severity: a false alarm 1, a miss of level 1 to 4 that many false alarms."""


def platt(logits: Floats, truth: Bools, weights: Floats | None = None, rounds: int = 50) -> Calibration:
    """The scale and offset that make sigmoid(scale * logit + offset) likeliest, with a slight pull to 1 and 0."""
    weight = np.ones(len(logits)) if weights is None else weights
    design = np.column_stack([logits, np.ones(len(logits))])
    at, pull = np.array([1.0, 0.0]), np.array([1.0, 0.1])

    def loss(point: Floats) -> float:
        z = design @ point
        return float(weight @ (np.logaddexp(0, z) - truth * z) + pull @ (point - [1.0, 0.0]) ** 2 / 2)

    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(design @ at, -30, 30)))
        gradient = design.T @ (weight * (p - truth)) + pull * (at - [1.0, 0.0])
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(pull)
        step = np.linalg.solve(curve, gradient)
        while np.abs(step).max() > 1e-9 and loss(at - step) > loss(at):
            step = step / 2
        at = at - step
    return Calibration(float(max(at[0], 0.05)), float(at[1]))


def prior_weights(truth: Bools, share: float) -> Floats:
    """Weights under which the positives are the given share of all."""
    own = truth.mean()
    weights: Floats = np.where(truth, share / own, (1 - share) / (1 - own))
    return weights


def type_calibration(logits: Floats, truth: Bools) -> Calibration:
    """A calibration after which 0.5 is the threshold of the best F1."""
    fitted = platt(logits, truth)
    probabilities = fitted(logits.astype(np.float32))
    best, best_f1 = 0.5, -1.0
    for threshold in np.arange(0.2, 0.71, 0.02):
        found = probabilities >= threshold
        f1 = 2 * (found & truth).sum() / max(1, found.sum() + truth.sum())
        if f1 > best_f1 + 1e-9:
            best, best_f1 = float(threshold), float(f1)
    return Calibration(fitted.scale, fitted.offset - float(np.log(best / (1 - best))))


@dataclass(frozen=True, slots=True)
class Choice:
    """What one threshold gives on the held-out seeds, at the assumed share of relevant items."""

    threshold: float
    precision: float
    recall: float
    recall_grave: float
    cost: float


def choices(probabilities: Floats, severity: npt.NDArray[np.int64], weights: Floats) -> list[Choice]:
    """A table over thresholds. Cost is the mean a weighted item, by COSTS."""
    truth, grave = severity > 0, severity >= 3
    costs = np.array(COSTS)[severity]
    table = []
    for threshold in np.round(np.arange(0.05, 0.96, 0.01), 2):
        found = probabilities >= threshold
        alarms, hits = weights[found].sum(), weights[found & truth].sum()
        wrong = np.where(truth, ~found, found)
        table.append(
            Choice(
                threshold=float(threshold),
                precision=float(hits / alarms) if alarms else 1.0,
                recall=float(hits / weights[truth].sum()),
                recall_grave=float(found[grave].mean()) if grave.any() else 1.0,
                cost=float((wrong * costs * weights).sum() / weights.sum()),
            )
        )
    return table


def choose(table: Sequence[Choice], precision: float) -> Choice:
    """The cheapest threshold among those of at least the given precision.

    The most precise one where none reaches it.
    """
    enough = [choice for choice in table if choice.precision >= precision]
    return (
        min(enough, key=lambda choice: (choice.cost, choice.threshold))
        if enough
        else max(table, key=lambda c: c.precision)
    )
