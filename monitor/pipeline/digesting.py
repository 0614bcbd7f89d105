"""The daily digest: due at a time of day on the user's clock, told once a day in each chat, also across restarts."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial

import structlog

from monitor.config import Config
from monitor.decide import Policy
from monitor.domain import Story
from monitor.misses import Miss
from monitor.pipeline.indexing import measured
from monitor.pipeline.missing import chat_misses
from monitor.pipeline.telling import Recipient, addressed
from monitor.render import Digest, Missed, Standing, Told, Trouble, digest, independent
from monitor.store import KnownFeed, Notice, Store
from monitor.trend import ENOUGH, GAP, Point, members

log = structlog.get_logger(__name__)
DAY = timedelta(days=1)
LATE = timedelta(hours=3)
"""A digest that is later than this is left out: the next morning's says more."""
UNREAD = timedelta(hours=6)
"""A feed that fails and was not read for so long is in trouble; what is shorter mends itself."""
REPLAYED = 14
"""Days over which the index's levels are followed up to today."""


async def tell_day(store: Store, config: Config, threshold: float, now: datetime) -> int:
    """Queue the digests that are due; returns how many. `threshold` is the classifier's."""
    due = latest(now, config.digest.at, config.display.zone) if config.digest.at else None
    if due is None or now - due[1] > LATE:
        return 0
    return await asyncio.to_thread(_tell, store, config, threshold, now, due[0])


def latest(now: datetime, at: time, zone: tzinfo) -> tuple[date, datetime]:
    """The last day whose digest's time has come, and when it came.

    A time that the clock leaves out comes an hour later, one that it shows twice comes the first time.
    """
    today = now.astimezone(zone).date()
    if moment(today, at, zone) > now:
        today -= DAY
    return today, moment(today, at, zone)


def moment(day: date, at: time, zone: tzinfo) -> datetime:
    """When it is `at` in the zone on that day."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def _tell(store: Store, config: Config, threshold: float, now: datetime, day: date) -> int:
    wanted = {str(chat) for chat in config.digest.chats}
    to = [r for r in addressed(config, threshold, store.people.thresholds()) if not wanted or r.chat in wanted]
    told = store.announced([_key(r.chat, day) for r in to])
    to = [r for r in to if _key(r.chat, day) not in told]
    if not to:
        return 0
    assert config.digest.at is not None, "asked for only where it is set"
    since = moment(day - DAY, config.digest.at, config.display.zone)
    facts = _Facts(store, config, threshold, since, now)
    # Each chat by itself: a second process that told one of them must not keep the others from it.
    done = [store.announce([_key(r.chat, day)], [facts.notice(r)], now) for r in to]
    log.info("digest queued", chats=sum(done), day=str(day))
    return sum(done)


def _key(chat: str, day: date) -> str:
    return f"digest {chat} {day}"


class _Facts:
    """What happened since the last digest, read once for all chats; what each missed by its own rules is its own."""

    def __init__(self, store: Store, config: Config, threshold: float, since: datetime, now: datetime) -> None:
        self._now = now
        self._stories = sorted(store.open_stories(since), key=lambda s: (-s.severity, -len(s.outlets), s.id))
        self._links = store.links([story.id for story in self._stories])
        days = [now.astimezone(UTC).date() - back * DAY for back in reversed(range(REPLAYED))]
        self._points = measured(store, days)
        self._history = _history(store, self._points, now)
        self._missed = partial(chat_misses, store, config, threshold, since)
        feeds = [feed for feed in store.feeds() if feed.enabled]
        self._feeds, self._troubles = len(feeds), _troubles(feeds, now)
        self._read, self._sends = store.read_since(since), store.sends(since)

    def notice(self, to: Recipient) -> Notice:
        """The digest for one chat: of the countries that it watches."""
        countries = {country for policy in to.policies for country in policy.countries}
        text = digest(
            Digest(
                at=self._now,
                stories=[self._told(s) for s in self._stories if any(_wants(p, s) for p in to.policies)],
                standings=[s for s in _standings(self._points) if members(s.subject) & countries],
                misses=[_missed(miss) for miss in sorted(self._missed(to.chat), key=_gravest)],
                troubles=self._troubles,
                articles=self._read,
                messages=sum(chat == to.chat for chat, _ in self._sends),
                feeds=self._feeds,
                history=self._history,
            ),
            to.reader,
        )
        return Notice(to.chat, text, silent=True, thread=to.policies[0].thread)

    def _told(self, story: Story) -> Told:
        title, url = self._links.get(story.id, (story.title, ""))
        return Told(title, url, story.severity, story.countries, independent(story))


def _wants(policy: Policy, story: Story) -> bool:
    about = not story.countries or set(story.countries) & set(policy.countries)
    kinds = not policy.types or set(story.types) & set(policy.types)
    return bool(about and kinds and story.severity >= policy.severity)


def _standings(points: dict[str, tuple[Point, ...]]) -> list[Standing]:
    found = [
        Standing(subject, today.level, before.level, today.times, before.times, today.highest, today.deviation or 0.0)
        for subject, (*_, before, today) in points.items()
    ]
    return sorted(found, key=lambda s: (-s.level, -s.before, -s.deviation, s.subject))


def _history(store: Store, points: dict[str, tuple[Point, ...]], now: datetime) -> tuple[int, int] | None:
    """How many days of reading the index needs to be of use, and how many there are; None once it is."""
    if any(found[-1].value is not None for found in points.values()):
        return None
    today = now.astimezone(UTC).date()
    volumes, _ = store.history(today - (GAP + ENOUGH) * DAY)
    read = len({volume.day for volume in volumes if volume.day < today})
    return GAP + ENOUGH, min(read, GAP + ENOUGH)


def _gravest(miss: Miss) -> tuple[int, float]:
    return -miss.refused.score.severity, -miss.refused.score.relevance


def _missed(miss: Miss) -> Missed:
    article, score = miss.refused.article, miss.refused.score
    return Missed(article.title, article.url, score.relevance, miss.refused.reason, miss.setting)


def _troubles(feeds: Iterable[KnownFeed], now: datetime) -> Sequence[Trouble]:
    found = []
    for state in (feed.state for feed in feeds):
        unread = now - state.last_success if state.last_success else None
        if state.failure and (unread is None or unread >= UNREAD):
            found.append((unread or timedelta.max, Trouble(state.name, state.failure, unread)))
    by_name = sorted(found, key=lambda pair: pair[1].feed)
    return [trouble for _, trouble in sorted(by_name, key=lambda pair: pair[0], reverse=True)]
