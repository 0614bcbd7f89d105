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


class Action(StrEnum):
    """What a button under a message does; the value is what stands for it in the button's data."""

    RELEVANT = "r"
    NOT_RELEVANT = "n"
    MUTE = "m"
    UNMUTE = "u"
    WHY = "w"
    MISSED = "x"


@dataclass(frozen=True, slots=True)
class Press:
    """What a button does, to which article and story; 0 where it is about none."""

    action: Action
    article: int
    story: int


@dataclass(frozen=True, slots=True)
class Button:
    """A button as it is shown."""

    label: str
    press: Press


Buttons = tuple[tuple[Button, ...], ...]
"""The rows of buttons under a message."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody wrote or pressed: Telegram's number of the chat, its public name, and its kind.

    `kind` is private, group, supergroup or channel.
    """

    id: int
    username: str = ""
    kind: str = "private"


@dataclass(frozen=True, slots=True)
class Written:
    """A text that somebody wrote: the update's number, the message's, and the message that it replies to."""

    update: int
    place: Place
    by: Person
    text: str
    message: int = 0
    reply_to: int | None = None
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A group became a supergroup: the update's number, the group's old number and its new one."""

    update: int
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """That a chat lets the bot write there, or does not any more: the update's number, and where."""

    update: int
    place: Place
    welcome: bool


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that somebody pressed: its data as it came, what to answer it by, and the message that it is under.

    `under` is the data of all buttons of that message.
    """

    update: int
    place: Place
    by: Person
    data: str
    query: str
    message: int | None = None
    thread: int | None = None
    under: tuple[str, ...] = ()
