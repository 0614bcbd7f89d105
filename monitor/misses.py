"""Near misses: items that one setting kept from being told, and which. Changes and decides nothing."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.domain import REGION, Article, EventType, Reason, Score, Severity, Story
from monitor.text import tagged

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


@dataclass(frozen=True, slots=True)
class Line:
    """What an item must be to be told: one rule of a chat, or what the widest of all would take.

    Empty `types`, `languages` and `sources` mean all. `names` is how settings are called that are not alerts' own.
    """

    threshold: float
    countries: tuple[str, ...]
    max_age: timedelta
    types: tuple[EventType, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    severity: Severity = Severity.NONE
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, setting: str) -> str:
        """How one of the settings is called."""
        return self.names.get(setting, f"alerts.{setting}")


def near(refused: Refused, *lines: Line) -> Miss | None:
    """The refusal as a near miss of the first line that one setting kept it from; None where it was far from each."""
    for line in lines:
        late = refused.at - refused.article.published > LATE * line.max_age
        if late or refused.score.relevance < line.threshold * NEAR:
            continue
        settings = list(_settings(refused, line))
        if len(settings) == 1:
            return Miss(refused, settings[0])
    return None


def _settings(refused: Refused, line: Line) -> Iterator[str]:
    article, score, story = refused.article, refused.score, refused.story
    for hit in score.keywords:
        if hit.list == "mute":
            yield f"keywords.yaml mute without '{hit.match}'"
    if not score.always:
        if not score.required:
            yield "keywords.yaml require + a word of it"
        if score.relevance < line.threshold:
            yield f"{line.name('threshold')} {_down(score.relevance)}"
        countries = story.countries if story else score.countries
        if not set(countries) & set(line.countries):
            yield _added(line.name("countries"), [code for code in countries if code in REGION])
        yield from _unwanted(refused, line)
    age = refused.at - article.published
    if age > line.max_age:
        yield f"alerts.max_age {math.ceil(age / timedelta(hours=1))}h"
    if refused.reason is Reason.UNCORROBORATED and story is not None:
        outlets, camps = len(story.outlets), len(story.camps)
        yield f"{line.name('corroboration')} {{outlets: {outlets}, camps: {camps}}}"


def _unwanted(refused: Refused, line: Line) -> Iterator[str]:
    article, score, story = refused.article, refused.score, refused.story
    if line.languages and not any(tagged(article.lang, wanted) for wanted in line.languages):
        yield _added(line.name("languages"), [article.lang])
    if line.sources and article.source not in line.sources:
        yield _added(line.name("sources"), [article.source])
    if refused.reason is Reason.IRRELEVANT and story is None:
        return  # Of what was below every line neither types nor severity are known.
    types, severity = (story.types, story.severity) if story else (score.types, score.severity)
    if line.types and not set(types) & set(line.types):
        yield _added(line.name("types"), types)
    if severity < line.severity:
        yield f"{line.name('severity')} {Severity(severity).name.lower()}"


def _added(name: str, values: Sequence[str]) -> str:
    return f"{name} + {values[0]}" if values else "keywords.yaml always + a word of it"


def _down(relevance: float) -> str:
    """Two digits that are not above it, or as many as it takes to be above 0."""
    digits = 2 if relevance >= 0.01 else 4
    return f"{math.floor(relevance * 10**digits) / 10**digits:.{digits}f}"
