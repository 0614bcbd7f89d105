"""What a story becomes: when it starts, when an article joins it, when one of its articles was edited."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import numpy as np

from monitor.cluster.terms import terms
from monitor.cluster.voices import heard
from monitor.domain import Embedding, Judged, Severity, Story
from monitor.text import language

T = TypeVar("T")
NEW = 0
"""The id of a story that the store has not numbered yet."""
FIRST = 16
"""Articles that say what a story is about; later ones do not move it, so that it cannot drift to another event."""
TERMS = 120
"""Terms that a story keeps."""


def start(judged: Judged) -> Story:
    """A story of one article."""
    article, score = judged.article, judged.score
    return Story(
        id=NEW,
        opened=article.published,
        updated=article.published,
        title=article.title,
        severity=score.severity,
        types=score.types,
        countries=score.countries,
        outlets=(article.outlet,),
        camps=(article.camp,),
        articles=1,
        centroid=judged.embedding,
        places=_places(judged),
        terms=terms(judged)[:TERMS],
        langs=(language(article.lang),),
        voices=heard((), article),
    )


def join(story: Story, judged: Judged) -> Story:
    """The story with the article in it: severity is the gravest told, types and countries are all that were told."""
    article = judged.article
    grown = replace(
        _told(story, judged),
        updated=max(story.updated, article.published),
        outlets=_union(story.outlets, (article.outlet,)),
        camps=_union(story.camps, (article.camp,)),
        articles=story.articles + 1,
        langs=_union(story.langs, (language(article.lang),)),
        voices=heard(story.voices, article),
    )
    return _about(grown, judged, story.articles) if story.articles < FIRST else grown


def amend(story: Story, judged: Judged) -> Story:
    """The story after one of its articles was edited: what is told may grow, nothing is counted twice."""
    return _told(story, judged)


def mention(story: Story, judged: Judged) -> Story:
    """The story with an article that only says that it is over or never was: what is told, and who tells it, stays."""
    return replace(story, updated=max(story.updated, judged.article.published), articles=story.articles + 1)


def _told(story: Story, judged: Judged) -> Story:
    score = judged.score
    return replace(
        story,
        severity=Severity(max(story.severity, score.severity)),
        types=_union(story.types, score.types),
        countries=_union(story.countries, score.countries),
        places=_union(story.places, _places(judged)),
    )


def _about(story: Story, judged: Judged, known: int) -> Story:
    """The story with what it is about moved by one more of the first articles, of which `known` had come before."""
    n = np.float32(known)
    mean = (story.centroid * np.float32(story.cohesion) * n + judged.embedding) / (n + np.float32(1))
    length = float(np.linalg.norm(mean))
    centroid: Embedding = (mean / np.float32(length or 1.0)).astype(np.float32)
    return replace(story, centroid=centroid, cohesion=length, terms=_union(story.terms, terms(judged), TERMS))


def _places(judged: Judged) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.name for hit in judged.score.places))


def _union(first: Iterable[T], second: Iterable[T], most: int | None = None) -> tuple[T, ...]:
    return tuple(islice(dict.fromkeys((*first, *second)), most))
