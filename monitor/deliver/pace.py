"""How fast messages may follow each other, and when a refused one is tried again. Reads no clock."""

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
TERMINAL, NOTIFY, TELEGRAM = "terminal", "notify", "telegram"
"""The ways out."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What Telegram allows a bot: messages a second over all chats, a second in one chat, a minute in one group."""

    total: int = 30
    chat: int = 1
    group: int = 20


@dataclass(frozen=True, slots=True)
class Backoff:
    """The wait before a message is tried again: `first`, doubled each time up to `most`, until `give_up` has passed."""

    first: timedelta = timedelta(seconds=2)
    most: timedelta = timedelta(minutes=2)
    give_up: timedelta = timedelta(days=3)

    def wait(self, attempts: int, jitter: float) -> timedelta:
        """The wait after so many failed attempts (from 1). `jitter` in [0, 1) shortens it by up to a half."""
        doubled = self.first * (1 << min(attempts - 1, 30))
        return min(doubled, self.most) * (1 - jitter / 2)


LIMITS = Limits()
BACKOFF = Backoff()


class Pace:
    """Keeps within Limits, as the other side counts them.

    A message arrives at some moment between its start and its end, so that intervals run from the end of one to the
    start of the next, and what is under way counts as if it arrived now.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._flying: Counter[str] = Counter()
        self._all: deque[datetime] = deque()
        self._chats: dict[str, deque[datetime]] = {}
        self._held: dict[str, datetime] = {}

    @property
    def limits(self) -> Limits:
        """What it keeps within."""
        return self._limits

    def started(self, chat: str) -> None:
        """A message to the chat is under way."""
        if way(chat) == TELEGRAM:
            self._flying[chat] += 1

    def ended(self, chat: str, now: datetime) -> None:
        """A message to the chat was answered, or given up, at `now`."""
        if way(chat) != TELEGRAM:
            return
        self._flying -= Counter((chat,))
        self._all.append(now)
        self._chats.setdefault(chat, deque(maxlen=self._limits.group)).append(now)

    def hold(self, chat: str, until: datetime) -> None:
        """The other side wants nothing for the chat until then, be it this message or another."""
        self._held[chat] = until

    def room(self, now: datetime) -> int:
        """How many messages may start now, whatever their chats."""
        self._forget(now)
        return max(0, self._limits.total - len(self._all) - self._flying.total())

    def opens(self, now: datetime) -> datetime | None:
        """When there is room again; None if there is room, or if none can come before a message ends."""
        if self.room(now) or not self._all:
            return None
        return self._all[0] + SECOND

    def resting(self, now: datetime) -> dict[str, datetime]:
        """The chats that may get no message yet, and until when."""
        self._forget(now)
        rests = {chat: self._rest(chat, ends) for chat, ends in self._chats.items()}
        rests |= {chat: self._after(now) for chat in self._flying}
        rests |= {chat: max(until, rests.get(chat, until)) for chat, until in self._held.items()}
        return {chat: until for chat, until in rests.items() if until > now}

    def free(self, chat: str, now: datetime) -> datetime:
        """When a message to the chat may start, as far as is known by now; `now` if at once."""
        if way(chat) != TELEGRAM:
            return now
        opens = now if self.room(now) else self.opens(now) or self._after(now)
        return max(opens, self.resting(now).get(chat, now))

    def _after(self, now: datetime) -> datetime:
        """When the next message to a chat may start if the one before arrives now."""
        return now + SECOND / self._limits.chat

    def _rest(self, chat: str, ends: deque[datetime]) -> datetime:
        rest = self._after(ends[-1])
        if is_group(chat) and len(ends) == self._limits.group:
            rest = max(rest, ends[0] + MINUTE)
        return rest

    def _forget(self, now: datetime) -> None:
        """Drop what no longer counts, and what lies ahead because the clock was set back."""
        while self._all and not now - SECOND < self._all[0] <= now:
            self._all.popleft()
        old = [chat for chat, ends in self._chats.items() if not now - MINUTE < ends[-1] <= now]
        for chat in old:
            del self._chats[chat]
        self._held = {chat: until for chat, until in self._held.items() if until > now}


def way(chat: str) -> str:
    """Which way out leads to the chat; Telegram's limits are those of its own chats."""
    found = chat.partition(":")[0]
    return found if found in {TERMINAL, NOTIFY} else TELEGRAM


def is_group(chat: str) -> bool:
    """Whether the id is of a group or channel: those are negative numbers, or names of channels."""
    return chat.startswith(("-", "@"))
