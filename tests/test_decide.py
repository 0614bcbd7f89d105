"""The decisions as a specification: a row on each side of every boundary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitor.config import AlertsConfig
from monitor.decide import decide, refuse
from monitor.domain import Alerted, Article, EventType, KeywordHit, Reason, Score, Severity, Story

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
ARTICLE = Article(("u:a",), "A", "a", "belgrade", "RS", "https://a.example/1", "Title", "", "en", NOW, NOW, "f")
SCORE = Score(0.9, 0.9, (EventType.CLASH,), Severity.SERIOUS, ("XK",))
MUTE = KeywordHit("mute", "football*", "football", "title")
ALWAYS = KeywordHit("always", "evacuat*", "evacuation", "title")
BOOST = KeywordHit("boost", "army", "army", "title", 1.0)


def score(**changes: object) -> Score:
    """The usual relevant score, with changes."""
    return replace(SCORE, **changes)  # type: ignore[arg-type]  # the fields differ in type


@pytest.mark.parametrize(
    ("judgement", "age", "reason"),
    [
        (score(), 0 * HOUR, None),
        (score(relevance=0.5), 0 * HOUR, None),
        (score(relevance=0.4999), 0 * HOUR, Reason.IRRELEVANT),
        (score(), 12 * HOUR, None),
        (score(), 12 * HOUR + SECOND, Reason.STALE),
        (score(countries=("GR", "RS")), 0 * HOUR, None),
        (score(countries=("GR",)), 0 * HOUR, Reason.OUT_OF_REGION),
        (score(countries=()), 0 * HOUR, Reason.OUT_OF_REGION),
        (score(required=False), 0 * HOUR, Reason.NOT_REQUIRED),
        (score(keywords=(MUTE,)), 0 * HOUR, Reason.MUTED),
        (score(keywords=(BOOST,)), 0 * HOUR, None),
        (score(keywords=(ALWAYS,), relevance=0.0, countries=(), required=False), 0 * HOUR, None),
        (score(keywords=(ALWAYS, MUTE)), 0 * HOUR, Reason.MUTED),
        (score(keywords=(ALWAYS,)), 12 * HOUR + SECOND, Reason.STALE),
        (score(relevance=0.1, countries=()), 13 * HOUR, Reason.IRRELEVANT),
    ],
)
def test_an_article_is_refused_for_a_named_reason(judgement: Score, age: timedelta, reason: Reason | None) -> None:
    """Mute beats always; always beats everything but mute and age; each bound is inclusive on the alerting side."""
    decision = refuse(ARTICLE, judgement, AlertsConfig(), 0.5, NOW + age)
    assert (decision.reason if decision else None) == reason
    assert decision is None or (decision.detail and not decision.send)


def story(severity: Severity) -> Story:
    """A story of the given severity."""
    unit = np.eye(1, 4, dtype=np.float32)[0]
    return Story(1, NOW, NOW, "Title", severity, (EventType.CLASH,), ("XK",), ("a",), ("belgrade",), 2, unit)


@pytest.mark.parametrize(
    ("now_at", "told_at", "judgement", "send", "reason"),
    [
        (Severity.WATCH, None, SCORE, True, Reason.FIRST),
        (Severity.CRITICAL, None, SCORE, True, Reason.FIRST),
        (Severity.NONE, None, score(keywords=(ALWAYS,)), True, Reason.ALWAYS),
        (Severity.SERIOUS, Severity.SERIOUS, SCORE, False, Reason.NOTHING_NEW),
        (Severity.TENSION, Severity.WATCH, SCORE, False, Reason.NOTHING_NEW),
        (Severity.SERIOUS, Severity.TENSION, SCORE, True, Reason.ESCALATED),
        (Severity.CRITICAL, Severity.SERIOUS, SCORE, True, Reason.ESCALATED),
        (Severity.SERIOUS, Severity.CRITICAL, SCORE, False, Reason.NOTHING_NEW),
        (Severity.SERIOUS, Severity.SERIOUS, score(keywords=(ALWAYS,)), False, Reason.NOTHING_NEW),
    ],
)
def test_a_story_is_told_once_and_again_when_it_grows(
    now_at: Severity, told_at: Severity | None, judgement: Score, send: bool, reason: Reason
) -> None:
    """The first article alerts; later ones only where the story became serious or worse than what was told."""
    alerted = None if told_at is None else Alerted(NOW, told_at, 7)
    decision = decide(story(now_at), judgement, alerted)
    assert (decision.send, decision.reason) == (send, reason)
    assert decision.detail
