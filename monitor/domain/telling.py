"""What is told to whom: decisions, what a chat knows, and messages. Holds no behaviour."""

from dataclasses import dataclass
from datetime import datetime

from monitor.domain.people import Opinion
from monitor.domain.terms import Kind, Mark, Reason, Severity


@dataclass(frozen=True, slots=True)
class Told:
    """How a story stood when it was told: what a later message is compared with."""

    severity: Severity
    camps: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Alerted:
    """What a chat was last told of a story.

    `at`, `severity`, `camps` and `marks` are of the last message that people were shown; `outlets` and `shown` (a
    severity) are what the first message says now, edits included. `message` is the outbox row of the first message,
    which tells `article`; `own` is whether it tells only this story, so that it may be edited, and `unseen` whether it
    still waits to be delivered. `base` is what the chat knew before the updates that still wait to be delivered.
    """

    at: datetime
    severity: Severity
    message: int
    camps: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    shown: Severity = Severity.NONE
    article: int | None = None
    own: bool = True
    unseen: bool = False
    base: Told | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision on a story in a chat that time may change: made at `since`, looked at again at `again`.

    `article` is the one that led to it; `marks` is what was said meanwhile and not told yet.
    """

    story: int
    chat: str
    again: datetime
    reason: Reason
    article: int
    since: datetime
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a chat is told, and why.

    `kind` is the message that this leads to, which may be an edit also where people are not told (`send` False).
    `again` is when a decision that time may change is looked at again.
    """

    send: bool
    reason: Reason
    detail: str = ""
    kind: Kind | None = None
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """How an outlet titles a story, and where."""

    title: str
    url: str
    outlet: str


@dataclass(frozen=True, slots=True)
class Text:
    """A message as rendered: Telegram HTML, and the same in plain text for a terminal or as a fallback."""

    html: str
    plain: str


@dataclass(frozen=True, slots=True)
class Part:
    """A story that a summary tells, the article that tells it there, and who said what of that in the chat."""

    story: int
    article: int
    opinions: tuple[tuple[str, Opinion], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """An outbox row that was claimed for delivery. `chat` is a Telegram chat id, or 'terminal'.

    `text.html` is empty where only plain text is to be sent. `reply_to` is the other side's message id, and so is
    `edits`: the message that takes this text in place of its own. `article` is what it tells, `opinions` who said what
    of that in the chat, and `muted` whether its story is muted there. `parts` are what a summary tells, in its order.
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
    kind: Kind = Kind.NEW
    edits: int | None = None
    article: int | None = None
    opinions: tuple[tuple[str, Opinion], ...] = ()
    muted: bool = False
    parts: tuple[Part, ...] = ()
