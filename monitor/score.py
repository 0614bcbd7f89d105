"""The model's probabilities, the keyword hits and the places made one Score. Decides nothing about sending."""

import math
from collections.abc import Mapping, Sequence

from monitor.domain import EventType, KeywordHit, PlaceHit, Probabilities, Score, Severity

EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1, so that a boost can always move them and never divides by zero."""


def score(
    probabilities: Probabilities,
    hits: Sequence[KeywordHit],
    places: Sequence[PlaceHit],
    countries: Sequence[str],
    has_require: bool,
    threshold: float = 0.5,
) -> Score:
    """Join what is known of one article. `threshold` is the relevance from which an item counts as relevant.

    From the threshold on there is at least the likeliest type, and a severity above NONE. Below it there is neither,
    unless an `always` rule wants the item: then it has the types at 0.5 or more, and a severity above NONE.
    """
    relevance = boosted(probabilities.relevance, lift(hits))
    relevant = relevance >= threshold
    wanted = relevant or any(hit.list == "always" for hit in hits)
    return Score(
        relevance=relevance,
        model=probabilities.relevance,
        types=likely(probabilities.types, least=int(relevant)) if wanted else (),
        severity=_severity(probabilities) if wanted else Severity.NONE,
        countries=tuple(countries),
        keywords=tuple(hits),
        places=tuple(places),
        required=not has_require or any(hit.list == "require" for hit in hits),
        type_probabilities=dict(probabilities.types),
    )


def lift(hits: Sequence[KeywordHit]) -> float:
    """The weight of all boosts that matched, in log-odds."""
    return sum(hit.weight for hit in hits if hit.list == "boost")


def boosted(probability: float, weight: float) -> float:
    """A probability with a weight in log-odds added; exactly itself for no weight."""
    if weight == 0:
        return probability
    kept = min(max(probability, EDGE), 1 - EDGE)
    return 1 / (1 + math.exp(-(math.log(kept / (1 - kept)) + weight)))


def likely(types: Mapping[EventType, float], least: int) -> tuple[EventType, ...]:
    """The types at 0.5 or more, likeliest first, and in any case the `least` likeliest ones."""
    ranked = sorted(types, key=lambda kind: -types[kind])
    count = sum(types[kind] >= 0.5 for kind in ranked)
    return tuple(ranked[: max(count, least)])


def _severity(probabilities: Probabilities) -> Severity:
    """The median of the levels above NONE, given that one of them holds.

    The levels are ordered and their distances mean nothing, so the median, which is also the level of least expected
    distance, is right where a mean would invent distances and the likeliest level would ignore the mass on one side.
    """
    levels = probabilities.severity[1:]
    total = sum(levels)
    reached = 0.0
    for level, mass in enumerate(levels, start=1):
        reached += mass
        if total > 0 and reached >= total / 2:
            return Severity(level)
    return Severity.WATCH
