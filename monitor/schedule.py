"""When a feed is asked next: by its own rhythm, by what its server says, and later and later while it fails. Pure.

Two times are kept apart: a feed's interval, which follows what it publishes and is remembered, and the next check,
which hints and failures may put off. So a feed that comes back after a day of failures is polled as before.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from statistics import median

from monitor.config.model import PollingConfig
from monitor.domain import Failure, Feed, FeedState, Fetched

DAY = timedelta(days=1)
FADING = timedelta(days=30)
# A feed is asked ten times in the time that passes between two of its entries,
CHECKS_PER_ENTRY = 10
# and a silence counts as if entries came a twenty-fourth of it apart: a quiet night slows a busy feed only a little.
SILENCE = 24
RECENT = 20
# For a feed whose entries have no dates.
UNKNOWN_RHYTHM = timedelta(minutes=50)
JITTER = 0.1
FAILURE_JITTER = 0.25
# Sites that refuse readers get angrier when asked again soon.
REFUSALS = frozenset({Failure.FORBIDDEN, Failure.RATE_LIMITED})
AFTER_REFUSAL = timedelta(minutes=15)
# What passes by itself, or is nobody's fault (this machine offline, a search without results): never asked less often
# than a healthy feed, so that an hour after the trouble ends all is as before.
PASSING = frozenset({Failure.TIMEOUT, Failure.UNREACHABLE, Failure.EMPTY})
MOST_DOUBLINGS = 20
MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})")


def next_check(
    polling: PollingConfig,
    state: FeedState,
    fetched: Fetched,
    feed: Feed | None,
    *,
    fixed: timedelta | None,
    now: datetime,
    jitter: float,
) -> tuple[datetime, timedelta]:
    """When to ask again, and the feed's own interval to remember.

    `state` is as it was before this check; `feed` is the parsed document, or None where there was none to parse;
    `fixed` is the source's configured interval; `jitter` in [0, 1) spreads feeds that were asked together.
    """
    interval = fixed or _interval(polling, state, feed, now)
    failure = fetched.failure or (feed.failure if feed is not None else None)
    if failure is not None:
        wait = _after_failure(polling, failure, fetched, max(state.failures, 0) + 1, interval)
        return now + min(wait * (1 + FAILURE_JITTER * jitter), DAY), interval
    wait = fixed or max(interval, min(_hinted(fetched, feed, now), polling.max_interval))
    return now + min(wait * (1 + JITTER * jitter), max(wait, DAY)), interval


def longest_pause(before: timedelta | None, last_new: datetime | None, now: datetime) -> timedelta | None:
    """A feed's longest time without news, now that there are some; what was longer fades, by a half in a month.

    Hours in which the program did not run count, too: better a feed's silence told late than a night's told as one.
    """
    if last_new is None:
        return before
    gap = max(now - last_new, timedelta())
    fading: float = 0.5 ** (gap / FADING)
    return max(gap, (before or gap) * fading)


def _interval(polling: PollingConfig, state: FeedState, feed: Feed | None, now: datetime) -> timedelta:
    """How often a feed should be asked, from how often it publishes."""
    if feed is None or not feed.entries:
        usual = state.interval or UNKNOWN_RHYTHM / CHECKS_PER_ENTRY
        quiet = (now - state.last_new) / (SILENCE * CHECKS_PER_ENTRY) if state.last_new else timedelta()
        return _between(polling, max(usual, quiet))
    return _between(polling, _rhythm(feed, now) / CHECKS_PER_ENTRY)


def _rhythm(feed: Feed, now: datetime) -> timedelta:
    """The usual time between two of the newest entries."""
    dates = {entry.published for entry in feed.entries if entry.published is not None and entry.published <= now}
    newest = sorted(dates, reverse=True)[:RECENT]
    if not newest:
        return UNKNOWN_RHYTHM
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(newest)]
    silence = now - newest[0]
    return max(timedelta(seconds=median(gaps)), silence / SILENCE) if gaps else silence


def _between(polling: PollingConfig, interval: timedelta) -> timedelta:
    return max(polling.min_interval, min(interval, polling.max_interval))


def _hinted(fetched: Fetched, feed: Feed | None, now: datetime) -> timedelta:
    """How long the server or the feed says that nothing new will be there."""
    ttl = feed.ttl if feed is not None and feed.ttl is not None else timedelta()
    return max(ttl, _fresh_for(fetched, now), fetched.retry_after or timedelta())


def _fresh_for(fetched: Fetched, now: datetime) -> timedelta:
    """What Cache-Control or Expires leave of a response's freshness."""
    control = fetched.headers.get("cache-control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return timedelta()
    if found := MAX_AGE.search(control):
        age = fetched.headers.get("age", "")
        spent = int(age[:9]) if age.isascii() and age.isdigit() else 0
        return timedelta(seconds=max(int(found[1]) - spent, 0))
    expires = _http_date(fetched.headers.get("expires", ""))
    if expires is None:
        return timedelta()
    return max(expires - (_http_date(fetched.headers.get("date", "")) or now), timedelta())


def _after_failure(
    polling: PollingConfig, failure: Failure, fetched: Fetched, failures: int, interval: timedelta
) -> timedelta:
    """Twice as long after each failure in a row, at least what the server asks for, at most a day."""
    if failure is Failure.GONE:
        return DAY
    first = max(interval, AFTER_REFUSAL) if failure in REFUSALS else interval
    backoff = first * (1 << min(failures - 1, MOST_DOUBLINGS))
    passing = failure in PASSING or (fetched.status or 0) >= 500
    most = max(polling.max_interval, interval) if passing and failure not in REFUSALS else DAY
    return min(max(min(backoff, most), fetched.retry_after or timedelta()), DAY)


def _http_date(value: str) -> datetime | None:
    """A header's date as aware UTC, or None."""
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
