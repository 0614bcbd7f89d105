"""Articles to stories: which open story tells the same event, and what a story becomes when an article joins it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import numpy as np

from monitor.domain import Article, Embedding, Judged, Severity, Story

T = TypeVar("T")
SILENCE = timedelta(hours=48)
"""A story without a new article for so long takes no more."""
LIFETIME = timedelta(days=7)
"""A story takes no article later than this after it opened, so that drift cannot drag it on."""
NEW = 0
"""The id of a story that the store has not numbered yet."""


def join_threshold(shared_places: bool, shared_types: bool) -> float:
    """The cosine similarity from which on an article joins a story; places and types in common ask for less."""
    return 0.90 - (0.04 if shared_places else 0.0) - (0.01 if shared_types else 0.0)


def find(judged: Judged, stories: Sequence[Story]) -> int | None:
    """The index of the open story that tells the same event as the article, or None.

    `stories` may be in any order; of several that fit, the one that exceeds its threshold most is taken, the older one
    on a tie. Cost: one matrix product over the stories.
    """
    if not stories:
        return None
    cosines = np.stack([story.centroid for story in stories]) @ judged.embedding
    best, margin = None, -1.0
    for index in np.argsort(-cosines, kind="stable")[:20]:
        story = stories[int(index)]
        over = float(cosines[index]) - _threshold(judged, story)
        if over >= 0 and over > margin and _open(story, judged.article):
            best, margin = int(index), over
    return best


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
    )


def join(story: Story, judged: Judged) -> Story:
    """The story with the article in it: severity is the gravest told, types and countries are all that were told."""
    article, score = judged.article, judged.score
    return replace(
        story,
        updated=max(story.updated, article.published),
        severity=Severity(max(story.severity, score.severity)),
        types=_union(story.types, score.types),
        countries=_union(story.countries, score.countries),
        outlets=_union(story.outlets, (article.outlet,)),
        camps=_union(story.camps, (article.camp,)),
        articles=story.articles + 1,
        centroid=_mean(story, judged.embedding),
        places=_union(story.places, _places(judged)),
    )


def amend(story: Story, judged: Judged) -> Story:
    """The story after one of its articles was edited: what is told may grow, nothing is counted twice."""
    score = judged.score
    return replace(
        story,
        severity=Severity(max(story.severity, score.severity)),
        types=_union(story.types, score.types),
        countries=_union(story.countries, score.countries),
        places=_union(story.places, _places(judged)),
    )


def _open(story: Story, article: Article) -> bool:
    return abs(article.published - story.updated) <= SILENCE and abs(article.published - story.opened) <= LIFETIME


def _threshold(judged: Judged, story: Story) -> float:
    shared_types = bool(set(story.types) & set(judged.score.types))
    return join_threshold(bool(set(story.places) & set(_places(judged))), shared_types)


def _places(judged: Judged) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.name for hit in judged.score.places))


def _mean(story: Story, embedding: Embedding) -> Embedding:
    total = story.centroid * np.float32(story.articles) + embedding
    unit: Embedding = (total / np.float32(np.linalg.norm(total) or 1.0)).astype(np.float32)
    return unit


def _union(first: tuple[T, ...], second: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *second)))
