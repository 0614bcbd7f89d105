"""The values that flow through the program, and the Protocols that have two implementations. Holds no behaviour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt

from monitor.domain.people import (
    Action,
    Admitted,
    Button,
    Buttons,
    Change,
    Feedback,
    Moved,
    Mute,
    MuteKind,
    Opinion,
    Person,
    Place,
    Press,
    Pressed,
    Written,
)
from monitor.domain.telling import Alerted, Decision, Headline, Message, Part, Text, Told, Waiting
from monitor.domain.terms import REGION, VOICES, EventType, Failure, Kind, Mark, Reason, Severity

__all__ = [
    "REGION",
    "VOICES",
    "Action",
    "Admitted",
    "Alerted",
    "Article",
    "Button",
    "Buttons",
    "Change",
    "Decision",
    "Embedding",
    "Entry",
    "EventType",
    "Failure",
    "Feed",
    "FeedState",
    "Feedback",
    "Fetched",
    "Headline",
    "Judged",
    "KeywordHit",
    "Kind",
    "Mark",
    "Message",
    "Model",
    "Moved",
    "Mute",
    "MuteKind",
    "Opinion",
    "Part",
    "Person",
    "Place",
    "PlaceHit",
    "Press",
    "Pressed",
    "Probabilities",
    "Reason",
    "Score",
    "Sender",
    "Severity",
    "Source",
    "Story",
    "Text",
    "Told",
    "Voice",
    "Waiting",
    "Written",
]

Embedding = npt.NDArray[np.float32]
"""A unit vector of shape (384,)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A feed as configured."""

    name: str
    url: str
    lang: str | None = None
    country: str | None = None
    camp: str = "other"
    outlet: str = ""
    tier: int = 2
    enabled: bool = True
    interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of a feed between two polls. `url` is where it is fetched now (after a permanent redirect).

    `pause` is its longest time without news, of late.
    """

    name: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    interval: timedelta | None = None
    next_check: datetime | None = None
    last_checked: datetime | None = None
    last_success: datetime | None = None
    last_new: datetime | None = None
    pause: timedelta | None = None
    failures: int = 0
    failure: Failure | None = None
    failure_detail: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The outcome of one GET. Exactly one of three: `body` (new bytes), `unchanged`, or `failure`.

    `body` is decompressed, at most the configured size. `headers` has lower-case names. `moved_to` is the address after
    permanent redirects only. `retry_after` is what the server asked for.
    """

    url: str
    status: int | None = None
    body: bytes | None = None
    unchanged: bool = False
    failure: Failure | None = None
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    moved_to: str | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the feed gave it: text may hold HTML; times are aware UTC or None where missing or unreadable."""

    guid: str | None
    url: str | None
    title: str
    summary: str
    published: datetime | None
    publisher: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A parsed feed document: its entries, what it says about its own rhythm, or how it failed."""

    entries: tuple[Entry, ...] = ()
    ttl: timedelta | None = None
    lang: str | None = None
    failure: Failure | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """An entry made comparable.

    `keys` identify it (GUID within its feed, canonical URL); any shared key means the same article.

    `title` and `summary` are clean text. `published` is never later than `seen`. `lang` is a BCP 47 tag.
    `fingerprint` is of the text that the classifier reads: it changes when an edit changes that text.
    """

    keys: tuple[str, ...]
    source: str
    outlet: str
    camp: str
    country: str | None
    url: str
    title: str
    summary: str
    lang: str
    published: datetime
    seen: datetime
    fingerprint: str
    id: int | None = None
    story: int | None = None


@dataclass(frozen=True, slots=True)
class Probabilities:
    """The model's word on one item. `severity` is a distribution over the five levels."""

    relevance: float
    types: Mapping[EventType, float]
    severity: tuple[float, float, float, float, float]
    embedding: Embedding


@dataclass(frozen=True, slots=True)
class KeywordHit:
    """A rule that matched: its list, the rule as written, the words it found, the field, and its weight in log-odds."""

    list: str
    match: str
    found: str
    field: str
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place, institution or person that matched, and the country it stands for; `kind` is the gazetteer's."""

    country: str
    name: str
    found: str
    field: str = "title"
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """The judgement on one article, with what led to it.

    `model` is the classifier's relevance; `relevance` is that with the boosts added in log-odds. `required` is False
    only where `require` rules exist and none matched.
    """

    relevance: float
    model: float
    types: tuple[EventType, ...]
    severity: Severity
    countries: tuple[str, ...]
    keywords: tuple[KeywordHit, ...] = ()
    places: tuple[PlaceHit, ...] = ()
    required: bool = True
    type_probabilities: Mapping[EventType, float] = field(default_factory=dict)

    @property
    def muted(self) -> bool:
        """Whether a `mute` rule matched."""
        return any(hit.list == "mute" for hit in self.keywords)

    @property
    def always(self) -> bool:
        """Whether an `always` rule matched."""
        return any(hit.list == "always" for hit in self.keywords)


@dataclass(frozen=True, slots=True)
class Judged:
    """An article with its score and embedding: what grouping and deciding take."""

    article: Article
    score: Score
    embedding: Embedding


@dataclass(frozen=True, slots=True)
class Voice:
    """An outlet that tells a story in words of its own; `texts` are the signatures of its first texts."""

    outlet: str
    camp: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Articles that tell the same event. `centroid` is the unit mean of the first articles' embeddings.

    `cohesion` is the length that this mean had before it was made a unit vector, in (0, 1]. `terms` are the first
    articles' words, names and numbers, `langs` the languages of all. `outlets` and `camps` are all that carry the
    story; `voices` are the independent ones among them, without those that only carry another's text: the first VOICES,
    and one at least of each camp.
    """

    id: int
    opened: datetime
    updated: datetime
    title: str
    severity: Severity
    types: tuple[EventType, ...]
    countries: tuple[str, ...]
    outlets: tuple[str, ...]
    camps: tuple[str, ...]
    articles: int
    centroid: Embedding
    places: tuple[str, ...] = ()
    cohesion: float = 1.0
    terms: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    voices: tuple[Voice, ...] = ()


class Sender(Protocol):
    """Hands a message to people. Raises DeliveryError; returns the other side's message id where it has one."""

    async def send(self, message: Message) -> int | None:
        """Send one message."""
        ...


class Model(Protocol):
    """Judges articles, or pairs of title and summary. `threshold` is the relevance its makers would alert from."""

    threshold: float
    version: str

    def classify(self, items: Sequence[Article | tuple[str, str]]) -> list[Probabilities]:
        """The model's word on each item, in their order."""
        ...
