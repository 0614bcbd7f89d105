"""Watching the watcher: what admins are told, once when it begins and once when it is over."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from samples import MINUTE, NOW

from monitor.domain import Failure, FeedState
from monitor.schedule import longest_pause
from monitor.watch import CONFIGURATION, DELIVERY, DISK, FAILING, JUDGING, NEWS, Facts, silence, watch

TICK, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)


def feed(name: str = "A", **changes: Any) -> FeedState:
    """A feed that was just read and gave news ten minutes ago, as it does hourly."""
    made = FeedState(name, f"https://{name}.example/", last_success=NOW, last_new=NOW - 10 * MINUTE, pause=HOUR)
    return replace(made, **changes)


def failing(name: str, failures: int = 3, **changes: Any) -> FeedState:
    """A feed that cannot be read."""
    return feed(name, failure=Failure.TIMEOUT, failures=failures, **changes)


def facts(*feeds: FeedState, **changes: Any) -> Facts:
    """A daemon that started long ago and has nothing to complain of."""
    return replace(Facts(NOW - 9 * DAY, feeds or (feed(),), NOW), **changes)


def begun(told: Facts, known: dict[str, str] | None = None) -> list[str]:
    """What begins."""
    return list(watch(told, known or {}, NOW).begun)


def test_nothing_is_told_while_all_is_well() -> None:
    """No trouble, no notice."""
    assert watch(facts(), {}, NOW).notices == ()


@pytest.mark.parametrize(
    ("state", "silent"),
    [
        (feed(last_new=NOW - DAY), None),
        (feed(last_new=NOW - DAY - TICK), DAY + TICK),
        (feed(last_new=NOW - 4 * DAY, pause=2 * DAY), None),
        (feed(last_new=NOW - 4 * DAY - TICK, pause=2 * DAY), 4 * DAY + TICK),
        (feed(last_new=NOW - 7 * DAY, pause=None), None),
        (feed(last_new=NOW - 7 * DAY - TICK, pause=None), 7 * DAY + TICK),
        (feed(last_new=NOW - 9 * DAY, last_success=NOW - 8 * DAY - TICK), None),
        (feed(last_new=None), None),
        (feed(last_success=None), None),
        (failing("A", last_success=NOW - DAY), None),
        (failing("A", last_success=NOW - DAY - TICK), DAY + TICK),
        (failing("A", 2, last_success=NOW - 3 * DAY), None),
    ],
)
def test_a_feed_is_silent_beyond_twice_its_longest_pause(state: FeedState, silent: timedelta | None) -> None:
    """At least a day, a week while its pauses are not known; counted to its last reading, so that our own rest is none."""
    assert silence(state, NOW) == silent


@pytest.mark.parametrize(
    ("before", "last_new", "pause"),
    [
        (None, None, None),
        (None, NOW - HOUR, HOUR),
        (2 * HOUR, NOW - 3 * HOUR, 3 * HOUR),
        (120 * DAY, NOW - 30 * DAY, 60 * DAY),
        (None, NOW + HOUR, timedelta(0)),
    ],
)
def test_a_longer_pause_of_old_fades(before: timedelta | None, last_new: Any, pause: timedelta | None) -> None:
    """By a half in a month; a clock that was set back makes no pause."""
    assert longest_pause(before, last_new, NOW) == pause


def test_silent_feeds_are_told_in_one_message() -> None:
    """With how long, and the failure where there is one; and once when they are heard again."""
    a, b = feed("A", last_new=NOW - 3 * DAY), failing("B", last_success=NOW - 30 * HOUR)
    rest = [feed(name) for name in "CDEFGH"]
    told = watch(facts(a, b, *rest), {}, NOW)
    assert told.notices == ("Silent for longer than usual: A (3 days), B (30 hours, timeout).",)
    known = dict(told.begun)
    assert watch(facts(a, b, *rest), known, NOW).notices == ()
    assert watch(facts(feed("A"), feed("B"), *rest), known, NOW).notices == ("No longer silent: A, B.",)
    gone = watch(facts(*rest), known, NOW)
    assert (sorted(gone.over), gone.notices) == (["silent A", "silent B"], ())


@pytest.mark.parametrize(
    ("failures", "of", "known", "trouble"),
    [
        (1, 4, {}, False),
        (2, 6, {}, True),
        (1, 3, {}, True),
        (2, 2, {}, False),
        (3, 12, {FAILING: ""}, True),
        (3, 13, {FAILING: ""}, False),
    ],
)
def test_a_third_of_the_feeds_failing(failures: int, of: int, known: dict[str, str], trouble: bool) -> None:
    """Is over only below a quarter, so that it is not told again and again."""
    feeds = [failing(str(n), last_success=NOW - 2 * DAY) if n < failures else feed(str(n)) for n in range(of)]
    told = watch(facts(*feeds), known, NOW)
    assert (FAILING in {*known, *told.begun} - {*told.over}) is trouble
    # Those that fail together are not told one by one.
    assert any(what.startswith("silent") for what in told.begun) is not trouble


def test_a_feed_that_failed_twice_is_not_failing() -> None:
    """It mends itself."""
    assert begun(facts(*[failing(name, 2) for name in "ABC"])) == []


@pytest.mark.parametrize(
    ("behind", "judged", "known", "trouble"),
    [
        (HOUR, NOW - HOUR, {}, True),
        (HOUR - TICK, NOW - HOUR, {}, False),
        (HOUR, NOW - HOUR + TICK, {}, False),
        (HOUR, None, {}, True),
        (HOUR, NOW, {JUDGING: ""}, False),
        (timedelta(0), None, {JUDGING: ""}, False),
    ],
)
def test_nothing_judged_for_an_hour(behind: timedelta, judged: Any, known: dict[str, str], trouble: bool) -> None:
    """Though articles wait."""
    told = watch(facts(behind=behind, judged=judged), known, NOW)
    assert (JUDGING in {*known, *told.begun} - {*told.over}) is trouble


def test_a_restart_ends_no_trouble_and_begins_none() -> None:
    """What stood still is not over before something was judged; a new daemon has an hour."""
    just = facts(behind=9 * HOUR, judged=None, started=NOW)
    assert begun(just) == []
    assert watch(just, {JUDGING: "", NEWS: ""}, NOW).over == [NEWS]
    quiet = facts(feed(last_new=NOW - 3 * HOUR), started=NOW)
    assert begun(quiet) == []
    assert watch(quiet, {NEWS: ""}, NOW).over == []


@pytest.mark.parametrize(
    ("quiet", "pauses", "trouble"),
    [
        (HOUR, (MINUTE, DAY), True),
        (HOUR - TICK, (MINUTE, DAY), False),
        (4 * HOUR, (2 * HOUR, DAY), True),
        (4 * HOUR - TICK, (2 * HOUR, None), False),
        (DAY, (None, None), False),
    ],
)
def test_no_news_at_all(quiet: timedelta, pauses: tuple[Any, Any], trouble: bool) -> None:
    """For an hour, or longer where even the liveliest feed pauses longer: a few slow feeds sleep at night."""
    feeds = [feed(str(n), last_new=NOW - quiet, pause=pause) for n, pause in enumerate(pauses)]
    assert (NEWS in begun(facts(*feeds))) is trouble


@pytest.mark.parametrize(
    ("free", "known", "trouble"),
    [
        (None, {}, False),
        (200_000_000, {}, False),
        (199_999_999, {}, True),
        (399_999_999, {DISK: ""}, True),
        (400_000_000, {DISK: ""}, False),
    ],
)
def test_little_space(free: int | None, known: dict[str, str], trouble: bool) -> None:
    """Is over once there is twice as much."""
    told = watch(facts(free=free), known, NOW)
    assert (DISK in {*known, *told.begun} - {*told.over}) is trouble


@pytest.mark.parametrize(
    ("waits", "started", "known", "trouble"),
    [
        (15 * MINUTE, DAY, {}, False),
        (15 * MINUTE + TICK, DAY, {}, True),
        (5 * MINUTE, DAY, {DELIVERY: ""}, True),
        (5 * MINUTE - TICK, DAY, {DELIVERY: ""}, False),
        (DAY, 15 * MINUTE, {}, False),
        (DAY, 15 * MINUTE + TICK, {}, True),
        (DAY, MINUTE, {DELIVERY: ""}, True),
    ],
)
def test_messages_that_wait(waits: timedelta, started: timedelta, known: dict[str, str], trouble: bool) -> None:
    """While the program did not run nothing could go; a restart ends no trouble."""
    found = facts(late={"5": NOW - waits, "6": NOW}, started=NOW - started)
    told = watch(found, known, NOW)
    assert (DELIVERY in {*known, *told.begun} - {*told.over}) is trouble
    assert [text for text in told.notices if "(to 5)" in text] == list(told.begun.values())


def test_a_refused_configuration_is_told_once_for_each_mistake() -> None:
    """And once when it is accepted."""
    first = watch(facts(refused="line 2"), {}, NOW)
    assert first.notices == ("The configuration was refused and the old one stays in force. line 2",)
    assert watch(facts(refused="line 2"), dict(first.begun), NOW).notices == ()
    assert watch(facts(refused="line 3"), dict(first.begun), NOW).notices[0].endswith("line 3")
    over = watch(facts(), dict(first.begun), NOW)
    assert (over.over, over.notices) == ([CONFIGURATION], ("The configuration is accepted again.",))


@pytest.mark.parametrize(
    ("told", "dead", "says"),
    [
        ({}, {"5": 1}, "1 message to chat 5 could not be delivered; `balkan-monitor alerts --status dead` shows why."),
        ({"5": 1}, {"5": 1}, None),
        (
            {"5": 1},
            {"5": 9},
            "9 messages to chat 5 could not be delivered; `balkan-monitor alerts --status dead` shows why.",
        ),
        ({"5": 9}, {"5": 8}, None),
        ({"5": 1}, {}, "What could not be delivered to chat 5 is tried again."),
    ],
)
def test_dead_letters_are_told(told: dict[str, int], dead: dict[str, int], says: str | None) -> None:
    """By chat, and again where there are more; that there are fewer is remembered, so that one more is told."""
    known = dict(watch(facts(dead=told), {}, NOW).begun)
    found = watch(facts(dead=dead), known, NOW)
    assert found.notices == (() if says is None else (says,))
    left = dict(watch(facts(dead=dead), {}, NOW).begun)
    assert {**known, **found.begun} == left or not dead


@pytest.mark.parametrize(
    ("took", "known", "trouble"),
    [
        (False, {}, True),
        (True, {}, False),
        (None, {}, False),
        (None, {"topic -5": ""}, True),
        (True, {"topic -5": ""}, False),
    ],
)
def test_a_topic_that_is_gone_is_told(took: bool | None, known: dict[str, str], trouble: bool) -> None:
    """Also where a restart forgot it, until the topic takes a message."""
    told = watch(facts(topics={"-5": took}), known, NOW)
    assert ("topic -5" in {*known, *told.begun} - {*told.over}) is trouble
    assert bool(told.notices) is (trouble == (not known))


def test_chats_that_bar_the_bot_or_moved() -> None:
    """Told with what to do, and when it is done."""
    told = watch(facts(parked={"5": "blocked", "-7": "no rights"}, moved={"-1": "-100"}), {}, NOW)
    assert told.notices == (
        "Chat 5 takes no messages (blocked). They wait until whose chat it is sends the bot /start.",
        "Chat -7 takes no messages (no rights). They wait until the bot may write there: as a member of a group, as an administrator of a channel.",
        "The group -1 became -100 and is followed; put the new id into monitor.yaml.",
    )
    assert watch(facts(), dict(told.begun), NOW).notices == (
        "Chat 5 takes messages again.",
        "Chat -7 takes messages again.",
        "monitor.yaml no longer names the old id -1.",
    )
