"""What the program tells by the clock: the index's crossings and the daily digest, in a time of the tests' own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bot_api import parse_html
from pydantic import SecretStr
from samples import MINUTE, NOW, SOURCE, article, outcome, score, story, verdict
from test_store_people import change, mute

from monitor.config import AlertsConfig, Chat, Config, DigestConfig, PolicyConfig, Quiet, TelegramConfig
from monitor.domain import Decision, Failure, FeedState, Message, Mute, MuteKind, Reason, Severity
from monitor.pipeline import tell_day, watch_index
from monitor.pipeline.digesting import latest
from monitor.pipeline.indexing import Crossing, key, knows
from monitor.render import LIMIT, units
from monitor.store import Poll, Store
from monitor.trend import Level, Point

BELGRADE = ZoneInfo("Europe/Belgrade")
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def config(*chats: Chat, **more: object) -> Config:
    """Chats that are reached by Telegram; without any, the terminal."""
    telegram = TelegramConfig(chats=chats, token=SecretStr("1:x") if chats else None)
    return Config(telegram=telegram).model_copy(update=more)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that has read six outlets for five weeks, where nothing happened."""
    made = Store(f"sqlite:///{tmp_path}/m.db")
    made.migrate()
    made.sync_feeds([SOURCE], NOON)
    for back in range(35, -1, -1):
        read(made, NOON - back * DAY, *(f"o{n}" for n in range(6)))
    yield made
    made.close()


def read(
    store: Store, at: datetime, *outlets: str, event: int | None = None, severity: int = 4, country: str = ""
) -> None:
    """Each outlet brings an article; with an event, it tells that story."""
    state = FeedState("Glas", SOURCE.url)
    keys = [f"{at} {outlet} {event}" for outlet in outlets]
    news = [
        article(
            1,
            keys=(key,),
            outlet=outlet,
            camp=outlet,
            published=at,
            seen=at,
            title=f"Report on {event}",
            fingerprint=key,
        )
        for key, outlet in zip(keys, outlets, strict=True)
    ]
    store.record_polls([Poll(state, state, tuple(news))], at)
    waiting = store.unjudged(100)
    if event is None:
        store.commit([outcome(a, reason=Reason.IRRELEVANT) for a in waiting], at)
        return
    judged = score(severity=Severity(severity), countries=tuple(country.split("-")) if country else ("XK", "RS"))
    told = story(-1, title=f"Event {event}", severity=Severity(severity), countries=judged.countries, updated=at)
    made = [outcome(a, verdict(send=False), about=told) for a in waiting]
    store.commit([replace(o, judged=replace(o.judged, score=judged)) for o in made], at)


def crisis(store: Store, at: datetime, events: int = 6, country: str = "") -> None:
    """So many critical events, told by all outlets."""
    for event in range(events):
        read(store, at, *(f"o{n}" for n in range(6)), event=event, country=country)


def queued(store: Store, at: datetime) -> list[Message]:
    """What is sent, in order; all of it is taken to be delivered."""
    found: list[Message] = []
    while claimed := store.claim_messages(at, "me", HOUR, 50):
        for message in claimed:
            store.record_sent(message.id, message.id, at)
        found += claimed
    return sorted(found, key=lambda message: message.id)


async def test_peace_says_nothing(store: Store) -> None:
    """Ordinary days cross no level."""
    for hours in range(24):
        assert await watch_index(store, config(), 0.5, NOON + hours * HOUR) == 0
    assert store.levels() == {}


async def test_a_crossing_is_told_once(store: Store) -> None:
    """One message for the pair and its countries together; not again on that day, nor by another process."""
    crisis(store, NOON)
    assert await watch_index(store, config(), 0.5, NOON) == 1
    for hours in range(1, 12):
        assert await watch_index(store, config(), 0.5, NOON + hours * HOUR) == 0
    (message,) = queued(store, NOON)
    lines = message.text.plain.splitlines()
    assert lines[0].split(" ", 1)[1] in {"HIGH · escalation index", "EXTREME · escalation index"}
    assert {"Kosovo–Serbia", "Kosovo", "Serbia"} == {
        line.split(": highest in 35 days")[0].split(" ", 1)[1] for line in lines[1:4]
    }
    assert "• Event 0" in lines
    assert lines[-1].startswith("Why: ")
    assert lines[-1].endswith("3 Mar 2026, 13:00 CET")
    assert parse_html(message.text.html).text == message.text.plain


async def test_too_short_a_history_is_silent(tmp_path: Path) -> None:
    """In the first four weeks there is no index, whatever happens."""
    store = Store(f"sqlite:///{tmp_path}/young.db")
    store.migrate()
    store.sync_feeds([SOURCE], NOON)
    for back in range(27, -1, -1):
        read(store, NOON - back * DAY, *(f"o{n}" for n in range(6)))
    crisis(store, NOON)
    assert await watch_index(store, config(), 0.5, NOON) == 0
    store.close()


async def test_rising_further_is_told_and_coming_down_is_told_silently(store: Store) -> None:
    """A higher level on the same day is news; so is the return to normal, without a sound."""
    crisis(store, NOON, events=2)
    assert await watch_index(store, config(), 0.5, NOON) == 1
    low = max(store.levels().values())
    crisis(store, NOON + HOUR, events=60)
    assert await watch_index(store, config(), 0.5, NOON + HOUR) == 1
    assert max(store.levels().values()) > low
    now = NOON + HOUR
    while store.levels().get("XK-RS"):
        now += 6 * HOUR
        read(store, now, *(f"o{n}" for n in range(6)))
        await watch_index(store, config(), 0.5, now)
    first, second, *rest = queued(store, now)
    assert all("back to normal" in message.text.plain for message in rest)
    assert len(rest) <= 2
    assert (first.silent, second.silent, {message.silent for message in rest}) == (low == 1, False, {True})


@pytest.mark.parametrize(("hour", "silent"), [(20, False), (21, True), (5, True), (6, False)])
async def test_quiet_hours_are_kept(tmp_path: Path, store: Store, hour: int, silent: bool) -> None:
    """A high index makes no sound in them; the times are Belgrade's, an hour ahead."""
    quiet = Quiet.model_validate({"from": "22:00", "to": "07:00"})
    at = NOON.replace(hour=hour)
    crisis(store, at, events=2)
    await watch_index(store, config(alerts=AlertsConfig(quiet=quiet)), 0.5, at)
    (message,) = queued(store, at)
    assert message.text.plain.startswith("🟠 HIGH")
    assert message.silent is silent


async def test_a_chat_is_told_of_the_countries_that_it_watches(store: Store) -> None:
    """In the topic of the rule that names them."""
    bosnia = Chat(id=1, rules=(PolicyConfig(countries=("BA",)),))
    serbia = Chat(id=2, thread=5, rules=(PolicyConfig(countries=("BA",)), PolicyConfig(countries=("RS",), thread=9)))
    crisis(store, NOON)
    assert await watch_index(store, config(bosnia, serbia), 0.5, NOON) == 1
    (message,) = queued(store, NOON)
    assert (message.chat, message.thread) == ("2", 9)
    assert "Kosovo–Serbia" in message.text.plain
    assert "🇽🇰 Kosovo:" not in message.text.plain


def subjects(store: Store, at: datetime) -> dict[str, set[str]]:
    """By chat, the flags of the countries and pairs that it is told of, as codes: XK, XKRS."""
    found: dict[str, set[str]] = {}
    for message in queued(store, at):
        flags = [
            line.partition(" ")[0]
            for line in message.text.plain.splitlines()
            if "\U0001f1e6" <= line[:1] <= "\U0001f1ff"
        ]
        codes = {"".join(chr(ord(letter) - 0x1F1E6 + ord("A")) for letter in flag) for flag in flags}
        found.setdefault(message.chat, set()).update(codes)
    return found


async def test_one_pair_hides_no_other(store: Store) -> None:
    """Serbia rose with Bosnia at noon; who was not told, and who was told of that alone, hears of Kosovo-Serbia in full."""
    bosnia, kosovo = (Chat(id=n, rules=(PolicyConfig(countries=(code,)),)) for n, code in ((1, "BA"), (2, "XK")))
    chats = config(bosnia, kosovo, Chat(id=3))
    crisis(store, NOON, 2, "BA-RS")
    await watch_index(store, chats, 0.5, NOON)
    both = {"BARS", "BA"}
    assert subjects(store, NOON) == {"1": both, "3": both | {"RS"}}
    crisis(store, NOON + 5 * HOUR, 2, "XK-RS")
    await watch_index(store, chats, 0.5, NOON + 5 * HOUR)
    told = subjects(store, NOON + 5 * HOUR)
    assert told["2"] == {"XKRS", "XK"}
    assert told["3"] >= {"XKRS", "XK"}
    assert await watch_index(store, chats, 0.5, NOON + 6 * HOUR) == 0


def test_a_country_is_no_news_after_its_pair_nor_a_pair_after_both() -> None:
    """What one part told a chat today, as high, is not told again in another's name."""
    parts = {"XK": Level.HIGH, "RS": Level.HIGH}
    for told, subject, level, known in (
        ({"XK-RS": Level.HIGH}, "RS", Level.HIGH, True),
        ({"XK-RS": Level.HIGH}, "RS", Level.EXTREME, False),
        ({"XK-RS": Level.HIGH}, "BA-RS", Level.HIGH, False),
        ({"XK-RS": Level.HIGH}, "BA", Level.ELEVATED, False),
        (parts, "XK-RS", Level.HIGH, True),
        (parts, "XK-RS", Level.EXTREME, False),
        ({"RS": Level.EXTREME}, "XK-RS", Level.ELEVATED, False),
        ({"RS": Level.EXTREME}, "RS", Level.HIGH, True),
    ):
        names = {key("1", other, reached, NOON.date()) for other, reached in told.items()}
        moved = Crossing(subject, Point(NOON.date()), Level.NORMAL, level)
        assert knows("1", moved, names, NOON.date()) is known, (told, subject, level)
        assert not knows("2", moved, names, NOON.date())


ALL = {"XKRS", "XK", "RS"}


@pytest.mark.parametrize(
    ("events", "held", "heard"),
    [
        (2, mute(), {}),
        (60, mute(), {"1": ALL}),
        (2, mute(until=NOW - MINUTE), {"1": ALL}),
        (2, mute(chat="2"), {"1": ALL}),
        (2, mute(kind=MuteKind.KEYWORD, what="kosov*"), {"1": {"RS"}}),
        (60, mute(kind=MuteKind.KEYWORD, what="Косово"), {"1": {"RS"}}),
        (60, mute(kind=MuteKind.KEYWORD, what="Srbija"), {"1": {"XK"}}),
        (2, mute(kind=MuteKind.SOURCE, what="Glas"), {"1": ALL}),
    ],
)
async def test_mutes_hold_the_index(store: Store, events: int, held: Mute, heard: dict[str, set[str]]) -> None:
    """Of everything, all but the extreme; of a word, whatever is called so, in English or as the chat reads it."""
    shift = NOON - NOW
    store.people.write(change("mute"), replace(held, until=held.until and held.until + shift, at=held.at + shift))
    crisis(store, NOON, events)
    await watch_index(store, config(Chat(id=1, language="sr")), 0.5, NOON)
    assert subjects(store, NOON) == heard


AT = DigestConfig(at="08:00")


@pytest.mark.parametrize(
    ("now", "at", "day", "came"),
    [
        ("2026-03-03T07:00:00", "08:00", "2026-03-03", "2026-03-03T07:00:00"),
        ("2026-03-03T06:59:59", "08:00", "2026-03-02", "2026-03-02T07:00:00"),
        ("2026-03-02T23:30:00", "00:15", "2026-03-03", "2026-03-02T23:15:00"),
        ("2026-03-29T06:00:00", "08:00", "2026-03-29", "2026-03-29T06:00:00"),
        ("2026-10-25T07:00:00", "08:00", "2026-10-25", "2026-10-25T07:00:00"),
        ("2026-03-29T01:29:59", "02:30", "2026-03-28", "2026-03-28T01:30:00"),
        ("2026-03-29T01:30:00", "02:30", "2026-03-29", "2026-03-29T01:30:00"),
        ("2026-10-25T00:30:00", "02:30", "2026-10-25", "2026-10-25T00:30:00"),
        ("2026-10-25T01:30:00", "02:30", "2026-10-25", "2026-10-25T00:30:00"),
    ],
)
def test_a_digest_comes_at_its_time(now: str, at: str, day: str, came: str) -> None:
    """On the clock of the zone: also where an hour is left out, or comes twice."""
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    expected = date.fromisoformat(day), datetime.fromisoformat(came).replace(tzinfo=UTC)
    assert latest(moment, time.fromisoformat(at), BELGRADE) == expected


@pytest.mark.parametrize("start", ["2026-03-28", "2026-10-24", "2026-06-01"])
@pytest.mark.parametrize("at", ["00:00", "02:00", "02:30", "08:00", "23:59"])
async def test_there_is_one_digest_a_day(store: Store, start: str, at: str) -> None:
    """Over three days with a look every 20 minutes, whatever the clock does, and with a clock that is set back."""
    settings = config(digest=DigestConfig(at=at))
    begin = datetime.fromisoformat(start).replace(tzinfo=BELGRADE).astimezone(UTC)
    end = (datetime.fromisoformat(start) + 3 * DAY).replace(tzinfo=BELGRADE).astimezone(UTC)
    now, told = begin - HOUR, 0
    while now < end:
        told += await tell_day(store, settings, 0.5, now)
        now += 20 * MINUTE
    assert told == 3
    assert await tell_day(store, settings, 0.5, begin + 30 * HOUR) == 0


@pytest.mark.parametrize(("late", "told"), [(0 * HOUR, 1), (3 * HOUR, 1), (3 * HOUR + MINUTE, 0), (23 * HOUR, 0)])
async def test_a_digest_that_is_very_late_is_left_out(store: Store, late: timedelta, told: int) -> None:
    """Up to three hours after its time it is still told, as after a restart."""
    assert await tell_day(store, config(digest=AT), 0.5, NOON.replace(hour=7) + late) == told


async def test_there_is_no_digest_unless_a_time_is_set(store: Store) -> None:
    """Off by default."""
    assert await tell_day(store, config(), 0.5, NOON) == 0


async def test_a_digest_goes_to_the_chats_that_want_it(store: Store) -> None:
    """Those named, each once a day, also where one was told before the program died."""
    settings = config(Chat(id=1), Chat(id=2), Chat(id=3), digest=DigestConfig(at="08:00", chats=(1, 3)))
    assert store.announce(["digest 1 2026-03-03"], [], NOON)
    assert await tell_day(store, settings, 0.5, NOON.replace(hour=7)) == 1
    assert [message.chat for message in queued(store, NOON)] == ["3"]


async def test_a_digest_tells_the_day(store: Store) -> None:
    """Stories by severity, the index and its change, near misses, feeds in trouble; without a sound."""
    morning = NOON.replace(hour=7)
    read(store, morning - 3 * HOUR, "o1", event=1, severity=2, country="BA")
    crisis(store, morning - 2 * HOUR, events=5)
    state = store.feeds()[0].state
    failed = replace(state, failure=Failure.FORBIDDEN, failures=9, last_success=morning - 50 * HOUR)
    missed = article(
        9,
        keys=("miss",),
        title="Patrol seen near Raška",
        outlet="o2",
        published=morning - HOUR,
        seen=morning,
        fingerprint="m",
    )
    store.record_polls([Poll(state, failed, (missed,))], morning - HOUR)
    refusal = Decision(False, Reason.IRRELEVANT, "0.31 is below the threshold 0.50")
    made = outcome(store.unjudged(1)[0], verdict("*", send=False, decision=refusal), reason=Reason.IRRELEVANT)
    store.commit([replace(made, judged=replace(made.judged, score=score(relevance=0.314, model=0.31)))], morning - HOUR)
    assert await tell_day(store, config(digest=AT), 0.5, morning) == 1
    (message,) = queued(store, morning)
    lines = message.text.plain.splitlines()
    assert lines[:4] == [
        "📋 DAILY DIGEST",
        "3 Mar 2026, 08:00 CET · 44 articles read, 0 messages sent",
        "",
        "Stories (6)",
    ]
    assert lines[4] == "🔴 Event 0 · 1 outlet · Kosovo, Serbia"
    assert lines[9] == "🟡 Event 1 · 1 outlet · Bosnia and Herzegovina"
    index = lines.index("Index")
    assert lines[index + 1].split(":")[0].split(" ", 2)[2] in {"Kosovo", "Serbia", "Kosovo–Serbia"}
    assert "▲" in lines[index + 1]
    assert lines[lines.index("Just below the line (1)") + 1] == (
        "• Patrol seen near Raška · 0.31, irrelevant: alerts.threshold 0.31"
    )
    assert lines[-2:] == ["Feeds in trouble (1 of 1)", "• Glas: forbidden, not read for 2 days"]
    assert message.silent
    assert parse_html(message.text.html).text == message.text.plain


async def test_a_young_index_says_how_far_it_is(tmp_path: Path) -> None:
    """In the first weeks the digest says that there is no index yet."""
    store = Store(f"sqlite:///{tmp_path}/young.db")
    store.migrate()
    for back in range(3, 0, -1):
        store.sync_feeds([SOURCE], NOON)
        read(store, NOON - back * DAY, "o1")
    assert await tell_day(store, config(digest=AT), 0.5, NOON.replace(hour=7)) == 1
    text = queued(store, NOON)[0].text.plain
    assert "Index: needs 28 days of reading, has 3" in text
    assert "No stories: nothing was told" in text
    assert units(text) < LIMIT
    store.close()
