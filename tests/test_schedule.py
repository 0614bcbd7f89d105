"""When a feed is asked next: rows on each boundary."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.model import PollingConfig
from monitor.domain import Entry, Failure, Feed, FeedState, Fetched
from monitor.schedule import next_check

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLLING = PollingConfig()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def state(**known: object) -> FeedState:
    """A feed of which only the given is known."""
    return FeedState(name="f", url="https://f.example/", **known)  # type: ignore[arg-type]


def answer(**known: object) -> Fetched:
    """An answer of which only the given matters."""
    return Fetched(url="https://f.example/", **known)  # type: ignore[arg-type]


def feed(*ages: timedelta, **known: object) -> Feed:
    """A feed with entries of such ages; without any, one entry without a date."""
    dates: list[datetime | None] = [NOW - age for age in ages]
    entries = tuple(Entry(None, None, "t", "", date) for date in dates or [None])
    return Feed(entries=entries, **known)  # type: ignore[arg-type]


def wait(before: FeedState, fetched: Fetched, document: Feed | None = None, **more: object) -> timedelta:
    """The time until the next check, without jitter."""
    arguments = {"fixed": None, "now": NOW, "jitter": 0.0} | more
    return next_check(POLLING, before, fetched, document, **arguments)[0] - NOW  # type: ignore[arg-type]


def every(gap: timedelta, count: int = 25) -> Feed:
    """A feed that published at a steady pace until now."""
    return feed(*(gap * index for index in range(count)))


RHYTHMS = [
    ("a minute apart", every(MINUTE), MINUTE),
    ("10 minutes apart", every(10 * MINUTE), MINUTE),
    ("11 minutes apart", every(11 * MINUTE), MINUTE * 1.1),
    ("an hour apart", every(HOUR), 6 * MINUTE),
    ("10 hours apart", every(10 * HOUR), HOUR),
    ("11 hours apart", every(11 * HOUR), HOUR),
    ("a month apart", every(30 * DAY), HOUR),
    ("all at once, now", feed(*[timedelta()] * 20), MINUTE),
    ("all at once, 10 h ago", feed(*[10 * HOUR] * 20), HOUR),
    ("one entry, 1 h ago", feed(HOUR), 6 * MINUTE),
    ("busy, then silent for 4 h", feed(*(4 * HOUR + MINUTE * n for n in range(20))), MINUTE),
    ("busy, then silent for 8 h", feed(*(8 * HOUR + MINUTE * n for n in range(20))), 2 * MINUTE),
    ("busy, then silent for a year", feed(*(365 * DAY + MINUTE * n for n in range(20))), HOUR),
    ("only the newest count", feed(*(MINUTE * n for n in range(20)), *(300 * DAY * n for n in range(1, 20))), MINUTE),
    ("no dates", feed(), 5 * MINUTE),
    ("only dates to come", feed(-HOUR, -2 * HOUR), 5 * MINUTE),
]


@pytest.mark.parametrize(("document", "expected"), [row[1:] for row in RHYTHMS], ids=[row[0] for row in RHYTHMS])
def test_a_feed_is_asked_at_its_own_rhythm(document: Feed, expected: timedelta) -> None:
    """Ten times between two entries, between the two configured bounds."""
    found, interval = next_check(POLLING, state(), answer(), document, fixed=None, now=NOW, jitter=0.0)
    assert found - NOW == expected
    assert interval == expected


UNCHANGED = [
    ("nothing known", state(), 5 * MINUTE),
    ("as before", state(interval=3 * MINUTE), 3 * MINUTE),
    ("as before, new 4 h ago", state(interval=MINUTE, last_new=NOW - 4 * HOUR), MINUTE),
    ("silent for 12 h", state(interval=MINUTE, last_new=NOW - 12 * HOUR), 3 * MINUTE),
    ("silent for a year", state(interval=MINUTE, last_new=NOW - 365 * DAY), HOUR),
    ("bounds were changed since", state(interval=5 * HOUR), HOUR),
]


@pytest.mark.parametrize(("before", "expected"), [row[1:] for row in UNCHANGED], ids=[row[0] for row in UNCHANGED])
def test_an_unchanged_feed_keeps_its_rhythm(before: FeedState, expected: timedelta) -> None:
    """Without a document the remembered interval holds, and a long silence stretches it."""
    assert wait(before, answer(unchanged=True)) == expected


HINTS = [
    ({}, None, MINUTE),
    ({"cache-control": "max-age=30"}, None, MINUTE),
    ({"cache-control": "max-age=60"}, None, MINUTE),
    ({"cache-control": "max-age=61"}, None, 61 * MINUTE / 60),
    ({"cache-control": "public, Max-Age=600"}, None, 10 * MINUTE),
    ({"cache-control": "max-age=600", "age": "240"}, None, 6 * MINUTE),
    ({"cache-control": "max-age=600", "age": "9999"}, None, MINUTE),
    ({"cache-control": "s-maxage=600"}, None, MINUTE),
    ({"cache-control": "max-age=600, no-cache"}, None, MINUTE),
    ({"cache-control": "no-store, max-age=600"}, None, MINUTE),
    ({"cache-control": "max-age=3600"}, None, HOUR),
    ({"cache-control": "max-age=999999999"}, None, HOUR),
    ({"cache-control": "max-age=soon"}, None, MINUTE),
    ({"expires": "Tue, 24 Nov 2026 12:20:00 GMT"}, None, 20 * MINUTE),
    ({"expires": "Tue, 24 Nov 2026 12:00:00 GMT"}, None, MINUTE),
    ({"expires": "Thu, 19 Nov 1981 08:52:00 GMT"}, None, MINUTE),
    ({"expires": "-1"}, None, MINUTE),
    ({"expires": "Sat, 01 Jan 2000 00:20:00 GMT", "date": "Sat, 01 Jan 2000 00:00:00 GMT"}, None, 20 * MINUTE),
    ({"expires": "Tue, 24 Nov 2026 12:20:00 GMT", "cache-control": "max-age=300"}, None, 5 * MINUTE),
    ({}, 15 * MINUTE, 15 * MINUTE),
    ({}, HOUR, HOUR),
    ({}, 7 * DAY, HOUR),
    ({"cache-control": "max-age=600"}, 15 * MINUTE, 15 * MINUTE),
]


@pytest.mark.parametrize(("headers", "ttl", "expected"), HINTS, ids=str)
def test_the_server_may_ask_for_patience(headers: dict[str, str], ttl: timedelta | None, expected: timedelta) -> None:
    """Cache-Control, Expires and ttl put the next check off, never beyond max_interval, and change no rhythm."""
    document = feed(*(MINUTE * n for n in range(20)), ttl=ttl)
    found, interval = next_check(POLLING, state(), answer(headers=headers), document, fixed=None, now=NOW, jitter=0.0)
    assert found - NOW == expected
    assert interval == MINUTE


@pytest.mark.parametrize("fixed", [timedelta(seconds=10), 5 * MINUTE, DAY])
def test_a_configured_interval_is_taken_at_its_word(fixed: timedelta) -> None:
    """A source's own interval overrides rhythm, hints and bounds, for good and for bad."""
    headers = {"cache-control": "max-age=3000"}
    assert wait(state(), answer(headers=headers), every(HOUR), fixed=fixed) == fixed
    assert wait(state(), answer(failure=Failure.TIMEOUT), fixed=fixed) == fixed


F = Failure
FAILURES = [
    (F.TIMEOUT, None, 0, None, 2 * MINUTE),
    (F.TIMEOUT, None, 1, None, 4 * MINUTE),
    (F.TIMEOUT, None, 4, None, 32 * MINUTE),
    (F.TIMEOUT, None, 5, None, HOUR),
    (F.UNREACHABLE, None, 10**6, None, HOUR),
    (F.EMPTY, 200, 10**6, None, HOUR),
    (F.HTTP, 500, 10**6, None, HOUR),
    (F.HTTP, 499, 10**6, None, DAY),
    (F.HTTP, 404, 0, None, 2 * MINUTE),
    (F.HTTP, 404, 9, None, 1024 * MINUTE),
    (F.HTTP, 404, 10, None, DAY),
    (F.TLS, None, 10**6, None, DAY),
    (F.NOT_A_FEED, 200, 10**6, None, DAY),
    (F.BAD_XML, 200, 0, None, 2 * MINUTE),
    (F.FORBIDDEN, 403, 0, None, 15 * MINUTE),
    (F.FORBIDDEN, 403, 1, None, 30 * MINUTE),
    (F.FORBIDDEN, 503, 10**6, None, DAY),
    (F.RATE_LIMITED, 429, 0, None, 15 * MINUTE),
    (F.RATE_LIMITED, 429, 0, 10 * MINUTE, 15 * MINUTE),
    (F.RATE_LIMITED, 429, 0, 20 * MINUTE, 20 * MINUTE),
    (F.RATE_LIMITED, 429, 2, 20 * MINUTE, HOUR),
    (F.RATE_LIMITED, 503, 0, 30 * DAY, DAY),
    (F.HTTP, 500, 0, 3 * HOUR, 3 * HOUR),
    (F.GONE, 410, 0, None, DAY),
    (F.GONE, 410, 10**6, None, DAY),
]


@pytest.mark.parametrize(("failure", "status", "before", "asked", "expected"), FAILURES, ids=str)
def test_failures_are_asked_less_and_less(
    failure: Failure, status: int | None, before: int, asked: timedelta | None, expected: timedelta
) -> None:
    """Each failure in a row doubles the wait; no feed is given up, and what passes by itself is asked each hour."""
    fetched = answer(failure=failure, status=status, retry_after=asked)
    assert wait(state(failures=before, interval=2 * MINUTE), fetched) == expected


def test_a_document_that_is_no_feed_is_a_failure_too() -> None:
    """What parsing found counts like what fetching found."""
    document = Feed(failure=Failure.NOT_A_FEED)
    assert wait(state(failures=1, interval=2 * MINUTE), answer(status=200), document) == 4 * MINUTE


def test_a_feed_that_comes_back_is_asked_as_before() -> None:
    """A failure does not change the remembered interval, so the first success returns to it."""
    before = state(failures=9, interval=2 * MINUTE)
    assert (
        next_check(POLLING, before, answer(failure=Failure.TLS), None, fixed=None, now=NOW, jitter=0)[1] == 2 * MINUTE
    )
    assert wait(before, answer(unchanged=True)) == 2 * MINUTE


@pytest.mark.parametrize(("jitter", "healthy", "failing"), [(0.0, 10.0, 10.0), (0.5, 10.5, 11.25), (1.0, 11.0, 12.5)])
def test_jitter_spreads_feeds(jitter: float, healthy: float, failing: float) -> None:
    """Up to a tenth later when all is well, up to a quarter later after failures, and never earlier."""
    before = state(interval=10 * MINUTE)
    assert wait(before, answer(unchanged=True), jitter=jitter) == healthy * MINUTE
    assert wait(before, answer(failure=Failure.TIMEOUT), jitter=jitter) == failing * MINUTE


@given(
    st.sampled_from([None, *Failure]),
    st.integers(0, 10**9),
    st.one_of(st.none(), st.timedeltas(timedelta(), timedelta(days=400))),
    st.one_of(st.none(), st.timedeltas(timedelta(), timedelta(days=400))),
    st.floats(0, 1, exclude_max=True),
    st.lists(st.timedeltas(-timedelta(days=4000), timedelta(days=4000)), max_size=5),
)
def test_every_feed_is_asked_again_within_a_day(
    failure: Failure | None,
    failures: int,
    interval: timedelta | None,
    asked: timedelta | None,
    jitter: float,
    ages: list[timedelta],
) -> None:
    """Whatever happens, the next check is neither now nor more than a day away."""
    before = state(failures=failures, interval=interval)
    fetched = answer(failure=failure, retry_after=asked)
    document = feed(*ages) if ages and failure is None else None
    found = wait(before, fetched, document, jitter=jitter)
    assert POLLING.min_interval <= found <= DAY
