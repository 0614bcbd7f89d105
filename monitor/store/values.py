"""What the store takes and gives beside the domain's own values. Holds no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain import (
    Article,
    Decision,
    FeedState,
    Judged,
    Kind,
    Mark,
    Reason,
    Score,
    Severity,
    Story,
    Text,
    Told,
    Waiting,
)

EVERYONE = "*"
"""The chat of a decision that holds for all chats."""


class Status(StrEnum):
    """Where a message stands: to be sent (again), accepted by the other side, refused for good, told by another one."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Poll:
    """A finished poll: the feed as it was claimed, as it is to be remembered, and the articles that it listed."""

    claimed: FeedState
    state: FeedState
    articles: tuple[Article, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What a poll brought: articles never seen before, and known ones whose text, address or date changed."""

    new: int = 0
    edited: int = 0


@dataclass(frozen=True, slots=True)
class KnownFeed:
    """A feed that the store remembers; `enabled` is whether it is polled."""

    state: FeedState
    enabled: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A chat's decision on an article, and the message that it leads to (`text` is required where it tells people).

    `whole` is what a first message would say instead of an update, for a chat that was shown none yet. `marks` are what
    the chat knows after it; of a decision that waits, what was said and not told. `base` is what it knew before.
    `unseen` is whether the first message still waits for its delivery, so that this one will take its place.
    """

    chat: str
    decision: Decision
    text: Text | None = None
    kind: Kind = Kind.NEW
    silent: bool = False
    thread: int | None = None
    whole: Text | None = None
    marks: tuple[Mark, ...] = ()
    base: Told | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one judged article led to. `reason` is the article's own, whatever the chats decided.

    `story` is the story with the article in it. An id of 0 is a new story of this article alone; a negative id is a new
    story that may return in later outcomes of the same commit; the last of a commit is what is kept.
    """

    judged: Judged
    model: str
    reason: Reason
    story: Story | None = None
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconsidered:
    """A decision that waited, made again. Where it tells people without a text, a Summary tells it."""

    waiting: Waiting
    story: Story
    judged: Judged
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Summary:
    """One message that tells a chat of several stories at once; it is queued if any of their decisions still waited."""

    chat: str
    text: Text
    severity: Severity
    stories: tuple[Reconsidered, ...]
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to a chat that no article led to."""

    chat: str
    text: Text
    silent: bool = False
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """An outbox row as listed. `due` is the next try, None once it is settled."""

    id: int
    chat: str
    kind: Kind
    status: Status
    text: Text
    created: datetime
    due: datetime | None
    sent: datetime | None
    attempts: int
    error: str
    severity: Severity | None
    story: int | None
    article: int | None
    reason: Reason | None
    telegram_id: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was stored of an article's score."""

    score: Score
    model: str
    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A stored decision. `current` is whether the article still reads as it did then."""

    id: int
    article: int
    chat: str
    story: int | None
    decision: Decision
    at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Traced:
    """A stored article with its judgement, None while it waits for one."""

    article: Article
    judgement: Judgement | None


@dataclass(frozen=True, slots=True)
class Trail:
    """Everything about one article or story, each part in the order of time. Pruned articles are missing."""

    story: Story | None
    articles: tuple[Traced, ...]
    decisions: tuple[Decided, ...]
    alerts: tuple[Alert, ...]
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """How much there is of everything; `failing` feeds failed at their last poll."""

    feeds: int
    failing: int
    articles: int
    unjudged: int
    stories: int
    messages: Mapping[Status, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand now. `behind` is how long the oldest article waits to be judged, `late` the oldest message.

    `pending` and `late` are of chats that take messages, `parked` is how many wait in those that bar the bot. `last`
    is when people were last shown an alert; `usual` and `most` are how long the last messages took, the median and the
    longest, None where none was sent.
    """

    feeds: int
    failing: int
    unjudged: int
    behind: timedelta
    pending: int
    late: timedelta
    parked: int
    dead: int
    last: datetime | None
    usual: timedelta | None = None
    most: timedelta | None = None
