"""Measures judgements against labels: overall, by language, by type and by severity. Judges nothing itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.domain import EventType, Score, Severity
from monitor.evaluate.measures import average_precision, calibration_error, counts, resampled
from monitor.evaluate.records import Record, read_records

__all__ = ["Record", "certainty", "evaluate", "intervals", "read_records", "truths"]

Floats = npt.NDArray[np.float64]
GRAVE = (Severity.SERIOUS, Severity.CRITICAL)


def certainty(score: Score, countries: Sequence[str] | None = None) -> float:
    """How sure the product is that it would alert.

    The relevance, 0 where a rule or the region forbids, 1 where a rule demands.
    """
    if score.muted:
        return 0.0
    if score.always:
        return 1.0
    outside = countries is not None and not set(score.countries) & set(countries)
    return 0.0 if outside or not score.required else score.relevance


def evaluate(
    records: Sequence[Record], scores: Sequence[Score], threshold: float, countries: Sequence[str] | None = None
) -> dict[str, Any]:
    """Every measure over all records, and again under `sure` over those not marked unsure.

    `countries` are those that are watched; None leaves the region out of the judgement.
    A measure that cannot be taken is None.
    """
    pairs = list(zip(records, scores, strict=True))
    sure = [(record, score) for record, score in pairs if not record.unsure]
    return {**_measure(pairs, threshold, countries), "sure": _measure(sure, threshold, countries)}


Pairs = Sequence[tuple[Record, Score]]


def _measure(pairs: Pairs, threshold: float, countries: Sequence[str] | None) -> dict[str, Any]:
    truth, score = truths(pairs, countries)
    overall = counts(truth, score >= threshold)
    return {
        "n": len(pairs),
        "positives": int(truth.sum()),
        "average_precision": average_precision(truth, score),
        "threshold": threshold,
        "precision": overall.precision,
        "recall": overall.recall,
        "f1": overall.f1,
        "false_alarms_per_1000": overall.false_alarms_per_1000,
        "ece": calibration_error(truth, score),
        "severity_mae": _severity_error(pairs, score >= threshold),
        "recall_by_severity": _by_severity(pairs, score >= threshold),
        "languages": _by_language(pairs, truth, score, threshold),
        "types": _by_type(pairs),
    }


def truths(pairs: Pairs, countries: Sequence[str] | None) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Of each item whether it is relevant, and how sure the product is of it, both of shape (n,)."""
    truth = np.array([record.relevant for record, _ in pairs], dtype=np.bool_)
    return truth, np.array([certainty(score, countries) for _, score in pairs], dtype=np.float64)


def _severity_error(pairs: Pairs, found: npt.NDArray[np.bool_]) -> float | None:
    """How many levels off, on average, among the relevant items that were found."""
    gaps = [abs(r.severity - s.severity) for (r, s), hit in zip(pairs, found, strict=True) if hit and r.relevant]
    return float(np.mean(gaps)) if gaps else None


def _by_severity(pairs: Pairs, found: npt.NDArray[np.bool_]) -> dict[str, dict[str, Any]]:
    """For each level from 1 to 4, and for 3 and 4 together, how many there are and the share that was found."""
    levels = np.array([record.severity if record.relevant else 0 for record, _ in pairs])
    groups = {str(int(level)): levels == level for level in list(Severity)[1:]}
    groups["3-4"] = np.isin(levels, GRAVE)
    return {
        name: {"n": int(rows.sum()), "recall": float(found[rows].mean()) if rows.any() else None}
        for name, rows in groups.items()
    }


def _by_language(
    pairs: Pairs, truth: npt.NDArray[np.bool_], score: Floats, threshold: float
) -> dict[str, dict[str, Any]]:
    languages = np.array([record.lang for record, _ in pairs])
    result = {}
    for language in sorted(set(languages.tolist())):
        rows = languages == language
        part = counts(truth[rows], score[rows] >= threshold)
        result[language] = {
            "n": int(rows.sum()),
            "positives": int(truth[rows].sum()),
            "average_precision": average_precision(truth[rows], score[rows]),
            "precision": part.precision,
            "recall": part.recall,
            "f1": part.f1,
        }
    return result


def _by_type(pairs: Pairs) -> dict[str, dict[str, Any]]:
    """For each event type, among the relevant items whatever their relevance was judged to be.

    `macro` is the mean over types.
    """
    relevant = [(record, score) for record, score in pairs if record.relevant]
    result: dict[str, dict[str, Any]] = {}
    for kind in EventType:
        truth = np.array([kind in record.types for record, _ in relevant], dtype=np.bool_)
        part = counts(truth, np.array([kind in _told(score) for _, score in relevant], dtype=np.bool_))
        result[kind.value] = {"n": int(truth.sum()), "precision": part.precision, "recall": part.recall, "f1": part.f1}
    seen = [measures["f1"] or 0.0 for measures in result.values() if measures["n"]]
    result["macro"] = {"n": len(relevant), "f1": float(np.mean(seen)) if seen else None}
    return result


def _told(score: Score) -> tuple[EventType, ...]:
    """The types judged to be told; of an item that was not judged relevant, those that it would have had."""
    if score.types or not score.type_probabilities:
        return score.types
    best = max(score.type_probabilities.values())
    return tuple(kind for kind, value in score.type_probabilities.items() if value >= min(0.5, best))


def intervals(
    records: Sequence[Record],
    scores: Sequence[Score],
    threshold: float,
    countries: Sequence[str] | None = None,
    rounds: int = 1000,
) -> dict[str, tuple[float, float] | None]:
    """Bootstrap 95 % intervals of the main measures, by drawing items anew `rounds` times."""
    truth, score = truths(list(zip(records, scores, strict=True)), countries)
    grave = np.array([record.severity in GRAVE for record in records], dtype=np.bool_)
    drawn: dict[str, list[float | None]] = {}
    for rows in resampled(len(truth), rounds):
        part = counts(truth[rows], score[rows] >= threshold)
        found = (score[rows] >= threshold)[grave[rows] & truth[rows]]
        values = {
            "average_precision": average_precision(truth[rows], score[rows]),
            "precision": part.precision,
            "recall": part.recall,
            "f1": part.f1,
            "false_alarms_per_1000": part.false_alarms_per_1000,
            "ece": calibration_error(truth[rows], score[rows]),
            "recall_3_4": float(found.mean()) if found.size else None,
        }
        for name, value in values.items():
            drawn.setdefault(name, []).append(value)
    return {name: _interval(values) for name, values in drawn.items()}


def _interval(values: Sequence[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)
