"""Grouping: what joins, what starts anew, and what a story becomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitor.cluster import LIFETIME, SILENCE, find, join, join_threshold, start
from monitor.domain import Article, Embedding, EventType, Judged, PlaceHit, Score, Severity

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(cosine: float) -> Embedding:
    """A unit vector at this cosine to the first axis."""
    return np.array([cosine, np.sqrt(1 - cosine**2), 0.0], dtype=np.float32)


def judged(
    cosine: float = 1.0,
    when: datetime = NOW,
    place: str = "Zvečan",
    kind: EventType = EventType.CLASH,
    severity: Severity = Severity.SERIOUS,
    outlet: str = "a",
    camp: str = "belgrade",
) -> Judged:
    """A judged article whose embedding has this cosine to the first axis."""
    article = Article(("u:1",), "A", outlet, camp, "RS", "https://a.example/1", "T", "", "en", when, when, "f")
    places = (PlaceHit("XK", place, place),)
    return Judged(article, Score(0.9, 0.9, (kind,), severity, ("XK",), (), places), at(cosine))


BASE = judged()


@pytest.mark.parametrize(
    ("article", "joins"),
    [
        (judged(join_threshold(True, True) + 0.001), True),
        (judged(join_threshold(True, True) - 0.001), False),
        (judged(join_threshold(True, False) + 0.001, kind=EventType.ARMS), True),
        (judged(join_threshold(True, False) - 0.001, kind=EventType.ARMS), False),
        (judged(join_threshold(False, True) + 0.001, place="Tetovo"), True),
        (judged(join_threshold(False, True) - 0.001, place="Tetovo"), False),
        (judged(1.0, NOW + SILENCE), True),
        (judged(1.0, NOW + SILENCE + SECOND), False),
        (judged(1.0, NOW - SILENCE), True),
        (judged(1.0, NOW - SILENCE - SECOND), False),
    ],
)
def test_an_article_joins_the_story_that_tells_its_event(article: Judged, joins: bool) -> None:
    """Similarity, shared places and types, and time decide; each bound has a row on both sides."""
    assert (find(article, [start(BASE)]) == 0) is joins


def test_a_story_is_not_dragged_on_past_its_lifetime() -> None:
    """Even without silence, an article later than the lifetime starts a new story."""
    story = replace(start(BASE), updated=NOW + LIFETIME)
    assert find(judged(1.0, NOW + LIFETIME), [story]) == 0
    assert find(judged(1.0, NOW + LIFETIME + SECOND), [story]) is None


def test_the_best_of_several_stories_is_taken_and_the_first_on_a_tie() -> None:
    """The nearest story wins; equal ones go by order, so that the result is deterministic."""
    near, far = start(judged(1.0)), start(judged(0.95))
    assert find(BASE, [far, near]) == 1
    assert find(BASE, [near, near]) == 0
    assert find(BASE, []) is None


def test_a_story_grows_by_what_joins_it() -> None:
    """Severity is the gravest, everything told is united, the centroid stays a unit vector, time never goes back."""
    later = judged(0.95, NOW - SECOND, "Leposavić", EventType.ARMS, Severity.CRITICAL, "b", "pristina")
    story = join(start(BASE), later)
    assert (story.severity, story.articles, story.updated) == (Severity.CRITICAL, 2, NOW)
    assert (story.outlets, story.camps) == (("a", "b"), ("belgrade", "pristina"))
    assert story.types == (EventType.CLASH, EventType.ARMS)
    assert story.places == ("Zvečan", "Leposavić")
    assert np.linalg.norm(story.centroid) == pytest.approx(1.0)
    assert join(story, BASE).severity == Severity.CRITICAL
