"""The values that flow through the program, and the Protocols that have two implementations. Holds no behaviour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

Embedding = npt.NDArray[np.float32]
"""A unit vector of shape (384,)."""


class EventType(StrEnum):
    """What an item reports; the terms are defined in seeds/README.md."""

    DEPLOYMENT = "deployment"
    CLASH = "clash"
    WITHDRAWAL_CALL = "withdrawal_call"
    THREAT = "threat"
    UNREST = "unrest"
    ARMS = "arms"
    DEESCALATION = "deescalation"


class Severity(IntEnum):
    """How grave the event is, as reported; the levels are defined in seeds/README.md."""

    NONE = 0
    WATCH = 1
    TENSION = 2
    SERIOUS = 3
    CRITICAL = 4


REGION = ("AL", "BA", "HR", "XK", "ME", "MK", "RS")
"""ISO 3166 codes of the seven countries that are watched (XK for Kosovo)."""


class Failure(StrEnum):
    """Why a feed gave nothing."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    HTTP = "http status"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    RATE_LIMITED = "rate limited"
    TOO_LARGE = "too large"
    REDIRECTS = "too many redirects"
    PRIVATE_ADDRESS = "private address"
    ENCODING = "bad content encoding"
    NOT_A_FEED = "not a feed"
    BAD_XML = "bad xml"
    EMPTY = "empty feed"


class Reason(StrEnum):
    """Why a decision was what it was: stored, shown, counted."""

    FIRST = "first"
    ESCALATED = "escalated"
    ALWAYS = "always"
    IRRELEVANT = "irrelevant"
    MUTED = "muted"
    NOT_REQUIRED = "no required keyword"
    OUT_OF_REGION = "out of region"
    STALE = "stale"
    NOTHING_NEW = "nothing new"


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
    """What is remembered of a feed between two polls. `url` is where it is fetched now (after a permanent redirect)."""

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
    """A place, institution or person that matched, and the country it stands for."""

    country: str
    name: str
    found: str
    field: str = "title"


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
class Story:
    """Articles that tell the same event. `centroid` is the unit mean of their embeddings."""

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


@dataclass(frozen=True, slots=True)
class Alerted:
    """What a chat was last told of a story."""

    at: datetime
    severity: Severity
    message: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a chat is told, and why."""

    send: bool
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A message as rendered: Telegram HTML, and the same in plain text for a terminal or as a fallback."""

    html: str
    plain: str


@dataclass(frozen=True, slots=True)
class Message:
    """An outbox row that was claimed for delivery. `chat` is a Telegram chat id, or 'terminal'.

    `text.html` is empty where only plain text is to be sent. `reply_to` is the other side's message id.
    """

    id: int
    chat: str
    text: Text
    attempts: int = 0
    silent: bool = False
    reply_to: int | None = None
    thread: int | None = None
    story: int | None = None
    severity: Severity | None = None
    queued: datetime | None = None


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
