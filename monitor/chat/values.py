"""What answering takes and gives: who asks, what there is to ask, and the answer. Sends nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.config import Config
from monitor.domain import Admitted, Buttons, Moved, Person, Place, Pressed, Text, Written
from monitor.pipeline import Judge, reader
from monitor.render import Reader
from monitor.store import Store


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may ask: in which configured chat (`chat`, as decisions name it), who, and whether an admin."""

    chat: str
    place: Place
    by: Person
    admin: bool


@dataclass(frozen=True, slots=True)
class Room:
    """What an answer is made from. `wake` tells delivery that something was queued. Used in threads."""

    store: Store
    config: Config
    judge: Judge
    wake: Callable[[], None]
    now: datetime

    @property
    def reader(self) -> Reader:
        """How times are shown in answers that are in English."""
        return Reader(self.config.display.zone)

    def spoken(self, chat: str) -> Reader:
        """How the chat reads, in its own language."""
        return reader(self.config, chat)

    def threshold(self, chat: str) -> float:
        """The threshold in force in the chat, for its rules that name none."""
        return self.store.people.thresholds().get(chat, self.judge.threshold)


@dataclass(frozen=True, slots=True)
class Label:
    """The buttons under a message of a chat, as they are now."""

    chat: str
    message: int
    buttons: Buttons


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a text with buttons, or a picture with a caption; `labels` is what it changed under other messages."""

    text: Text
    buttons: Buttons = ()
    picture: bytes = b""
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a press led to: the short answer, the message's buttons as they are now, and a longer answer.

    `labels` is what it changed under other messages.
    """

    answer: str
    buttons: Buttons = ()
    reply: Reply | None = None
    labels: tuple[Label, ...] = ()


def visitor(config: Config, place: Place, by: Person) -> Visitor | None:
    """Who this is in a configured chat; None for a stranger."""
    names = {str(place.id), f"@{place.username}".casefold()}
    chat = next((str(chat.id) for chat in config.telegram.chats if str(chat.id).casefold() in names), None)
    return None if chat is None else Visitor(chat, place, by, by.id in config.telegram.admins)


def kind_of(said: Written | Pressed | Moved | Admitted) -> str:
    """What an update is, for the log, which shows nobody's words."""
    return type(said).__name__.lower()
