"""What people in chats say of alerts and set for their chat. Holds no behaviour."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.domain.terms import Severity


class Opinion(StrEnum):
    """What a person says of an article: rightly told, wrongly told, or wrongly not told."""

    RELEVANT = "relevant"
    NOT_RELEVANT = "not relevant"
    MISSED = "missed"


class MuteKind(StrEnum):
    """What a mute holds back."""

    ALL = "all"
    STORY = "story"
    KEYWORD = "keyword"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Person:
    """Who did something in a chat: Telegram's number of the user, and the name as it was then."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """A person's last word on an article in a chat, with the judgement it is about and the chat's threshold then."""

    article: int
    story: int | None
    chat: str
    by: Person
    opinion: Opinion
    score: float
    threshold: float
    model: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Mute:
    """What a chat is not told, until a time (None: until it is lifted).

    `what` is the story's number, the keyword as keywords.yaml would have it, the source's name, or empty. `severity` is
    the story's when it was muted.
    """

    chat: str
    kind: MuteKind
    what: str
    until: datetime | None
    by: Person
    at: datetime
    severity: Severity = Severity.NONE
    id: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a person changed by a command: a key's old and new value, None where there was or is none.

    `request` is the number of the update that asked for it, by which a repetition is known. `chat` is where it was
    asked; `undone` is when it was taken back.
    """

    chat: str
    by: Person
    at: datetime
    key: str
    old: str | None
    new: str | None
    request: int
    undone: datetime | None = None
    id: int = 0
