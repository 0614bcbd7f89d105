"""The pace of answers, by a clock that only these tests move: limits hold, alerts come first, nothing piles up."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

import pytest
from samples import MINUTE, NOW
from structlog.testing import capture_logs

from monitor.chat.sending import Outgoing
from monitor.deliver import Pace
from monitor.errors import DeliveryError

SECOND = timedelta(seconds=1)
GROUP, PERSON = "-1", "1"


class Time:
    """A clock that goes on to the next sleeper once nobody has anything else to do."""

    def __init__(self) -> None:
        self.at = NOW
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def __call__(self) -> datetime:
        """What time it is."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Wait until so many seconds have passed here."""
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.at + timedelta(seconds=seconds), id(future), future))
        await future

    async def all(self, work: Iterable[Awaitable[object]]) -> list[object]:
        """What the work comes to, while time passes."""
        going = asyncio.gather(*work)
        while not going.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers and not going.done():
                self.at, _, future = heapq.heappop(self._sleepers)
                future.set_result(None)
        return going.result()


class Chats:
    """Where messages arrive, by the clock; some of them late, some refused."""

    def __init__(self, clock: Time, *refusals: DeliveryError) -> None:
        self.pace, self._clock, self._refusals = Pace(), clock, list(refusals)
        self.out = Outgoing(self.pace, clock, clock.sleep)
        self.came: list[tuple[str, float]] = []

    def request(self, name: str, takes: float = 0) -> Callable[[], Awaitable[None]]:
        """A message of this name."""

        async def arrive() -> None:
            if takes:
                await self._clock.sleep(takes)
            if self._refusals:
                raise self._refusals.pop(0)
            self.came.append((name, (self._clock.at - NOW).total_seconds()))

        return arrive

    def alerts(self, chat: str, *seconds: float) -> None:
        """Alerts went to the chat at these times."""
        for second in seconds:
            self.pace.started(chat)
            self.pace.ended(chat, NOW + second * SECOND)


async def test_an_answer_goes_out_at_once_where_nothing_hinders_it() -> None:
    """Without a tick of the clock, however often others are answered."""
    time = Time()
    chats = Chats(time)
    await time.all(chats.out.say(str(chat), chats.request("x")) for chat in range(1, 20))
    assert [second for _, second in chats.came] == [0.0] * 19


async def test_many_questions_at_once_are_answered_a_second_apart_or_not_at_all() -> None:
    """In the order in which they came; after seconds nobody waits for the rest, which is logged."""
    time = Time()
    chats = Chats(time)
    with capture_logs() as logs:
        done = await time.all(chats.out.say(GROUP, chats.request(str(n), 0.1)) for n in range(25))
    assert [name for name, _ in chats.came] == list("01234")
    gaps = [later - earlier for (_, earlier), (_, later) in zip(chats.came, chats.came[1:], strict=False)]
    assert min(gaps) >= 1.1
    assert time.at - NOW <= 5 * SECOND
    dropped = [line for line in logs if line["event"] == "answer not sent" and line["last"]]
    assert len(dropped) == 20 == sum(error is not None for error in done)


async def test_alerts_keep_a_part_of_what_a_group_gets_in_a_minute() -> None:
    """Asked every 4 seconds for minutes, answers take 12 of 20 a minute; a person's chat has no such limit."""
    for chat, most in ((GROUP, 12), (PERSON, 15)):
        time = Time()
        chats = Chats(time)
        for n in range(45):
            time.at = max(time.at, NOW + 4 * n * SECOND)
            await time.all([chats.out.say(chat, chats.request("x"))])
        seconds = [second for _, second in chats.came]
        assert max(sum(1 for s in seconds if start <= s < start + 60) for start in seconds) == most


async def test_an_answer_that_waits_lets_alerts_go_first() -> None:
    """The chat has been free for a moment before an answer takes its turn; one of a full group is dropped at once."""
    time = Time()
    chats = Chats(time)
    chats.alerts(GROUP, 0)
    await time.all([chats.out.say(GROUP, chats.request("x"))])
    assert chats.came == [("x", 1.2)]
    chats.alerts("-2", *range(20))
    time.at = NOW + 20 * SECOND
    (error,) = await time.all([chats.out.say("-2", chats.request("y"))])
    assert isinstance(error, DeliveryError)
    assert (len(chats.came), time.at) == (1, NOW + 20 * SECOND)


async def test_alerts_wait_for_an_answer_that_is_under_way() -> None:
    """It may arrive at any moment, so that the chat rests as if it did now; then it rests for a second."""
    time = Time()
    chats = Chats(time)
    going = asyncio.ensure_future(chats.out.say(GROUP, chats.request("x", 3)))
    await asyncio.sleep(0)
    assert chats.pace.resting(NOW) == {GROUP: NOW + SECOND}
    await time.all([going])
    assert chats.pace.resting(time.at) == {GROUP: NOW + 4 * SECOND}


@pytest.mark.parametrize(("asks", "came"), [(2, [("x", 4.0)]), (30, [])])
async def test_who_asks_to_slow_down_is_obeyed(asks: int, came: list[tuple[str, float]]) -> None:
    """Also by alerts; where it would take long, the answer is dropped."""
    time = Time()
    chats = Chats(time, DeliveryError("slower", permanent=False, retry_after=asks * SECOND))
    rests: list[datetime] = []

    async def look() -> None:
        await time.sleep(1.5)
        rests.append(chats.pace.resting(time.at)[GROUP])

    await time.all([chats.out.say(GROUP, chats.request("x", 1)), look()])
    assert rests == [NOW + (1 + asks) * SECOND]
    assert chats.came == came


@pytest.mark.parametrize(("failures", "arrives"), [(3, True), (4, False)])
async def test_what_may_pass_is_tried_again(failures: int, arrives: bool) -> None:
    """Four times, with growing pauses."""
    time = Time()
    chats = Chats(time, *(DeliveryError("no", permanent=False) for _ in range(failures)))
    (error,) = await time.all([chats.out.say(PERSON, chats.request("x"))])
    assert (error is None, len(chats.came)) == (arrives, int(arrives))


async def test_of_buttons_only_the_last_state_is_shown() -> None:
    """After the answers that wait; in a busy chat they wait for minutes rather than stay wrong."""
    time = Time()
    chats = Chats(time)
    chats.alerts(GROUP, 0)
    out = chats.out
    labels = [out.label(GROUP, 7, chats.request(f"buttons {n}")) for n in range(5)]
    other = out.label(GROUP, 8, chats.request("other buttons"))
    await time.all([*labels, other, out.say(GROUP, chats.request("answer"))])
    assert [name for name, _ in chats.came] == ["answer", "buttons 4", "other buttons"]
    chats.alerts(GROUP, *range(10, 30))
    time.at = NOW + 30 * SECOND
    await time.all([out.label(GROUP, 7, chats.request("late"))])
    assert chats.came[-1] == ("late", 70.2)


async def test_buttons_that_change_while_they_are_changed_are_changed_again() -> None:
    """What a later press led to is not overwritten by an earlier one."""
    time = Time()
    chats = Chats(time)

    async def later() -> None:
        await time.sleep(0.5)
        await chats.out.label(PERSON, 7, chats.request("second"))

    await time.all([chats.out.label(PERSON, 7, chats.request("first", 1)), later()])
    assert [name for name, _ in chats.came] == ["first", "second"]
    assert time.at < NOW + MINUTE
