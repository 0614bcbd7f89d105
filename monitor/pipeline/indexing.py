"""The escalation index as it moves: levels crossed since the last look become messages, each once a day and chat."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import structlog

from monitor.config import Config
from monitor.decide import Policy, hushed, quiet_until
from monitor.pipeline.telling import Recipient, addressed
from monitor.render import Led, Standing, crossing, name
from monitor.store import Notice, Store
from monitor.trend import REACH, SUBJECTS, Level, Point, members, step, trend

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A subject whose index is at another level than before."""

    subject: str
    point: Point
    before: Level
    level: Level

    def standing(self) -> Standing:
        """As it is told."""
        deviation, times = self.point.deviation or 0.0, self.point.times
        return Standing(self.subject, self.level, self.before, times, None, self.point.highest, deviation)


async def watch_index(store: Store, config: Config, threshold: float, now: datetime) -> int:
    """Measure the index now, and queue what it has to say; returns how many messages that is."""
    return await asyncio.to_thread(_watch, store, config, threshold, now)


def measured(store: Store, days: Sequence[date], subjects: Sequence[str] = SUBJECTS) -> dict[str, tuple[Point, ...]]:
    """The index on days that follow one another, from what the store remembers."""
    volumes, mentions = store.history(days[0] - timedelta(days=REACH))
    return trend(volumes, mentions, days, subjects)


def crossings(points: Mapping[str, Point], before: Mapping[str, int]) -> list[Crossing]:
    """The subjects that have crossed a level: the highest first, and a pair before its countries."""
    found = []
    for subject, point in points.items():
        was = Level(before.get(subject, Level.NORMAL))
        level = step(point.deviation, was)
        if level != was:
            found.append(Crossing(subject, point, was, level))
    return sorted(found, key=lambda c: (-c.level, "-" not in c.subject, -(c.point.deviation or 0.0), c.subject))


def key(chat: str, subject: str, level: int, day: date) -> str:
    """What a chat is told once: that a subject reached a level on a day."""
    return f"index {chat} {subject} {int(level)} {day}"


def knows(chat: str, c: Crossing, told: Collection[str], day: date) -> bool:
    """Whether the chat was told today that the subject is as high: by itself, or as what it is part or made of.

    A country is known by any pair that it is in, a pair only by both of its countries: one may have risen by another.
    """

    def heard(subject: str) -> bool:
        return any(key(chat, subject, level, day) in told for level in Level if level >= c.level)

    parts = members(c.subject)
    if len(parts) == 1:
        return any(heard(subject) for subject in _kin(c.subject))
    return heard(c.subject) or all(heard(country) for country in parts)


def _watch(store: Store, config: Config, threshold: float, now: datetime) -> int:
    today = now.astimezone(UTC).date()
    points = {subject: found[-1] for subject, found in measured(store, [today]).items()}
    moved = crossings(points, store.levels())
    if not moved:
        return 0
    news = [c for c in moved if c.level > c.before or c.level is Level.NORMAL]
    to = addressed(config, threshold, {}, store.people.mutes(now))
    chats = [r.chat for r in to]
    told = store.announced({key(r, s, lv, today) for r in chats for c in news for s in _kin(c.subject) for lv in Level})
    led = store.links({story for c in news if c.level > c.before for story in c.point.stories})
    keys: list[str] = []
    notices: list[Notice] = []
    for recipient in to:
        fresh = [c for c in news if _wants(recipient, c) and not knows(recipient.chat, c, told, today)]
        keys += [key(recipient.chat, c.subject, c.level, today) for c in fresh]
        for group in ([c for c in fresh if c.level > c.before], [c for c in fresh if c.level < c.before]):
            if group:
                notices.append(_notice(recipient, group, led, now))
    done = store.announce(keys, notices, now, {c.subject: int(c.level) for c in moved})
    for c in moved:
        log.info("index moved", subject=c.subject, level=c.level.name.lower(), before=c.before.name.lower())
    return len(notices) if done else 0


def _wants(to: Recipient, c: Crossing) -> bool:
    """Whether it is about a country that the chat watches, and nothing that people muted there."""
    names = name(c.subject), name(c.subject, to.reader.words)
    return _policy(to, c.subject) is not None and not hushed(to.mutes, names, c.level is Level.EXTREME)


def _kin(subject: str) -> list[str]:
    mine = members(subject)
    return [other for other in SUBJECTS if members(other) <= mine or members(other) >= mine]


def _notice(to: Recipient, moved: Sequence[Crossing], led: Mapping[int, tuple[str, str]], now: datetime) -> Notice:
    """What one chat is told of crossings, all of which it wants to know."""
    first = moved[0]
    policy = _policy(to, first.subject)
    assert policy is not None
    stories = [Led(*led[story]) for story in first.point.stories if story in led]
    text = crossing([c.standing() for c in moved], stories, now, to.reader)
    return Notice(to.chat, text, _silent(first.level, policy, now), policy.thread)


def _policy(to: Recipient, subject: str) -> Policy | None:
    return next((policy for policy in to.policies if members(subject) & set(policy.countries)), None)


def _silent(level: Level, policy: Policy, now: datetime) -> bool:
    """The gravest makes a sound at any hour, the lowest at none: what led to it was told by itself."""
    if level in {Level.NORMAL, Level.ELEVATED, Level.EXTREME}:
        return level is not Level.EXTREME
    hours = policy.quiet
    return hours is not None and quiet_until(now, hours.start, hours.end, hours.zone) is not None
