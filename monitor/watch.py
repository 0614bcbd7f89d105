"""What the people who run the program should know of it: troubles as they begin and end. Pure; tells nobody itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.domain import FeedState

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
FAILS = 3
"""Failures in a row from which a feed counts as failing: one or two mend themselves."""
FEW = 3
"""With fewer feeds than this, a third says nothing."""
SPACE, ENOUGH = 200_000_000, 400_000_000
"""Bytes free on the database's disk: below the first it is a trouble, from the second on it is over."""
LISTED = 15
FAILING, JUDGING, NEWS, DISK, CONFIGURATION = "feeds failing", "judging", "news", "disk", "configuration"
DELIVERY = "delivery"
LATE, IN_TIME = timedelta(minutes=15), timedelta(minutes=5)
"""How long the oldest message waits: beyond the first it is a trouble, below the second it is over."""
GRAVE = frozenset({JUDGING, DELIVERY})
"""With these the daemon does not do its work."""
CHAT, MOVED, SILENT, DEAD, TOPIC = "chat ", "moved ", "silent ", "dead ", "topic "
OVER = {
    FAILING: "Most feeds can be read again.",
    JUDGING: "Articles are judged again.",
    DELIVERY: "Messages are delivered in time again.",
    NEWS: "Feeds give new articles again.",
    DISK: "There is enough space on the disk again.",
    CONFIGURATION: "The configuration is accepted again.",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """How things are. `feeds` are those that are polled; `judged` is when this process last judged an article.

    `behind` is how long the oldest article waits to be judged; `late` is since when each chat's oldest message waits
    for its delivery, without chats that are parked or that nothing reaches; `parked` are chats that refuse the bot, and
    what was said; `dead` is how many messages each chat will not get; `topics` is whether the topic of each chat that
    has one took its last message, None where none was sent yet; `moved` are groups that the configuration names by old
    ids, and their new ones; `refused` is what is wrong with the configuration; `free` is what is left on the database's
    disk in bytes, None where that is not known.
    """

    started: datetime
    feeds: Sequence[FeedState] = ()
    judged: datetime | None = None
    behind: timedelta = timedelta(0)
    late: Mapping[str, datetime] = field(default_factory=dict)
    parked: Mapping[str, str] = field(default_factory=dict)
    dead: Mapping[str, int] = field(default_factory=dict)
    topics: Mapping[str, bool | None] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    free: int | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """What is new since the last look: troubles that began or changed, those that are over, and what to tell of it."""

    begun: Mapping[str, str] = field(default_factory=dict)
    over: Collection[str] = ()
    notices: tuple[str, ...] = ()


def watch(facts: Facts, known: Mapping[str, str], now: datetime) -> Watched:
    """Compare how things are with the troubles that were told (`known`: what it is, and the words)."""
    troubles = _troubles(facts, known, now)
    begun = {what: text for what, text in troubles.items() if what not in known}
    if CONFIGURATION in troubles and known.get(CONFIGURATION) != troubles[CONFIGURATION]:
        begun[CONFIGURATION] = troubles[CONFIGURATION]
    begun |= {what: text for what, text in troubles.items() if what.startswith(DEAD) and known.get(what) != text}
    over = [what for what in known if what not in troubles]
    watched = {SILENT + state.name for state in facts.feeds}
    silent = [text for what, text in begun.items() if what.startswith(SILENT)]
    spoke = [what.removeprefix(SILENT) for what in over if what in watched]
    fewer = {what for what in begun if what.startswith(DEAD) and _letters(known.get(what, "0")) > _letters(begun[what])}
    notices = [text for what, text in begun.items() if not what.startswith(SILENT) and what not in fewer]
    notices += [f"Silent for longer than usual: {_listed(silent)}."] if silent else []
    notices += [_over(what) for what in over if not what.startswith(SILENT)]
    notices += [f"No longer silent: {_listed(spoke)}."] if spoke else []
    return Watched(begun, over, tuple(notices))


def silence(state: FeedState, now: datetime) -> timedelta | None:
    """How long a feed has given nothing new, if that is longer than its rhythm allows: twice its longest pause.

    At least a day; a week where its rhythm is not known yet. A feed that is read counts from its last news to its last
    reading, so that hours in which the program did not run are nobody's silence; one that fails, from its last reading.
    """
    allowed = WEEK if state.pause is None else max(DAY, 2 * state.pause)
    if state.last_success is None:
        return None
    if state.failure:
        silent = now - state.last_success if state.failures >= FAILS else timedelta(0)
    else:
        silent = state.last_success - (state.last_new or state.last_success)
    return silent if silent > allowed else None


def _troubles(facts: Facts, known: Mapping[str, str], now: datetime) -> dict[str, str]:
    found: dict[str, str] = {}
    if facts.refused:
        found[CONFIGURATION] = f"The configuration was refused and the old one stays in force. {facts.refused}"
    if _little_space(facts.free, DISK in known):
        found[DISK] = f"Only {(facts.free or 0) // 1_000_000} MB are left on the disk of the database."
    if _stands_still(facts, JUDGING in known, now):
        found[JUDGING] = f"No article was judged for an hour, though the oldest waits for {_span(facts.behind)}."
    late = _late(facts, DELIVERY in known, now)
    if late:
        chats = _listed(sorted(late))
        found[DELIVERY] = f"Messages are not delivered: the oldest waits for {_span(max(late.values()))} (to {chats})."
    failing = [state for state in facts.feeds if state.failure and state.failures >= FAILS]
    if _too_many(len(failing), len(facts.feeds), FAILING in known):
        found[FAILING] = f"{len(failing)} of {len(facts.feeds)} feeds cannot be read; `/feeds` or the log shows why."
    if _no_news(facts, NEWS in known, now):
        found[NEWS] = "No feed has given anything new for longer than usual."
    for chat, why in facts.parked.items():
        found[CHAT + chat] = f"Chat {chat} takes no messages ({why}). {_until(chat)}"
    for chat, letters in facts.dead.items():
        found[DEAD + chat] = _dead(chat, letters)
    for chat, took in facts.topics.items():
        if took is False or (took is None and TOPIC + chat in known):
            found[TOPIC + chat] = (
                f"The topic of chat {chat} is gone or closed: its messages come outside of it. "
                "Open it again, or put another `thread` into monitor.yaml."
            )
    for old, new in facts.moved.items():
        found[MOVED + old] = f"The group {old} became {new} and is followed; put the new id into monitor.yaml."
    return found | _silent(facts, known, FAILING in found, now)


def _silent(facts: Facts, known: Mapping[str, str], many: bool, now: datetime) -> dict[str, str]:
    """The silent feeds; where many fail at once, those that fail are told of together."""
    found = {}
    for state in facts.feeds:
        what, silent = SILENT + state.name, silence(state, now)
        if silent is not None and not (many and state.failure and what not in known):
            why = f", {state.failure.value}" if state.failure else ""
            found[what] = f"{state.name} ({_span(silent)}{why})"
    return found


def _little_space(free: int | None, before: bool) -> bool:
    return free is not None and free < (ENOUGH if before else SPACE)


def _stands_still(facts: Facts, before: bool, now: datetime) -> bool:
    """Whether articles wait for an hour and none is judged; after a restart it is not over before one was."""
    if facts.behind < HOUR:
        return False
    return (before and facts.judged is None) or now - (facts.judged or facts.started) >= HOUR


def _late(facts: Facts, before: bool, now: datetime) -> dict[str, timedelta]:
    """How long the chats wait whose messages are late. What was queued before the start could not go before it."""
    waits = {chat: now - (since if before else max(since, facts.started)) for chat, since in facts.late.items()}
    return {chat: wait for chat, wait in waits.items() if (wait >= IN_TIME if before else wait > LATE)}


def _too_many(failing: int, feeds: int, before: bool) -> bool:
    """Whether a third of the feeds fail; it is over below a quarter."""
    return feeds >= FEW and (4 * failing >= feeds if before else 3 * failing >= feeds)


def _no_news(facts: Facts, before: bool, now: datetime) -> bool:
    """Whether all feeds together are silent for an hour, or twice the longest pause of the one that pauses least."""
    news = max((state.last_new for state in facts.feeds if state.last_new), default=None)
    pauses = [state.pause for state in facts.feeds if state.pause is not None]
    if news is None or not pauses:
        return False
    allowed = max(HOUR, 2 * min(pauses))
    # While the program did not run there was nothing to be seen.
    return now - (news if before else max(news, facts.started)) >= allowed


def _until(chat: str) -> str:
    """What has to happen before a chat takes messages again; groups and channels have negative numbers, or names."""
    if chat.startswith(("-", "@")):
        return "They wait until the bot may write there: as a member of a group, as an administrator of a channel."
    return "They wait until whose chat it is sends the bot /start."


def _dead(chat: str, letters: int) -> str:
    messages = "1 message" if letters == 1 else f"{letters} messages"
    return f"{messages} to chat {chat} could not be delivered; `balkan-monitor alerts --status dead` shows why."


def _letters(told: str) -> int:
    """How many dead letters were told of: the words begin with that."""
    return int(told.partition(" ")[0])


def _over(what: str) -> str:
    if what.startswith(CHAT):
        return f"Chat {what.removeprefix(CHAT)} takes messages again."
    if what.startswith(DEAD):
        return f"What could not be delivered to chat {what.removeprefix(DEAD)} is tried again."
    if what.startswith(TOPIC):
        return f"The messages of chat {what.removeprefix(TOPIC)} come in their topic again."
    if what.startswith(MOVED):
        return f"monitor.yaml no longer names the old id {what.removeprefix(MOVED)}."
    return OVER[what]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _span(span: timedelta) -> str:
    hours = span // HOUR
    if hours < 1:
        return f"{span // timedelta(minutes=1)} minutes"
    return f"{hours} hours" if hours < 48 else f"{span // DAY} days"
