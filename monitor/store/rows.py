"""Rows to values and back, for what several tables' statements share. Runs no statement."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Row

from monitor.domain import Article, Embedding, EventType, KeywordHit, PlaceHit, Score, Severity, Story, Voice

T = TypeVar("T")
CHUNK = 500
"""How many values one IN list takes: few enough for every database, many enough to be one of few round trips."""
KEY_LENGTH = 200


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[tuple[T, ...]]:
    """The values in groups of at most `size`."""
    rest = iter(values)
    while chunk := tuple(islice(rest, size)):
        yield chunk


def storable(text: str) -> str:
    """The text without what a database refuses: NUL, and surrogates without a partner."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def stored_key(key: str) -> str:
    """The key as stored: one too long for an index is cut and told apart by a hash of the whole."""
    key = storable(key)
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[: KEY_LENGTH // 2]}#{blake2b(key.encode(), digest_size=16).hexdigest()}"


def article(row: Row[Any], keys: tuple[str, ...]) -> Article:
    """An articles row as the domain's value."""
    return Article(
        keys=keys,
        source=row.source,
        outlet=row.outlet,
        camp=row.camp,
        country=row.country,
        url=row.url,
        title=row.title,
        summary=row.summary,
        lang=row.lang,
        published=row.published,
        seen=row.seen,
        fingerprint=row.fingerprint,
        id=row.id,
        story=row.story_id,
    )


def score_parts(score: Score) -> dict[str, Any]:
    """The score without what has columns of its own, fit for JSON."""
    return {
        "model": float(score.model),
        "types": list(score.types),
        "countries": list(score.countries),
        "keywords": [[h.list, h.match, h.found, h.field, float(h.weight)] for h in score.keywords],
        "places": [[h.country, h.name, h.found, h.field, h.kind] for h in score.places],
        "required": score.required,
        "type_probabilities": {str(k): float(v) for k, v in score.type_probabilities.items()},
    }


def score(relevance: float, severity: int, parts: Mapping[str, Any]) -> Score:
    """What score_parts and the two columns were made of."""
    return Score(
        relevance=relevance,
        model=parts["model"],
        types=tuple(EventType(name) for name in parts["types"]),
        severity=Severity(severity),
        countries=tuple(parts["countries"]),
        keywords=tuple(KeywordHit(*hit) for hit in parts["keywords"]),
        places=tuple(PlaceHit(*hit) for hit in parts["places"]),
        required=parts["required"],
        type_probabilities={EventType(k): v for k, v in parts["type_probabilities"].items()},
    )


def story_values(story: Story) -> dict[str, Any]:
    """A story's columns without its id."""
    return {
        "opened": story.opened,
        "updated": story.updated,
        "title": storable(story.title),
        "severity": int(story.severity),
        "types": list(story.types),
        "countries": list(story.countries),
        "outlets": list(story.outlets),
        "camps": list(story.camps),
        "places": list(story.places),
        "articles": story.articles,
        "centroid": np.asarray(story.centroid, dtype="<f4").tobytes(),
        "cohesion": float(story.cohesion),
        "terms": [storable(term) for term in story.terms],
        "langs": list(story.langs),
        "voices": [[voice.outlet, voice.camp, list(voice.texts)] for voice in story.voices],
    }


def centroid(stored: bytes) -> Embedding:
    """A vector as it was stored."""
    return np.frombuffer(stored, dtype="<f4").astype(np.float32)


def story(row: Row[Any]) -> Story:
    """A stories row as the domain's value."""
    return Story(
        id=row.id,
        opened=row.opened,
        updated=row.updated,
        title=row.title,
        severity=Severity(row.severity),
        types=tuple(EventType(name) for name in row.types),
        countries=tuple(row.countries),
        outlets=tuple(row.outlets),
        camps=tuple(row.camps),
        articles=row.articles,
        centroid=centroid(row.centroid),
        places=tuple(row.places),
        cohesion=row.cohesion,
        terms=tuple(row.terms),
        langs=tuple(row.langs),
        voices=tuple(Voice(outlet, camp, tuple(texts)) for outlet, camp, texts in row.voices),
    )
