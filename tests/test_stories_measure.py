"""How grouping is measured: B-cubed and cross-lingual recall against cases computed by hand."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitor.domain import Article, Embedding, EventType, Judged, Score, Severity
from monitor.errors import InputError
from monitor.evaluate.stories import Labelled, b_cubed, cross_lingual_recall, group, labelled, measure, read_tellings

DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("truth", "found", "precision", "recall"),
    [
        ("aabb", "1122", 1.0, 1.0),
        ("aabb", "1234", 1.0, 0.5),
        ("aabb", "1111", 0.5, 1.0),
        # Group 1 holds a, a, b: its items' precisions are 2/3, 2/3, 1/3; the lone b has 1. Recalls: 1, 1, 1/2, 1/2.
        ("aabb", "1112", (2 / 3 + 2 / 3 + 1 / 3 + 1) / 4, 3 / 4),
        # a: groups of 2 and 1, so recalls 2/3, 2/3, 1/3; group 2 holds a and b: precisions 1/2 each.
        ("aaab", "1122", (1 + 1 + 1 / 2 + 1 / 2) / 4, (2 / 3 + 2 / 3 + 1 / 3 + 1) / 4),
    ],
)
def test_b_cubed_by_hand(truth: str, found: str, precision: float, recall: float) -> None:
    """For each item the share of its group that is of its event, and the other way; then the mean."""
    assert list(b_cubed(truth, found)) == pytest.approx([precision, recall])


def test_nothing_to_measure_is_none() -> None:
    """No items, or no pair in two languages, gives no figure instead of a wrong one."""
    assert b_cubed("", "") == (None, None)
    assert cross_lingual_recall("aa", "11", ["en", "en"]) is None
    assert measure([])["b_cubed"] == {"precision": None, "recall": None, "f1": None}


def test_cross_lingual_recall_by_hand() -> None:
    """Event a: en-sq together, en-sr and sq-sr apart; sr-Latn and sr-Cyrl are one language: 1 of 3 and 0 of 0."""
    langs = ["en", "sq", "sr-Latn", "sr-Latn", "sr-Cyrl"]
    assert cross_lingual_recall("aaabb", "11223", langs) == pytest.approx(1 / 3)


def unit(*values: float) -> Embedding:
    """These values as a unit vector."""
    vector = np.array(values, np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def item(event: str, vector: Embedding, date: datetime | None, lang: str = "en") -> Labelled:
    """A labelled item without words."""
    article = Article(("k",), "", "o", "other", None, "u", "", "", lang, DAY, DAY, "f")
    score = Score(0.9, 0.9, (EventType.CLASH,), Severity.SERIOUS, ("XK",))
    return Labelled(event, lang, date, Judged(article, score, vector))


A, B = unit(1, 0), unit(0, 1)


def test_items_are_grouped_in_the_order_of_their_dates() -> None:
    """File order within a date; dates further apart than a story's silence part what is alike."""
    items = [
        item("b", B, DAY + timedelta(days=1)),
        item("a", A, DAY),
        item("a", A, DAY),
        item("c", A, DAY + timedelta(days=30)),
    ]
    assert group(items) == [1, 0, 0, 2]


def test_items_without_a_date_share_a_moment_of_their_own() -> None:
    """They meet each other, and never a dated item."""
    assert group([item("a", A, DAY), item("a", A, None), item("a", A, None)]) == [1, 0, 0]


def test_the_measures_together() -> None:
    """Two events, one in two languages, grouped without a fault."""
    items = [item("a", A, DAY), item("a", A, DAY, "sq"), item("b", B, DAY)]
    assert measure(items) == {
        "n": 3,
        "events": 2,
        "b_cubed": {"precision": 1.0, "recall": 1.0, "f1": 1.0},
        "cross_lingual_recall": 1.0,
    }


def record(**changes: object) -> str:
    """A line of a file of labelled events."""
    made = {"id": "1", "lang": "en", "title": "T", "summary": "", "relevant": True, "types": ["clash"], "severity": 2}
    return json.dumps({**made, "event": "e", "date": "2026-03-01", "outlet": "o", **changes})


def test_labelled_events_are_read_with_date_and_outlet(tmp_path: Path) -> None:
    """Only relevant items with an event count; a date may be missing, and is midnight UTC if it is a day."""
    path = tmp_path / "stories.jsonl"
    lines = [record(), record(id="2", date=None), record(event=None), record(relevant=False, types=[], severity=0)]
    path.write_text("\n".join([*lines, "", ""]), "utf-8")
    told = read_tellings(path)
    assert [(t.record.id, t.event, t.date, t.outlet) for t in told] == [("1", "e", DAY, "o"), ("2", "e", None, "o")]
    judged = item("", A, None).judged
    assert labelled(told, [judged, judged])[0] == Labelled("e", "en", DAY, judged)


@pytest.mark.parametrize(
    ("line", "complaint"), [(record(date="soon"), "'soon' is no date"), (record(event=None), "no relevant items")]
)
def test_a_bad_file_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    """An unreadable date, or nothing to group, is one clear sentence."""
    path = tmp_path / "stories.jsonl"
    path.write_text(line, "utf-8")
    with pytest.raises(InputError, match=complaint):
        read_tellings(path)
