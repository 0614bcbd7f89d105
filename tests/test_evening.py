"""One evening and its night with all that can go wrong in them, and the chat as it reads in the morning.

`pytest -s tests/test_evening.py` prints the chat.
"""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bot_api import BotApi
from living import SECOND, Seen, World, news, seen
from pydantic import SecretStr
from structlog.testing import capture_logs

from monitor.config import AlertsConfig, Chat, Config, DisplayConfig, Quiet, TelegramConfig
from monitor.domain import Article
from monitor.store import Status, Store

BELGRADE = ZoneInfo("Europe/Belgrade")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MORTAL = Path(__file__).with_name("mortal.py")
POLICY = Config(
    telegram=TelegramConfig(chats=(Chat(id=1),)).model_copy(update={"token": SecretStr("1:x")}),
    alerts=AlertsConfig(quiet=Quiet(**{"from": "22:30", "to": "07:00", "timezone": "Europe/Belgrade"})),
    display=DisplayConfig(timezone="Europe/Belgrade"),
)
CLASH, BRIDGE, BARRICADE, VETERANS, CANAL, FLAGS, GRENADE, KFOR = 0, 1, 2, 3, 4, 5, 6, 8
"""The events; the odd ones are in Bosnia, the others between Kosovo and Serbia."""


@dataclass
class Hands:
    """What the Telegram server does: nothing at all while it is `down`; and what kills the program as it is asked."""

    down: bool = False
    kill: Callable[[], None] | None = None
    takes: bool = False

    def __call__(self, *_: object) -> str | None:
        """How a request fails: unheard, or taken (`takes`) with an answer that nobody gets."""
        if self.kill is not None:
            self.kill()
            self.kill = None
            return "drop" if self.takes else "lost"
        return "lost" if self.down else None


@dataclass
class Evening:
    """A World by the clock on Belgrade's walls, from the afternoon of `day` to the noon after it."""

    world: World
    hands: Hands
    day: date

    async def until(self, clock: str, step: timedelta = MINUTE) -> None:
        """Let time pass."""
        at = time.fromisoformat(clock)
        day = self.day + timedelta(days=at.hour < 12)
        await self.world.until(datetime.combine(day, at, BELGRADE).astimezone(UTC), step)

    async def tell(self, clock: str, *articles: Article, step: timedelta = MINUTE) -> None:
        """Let time pass, then let a feed bring articles."""
        await self.until(clock, step)
        await self.world.tell(*articles)

    async def killed(self, url: str, moment: str) -> None:
        """The program is killed while it is 'judging', as Telegram is 'asked', or once it 'took'; then it begins again."""
        run = [sys.executable, str(MORTAL), url, self.world.api.url, self.world.clock.isoformat(), moment]
        mortal = await asyncio.create_subprocess_exec(*run, stdout=subprocess.PIPE)
        assert mortal.stdout is not None
        if moment == "judging":
            assert await mortal.stdout.readline() == b"judging\n"
            mortal.kill()
        else:
            self.hands.kill, self.hands.takes = mortal.kill, moment == "took"
        await asyncio.wait_for(mortal.communicate(), 120)
        assert mortal.returncode == -signal.SIGKILL
        self.world.at += 5 * SECOND
        await self.world.restart()


def report(n: int, event: int, severity: int, title: str, outlet: str, kind: str = "clash", camp: str = "") -> Article:
    """The nth article, a headline in words of its own."""
    return news(n, event, severity, kind, title=title, summary="", outlet=outlet, camp=camp or "belgrade")


async def burst(evening: Evening) -> None:
    """200 articles of one event in one minute: one alert and one edit."""
    world = evening.world
    await evening.tell("20:00", report(0, CLASH, 3, "Police patrol fired on near Zvečan", "Glas"))
    began = world.at
    for second in range(60):
        await world.tell(*(news(n, CLASH) for n in range(200 * second // 60 or 1, 200 * (second + 1) // 60)))
        world.at = max(world.at, began + (second + 1) * SECOND)
    await evening.until("20:10")
    assert (len(world.api.accepted), len(world.api.edited)) == (1, 1)


async def outage(evening: Evening) -> None:
    """An hour without Telegram, in which two stories begin and the first one grows twice."""
    evening.hands.down = True
    await evening.tell(
        "20:15", report(201, BARRICADE, 3, "Barricade goes up at the Jarinje crossing", "Glas", "unrest")
    )
    await evening.tell(
        "20:20", report(202, BRIDGE, 2, "Rifles found under a bridge in Brčko", "Oslobođenje", "arms", "sarajevo")
    )
    await evening.tell("20:25", report(203, CLASH, 3, "Two officers wounded in the north", "Koha", camp="pristina"))
    await evening.tell("20:40", report(204, CLASH, 4, "One officer has died of his wounds", "Zora"))
    await evening.tell("20:50", report(205, BARRICADE, 3, "Trucks block the road to Jarinje", "Danas", "unrest"))
    await evening.tell("21:00", report(206, BARRICADE, 3, "Road to Serbia closed", "Koha", "unrest", "pristina"))
    await evening.until("21:10")
    assert len(evening.world.api.accepted) == 1
    evening.hands.down = False


async def kills(evening: Evening, url: str) -> None:
    """The program is killed while it judges a story, as it tells it, and as it edits what it told."""
    await evening.until("21:20")
    evening.world.read(report(207, CANAL, 2, "Blast heard at the canal in Zubin Potok", "Koha", camp="pristina"))
    await evening.killed(url, "judging")
    await evening.killed(url, "asked")
    await evening.world.settle()
    await evening.until("21:22")
    evening.world.read(report(208, CANAL, 2, "Water supply cut after a blast", "Kosova Sot", camp="pristina"))
    await evening.killed(url, "took")
    await evening.world.settle()
    await evening.until("21:30")


async def jumps(evening: Evening) -> None:
    """The clock is three hours fast, in the quiet hours by its own account, and set right; then an hour slow."""
    world = evening.world
    world.skew = 3 * HOUR
    await evening.tell(
        "21:32", report(209, VETERANS, 2, "Veterans threaten to block Doboj", "Avaz", "threat", "sarajevo")
    )
    await evening.tell("21:34", report(210, CANAL, 4, "Power plants stop for want of water", "Koha", camp="pristina"))
    await evening.until("21:40")
    world.skew = timedelta(0)
    await evening.tell("21:50", report(211, CANAL, 3, "Engineers inspect the canal", "Reporteri", camp="pristina"))
    await evening.until("22:00")
    world.skew = -HOUR
    await evening.tell(
        "22:02", report(212, BRIDGE, 1, "Police denies that rifles were found", "Nezavisne", "arms", "banja-luka")
    )
    await evening.until("22:10")
    world.skew = timedelta(0)
    await evening.until("22:29")


async def night(evening: Evening) -> None:
    """What is critical comes at once; a smaller story, a serious one and news of the evening's wait for seven."""
    step = 5 * MINUTE
    await evening.tell("22:50", report(213, FLAGS, 2, "Flags burnt in Stolac", "Avaz", "unrest", "sarajevo"), step=step)
    await evening.tell("23:15", report(214, FLAGS, 2, "Tension in Stolac", "Nova", "unrest", "sarajevo"), step=step)
    await evening.tell(
        "00:30", report(215, KFOR, 4, "KFOR soldiers wounded in Zvečan", "Koha", camp="pristina"), step=step
    )
    await evening.tell(
        "01:55", report(216, GRENADE, 3, "Grenade thrown at the town hall of Leposavić", "Glas"), step=step
    )
    await evening.tell(
        "03:05", report(217, BARRICADE, 3, "Ministry denies that the crossing is closed", "Blic", "unrest"), step=step
    )
    await evening.until("06:59", step)


SHOWN = """
 1 | 20:00 |       | 20:01 21:12 | 🟠 SERIOUS · clash | Police patrol fired on near Zvečan | 64 or more outlets: Belgrade, Pristina
 2 | 21:11 |       | 03:05       | 🟠 SERIOUS · unrest | Road to Serbia closed | 4 outlets: Belgrade 3, Pristina 1
 3 | 21:11 |       |             | 🟡 TENSION · arms | Rifles found under a bridge in Brčko
 4 | 21:12 | to 1  |             | 🔴 CRITICAL · clash · 🇽🇰 Kosovo · 🇷🇸 Serbia | graver: critical, was serious | now also told by Pristina | One officer has died of his wounds | 64 or more outlets: Belgrade, Pristina
 5 | 21:20 |       | 21:22 22:01 | 🔴 CRITICAL · clash | Blast heard at the canal in Zubin Potok | 3 outlets: Pristina 3
 6 | 21:34 | to 5  |             | 🔴 CRITICAL · clash · 🇽🇰 Kosovo · 🇷🇸 Serbia | graver: critical, was tension | Power plants stop for want of water | 2 outlets: Pristina 2
 7 | 21:41 |       |             | 🟡 TENSION · threat | Veterans threaten to block Doboj
 8 | 22:02 | to 3  |             | 🟡 TENSION · arms · 🇧🇦 Bosnia and Herzegovina | denied or retracted, as told by Nezavisne (Banja Luka) | now also told by Banja Luka | Police denies that rifles were found | 2 outlets: Sarajevo 1, Banja Luka 1
 9 | 00:30 |       |             | 🔴 CRITICAL · clash | KFOR soldiers wounded in Zvečan
10 | 07:00 |       |             | 🌙 3 stories while it was quiet | 1. 🟠 SERIOUS 🇽🇰🇷🇸 · s2 | Ministry denies that the crossing is closed | 2. 🟠 SERIOUS 🇽🇰🇷🇸 · s8 | Grenade thrown at the town hall of Leposavić | 3. 🟡 TENSION 🇧🇦 · s6 | Tension in Stolac
11 | 07:30 | to 10 |             | 🟡 TENSION · unrest · 🇧🇦 Bosnia and Herzegovina | now also told by Banja Luka | Mayor of Stolac calls for calm | 3 outlets: Sarajevo 2, Banja Luka 1
"""
"""The chat in the morning, by Belgrade's clock: its place, when it came, to which it replies, when it was edited, what it says."""
UNTOLD = re.compile(r"[🇦-🇿]|Why: |.* \d\d:\d\d CES?T$")
"""Lines that the table leaves out: flags, sources with their times, the reason."""


def row(item: Seen) -> str:
    """A message in a line: its place, when it came, to which it replies, when it was edited, and what it says."""
    reply = f"to {item.reply_to}" if item.reply_to else ""
    edited = " ".join(f"{when:%H:%M}" for when in item.edited)
    said = [line for line in item.message.text.splitlines() if line and not UNTOLD.match(line)]
    return " | ".join([f"{item.place:2}", f"{item.at:%H:%M}", f"{reply:5}", f"{edited:11}", *said])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = Store(f"sqlite:///{tmp_path}/m.db")
    yield made
    made.close()


NIGHTS = [
    # the last night of winter time, the night with an hour less, the first night of summer time; and 7:00 in UTC
    pytest.param(date(2026, 3, 27), datetime(2026, 3, 28, 6, tzinfo=UTC), id="before", marks=pytest.mark.slow),
    pytest.param(date(2026, 3, 28), datetime(2026, 3, 29, 5, tzinfo=UTC), id="to summer time"),
    pytest.param(date(2026, 3, 29), datetime(2026, 3, 30, 5, tzinfo=UTC), id="after", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("day", "morning"), NIGHTS)
async def test_after_an_evening_of_trouble_the_chat_is_right(
    store: Store, tmp_path: Path, day: date, morning: datetime
) -> None:
    """Whatever happened, and on the clock on the wall the same on each night: told once, in time, and nothing is left."""
    hands = Hands()
    began = datetime.combine(day, time(19, 59), BELGRADE).astimezone(UTC)
    # What is logged is not what `pytest -s` is to show.
    with capture_logs():
        async with World(store, BotApi(hands), POLICY, began) as world:
            evening = Evening(world, hands, day)
            await burst(evening)
            await outage(evening)
            await kills(evening, f"sqlite:///{tmp_path}/m.db")
            await jumps(evening)
            await night(evening)
            await evening.until("07:00")
            assert world.at == morning
            await evening.tell(
                "07:10", report(218, FLAGS, 2, "Mayor of Stolac calls for calm", "Glas Srpske", "unrest", "banja-luka")
            )
            await evening.until("09:00")
            shown = seen(world.api, "1", BELGRADE)
            print("", *shown, sep="\n")
            assert "\n".join(map(row, shown)) == SHOWN.strip("\n")
            assert (world.api.broken_limits, store.next_wait()) == ([], None)
            assert store.counts().messages[Status.PENDING] == store.counts().unjudged == 0
