"""The score: boosts in log-odds, types, severity, and what is carried along."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import EventType, KeywordHit, PlaceHit, Probabilities, Severity
from monitor.score import boosted, score

FIVE = tuple[float, float, float, float, float]


def model(relevance: float = 0.9, severity: FIVE = (0.1, 0.2, 0.4, 0.2, 0.1), **types: float) -> Probabilities:
    """The model's word, with these types likely and the others at 0.01."""
    kinds = {kind: types.get(kind.value, 0.01) for kind in EventType}
    return Probabilities(relevance, kinds, severity, np.zeros(384, np.float32))


def hit(name: str, weight: float = 0.0) -> KeywordHit:
    """A rule of this list that matched."""
    return KeywordHit(name, "kfor", "KFOR", "title", weight)


@pytest.mark.parametrize(
    ("relevance", "weights", "expected"),
    [
        (0.5, [], 0.5),
        (0.5, [math.log(3)], 0.75),
        (0.5, [math.log(3), -math.log(3)], 0.5),
        (0.2, [math.log(4)], 0.5),
        (0.9, [-math.log(9)], 0.5),
        (0.123456789, [], 0.123456789),
    ],
)
def test_boosts_add_in_log_odds(relevance: float, weights: list[float], expected: float) -> None:
    """A weight of log(k) multiplies the odds by k; without boosts the model's word stays as it is."""
    result = score(model(relevance), [hit("boost", weight) for weight in weights], (), (), False)
    assert result.relevance == pytest.approx(expected, abs=1e-12)
    assert result.model == relevance


@given(st.floats(0, 1), st.floats(-100, 100))
def test_a_boost_keeps_a_probability_a_probability(probability: float, weight: float) -> None:
    """Whatever the model and the rules say, relevance stays between 0 and 1 and moves in the weight's direction."""
    result = boosted(probability, weight)
    assert 0 <= result <= 1
    assert (result - min(max(probability, 1e-6), 1 - 1e-6)) * weight >= -1e-9


def test_only_boosts_weigh() -> None:
    """A mute, always or require rule does not move relevance."""
    hits = [hit("mute", 5), hit("always", 5), hit("require", 5)]
    assert score(model(0.3), hits, (), (), True).relevance == 0.3


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ({"clash": 0.5, "unrest": 0.49}, ["clash"]),
        ({"clash": 0.6, "unrest": 0.7, "arms": 0.1}, ["unrest", "clash"]),
        ({"clash": 0.3, "unrest": 0.2}, ["clash"]),
    ],
)
def test_types_are_those_from_one_half_on(types: dict[str, float], expected: list[str]) -> None:
    """A relevant item has each type at 0.5 or more, likeliest first, and at least the likeliest."""
    assert score(model(**types), (), (), (), False).types == tuple(map(EventType, expected))


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        ((0.0, 1.0, 0.0, 0.0, 0.0), 1),
        ((0.9, 0.0, 0.0, 0.0, 0.1), 4),
        ((0.0, 0.5, 0.5, 0.0, 0.0), 1),
        ((0.0, 0.49, 0.51, 0.0, 0.0), 2),
        ((0.0, 0.4, 0.0, 0.3, 0.3), 3),
        ((0.0, 0.4, 0.3, 0.2, 0.1), 2),
        ((0.0, 0.0, 0.3, 0.3, 0.4), 3),
        ((1.0, 0.0, 0.0, 0.0, 0.0), 1),
    ],
)
def test_severity_is_the_median_level(severity: FIVE, expected: int) -> None:
    """A relevant item's severity is the median of the levels above none, never none."""
    assert score(model(severity=severity), (), (), (), False).severity == expected


@pytest.mark.parametrize(
    ("relevance", "threshold", "relevant"),
    [(0.5, 0.5, True), (0.4999, 0.5, False), (0.7, 0.71, False), (0.71, 0.71, True)],
)
def test_an_irrelevant_item_has_no_type_and_no_severity(relevance: float, threshold: float, relevant: bool) -> None:
    """The threshold itself is relevant; what is below has neither type nor severity, and keeps its probabilities."""
    result = score(model(relevance, clash=0.9), (), (), (), False, threshold)
    assert result.types == ((EventType.CLASH,) if relevant else ())
    assert result.severity == (Severity.TENSION if relevant else Severity.NONE)
    assert result.type_probabilities[EventType.CLASH] == 0.9


def test_an_always_rule_gives_a_severity_but_invents_no_type() -> None:
    """An item that alerts whatever its score still says how grave it may be, and names only likely types."""
    assert score(model(0.1), [hit("always")], (), (), False).types == ()
    assert score(model(0.1), [hit("always")], (), (), False).severity == Severity.TENSION
    assert score(model(0.1, arms=0.6), [hit("always")], (), (), False).types == (EventType.ARMS,)


@pytest.mark.parametrize(
    ("has_require", "lists", "required"),
    [(False, [], True), (True, [], False), (True, ["boost"], False), (True, ["require"], True)],
)
def test_required(has_require: bool, lists: list[str], required: bool) -> None:
    """Only where require rules exist and none matched is something missing."""
    assert score(model(), [hit(name) for name in lists], (), (), has_require).required is required


def test_what_led_to_it_is_carried_along() -> None:
    """Keywords, places and countries are in the score as given."""
    hits, places = [hit("mute")], [PlaceHit("XK", "Kosovo", "Косову")]
    result = score(model(), hits, places, ["XK"], False)
    assert (result.keywords, result.places, result.countries) == (tuple(hits), tuple(places), ("XK",))
    assert result.muted
    assert not result.always
