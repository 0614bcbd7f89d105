"""The living alert: what a chat shows at the end of a burst, an outage, a night, a kill, a clock that jumps."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bot_api import BotApi
from living import SECOND, World, news, outlets, reasons
from pydantic import SecretStr
from samples import NOW, SOURCE

from monitor.config import AlertsConfig, Chat, Config, Corroboration, DisplayConfig, Quiet, TelegramConfig
from monitor.domain import FeedState, Reason
from monitor.pipeline import reconsidering
from monitor.store import Poll, Status, Store
from monitor.trail import trail_lines
from monitor.trail.brief import brief_lines

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def config(**alerts: Any) -> Config:
    """Chat 1 with this policy."""
    telegram = TelegramConfig(chats=(Chat(id=1),)).model_copy(update={"token": SecretStr("1:x")})
    return Config(telegram=telegram, alerts=AlertsConfig(**alerts))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = Store(f"sqlite:///{tmp_path}/m.db")
    yield made
    made.close()


async def test_a_burst_is_one_alert_and_one_edit(store: Store) -> None:
    """200 articles of one event in one minute: one message, edited once, that counts all outlets."""
    async with World(store, BotApi(), config()) as world:
        for second in range(60):
            batch = [news(n) for n in range(200 * second // 60, 200 * (second + 1) // 60)]
            await world.tell(*batch)
            world.at = max(world.at, NOW + (second + 1) * SECOND)
        await world.until(world.at + 5 * MINUTE)
        assert (len(world.api.accepted), len(world.api.edited), len(world.chat)) == (1, 1, 1)
        assert outlets(world.lines(0)) == "64 or more outlets: Belgrade"
        assert "Report 0:" in world.lines(0)[2]
        assert world.api.broken_limits == []
        assert set(reasons(store)) == {"first", "another outlet"}


async def test_a_burst_read_at_once_is_one_message(store: Store) -> None:
    """What is judged before the first message left stands in it; nothing is left to edit."""
    async with World(store, BotApi(), config()) as world:
        await world.tell(*(news(n, severity=2 + n // 50) for n in range(150)))
        await world.until(world.at + 5 * MINUTE)
        assert (len(world.api.accepted), len(world.api.edited)) == (1, 0)
        assert world.lines(0)[0] == "🔴 CRITICAL · clash"
        assert outlets(world.lines(0)) == "64 or more outlets: Belgrade"


async def test_a_thread_tells_the_story(store: Store) -> None:
    """Replies where a person should look, each saying what changed; edits for the rest; lesser things in their time."""
    async with World(store, BotApi(), config()) as world:
        await world.tell(news(1, severity=2))
        await world.until(NOW + 2 * MINUTE)
        await world.tell(news(2))
        await world.until(NOW + 5 * MINUTE)
        await world.tell(news(3, camp="pristina"))
        await world.until(NOW + 10 * MINUTE)
        await world.tell(news(4, title="Army denies that shots were fired", outlet="Zora"))
        assert len(world.chat) == 2, "the escalation cools down"
        assert reasons(store)[-2:] == ["cooldown", "cooldown"]
        await world.until(NOW + 40 * MINUTE)
        await world.tell(news(5, severity=1, kind="deescalation", outlet="Koha", camp="pristina"))
        await world.until(NOW + 2 * HOUR)
        first, *replies = world.chat
        assert [reply.reply_to for reply in replies] == [first.id] * 3
        assert world.lines(0)[0] == "🟠 SERIOUS · clash, de-escalation"
        assert outlets(world.lines(0)) == "5 outlets: Belgrade 3, Pristina 2"
        assert world.lines(1)[:2] == ["🟠 SERIOUS · clash · 🇽🇰 Kosovo · 🇷🇸 Serbia", "graver: serious, was tension"]
        assert world.lines(1)[2].startswith("Report 2: ")
        assert world.lines(2)[1:3] == ["denied or retracted, as told by Zora (Belgrade)", "now also told by Pristina"]
        assert world.lines(3)[1] == "it eases, as told by Koha (Pristina)"
        trail = store.trail("s1")
        assert trail is not None
        assert trail.waiting == ()


async def test_a_new_attack_after_the_end_is_told(store: Store) -> None:
    """And its end again; late reports of the first one are no new attack, and a second outlet is an edit."""
    async with World(store, BotApi(), config()) as world:
        await world.tell(news(1, severity=4))
        await world.until(NOW + HOUR)
        late = news(2, severity=4)
        await world.tell(news(3, severity=1, kind="deescalation"))
        await world.tell(late)
        await world.until(NOW + 2 * HOUR)
        for n in (4, 5):
            await world.tell(news(n, severity=4))
        await world.until(NOW + 3 * HOUR)
        await world.tell(news(6, severity=1, kind="deescalation"))
        await world.until(NOW + 4 * HOUR)
        told = [world.lines(i)[1].partition(",")[0] for i in range(1, len(world.chat))]
        assert told == ["it eases", "flares up again", "it eases"]


async def test_why_tells_it_in_plain_words(store: Store) -> None:
    """Each article, each decision with its reason, each message and edit, and what waits, with times."""
    async with World(store, BotApi(), config()) as world:
        await world.tell(news(1, severity=2))
        await world.until(NOW + 5 * MINUTE)
        await world.tell(news(2), news(3))
        await world.until(NOW + 10 * MINUTE)
        await world.tell(news(4, camp="pristina"))
        trail = store.trail("s1")
        assert trail is not None
        lines = list(trail_lines(trail, ZoneInfo("Europe/Belgrade"), {}))
    text = "\n".join(map(str, lines))
    for line in (
        "  1 waits: cooldown since 2023-09-29 18:50:00, looked at again 2023-09-29 19:15:00",
        "  2023-09-29 18:40:00 1 told: first, relevance 0.90",
        "  message m1 to 1: queued 2023-09-29 18:40:00, sent 2023-09-29 18:40:00, Telegram message 1",
        "  2023-09-29 18:45:00 1 told: escalated, tension before",
        "  reply m2 to 1: queued 2023-09-29 18:45:00, sent 2023-09-29 18:45:00, Telegram message 2",
        "  2023-09-29 18:45:00 1 told: another outlet, now also outlet 2, outlet 3",
        "  edit m3 to 1: queued 2023-09-29 18:45:00, sent 2023-09-29 18:45:01, Telegram message 1",
        "  2023-09-29 18:50:00 1 held: cooldown, told at severity serious already; looked at again 2023-09-29 19:15:00",
        "  edit m4 to 1: queued 2023-09-29 18:50:00, waits, next try 2023-09-29 19:05:05",
    ):
        assert line in text, text


async def test_a_chat_is_told_why_in_short(store: Store) -> None:
    """Each article with what it was judged to be and what came of it; of a long story what led to more than a count."""
    async with World(store, BotApi(), config()) as world:
        await world.tell(news(1, severity=2))
        await world.until(NOW + 5 * MINUTE)
        await world.tell(news(2), *(news(n, severity=2) for n in range(3, 9)))
        trail = store.trail("s1")
        assert trail is not None
        lines = list(brief_lines(trail, ZoneInfo("Europe/Belgrade")))
    assert lines == [
        "Story s1: Report 1: kfor1 road1 night1 police1",
        "  serious, clash; 8 articles of 8 outlets",
        "",
        "Article a1",
        "  outlet 1 (belgrade), 29.09. 18:40",
        "  relevance 0.90, tension, clash",
        "  29.09. 18:40 told: first, relevance 0.90",
        "",
        "Article a2: Report 2: kfor2 road2 night2 police2",
        "  outlet 2 (belgrade), 29.09. 18:45",
        "  relevance 0.90, serious, clash",
        "  29.09. 18:45 told: escalated, tension before",
        "",
        "and 6 more articles",
    ]


async def test_a_chat_reads_its_own_language(store: Store) -> None:
    """Its words, and of a story in another language the first headline that it reads, which stays as others come."""
    wanted = config()
    chat = wanted.telegram.chats[0].model_copy(update={"language": "sq"})
    telegram = wanted.telegram.model_copy(update={"chats": (chat,)})
    async with World(store, BotApi(), wanted.model_copy(update={"telegram": telegram})) as world:
        await world.tell(news(1, lang="sr-Latn"))
        assert world.lines(0)[0] == "🟠 SERIOZE · përplasje"
        assert "↳" not in world.chat[0].text
        await world.tell(news(2, lang="sq", outlet="Koha"), news(3, lang="sq"))
        await world.until(NOW + 5 * MINUTE)
        await world.tell(news(4, lang="en"))
        await world.until(NOW + 10 * MINUTE)
        assert "Report 1:" in world.lines(0)[2]
        assert [line for line in world.lines(0) if line.startswith("↳")] == [
            "↳ Report 2: kfor2 road2 night2 police2 · Koha"
        ]
        assert "4 media: Beogradi 4" in world.lines(0)


@pytest.mark.parametrize(
    ("severity", "loud", "silent"), [(1, None, True), (2, None, False), (3, 4, True), (4, 4, False)]
)
async def test_what_is_small_makes_no_sound(store: Store, severity: int, loud: int | None, silent: bool) -> None:
    """Below `loud_from`, which is 'tension' unless it is set."""
    alerts = {} if loud is None else {"loud_from": loud}
    async with World(store, BotApi(), config(**alerts)) as world:
        await world.tell(news(1, severity=severity))
        assert [message.silent for message in world.chat] == [silent]


async def test_a_message_that_was_deleted_is_told_anew(store: Store) -> None:
    """And edited from then on; an edit that changes nothing is no error."""
    async with World(store, BotApi(), config()) as world:
        await world.tell(news(1))
        world.api.deleted.add(world.chat[0].id)
        await world.until(NOW + 2 * MINUTE)
        await world.tell(news(2))
        await world.until(NOW + 5 * MINUTE)
        await world.tell(news(3))
        await world.until(NOW + 10 * MINUTE)
        assert [outlets(message.text.splitlines()) for message in world.chat] == ["3 outlets: Belgrade 3"]
        assert store.counts().messages[Status.PENDING] == store.counts().messages[Status.DEAD] == 0


@pytest.mark.parametrize("fault", ["500", "lost", "garbage"])
async def test_an_hour_without_telegram_is_no_flood(store: Store, fault: str) -> None:
    """Each story that arose or grew meanwhile is one up-to-date message; nothing is missing and all is in order."""
    down: list[bool] = []
    api = BotApi(lambda *_: fault if down else None)
    async with World(store, api, config()) as world:
        await world.tell(news(1, severity=2))
        await world.until(NOW + 10 * MINUTE)
        down.append(True)
        before = len(api.accepted)
        for n in range(2, 22):
            event = n % 3 * 2
            await world.tell(news(n, event, severity=2 + n // 8, camp="pristina" if n > 12 else "belgrade"))
            await world.until(world.at + 3 * MINUTE)
        assert len(api.accepted) == before
        down.clear()
        await world.until(world.at + HOUR)
        assert len(world.chat) == 4
        assert store.counts().messages[Status.PENDING] == 0
        firsts = {m.text.splitlines()[0] for m in world.chat if m.reply_to is None}
        assert "🔴 CRITICAL · clash" in firsts
        reply = next(m for m in reversed(world.chat) if m.reply_to)
        assert "graver: critical, was tension" in reply.text
        assert "now also told by Pristina" in reply.text


async def test_uncorroborated_waits_and_is_looked_at_again(store: Store) -> None:
    """A second outlet tells it; what nobody else tells grows stale; severity 4 needs no other."""
    wanted = config(corroboration=Corroboration(outlets=2), max_age=2 * HOUR)
    async with World(store, BotApi(), wanted) as world:
        await world.tell(news(1, 0), news(2, 2), news(3, 4, severity=4))
        assert [line.split(" · ")[0] for line in (world.lines(0)[0],)] == ["🔴 CRITICAL"]
        assert store.next_wait() == NOW + 30 * MINUTE
        await world.until(NOW + HOUR, 10 * MINUTE)
        await world.tell(news(4, 0, outlet="Zora"))
        assert outlets(world.lines(1)) == "2 outlets: Belgrade 2"
        await world.until(NOW + 4 * HOUR, 10 * MINUTE)
        assert reasons(store, "s2") == ["uncorroborated", "stale"]
        assert (len(world.chat), store.next_wait()) == (2, None)


async def test_a_changed_policy_is_heeded_by_what_waits(store: Store) -> None:
    """What was uncorroborated is told once one outlet is enough; what a chat no longer wants is not."""
    async with World(store, BotApi(), config(corroboration=Corroboration(outlets=2))) as world:
        await world.tell(news(1, 0), news(2, 1))
        world.config = config(countries=("BA",))
        await world.until(NOW + HOUR, 10 * MINUTE)
        assert [message.text.splitlines()[1] for message in world.chat] == ["🇧🇦 Bosnia and Herzegovina"]
        assert reasons(store, "s1") == ["uncorroborated", "out of region"]


NIGHTS = [
    # (Belgrade) evening, morning: an ordinary night, and those of the two changes of the clock
    (datetime(2026, 1, 10, 21, tzinfo=UTC), datetime(2026, 1, 11, 6, tzinfo=UTC)),
    (datetime(2026, 3, 28, 21, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),
    (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),
]


@pytest.mark.parametrize(("evening", "morning"), NIGHTS, ids=["winter", "to summer time", "from summer time"])
async def test_a_night_ends_with_one_summary(store: Store, evening: datetime, morning: datetime) -> None:
    """What was told before is edited in silence, what is critical comes at once, all else in one message at seven."""
    quiet = Quiet(**{"from": "22:00", "to": "7:00"})
    wanted = config(quiet=quiet, cooldown=timedelta(0)).model_copy(
        update={"display": DisplayConfig(timezone="Europe/Belgrade")}
    )
    async with World(store, BotApi(), wanted, evening - HOUR) as world:
        await world.tell(news(1, 0, severity=2))
        world.at = evening
        await world.tell(news(2, 1), news(3, 2), news(4, 3, severity=2))
        await world.until(evening + HOUR, 20 * MINUTE)
        await world.tell(news(5, 0), news(6, 1, outlet="Zora"))
        await world.until(evening + 2 * HOUR, 20 * MINUTE)
        await world.tell(news(7, 4, severity=4))
        assert len(world.chat) == 2
        assert outlets(world.lines(0)) == "2 outlets: Belgrade 2"
        await world.until(morning - SECOND, 20 * MINUTE)
        assert [m.text.splitlines()[0] for m in world.chat] == ["🟠 SERIOUS · clash", "🔴 CRITICAL · clash"]
        await world.until(morning + MINUTE, SECOND * 30)
        assert len(world.chat) == 3
        assert world.lines(2)[0] == "🌙 4 stories while it was quiet"
        assert world.chat[2].text.count("outlets: Belgrade") == 2
        assert world.chat[2].at < (morning + MINUTE).timestamp()
        await world.tell(news(8, 1, outlet="Koha", camp="sarajevo"))
        assert (world.chat[3].reply_to, world.lines(3)[1]) == (world.chat[2].id, "now also told by Sarajevo")
        await world.until(world.at + HOUR, 10 * MINUTE)
        assert len(world.chat) == 4
        assert world.lines(2)[0] == "🌙 4 stories while it was quiet", "a summary is not edited"


async def test_a_night_of_one_story_is_told_as_any(store: Store) -> None:
    """One story needs no summary."""
    quiet = Quiet(**{"from": "18:00", "to": "19:00", "timezone": "Europe/Belgrade"})
    async with World(store, BotApi(), config(quiet=quiet)) as world:
        await world.tell(news(1))
        assert (world.chat, reasons(store)) == ([], ["quiet hours"])
        await world.until(NOW + HOUR, 5 * MINUTE)
        assert world.lines(0)[0] == "🟠 SERIOUS · clash"
        assert reasons(store) == ["quiet hours", "first"]


@pytest.mark.parametrize("jump", [-300 * 24 * HOUR, -3 * HOUR, -40 * MINUTE, 40 * MINUTE, 3 * HOUR])
async def test_a_clock_that_jumps_loses_and_repeats_nothing(store: Store, jump: timedelta) -> None:
    """Both ways, with a message, an edit and a held update under way; the chat is right within minutes."""
    async with World(store, BotApi(), config()) as world:
        await world.tell(news(1, severity=2))
        await world.until(NOW + 5 * MINUTE)
        await world.tell(news(2), news(3, camp="pristina"))
        await world.tell(news(4, camp="pristina"), news(5, title="Policija negira pucnjavu"))
        world.read(news(6, 2))
        world.at += jump
        await world.until(world.at + HOUR)
        texts = [message.text for message in world.chat]
        assert len(texts) == 4
        assert outlets(texts[0].splitlines()) == "5 outlets: Belgrade 3, Pristina 2"
        assert sum("denied or retracted" in text for text in texts) == 1
        assert store.next_wait() is None
        assert store.counts().messages[Status.PENDING] == 0
        world.at -= jump
        await world.until(world.at + HOUR)
        assert [message.text for message in world.chat] == texts


async def test_looking_again_twice_tells_once(store: Store) -> None:
    """Two that look at the same time, or one that was killed before it heard that it was done."""
    quiet = Quiet(**{"from": "18:00", "to": "19:00", "timezone": "Europe/Belgrade"})
    async with World(store, BotApi(), config(quiet=quiet)) as world:
        await world.tell(news(1, 0), news(2, 2), news(3, 4))
        world.at += HOUR
        waits = store.due_waits(world.at, 10)
        found, _ = reconsidering._again(store, waits, world.judge, world.config, world.at)  # type: ignore[arg-type]
        single, summaries = reconsidering._gathered(found, world.config)
        assert len(store.commit_waits(single, summaries, (), world.at)) == 3
        assert store.commit_waits(single, summaries, (), world.at) == []
        await world.settle()
        assert len(world.chat) == 1


DIES = """
import asyncio, sys
from datetime import datetime, timedelta
sys.path[:0] = {path!r}
from bot_api import BotApi
from living import SECOND, World
from test_living import killed_config
from monitor.store import Store

async def main(store, api, now):
    world = World(Store(store), BotApi(), killed_config(), datetime.fromisoformat(now))
    world.start(api)
    while True:
        print("clock", world.at.isoformat(), flush=True)
        await world.settle()
        due = [*world.store.waiting().values(), *filter(None, [world.store.next_wait()])]
        if not due:
            break
        world.at = max(world.at + SECOND, min(*due, world.at + timedelta(minutes=10)))
asyncio.run(main(*sys.argv[1:]))
"""
"""The program until nothing waits, in a time of its own that does not depend on how fast the machine is."""


def killed_config() -> Config:
    """The policy of the killed ones."""
    return config(cooldown=5 * MINUTE, corroboration=Corroboration(outlets=2))


async def test_a_kill_loses_nothing_and_repeats_little(store: Store) -> None:
    """Killed again and again while it judges, waits, edits and delivers: each story ends as one thread that is right."""
    store.migrate()
    chance, now = random.Random(4), NOW
    store.sync_feeds([SOURCE], now)
    state = FeedState("Glas", SOURCE.url)
    camps = ("belgrade", "pristina")
    told = [news(n, n % 5 * 2, 2 + n // 100, camp=camps[n // 5 % 2]) for n in range(200)]
    code = DIES.format(path=[str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    api = BotApi(clock=lambda: 0.0)
    kills = 0
    async with api:
        for part in range(8):
            fresh = tuple(replace(a, published=now, seen=now) for a in told[part * 25 : part * 25 + 25])
            store.record_polls([Poll(state, state, fresh)], now)
            run = [sys.executable, "-c", code, f"sqlite:///{store._database._url.database}", api.url, now.isoformat()]
            process = await asyncio.create_subprocess_exec(*run, stdout=subprocess.PIPE)
            assert process.stdout is not None
            assert (await process.stdout.readline()).startswith(b"clock ")
            if part < 7:
                await asyncio.sleep(chance.random() * 0.5)
                if process.returncode is None:
                    process.kill()
                    kills += 1
            said, _ = await asyncio.wait_for(process.communicate(), 600)
            clocks = [line.split()[1] for line in said.decode().splitlines() if line.startswith("clock ")]
            now = max([now, *map(datetime.fromisoformat, clocks)]) + MINUTE
    assert process.returncode == 0
    shown = api.shows("1")
    firsts = [message for message in shown if message.reply_to is None]
    # Every fifth report tells the same event; which of them a first message tells depends on the moment of the kill.
    latest = {int(message.text.splitlines()[2].split()[1].rstrip(":")) % 5: message for message in firsts}
    assert len(latest) == 5
    assert 5 <= len(firsts) <= 5 + kills
    assert {outlets(message.text.splitlines()) for message in latest.values()} == {
        "40 outlets: Belgrade 20, Pristina 20"
    }
    assert store.counts().messages[Status.PENDING] == store.counts().unjudged == 0
    assert Reason.FIRST.value in reasons(store)
