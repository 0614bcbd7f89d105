"""Measuring: the measures on small cases worked by hand, and labelled files good and bad."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from monitor.domain import EventType, KeywordHit, Score, Severity
from monitor.errors import InputError
from monitor.evaluate import Record, certainty, evaluate, intervals, read_records
from monitor.evaluate.measures import Bin, average_precision, calibration_error, counts, precision_recall, reliability

KEYS = [
    *("n", "positives", "average_precision", "threshold", "precision", "recall", "f1", "false_alarms_per_1000"),
    *("ece", "severity_mae", "recall_by_severity", "languages", "types"),
]


def score(
    relevance: float,
    types: tuple[EventType, ...] = (),
    severity: int = 0,
    countries: tuple[str, ...] = ("XK",),
    rule: str | None = None,
    required: bool = True,
) -> Score:
    """A judgement with what a test cares about."""
    hits = (KeywordHit(rule, "x", "x", "title"),) if rule else ()
    return Score(relevance, relevance, types, Severity(severity), countries, hits, (), required)


def record(
    relevant: bool, lang: str = "en", severity: int = 0, types: tuple[str, ...] = (), unsure: bool = False
) -> Record:
    """A label with what a test cares about."""
    kinds = frozenset(EventType(name) for name in types)
    return Record("i", lang, "t", "", relevant, kinds, Severity(severity), unsure)


@pytest.mark.parametrize(
    ("truth", "scores", "expected"),
    [
        ([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1], 1.0),
        ([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], (1 + 2 / 3) / 2),
        ([0, 1], [0.5, 0.5], 0.5),
        ([1, 0, 0, 0], [0.1, 0.2, 0.3, 0.4], 0.25),
        ([0, 0], [0.5, 0.1], None),
    ],
)
def test_average_precision(truth: list[int], scores: list[float], expected: float | None) -> None:
    """Steps of precision over recall; items of equal score count together; None without positives."""
    value = average_precision(np.array(truth, dtype=bool), np.array(scores))
    assert value == (None if expected is None else pytest.approx(expected))


def test_calibration_error() -> None:
    """Certain and right is 0.

    Certain and wrong is 1; half sure of what is true half the time is 0; 1.0 falls in the last tenth.
    """
    truth = np.array([True, False])
    assert calibration_error(truth, np.array([1.0, 0.0])) == 0
    assert calibration_error(truth, np.array([0.0, 1.0])) == 1
    assert calibration_error(truth, np.array([0.5, 0.5])) == 0
    assert calibration_error(truth[:0], np.array([])) is None


def test_curve_and_reliability() -> None:
    """A point for each score that occurs, from the highest; a tenth for those that hold items, 1.0 in the last."""
    recall, precision = precision_recall(np.array([True, False, True]), np.array([0.9, 0.4, 0.4]))
    assert recall.tolist() == [0.5, 1.0]
    assert precision.tolist() == pytest.approx([1.0, 2 / 3])
    rows = reliability(np.array([False, True, True]), np.array([0.0, 0.9, 1.0]))
    assert rows == [Bin(1, 0.0, 0.0), Bin(2, pytest.approx(0.95), 1.0)]


def test_counts_without_anything() -> None:
    """What cannot be divided is None."""
    nothing = counts(np.array([False]), np.array([False]))
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.false_alarms_per_1000) == (None, None, None, 0)
    everything = counts(np.array([True]), np.array([True]))
    assert (everything.precision, everything.f1, everything.false_alarms_per_1000) == (1, 1, None)


@pytest.mark.parametrize(
    ("judged", "countries", "expected"),
    [
        (score(0.7), None, 0.7),
        (score(0.7), ("XK", "RS"), 0.7),
        (score(0.7, countries=()), ("XK", "RS"), 0.0),
        (score(0.7, countries=()), None, 0.7),
        (score(0.7, rule="mute"), None, 0.0),
        (score(0.1, rule="always", countries=()), ("XK",), 1.0),
        (score(0.7, required=False), None, 0.0),
    ],
)
def test_certainty_is_the_products_own(judged: Score, countries: tuple[str, ...] | None, expected: float) -> None:
    """Rules and region take part in the judgement that is measured."""
    assert certainty(judged, countries) == expected


def test_measures_of_a_small_file() -> None:
    """Every measure, on six items worked by hand; the threshold itself is enough for an alarm."""
    clash, arms = EventType.CLASH, EventType.ARMS
    records = [
        record(True, "sq", 3, ("clash",)),
        record(True, "sq", 1, ("arms",)),
        record(True, "en", 4, ("clash", "arms"), unsure=True),
        record(False, "en"),
        record(False, "en"),
        record(False, "sq", unsure=True),
    ]
    scores = [
        score(0.9, (clash,), 4),
        score(0.2, (), 0),
        score(0.5, (arms,), 4),
        score(0.6, (clash,), 2),
        score(0.1),
        score(0.1),
    ]
    result = evaluate(records, scores, 0.5)
    assert list(result) == [*KEYS, "sure"]
    assert list(result["sure"]) == KEYS
    assert (result["n"], result["positives"], result["threshold"]) == (6, 3, 0.5)
    assert result["precision"] == pytest.approx(2 / 3)
    assert result["recall"] == pytest.approx(2 / 3)
    assert result["false_alarms_per_1000"] == pytest.approx(1000 / 3)
    assert result["severity_mae"] == 0.5
    assert result["recall_by_severity"]["3-4"] == {"n": 2, "recall": 1.0}
    assert result["recall_by_severity"]["1"] == {"n": 1, "recall": 0.0}
    assert result["recall_by_severity"]["2"] == {"n": 0, "recall": None}
    assert result["languages"]["sq"]["recall"] == 0.5
    assert result["types"]["clash"] == {"n": 2, "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)}
    assert result["types"]["macro"]["f1"] == pytest.approx(2 / 3)
    assert (result["sure"]["n"], result["sure"]["positives"]) == (4, 2)
    json.dumps(result, allow_nan=False)


def test_types_of_a_missed_item_are_those_it_would_have_had() -> None:
    """Types are measured among the relevant items whatever their relevance was judged to be."""
    missed = Score(0.1, 0.1, (), Severity.NONE, (), type_probabilities={EventType.ARMS: 0.3, EventType.CLASH: 0.1})
    result = evaluate([record(True, severity=2, types=("arms",))], [missed], 0.5)
    assert result["types"]["arms"]["f1"] == 1


def test_file_without_positives() -> None:
    """It is measured too: average precision, recall and F1 over nothing are None, false alarms are counted."""
    result = evaluate([record(False)] * 4, [score(0.9), *[score(0.1)] * 3], 0.5)
    assert result["average_precision"] is None
    assert result["recall"] is None
    assert result["false_alarms_per_1000"] == 250
    assert result["types"]["macro"] == {"n": 0, "f1": None}
    assert result["sure"]["n"] == 4


def test_intervals_hold_the_value_and_repeat() -> None:
    """The interval of a measure is the same each time and lies around it; what cannot be measured has none."""
    records = [record(i % 3 == 0, severity=i % 3 == 0) for i in range(60)]
    scores = [score(0.8 if (i % 3 == 0) != (i % 7 == 0) else 0.2) for i in range(60)]
    first = intervals(records, scores, 0.5, rounds=200)
    assert first == intervals(records, scores, 0.5, rounds=200)
    value = evaluate(records, scores, 0.5)["precision"]
    assert first["precision"] is not None
    low, high = first["precision"]
    assert low < value < high
    assert intervals(records[1:3], scores[1:3], 0.5, rounds=20)["average_precision"] is None


GOOD = {
    "id": "1",
    "lang": "sq",
    "title": "Titull",
    "summary": "",
    "relevant": True,
    "types": ["clash"],
    "severity": 3,
    "outlet": "x",
}


@pytest.mark.parametrize("packed", [False, True])
def test_records_are_read(tmp_path: Path, packed: bool) -> None:
    """Plain or gzipped, with empty lines, a byte order mark, keys of others' and without optional ones."""
    text = (
        "\ufeff"
        + json.dumps(GOOD)
        + "\n\n"
        + json.dumps({"title": "t", "relevant": False, "unsure": True, "summary": None})
        + "\n"
    )
    path = tmp_path / ("items.jsonl.gz" if packed else "items.jsonl")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    first, second = read_records(path)
    assert first == Record("1", "sq", "Titull", "", True, frozenset({EventType.CLASH}), Severity.SERIOUS)
    assert (second.lang, second.summary, second.types, second.severity, second.unsure) == (
        "und",
        "",
        frozenset(),
        0,
        True,
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "JSON object"),
        ("[1]", "JSON object"),
        ("[" * 100_000, "JSON object"),
        ('{"title": "t"}', "'relevant'"),
        ('{"title": "t", "relevant": 1}', "'relevant'"),
        ('{"relevant": true}', "'title'"),
        ('{"title": " ", "relevant": true}', "'title'"),
        ('{"title": "t", "relevant": true, "summary": 5}', "'summary'"),
        ('{"title": "t", "relevant": true, "severity": 5}', "'severity'"),
        ('{"title": "t", "relevant": true, "severity": true}', "'severity'"),
        ('{"title": "t", "relevant": true, "severity": "3"}', "'severity'"),
        ('{"title": "t", "relevant": true, "types": ["war"]}', "'war'"),
        ('{"title": "t", "relevant": true, "types": "clash"}', "'types'"),
        ('{"title": "t", "relevant": true, "types": [["clash"]]}', "unknown event type"),
    ],
)
def test_bad_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    """A bad line is one sentence that names file, line and what was expected."""
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + line + "\n", "utf-8")
    with pytest.raises(InputError, match=said) as caught:
        read_records(path)
    assert "bad.jsonl, line 2" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.jsonl", None, "cannot be read"),
        ("empty.jsonl", b"", "no labelled items"),
        ("latin.jsonl", b'{"title": "\xe9", "relevant": true}', "line 1.*UTF-8"),
        ("cut.jsonl.gz", gzip.compress(json.dumps(GOOD).encode() * 50)[:40], "damaged"),
        ("plain.jsonl.gz", json.dumps(GOOD).encode(), "damaged"),
    ],
)
def test_unreadable_file(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    """A file that is missing, empty, of another encoding or damaged is one sentence that names it."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_records(tmp_path / name)
