"""Delivery: every message arrives, in order for each chat, whatever the other side answers, and however the program dies."""

import asyncio
import io
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from bot_api import FAULTS, BotApi
from samples import MINUTE, NOW, article, filled, outcome, poll, story, verdict
from structlog.testing import capture_logs

from monitor.deliver import Backoff, Delivered, Delivery, Limits, Pace, Terminal
from monitor.domain import Decision, Kind, Message, Reason, Severity, Text
from monitor.errors import DeliveryError, StoreError
from monitor.store import Status, Store
from monitor.telegram import Telegram

TICK, SECOND, HOUR = timedelta(microseconds=1), timedelta(seconds=1), timedelta(hours=1)
HI = Text("<b>hi</b>", "hi")
Answer = Callable[[Message], int | None]


class Fake:
    """A sender that does what it is told and remembers what it was given."""

    def __init__(self, answer: Answer = lambda message: message.id * 100) -> None:
        self.answer = answer
        self.sent: list[Message] = []

    async def send(self, message: Message) -> int | None:
        """Remember the message and answer."""
        self.sent.append(message)
        return self.answer(message)


class Clock:
    """A clock that moves only when something sleeps or the test says so."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        """The time."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Let everything else run, then move on."""
        for _ in range(20):
            await asyncio.sleep(0.001)
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = Store(f"sqlite:///{tmp_path}/m.db")
    made.migrate()
    yield made
    made.close()


def delivery(store: Store, sender: Fake, clock: Clock, **more: object) -> Delivery:
    """A delivery with the fake sender for everything, and no chance in it."""
    senders = {"telegram": sender, "terminal": sender}
    return Delivery(store, senders, clock=clock, sleep=clock.sleep, jitter=lambda: 0.0, **more)  # type: ignore[arg-type]


def refuse(**how: object) -> Answer:
    """Answer everything with a DeliveryError."""

    def answer(message: Message) -> int | None:
        raise DeliveryError("no", **{"permanent": False, **how})  # type: ignore[arg-type]

    return answer


async def test_messages_are_sent_in_order_and_recorded(store: Store) -> None:
    """Each chat's in the order they were queued, a second apart, with the other side's numbers kept."""
    store.enqueue(["1", "2", "1", "1"], HI, NOW)
    sender, clock = Fake(), Clock()
    assert (await delivery(store, sender, clock).drain(1000 * MINUTE)).sent == 4
    assert [m.id for m in sender.sent if m.chat == "1"] == [1, 3, 4]
    assert [(a.id, a.status, a.telegram_id, a.attempts) for a in store.alerts()] == [
        (id, Status.SENT, id * 100, 1) for id in (4, 3, 2, 1)
    ]
    times = [a.sent for a in store.alerts() if a.chat == "1" and a.sent]
    assert all(later - earlier >= SECOND for later, earlier in pairwise(times))


@pytest.mark.parametrize(
    ("answer", "status", "due"),
    [
        (refuse(), Status.PENDING, NOW + 2 * SECOND),
        (refuse(retry_after=HOUR), Status.PENDING, NOW + HOUR),
        (refuse(permanent=True), Status.DEAD, None),
    ],
)
async def test_a_failure_is_tried_again_or_kept(
    store: Store, answer: Answer, status: Status, due: datetime | None
) -> None:
    """A passing failure after a wait, the other side's where it names one; a permanent one becomes a dead letter."""
    store.enqueue(["1"], HI, NOW)
    with capture_logs() as logs:
        await delivery(store, Fake(answer), Clock()).drain(timedelta(0))
    (alert,) = store.alerts()
    assert (alert.status, alert.due, alert.error, alert.attempts) == (status, due, "no", 1)
    assert [entry["event"] for entry in logs] == ["message refused" if due is None else "message delayed"]


@pytest.mark.parametrize(("late", "status"), [(72 * HOUR - TICK, Status.PENDING), (72 * HOUR, Status.DEAD)])
async def test_a_passing_failure_is_given_up_after_days(store: Store, late: timedelta, status: Status) -> None:
    """Not before three days; asked for again, a dead letter has three days again."""
    store.enqueue(["1"], HI, NOW)
    clock = Clock()
    clock.at += late
    await delivery(store, Fake(refuse()), clock).drain(timedelta(0))
    assert store.alerts()[0].status is status
    if store.requeue(clock.at):
        await delivery(store, Fake(refuse()), clock).drain(timedelta(0))
        assert store.alerts()[0].status is Status.PENDING


async def test_one_chat_does_not_hold_the_others(store: Store) -> None:
    """A chat that must wait an hour waits with all its messages; the others get theirs; an hour later it goes on."""
    store.enqueue(["1", "1", "2", "3"], HI, NOW)
    clock = Clock()
    asked: list[int] = []

    def answer(message: Message) -> int | None:
        asked.append(message.id)
        if message.chat == "1" and clock.at < NOW + HOUR:
            raise DeliveryError("slow down", permanent=False, retry_after=HOUR)
        return None

    await delivery(store, Fake(answer), clock).drain(MINUTE)
    assert asked == [1, 3, 4]
    clock.at = NOW + HOUR
    await delivery(store, Fake(answer), clock).drain(MINUTE)
    assert asked == [1, 3, 4, 1, 2]


async def test_no_other_message_is_sent_to_a_chat_that_must_wait(store: Store) -> None:
    """Not even one that was queued after the other side asked to wait, and that would be next."""
    story_edit(store, "1")
    clock, asked = Clock(), []

    def answer(message: Message) -> int | None:
        asked.append(message.kind)
        if len(asked) == 1:
            store.enqueue(["1"], HI, clock.at)
            raise DeliveryError("slow down", permanent=False, retry_after=HOUR)
        return None

    await delivery(store, Fake(answer), clock).drain(2 * HOUR)
    assert asked == [Kind.EDIT, Kind.NEW, Kind.EDIT]
    assert clock.at >= NOW + HOUR


def story_edit(store: Store, chat: str) -> None:
    """Let an edit be all that waits for the chat."""
    (told,) = filled(store, 1)
    store.commit([outcome(told, verdict(chat), about=story())], NOW - HOUR)
    store.record_sent(1, 70, NOW - HOUR)
    grown = replace(verdict(chat), kind=Kind.EDIT, decision=Decision(False, Reason.GREW, "", Kind.EDIT))
    poll(store, article(2))
    (second,) = store.unjudged(1)
    store.commit([outcome(second, grown, about=story(1))], NOW - HOUR)


BARRED = DeliveryError("bot was blocked", permanent=True, barred=True)


def barring(asked: list[int], barred: Callable[[], bool]) -> Answer:
    """Bar the bot from chat 1 for as long as it says."""

    def answer(message: Message) -> int | None:
        asked.append(message.id)
        if message.chat == "1" and barred():
            raise BARRED
        return None

    return answer


async def test_a_parked_chat_resumes_when_somebody_there_wants_it(store: Store) -> None:
    """In order, with what came meanwhile; until then nothing is tried, also not by another process."""
    store.enqueue(["1", "1", "2"], HI, NOW)
    clock, asked = Clock(), list[int]()
    await delivery(store, Fake(barring(asked, lambda: True)), clock).drain(HOUR)
    store.enqueue(["1"], HI, clock.at)
    await delivery(store, Fake(barring(asked, lambda: True)), clock).drain(HOUR)
    assert asked == [1, 3]
    assert store.chats.resume("1", clock.at)
    await delivery(store, Fake(barring(asked, lambda: False)), clock).drain(HOUR)
    assert asked == [1, 3, 1, 2, 4]
    assert store.chats.parked() == []
    assert not store.chats.resume("1", clock.at)


@pytest.mark.parametrize(("after", "tries"), [(24 * HOUR - TICK, 1), (24 * HOUR, 2)])
async def test_a_parked_chat_is_tried_daily(store: Store, after: timedelta, tries: int) -> None:
    """With its oldest message, which parks it for another day or opens it for all."""
    store.enqueue(["1", "1"], HI, NOW)
    clock, asked = Clock(), list[int]()
    await delivery(store, Fake(barring(asked, lambda: True)), clock).drain(timedelta(0))
    clock.at = NOW + after
    await delivery(store, Fake(barring(asked, lambda: True)), clock).drain(timedelta(0))
    assert asked == [1] * tries
    store.chats.try_parked(clock.at)
    await delivery(store, Fake(barring(asked, lambda: False)), clock).drain(MINUTE)
    assert asked == [1] * tries + [1, 2]


@pytest.mark.parametrize(("after", "status"), [(72 * HOUR - TICK, Status.PENDING), (72 * HOUR, Status.DEAD)])
def test_what_waited_for_days_in_a_parked_chat_is_not_told(store: Store, after: timedelta, status: Status) -> None:
    """From three days on, as where a way out does not answer; while the chat is parked, it waits."""
    store.enqueue(["1"], HI, NOW)
    store.chats.park(1, "blocked", NOW)
    assert store.alerts()[0].status is Status.PENDING
    store.chats.resume("1", NOW + after)
    assert store.alerts()[0].status is status


async def test_a_moved_group_takes_all_along(store: Store) -> None:
    """Its messages, what it was told, and that it moved, which a restart still knows; the numbers of old messages do not count."""
    story_edit(store, "-5")
    store.enqueue(["-5", "2"], HI, NOW)
    clock, followed = Clock(), list[int]()

    def answer(message: Message) -> int | None:
        if message.chat == "-5":
            raise DeliveryError("moved", permanent=False, moved_to="-1009")
        return message.id * 100

    sender = Fake(answer)
    work = delivery(store, sender, clock, moved=lambda: followed.append(1))
    assert (await work.drain(HOUR)).sent == 3
    assert [(m.chat, m.kind, m.edits) for m in sender.sent if m.chat == "-1009"] == [
        ("-1009", Kind.NEW, None),
        ("-1009", Kind.EDIT, None),
    ]
    assert followed == [1]
    assert store.chats.moves() == {"-5": "-1009"}
    assert list(store.alerted([1])) == [(1, "-1009")]
    assert {alert.chat for alert in store.alerts()} == {"-1009", "2"}


def test_a_group_that_moves_again_is_followed(store: Store) -> None:
    """Each of its old ids leads to where it is now, and a way back is no circle."""
    store.chats.move("-1", "-2")
    store.chats.move("-2", "-3")
    assert store.chats.moves() == {"-1": "-3", "-2": "-3"}
    store.chats.move("-3", "-2")
    assert store.chats.moves() == {"-1": "-2", "-3": "-2"}


def test_a_group_moves_to_where_something_is_already(store: Store) -> None:
    """What both have stays as the new one has it, and of two edits one is told."""
    for chat in ("-5", "-1009"):
        store.chats.park(store.enqueue([chat], HI, NOW)[0], "blocked", NOW)
    (told,) = filled(store, 1)
    both = [verdict("-5"), verdict("-1009")]
    store.commit([outcome(told, *both, about=story())], NOW)
    store.chats.move("-5", "-1009")
    assert {alert.chat for alert in store.alerts()} == {"-1009"}
    assert [parked.chat for parked in store.chats.parked()] == ["-1009"]
    assert (1, "-1009") in store.alerted([1])


async def test_refused_markup_is_sent_plain_and_logged(store: Store) -> None:
    """At once; an alert without bold beats none, and the defect is seen."""
    store.enqueue(["1"], HI, NOW)

    def answer(message: Message) -> int | None:
        if message.text.html:
            raise DeliveryError("can't parse entities", permanent=True, unparsable=True)
        return 7

    sender = Fake(answer)
    with capture_logs() as logs:
        await delivery(store, sender, Clock()).drain(timedelta(0))
    assert [m.text for m in sender.sent] == [HI, Text("", "hi")]
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("message markup refused", "error"),
        ("message delivered", "info"),
    ]


async def test_a_topic_that_is_gone_costs_no_alert(store: Store) -> None:
    """What belongs there comes without it, even where the markup is refused as well; other topics are left alone."""
    store.enqueue(["-1"], Text("<b>broken", "plain"), NOW, thread=7)
    store.enqueue(["-1"], HI, NOW, thread=8)
    sender, clock = Fake(), Clock()

    def answer(message: Message) -> int | None:
        if message.thread == 7:
            raise DeliveryError("message thread not found", permanent=True, no_topic=True)
        if "broken" in message.text.html:
            raise DeliveryError("cannot parse", permanent=True, unparsable=True)
        return 1

    sender.answer = answer
    work = delivery(store, sender, clock)
    with capture_logs() as logs:
        assert (await work.drain(MINUTE)).sent == 2
    tried = [(m.thread, m.text.html) for m in sender.sent]
    assert tried == [(7, "<b>broken"), (None, "<b>broken"), (None, ""), (8, HI.html)]
    assert work.topics == {("-1", 7): False, ("-1", 8): True}
    assert "topic refused" in [line["event"] for line in logs]


async def test_an_error_without_a_topic_to_leave_is_kept(store: Store) -> None:
    """It is not tried for ever."""
    store.enqueue(["-1"], HI, NOW)
    await delivery(store, Fake(refuse(permanent=True, no_topic=True)), Clock()).drain(timedelta(0))
    assert store.alerts()[0].status is Status.DEAD


async def test_a_chat_that_removed_the_bot_is_not_tried(store: Store) -> None:
    """It waits from then on, and goes on once the bot is there again, also where nothing waited."""
    assert store.chats.shut("1", "removed", NOW)
    assert not store.chats.shut("1", "removed", NOW)
    store.enqueue(["1"], HI, NOW)
    clock, asked = Clock(), list[int]()
    await delivery(store, Fake(barring(asked, lambda: False)), clock).drain(HOUR)
    assert asked == []
    assert store.chats.resume("1", clock.at)
    await delivery(store, Fake(barring(asked, lambda: False)), clock).drain(HOUR)
    assert (asked, store.chats.parked()) == ([1], [])
    store.chats.shut("1", "removed", NOW)
    assert store.chats.resume("1", NOW)
    assert store.chats.parked() == []


async def test_a_parked_chat_that_still_refuses_stays_parked(store: Store) -> None:
    """Somebody who writes there need not be one who lets the bot write: admins are not told that it goes on."""
    store.enqueue(["1", "1"], HI, NOW)
    clock, asked = Clock(), list[int]()
    await delivery(store, Fake(barring(asked, lambda: True)), clock).drain(timedelta(0))
    assert store.chats.resume("1", clock.at)
    assert [parked.since for parked in store.chats.parked()] == [NOW]
    await delivery(store, Fake(barring(asked, lambda: True)), clock).drain(timedelta(0))
    assert asked == [1, 1]
    assert [parked.since for parked in store.chats.parked()] == [NOW]


async def test_a_defect_in_a_sender_stops_nothing(store: Store) -> None:
    """It is logged with its traceback, its message is tried again, and the others are sent."""
    store.enqueue(["1", "2"], HI, NOW)

    def answer(message: Message) -> int | None:
        return 1 // (message.id - 1)

    with capture_logs() as logs:
        delivered = await delivery(store, Fake(answer), Clock()).drain(timedelta(0))
    assert (delivered.sent, delivered.retried) == (1, 1)
    assert store.alerts(1, Status.PENDING)[0].error == "unexpected: ZeroDivisionError"
    assert any(entry.get("exc_info") for entry in logs)


class Hanging(Fake):
    """A sender that never answers for chat 1."""

    async def send(self, message: Message) -> int | None:
        """Hang, or answer."""
        if message.chat == "1":
            await asyncio.Event().wait()
        return await super().send(message)


async def test_a_hanging_sender_is_left(store: Store) -> None:
    """After the timeout, as a passing failure, while the others are served."""
    store.enqueue(["1", "2", "3"], HI, NOW)
    work = Delivery(store, {"telegram": Hanging()}, clock=lambda: NOW, timeout=timedelta(milliseconds=30))
    delivered = await work.drain(timedelta(0))
    assert (delivered.sent, delivered.retried) == (2, 1)
    assert store.alerts(1, Status.PENDING)[0].error == "no answer within 0.03 seconds"


async def test_a_chat_that_nothing_reaches_waits(store: Store) -> None:
    """Alerts queued for Telegram wait while no token is set; those for the terminal are shown."""
    store.enqueue(["1", "terminal"], HI, NOW)
    await Delivery(store, {"terminal": Fake()}, clock=lambda: NOW).drain(timedelta(0))
    assert [(a.chat, a.status) for a in store.alerts()] == [("terminal", Status.SENT), ("1", Status.PENDING)]


async def test_senders_can_be_exchanged(store: Store) -> None:
    """A reloaded configuration's senders take over at the next message."""
    store.enqueue(["1"], HI, NOW)
    first, second = Fake(), Fake()
    work = delivery(store, first, Clock())
    work.use({"telegram": second})
    await work.drain(MINUTE)
    assert (len(first.sent), len(second.sent)) == (0, 1)


async def test_stopping_finishes_what_is_under_way(store: Store) -> None:
    """Nothing more is claimed; what was sent is recorded."""
    store.enqueue(["1", "2", "1"], HI, NOW)
    clock = Clock()
    sender = Fake()
    work = delivery(store, sender, clock)
    sender.answer = lambda message: work.stop() or 5  # type: ignore[func-returns-value]
    await work.run()
    assert sorted(a.id for a in store.alerts(9, Status.SENT)) == [1, 2]


async def test_stopping_does_not_wait_for_ever(store: Store) -> None:
    """A hanging message is left to be sent again, once its lease has ended."""
    store.enqueue(["1"], HI, NOW)
    work = Delivery(store, {"telegram": Hanging()}, clock=lambda: NOW)
    running = asyncio.create_task(work.run(grace=timedelta(milliseconds=20)))
    while not store.waiting().get("1", NOW) > NOW:
        await asyncio.sleep(0.001)
    work.stop()
    await asyncio.wait_for(running, 5)
    assert store.waiting() == {"1": NOW + timedelta(seconds=100)}


async def test_a_new_message_is_sent_at_once(store: Store) -> None:
    """A sleeping delivery that is woken does not wait for its next look."""
    sender = Fake()
    work = Delivery(store, {"telegram": sender})
    running = asyncio.create_task(work.run())
    await asyncio.sleep(0.01)
    store.enqueue(["1"], HI, datetime.now(UTC))
    work.wake()
    while not store.alerts(1, Status.SENT):
        await asyncio.sleep(0.001)
    work.stop()
    await asyncio.wait_for(running, 5)
    assert work.delivered.late < timedelta(seconds=5)


async def test_a_restart_counts_what_was_sent_before(store: Store) -> None:
    """The other side's limits hold over a crash: a group that got 20 this minute gets none."""
    store.enqueue(["-1"] * 21 + ["-2"], HI, NOW - MINUTE)
    for id in range(1, 21):
        store.record_sent(id, None, NOW - 30 * SECOND)
    sender = Fake()
    await delivery(store, sender, Clock()).drain(29 * SECOND)
    assert [m.chat for m in sender.sent] == ["-2"]


class Forgetful:
    """A store that cannot be written to for a while."""

    def __init__(self, store: Store, failures: int) -> None:
        self._store, self._failures = store, failures

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def record_sent(self, *args: object) -> None:
        """Fail, then record."""
        self._failures -= 1
        if self._failures >= 0:
            raise StoreError("database is locked")
        self._store.record_sent(*args)  # type: ignore[arg-type]


async def test_a_sent_message_is_recorded_once_the_database_answers(store: Store) -> None:
    """Trouble with the database while a message is under way does not send it twice."""
    store.enqueue(["1"], HI, NOW)
    sender = Fake()
    await delivery(Forgetful(store, 3), sender, Clock()).drain(MINUTE)  # type: ignore[arg-type]
    assert (len(sender.sent), store.alerts()[0].status) == (1, Status.SENT)


class Broken:
    """A store that fails, then works."""

    def __init__(self, store: Store) -> None:
        self._store, self._failures = store, 2

    def __getattr__(self, name: str) -> object:
        if name == "claim_messages" and self._failures > 0:
            self._failures -= 1
            raise StoreError("disk is full")
        return getattr(self._store, name)


async def test_trouble_with_the_database_is_outlived(store: Store) -> None:
    """Delivery says so, and goes on when the database does."""
    store.enqueue(["1"], HI, NOW)
    with capture_logs() as logs:
        delivered = await delivery(Broken(store), Fake(), Clock()).drain(MINUTE)  # type: ignore[arg-type]
    assert delivered.sent == 1
    assert [entry["error"] for entry in logs if entry["event"] == "outbox unavailable"] == ["disk is full"] * 2


@pytest.mark.parametrize(
    ("attempts", "jitter", "wait"),
    [
        (1, 0.0, 2),
        (2, 0.0, 4),
        (3, 0.0, 8),
        (6, 0.0, 64),
        (7, 0.0, 120),
        (10_000, 0.0, 120),
        (1, 0.5, 1.5),
        (3, 0.5, 6),
    ],
)
def test_waits_double_up_to_two_minutes(attempts: int, jitter: float, wait: float) -> None:
    """Jitter takes up to a half."""
    assert Backoff().wait(attempts, jitter) == timedelta(seconds=wait)


def sent(pace: Pace, chat: str, *seconds: float) -> None:
    """Send to the chat at these times."""
    for second in seconds:
        pace.started(chat)
        pace.ended(chat, NOW + second * SECOND)


def test_a_chat_rests_for_a_second() -> None:
    """Counted from the end of the last message; other chats do not rest."""
    pace = Pace()
    sent(pace, "1", 0)
    assert pace.resting(NOW + SECOND - TICK) == {"1": NOW + SECOND}
    assert pace.resting(NOW + SECOND) == {}


def test_a_group_gets_twenty_a_minute() -> None:
    """The 21st waits until the first is a minute old; a person's chat does not."""
    for chat, rests in [("-1", True), ("@channel", True), ("1", False)]:
        pace = Pace()
        sent(pace, chat, *range(20))
        assert (pace.resting(NOW + MINUTE - TICK) == {chat: NOW + MINUTE}) is rests
        assert pace.resting(NOW + MINUTE) == {}


def test_thirty_a_second_over_all_chats() -> None:
    """What is under way counts, and what ended within the second."""
    pace = Pace()
    for n in range(28):
        sent(pace, str(n), 0)
    pace.started("under way")
    assert (pace.room(NOW), pace.opens(NOW)) == (1, None)
    pace.started("another")
    assert (pace.room(NOW + SECOND - TICK), pace.opens(NOW + SECOND - TICK)) == (0, NOW + SECOND)
    assert pace.room(NOW + SECOND) == 28


def test_a_chat_rests_while_a_message_is_under_way() -> None:
    """It may arrive now, whoever sent it."""
    pace = Pace()
    pace.started("1")
    assert pace.resting(NOW) == {"1": NOW + SECOND}
    assert (pace.free("1", NOW), pace.free("2", NOW), pace.free("terminal", NOW)) == (NOW + SECOND, NOW, NOW)
    pace.ended("1", NOW + SECOND)
    assert (pace.free("1", NOW + SECOND), pace.free("1", NOW + 2 * SECOND)) == (NOW + 2 * SECOND, NOW + 2 * SECOND)


async def test_an_answer_that_went_out_while_a_message_was_claimed_is_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is put back, untried, and follows when the chat has rested."""
    store.enqueue(["1"], HI, NOW)
    clock, pace, real = Clock(), Pace(), store.claim_messages

    def claim(*rest: object) -> list[Message]:
        if not pace.resting(clock()):
            sent(pace, "1", 0)
        return real(*rest)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "claim_messages", claim)
    await delivery(store, Fake(), clock, pace=pace).drain(1000 * MINUTE)
    (alert,) = store.alerts()
    assert (alert.status, alert.attempts, alert.error) == (Status.SENT, 1, "")
    assert alert.sent is not None
    assert alert.sent >= NOW + SECOND


def test_nothing_opens_while_all_is_under_way() -> None:
    """There is no time to wait for, only an end."""
    pace = Pace(Limits(total=1))
    pace.started("1")
    assert (pace.room(NOW), pace.opens(NOW)) == (0, None)


def test_a_clock_set_back_does_not_stop_delivery() -> None:
    """What was sent in the future no longer counts."""
    pace = Pace()
    sent(pace, "1", 3600)
    assert (pace.resting(NOW), pace.room(NOW)) == ({}, 30)


def test_the_terminal_is_not_paced() -> None:
    """It has no limits."""
    pace = Pace()
    sent(pace, "terminal", *[0] * 100)
    assert (pace.resting(NOW), pace.room(NOW)) == ({}, 30)


async def test_the_terminal_shows_the_plain_text() -> None:
    """Without colour codes where it is no terminal, with nothing read as markup, and with what it cannot encode replaced."""
    stream = io.StringIO()
    await Terminal(stream).send(Message(1, "terminal", Text("<b>x</b>", "🔴 CRITICAL [red]\n:smile: " + "x" * 200)))
    assert stream.getvalue() == "🔴 CRITICAL [red]\n:smile: " + "x" * 200 + "\n\n"
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    await Terminal(narrow).send(Message(1, "terminal", Text("", "🔴 é")))
    narrow.seek(0)
    assert narrow.read() == "? é\n\n"


async def test_the_terminal_sets_updates_in_and_shows_no_edits() -> None:
    """An update stands under the alert that it belongs to; what was printed cannot be changed."""
    stream = io.StringIO()
    text = Text("", "🔴 CRITICAL\ngraver: critical, was serious")
    await Terminal(stream).send(Message(1, "terminal", text, kind=Kind.UPDATE))
    await Terminal(stream).send(Message(2, "terminal", text, kind=Kind.EDIT))
    assert stream.getvalue() == "↳ 🔴 CRITICAL\n  graver: critical, was serious\n\n"


async def test_a_terminal_has_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heading's says how grave it is."""

    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Tty()
    message = Message(1, "terminal", Text("", "🔴 CRITICAL\nTitle"), severity=Severity.CRITICAL)
    await Terminal(stream).send(message)
    assert stream.getvalue().startswith("\x1b[1;31m🔴 CRITICAL\x1b[0m\nTitle")


async def test_a_closed_output_is_a_passing_failure() -> None:
    """A reader that went away may come back with the next start."""
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryError, match="output cannot be written") as failed:
        await Terminal(stream).send(Message(1, "terminal", HI))
    assert not failed.value.permanent


SPEED = 20


class Fast:
    """A clock that runs SPEED times as fast, for everyone who uses it."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def seconds(self) -> float:
        """Seconds since the start."""
        return (time.monotonic() - self._start) * SPEED

    def __call__(self) -> datetime:
        """The time."""
        return NOW + timedelta(seconds=self.seconds())

    async def sleep(self, seconds: float) -> None:
        """Sleep by this clock."""
        await asyncio.sleep(seconds / SPEED)


PASSING = ["429", "500", "502", "garbage", "array", "empty", "true", "wall", "proxy", "token", "lost", "drop", "hang"]
CHATS = ["1", "2", "-3"]


async def through(store: Store, api: BotApi, clock: Fast, each: int) -> Delivered:
    """Queue messages to each chat, in turn, and deliver them to the server."""
    for n in range(each):
        for chat in CHATS:
            store.enqueue([chat], Text(f"<b>{chat}</b> &lt;{n}&gt;", f"{chat} <{n}>"), NOW)
    async with api:
        sender = Telegram("1:x", api.url)
        work = Delivery(
            store,
            {"telegram": sender},
            backoff=Backoff(SECOND, 4 * SECOND),
            timeout=timedelta(seconds=0.4),
            clock=clock,
            sleep=clock.sleep,
        )
        delivered = await asyncio.wait_for(work.drain(HOUR), 60)
        await sender.close()
    return delivered


def once(texts: list[str]) -> list[str]:
    """The texts without repetitions that follow each other."""
    return [text for n, text in enumerate(texts) if n == 0 or text != texts[n - 1]]


@pytest.mark.parametrize("fault", PASSING)
async def test_every_message_arrives_whatever_the_server_answers(store: Store, fault: str) -> None:
    """Each message's first attempt fails in this way: all arrive, in order, twice only where the answer was dropped."""
    clock = Fast()
    tried: set[str] = set()

    def first(chat: str, text: str, nth: int) -> str | None:
        again = text in tried
        tried.add(text)
        return None if again else fault

    api = BotApi(first, clock.seconds)
    delivered = await through(store, api, clock, 3)
    for chat in CHATS:
        assert once(api.texts(chat)) == [f"{chat} <{n}>" for n in range(3)]
    assert (delivered.sent, delivered.retried, delivered.dead) == (9, 9, 0)
    assert len(api.accepted) == 9 + api.dropped
    assert api.broken_limits == []


@pytest.mark.parametrize("seed", range(3))
async def test_every_message_arrives_through_all_of_it(store: Store, seed: int) -> None:
    """Half of all requests fail, each in a way drawn at random."""
    clock, chance = Fast(), random.Random(seed)
    api = BotApi(lambda *_: chance.choice(PASSING) if chance.random() < 0.5 else None, clock.seconds)
    delivered = await through(store, api, clock, 6)
    for chat in CHATS:
        assert once(api.texts(chat)) == [f"{chat} <{n}>" for n in range(6)]
    assert (delivered.sent, delivered.dead, api.broken_limits) == (18, 0, [])
    assert len(api.accepted) == 18 + api.dropped


async def test_a_refusing_chat_has_its_letters_kept(store: Store) -> None:
    """All messages to it become dead letters that say why; the other chats are served."""
    clock = Fast()
    api = BotApi(lambda chat, *_: "refused" if chat == "2" else None, clock.seconds)
    delivered = await through(store, api, clock, 2)
    assert (delivered.sent, delivered.dead, delivered.retried) == (4, 2, 0)
    assert all("too long" in alert.error for alert in store.alerts(9, Status.DEAD))
    assert store.chats.dead_letters() == {"2": 2}


@pytest.mark.parametrize(
    ("fault", "why"),
    [("blocked", "may not write to this chat"), ("rights", "may not write to this chat"), ("unknown", "no such chat")],
)
async def test_a_chat_that_bars_the_bot_is_parked(store: Store, fault: str, why: str) -> None:
    """Its messages wait, after one try; the other chats are served. So it is where nobody there pressed Start yet."""
    clock = Fast()
    api = BotApi(lambda chat, *_: fault if chat == "2" else None, clock.seconds)
    delivered = await through(store, api, clock, 2)
    assert (delivered.sent, delivered.dead, delivered.retried) == (4, 0, 1)
    assert [alert.chat for alert in store.alerts(9, Status.PENDING)] == ["2", "2"]
    (parked,) = store.chats.parked()
    assert parked.chat == "2"
    assert why in parked.why


def test_every_fault_is_tried() -> None:
    """The lists above name all that the server can do wrong."""
    assert set(FAULTS) | {"hang", "lost", "drop"} == {
        *PASSING,
        "blocked",
        "unknown",
        "rights",
        "refused",
        "markup",
        "moved",
    }


DIES = """
import asyncio, sys, time
from datetime import UTC, datetime, timedelta
sys.path[:0] = {path!r}
from monitor.deliver import Backoff, Delivery
from monitor.store import Store
from monitor.telegram import Telegram

start, speed = {start!r}, 20
def clock():
    return datetime.fromtimestamp(start + (time.time() - start) * speed, UTC)
async def main():
    store = Store(sys.argv[1])
    store.migrate()
    print("ready", flush=True)
    work = Delivery(store, {{"telegram": Telegram("1:x", sys.argv[2])}}, clock=clock,
                    sleep=lambda s: asyncio.sleep(s / speed), backoff=Backoff(timedelta(seconds=1), timedelta(seconds=4)),
                    timeout=timedelta(seconds=0.4))
    print(await work.drain(timedelta(minutes=30)), flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.slow)])
async def test_nothing_is_lost_across_kills(url: str, rounds: int) -> None:
    """Killed at random moments and started again, with a server that fails at random, every message still arrives, in order.

    Twice come only those whose answer was dropped, and at most those that were under way at a kill.
    """
    store, chance, each = Store(url), random.Random(rounds), 2 * rounds + 4
    store.migrate()
    start = time.time()
    now = datetime.fromtimestamp(start, UTC)
    for n in range(each):
        store.enqueue(CHATS, Text(f"<i>{n}</i>", str(n)), now)
    code = DIES.format(path=[str(Path(__file__).parent), str(Path(__file__).parent.parent)], start=start)
    faults = ["500", "429", "drop", "garbage", None, None, None, None]
    async with BotApi(lambda *_: chance.choice(faults), lambda: time.time() * SPEED) as api:
        for kill in [*[True] * rounds, False]:
            run = [sys.executable, "-c", code, url, api.url]
            process = await asyncio.create_subprocess_exec(*run, stdout=subprocess.PIPE)
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
            if kill:
                before = api.requests
                while api.requests < before + chance.randrange(1, 5) and process.returncode is None:
                    await asyncio.sleep(0.001)
                await asyncio.sleep(chance.random() * 0.02)
                process.kill()
            await asyncio.wait_for(process.communicate(), 120)
    for chat in CHATS:
        assert once(api.texts(chat)) == [str(n) for n in range(each)]
    assert store.counts().messages == {Status.PENDING: 0, Status.SENT: 3 * each, Status.DEAD: 0, Status.MERGED: 0}
    assert 3 * each <= len(api.accepted) <= 3 * each + api.dropped + len(CHATS) * rounds
    store.close()
