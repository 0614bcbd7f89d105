"""Near misses: items that one setting kept from being told, and which. Changes and decides nothing."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.config import AlertsConfig
from monitor.domain import REGION, Article, Reason, Score, Story

NEAR = 0.5
"""The part of the threshold from which on a relevance is near it."""
LATE = 2
"""How many times `alerts.max_age` is still near it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An article that was not told, and why; `story` is the one it is in, if any."""

    article: Article
    score: Score
    reason: Reason
    detail: str
    at: datetime
    story: Story | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """A near miss, and the one setting that would have let it through."""

    refused: Refused
    setting: str


def near(refused: Refused, alerts: AlertsConfig, threshold: float) -> Miss | None:
    """The refusal as a near miss, or None where it was far from being told, or for more than one reason.

    `threshold` is the relevance in force.
    """
    score = refused.score
    if score.relevance < threshold * NEAR or refused.at - refused.article.published > LATE * alerts.max_age:
        return None
    settings = list(_settings(refused, alerts, threshold))
    return Miss(refused, settings[0]) if len(settings) == 1 else None


def _settings(refused: Refused, alerts: AlertsConfig, threshold: float) -> Iterator[str]:
    article, score = refused.article, refused.score
    for hit in score.keywords:
        if hit.list == "mute":
            yield f"keywords.yaml mute without '{hit.match}'"
    if not score.always:
        if not score.required:
            yield "keywords.yaml require + a word of it"
        if score.relevance < threshold:
            yield f"alerts.threshold {_down(score.relevance)}"
        if not set(score.countries) & set(alerts.countries):
            yield _country(score)
    age = refused.at - article.published
    if age > alerts.max_age:
        yield f"alerts.max_age {math.ceil(age / timedelta(hours=1))}h"
    if refused.reason is Reason.UNCORROBORATED and refused.story is not None:
        outlets, camps = len(refused.story.outlets), len(refused.story.camps)
        yield f"alerts.corroboration {{outlets: {outlets}, camps: {camps}}}"


def _country(score: Score) -> str:
    for country in score.countries:
        if country in REGION:
            return f"alerts.countries + {country}"
    return "keywords.yaml always + a word of it"


def _down(relevance: float) -> str:
    """Two digits that are not above it, or as many as it takes to be above 0."""
    digits = 2 if relevance >= 0.01 else 4
    return f"{math.floor(relevance * 10**digits) / 10**digits:.{digits}f}"
