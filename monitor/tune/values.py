"""What tuning takes and gives. Holds no behaviour but what follows from the values themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from monitor.config import Config
from monitor.domain import Feedback, Story
from monitor.store import Traced

Kind = Literal["source", "weight", "word", "threshold"]


@dataclass(frozen=True, slots=True)
class History:
    """What is stored: judged articles, their stories, what people said, and from when on alerts are counted.

    `model` is the version of the classifier that is in use: what another one scored teaches nothing about it.
    """

    articles: tuple[Traced, ...]
    stories: Mapping[int, Story]
    feedback: tuple[Feedback, ...]
    since: datetime
    model: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What is tuned: the configuration, the relevance in force where nothing else is said, and the chats' own."""

    config: Config
    threshold: float
    chosen: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that some settings give: the first of its articles, and what people said of it (None: nothing clear)."""

    chat: str
    story: int | None
    article: int
    title: str
    outlet: str
    at: datetime
    relevant: bool | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of one setting, what it stands on, and what it would have changed.

    `subject` is a feed's name, a rule's or new rule's match, or a chat. `old` is None for a new rule and for a chat
    that has no threshold of its own. `mistakes` are those among the judged articles, before and after: noise that is
    told counts once, a relevant article that is not told MISSED times.
    """

    kind: Kind
    subject: str
    old: float | bool | None
    new: float | bool
    relevant: int
    noise: int
    mistakes: tuple[int, int]
    gained: tuple[Told, ...] = ()
    lost: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Tuning:
    """The proposals in their order, and what stands against more: a sentence each. `judged` articles count."""

    judged: int
    proposals: tuple[Proposal, ...] = ()
    notes: tuple[str, ...] = ()
