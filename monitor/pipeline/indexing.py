"""The escalation index as it moves: levels crossed since the last look become messages, each at most once a day."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import structlog

from monitor.config import Config
from monitor.decide import Policy, quiet_until
from monitor.pipeline.telling import Recipient, addressed
from monitor.render import Led, Standing, crossing
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


def key(subject: str, level: int, day: date) -> str:
    """What is told once: that a subject reached a level on a day."""
    return f"index {subject} {int(level)} {day}"


def _watch(store: Store, config: Config, threshold: float, now: datetime) -> int:
    today = now.astimezone(UTC).date()
    points = {subject: found[-1] for subject, found in measured(store, [today]).items()}
    moved = crossings(points, store.levels())
    if not moved:
        return 0
    told = [c for c in moved if c.level > c.before or c.level is Level.NORMAL]
    fresh = _fresh(store, told, today)
    rises, falls = [c for c in fresh if c.level > c.before], [c for c in fresh if c.level < c.before]
    led = store.links({story for c in rises for story in c.point.stories})
    notices = [
        notice
        for recipient in addressed(config, threshold, {})
        for group in (rises, falls)
        if (notice := _notice(recipient, group, led, now))
    ]
    done = store.announce(
        [key(c.subject, c.level, today) for c in fresh], notices, now, {c.subject: int(c.level) for c in moved}
    )
    for c in moved:
        log.info("index moved", subject=c.subject, level=c.level.name.lower(), before=c.before.name.lower())
    return len(notices) if done else 0


def _fresh(store: Store, moved: Sequence[Crossing], today: date) -> list[Crossing]:
    """The crossings that nobody was told of today, be it of the pair instead of the country, or the other way round."""
    asked = {c.subject: {key(s, lv, today) for s in _kin(c.subject) for lv in Level if lv >= c.level} for c in moved}
    told = store.announced({name for names in asked.values() for name in names})
    return [c for c in moved if not asked[c.subject] & told]


def _kin(subject: str) -> list[str]:
    mine = members(subject)
    return [other for other in SUBJECTS if members(other) <= mine or members(other) >= mine]


def _notice(
    to: Recipient, moved: Sequence[Crossing], led: Mapping[int, tuple[str, str]], now: datetime
) -> Notice | None:
    """What one chat is told of the crossings that are about a country it watches."""
    wanted = [(c, policy) for c in moved if (policy := _policy(to, c.subject))]
    if not wanted:
        return None
    first, policy = wanted[0]
    stories = [Led(*led[story]) for story in first.point.stories if story in led]
    text = crossing([c.standing() for c, _ in wanted], stories, now, to.reader)
    return Notice(to.chat, text, _silent(first.level, policy, now), policy.thread)


def _policy(to: Recipient, subject: str) -> Policy | None:
    return next((policy for policy in to.policies if members(subject) & set(policy.countries)), None)


def _silent(level: Level, policy: Policy, now: datetime) -> bool:
    """The gravest makes a sound at any hour, the lowest at none: what led to it was told by itself."""
    if level in {Level.NORMAL, Level.ELEVATED, Level.EXTREME}:
        return level is not Level.EXTREME
    hours = policy.quiet
    return hours is not None and quiet_until(now, hours.start, hours.end, hours.zone) is not None
