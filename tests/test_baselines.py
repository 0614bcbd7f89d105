"""Simpler judges: the rules alone, likeness to examples, and a plain fit on the base's embeddings."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from test_evaluate import record

from monitor.domain import KeywordHit, Score, Severity
from monitor.evaluate.baselines import Judgements, compared, keyword_rules, product, prototypes
from monitor.seeds import Seed
from monitor.train.bare import PROTOTYPES, baselines, kept


def judged(*hits: tuple[str, float], countries: tuple[str, ...] = ("XK",)) -> Score:
    """A judgement of which the classifier was sure, with these hits of (list, weight)."""
    found = tuple(KeywordHit(name, "x", "x", "title", weight) for name, weight in hits)
    return Score(0.9, 0.9, (), Severity.NONE, countries, found)


@pytest.mark.parametrize(
    ("score", "value", "alerts"),
    [
        (judged(), 0.5, False),
        (judged(("boost", 0.001)), 0.50025, True),
        (judged(("boost", -0.001)), 0.49975, False),
        (judged(("boost", 2.0), ("boost", -2.0)), 0.5, False),
        (judged(("boost", 1.0), ("mute", 0.0)), 0.0, False),
        (judged(("always", 0.0)), 1.0, True),
        (judged(("boost", 1.0), countries=("UA",)), 0.0, False),
    ],
)
def test_the_rules_alone(score: Score, value: float, alerts: bool) -> None:
    """The classifier's word does not count: only boosts, mutes, always rules and the region do."""
    found = keyword_rules([score], ("XK", "RS"))
    assert found.certainty.tolist() == pytest.approx([value])
    assert found.threshold is not None
    assert bool(found.certainty[0] >= found.threshold) is alerts


def test_likeness_is_that_to_the_nearest_example() -> None:
    """The greatest cosine, and no threshold."""
    found = prototypes(np.eye(3, dtype=np.float32)[:2], np.array([[0.6, 0.8, 0.0], [0.0, 0.6, 0.8]], np.float32))
    assert found.certainty.tolist() == pytest.approx([0.6, 0.8])
    assert found.threshold is None


def test_judges_are_measured_on_the_same_items() -> None:
    """All and sure items apart; a judge without a threshold has average precision alone; the threshold alerts."""
    records = [record(True), record(False), record(True, unsure=True)]
    judges = {
        "sharp": Judgements(np.array([0.5, 0.4, 0.1]), 0.5),
        "vague": Judgements(np.array([0.1, 0.9, 0.2])),
        "product": product([judged(), judged(countries=()), judged()], 0.9, ("XK",)),
    }
    found = compared(records, judges)
    assert (found["sharp"]["precision"], found["sharp"]["recall"]) == (1.0, 0.5)
    assert found["sharp"]["sure"] == {"average_precision": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert found["vague"]["sure"] == {"average_precision": 0.5, "precision": None, "recall": None, "f1": None}
    assert found["product"]["f1"] == 1.0


class Embed:
    """Texts of danger on one side, others on the other; counts what it was asked."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, texts: Sequence[tuple[str, str]]) -> np.ndarray:
        """Unit vectors in the plane."""
        self.calls.append(len(texts))
        rows = [[1.0, 0.0] if "shot" in title else [0.0, 1.0] for title, _ in texts]
        return np.array(rows, np.float32)


def test_embeddings_of_the_same_texts_are_made_once(tmp_path: Path) -> None:
    """Kept in a file that is named by the texts' hash; other texts are embedded anew."""
    embed, cache = Embed(), tmp_path / "new"
    first = kept([("shot", ""), ("calm", "")], embed, cache)
    assert np.array_equal(kept([("shot", ""), ("calm", "")], embed, cache), first)
    assert embed.calls == [2]
    kept([("shot", ""), ("calm", "x")], embed, cache)
    assert embed.calls == [2, 2]


def test_judges_on_the_base(tmp_path: Path) -> None:
    """A fit on the seeds' embeddings tells the sides apart at its threshold; each event type has a prototype."""
    pytest.importorskip("sklearn")
    seeds = [Seed(str(i), "en", "shot" if i % 2 else "calm", "", bool(i % 2), (), 0, ()) for i in range(20)]
    found = baselines(seeds, [("shots", ""), ("sun", "")], Embed(), tmp_path)
    cosine, fitted = found.values()
    assert cosine.certainty.tolist() == [1.0, 1.0]
    assert fitted.threshold is not None
    assert (fitted.certainty >= fitted.threshold).tolist() == [True, False]
    assert len(PROTOTYPES) == 7
