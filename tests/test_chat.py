"""The bot as people use it: the real daemon over a strict Bot API server that people write and press through."""

import asyncio
import errno
import functools
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_api import Accepted, BotApi
from emulator import Crowd, Shim, Transcript
from http_server import Reply, Server
from newsroom import SECOND, FakeModel, Scripted, config, item, read_again, rss, running, title, until
from samples import SOURCE
from structlog.testing import capture_logs
from test_periodic import read

from monitor import buttons
from monitor.app import daemon as module
from monitor.app import open_store, wiring
from monitor.chat import listening
from monitor.config import Chat, Config, load
from monitor.deliver import Backoff, Delivery, Limits, Pace
from monitor.domain import Action, Opinion, Press, Reason
from monitor.errors import StoreError
from monitor.store import People, Status, Store

ROOM, DESK = -100, -200
ANA, MARKO, STRANGER = 1, 2, 66
"""Ana is an admin."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks, looks at the files, pauses and Telegram's pace are made shorter."""
    monkeypatch.setattr(module, "TICK", SECOND / 20)
    monkeypatch.setattr(module, "WATCH", SECOND / 20)
    monkeypatch.setattr(listening, "LEAST", SECOND / 50)
    monkeypatch.setattr(wiring, "open_model", lambda *_: FakeModel())
    fast = functools.partial(
        Delivery,
        backoff=Backoff(SECOND / 20, SECOND / 5),
        timeout=SECOND,
    )
    monkeypatch.setattr(module, "Delivery", fast)
    monkeypatch.setattr(module, "Pace", lambda: Pace(Limits(total=1000, chat=1000, group=1000)))
    monkeypatch.setattr("monitor.store.queue.EDIT_PACE", SECOND / 20)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server for feeds, with one event."""
    with Server() as made:
        made.routes |= {"/A": Reply(rss(item(title("raid")))), "/B": Reply(rss())}
        yield made


def settings(tmp_path: Path, server: Server, api: BotApi, **telegram: Any) -> Config:
    """Two feeds, two chats (the second is told of changes), and one admin."""
    made = config(tmp_path / "m.db", {name: server.url(f"/{name}") for name in "AB"}, api.url, (DESK, ROOM))
    return made.model_copy(update={"telegram": made.telegram.model_copy(update={"admins": (ANA,)} | telegram)})


def alert(api: BotApi, chat: int = ROOM) -> Accepted:
    """The chat's alert as it is shown now."""
    return next(message for message in api.shows(str(chat)) if "event-raid" in message.text)


async def alerted(api: BotApi, chat: int = ROOM) -> Accepted:
    """The same, once it is there."""
    await until(lambda: any("event-raid" in text for text in api.texts(str(chat))))
    return alert(api, chat)


async def answer(api: BotApi, user: int, text: str, chat: int = ROOM, **more: Any) -> Accepted:
    """What the bot answers to this."""
    written = api.write(chat, user, text, **more)
    await until(lambda: any(message.reply_to == written for message in api.shows(str(chat))), 60)
    return next(message for message in api.shows(str(chat)) if message.reply_to == written)


async def press(api: BotApi, user: int, label: str, chat: int = ROOM) -> str:
    """What the one who presses this button of the alert is told."""
    shown = alert(api, chat)
    query = api.press(chat, user, shown.data(label), shown.id)
    await until(lambda: query in api.answered, 10)
    return api.answered[query]


async def test_buttons_judge_an_alert_also_after_a_restart(tmp_path: Path, server: Server) -> None:
    """The word is stored with the judgement it is about, the message shows whose it is, and edits leave that alone."""
    async with BotApi() as api:
        made = settings(tmp_path, server, api)
        async with running(made):
            assert (await alerted(api)).labels == ["✅ Relevant", "❌ Not relevant", "🔇 Mute story", "❓ Why"]
            assert await press(api, ANA, "Relevant") == "Noted: relevant. Thank you."
            await until(lambda: alert(api).labels[0] == "✅ Ana")
        async with running(made) as (_, store):
            assert "not relevant" in await press(api, MARKO, "Not relevant")
            await until(lambda: alert(api).labels[:2] == ["✅ Ana", "❌ Marko"])
            server.routes["/B"] = Reply(rss(item(f"B: {title('raid')}")))
            await until(lambda: any("B" in m.text.split("\n")[-2] for m in api.edited), 15)
            assert alert(api).labels[:2] == ["✅ Ana", "❌ Marko"]
            assert "not relevant" in await press(api, ANA, "❌")
            await until(lambda: alert(api).labels[:2] == ["✅ Relevant", "❌ Marko +1"])
            said = store.people.feedback()
    assert [(f.chat, f.by.name, f.opinion, f.story) for f in said] == [
        ("-100", "Marko", Opinion.NOT_RELEVANT, 1),
        ("-100", "Ana", Opinion.NOT_RELEVANT, 1),
    ]
    assert {(f.score, f.threshold, f.model) for f in said} == {(0.95, 0.5, "fake")}
    assert alert(api, DESK).labels[0] == "✅ Relevant"


async def test_buttons_and_answers_are_in_the_chats_language(tmp_path: Path, server: Server) -> None:
    """Also once a press or a command changed buttons, after a restart, and of a refused press; others keep theirs."""
    async with BotApi() as api:
        made = settings(tmp_path, server, api, chats=(Chat(id=DESK), Chat(id=ROOM, language="sq")))
        async with running(made):
            assert (await alerted(api)).labels == ["✅ Me rëndësi", "❌ Pa rëndësi", "🔇 Heshto ngjarjen", "❓ Pse"]
            assert (await alerted(api, DESK)).labels[3] == "❓ Why"
            assert await press(api, ANA, "Me rëndësi") == "U shënua: me rëndësi. Faleminderit."
            await until(lambda: alert(api).labels[:2] == ["✅ Ana", "❌ Pa rëndësi"])
        async with running(made):
            assert (await press(api, ANA, "🔇")).startswith("U heshtua: ngjarja s1, derisa t’i hiqet heshtimi. /undo ")
            await until(lambda: alert(api).labels[2] == "🔔 Hiq heshtimin")
            await answer(api, ANA, "/unmute")
            await until(lambda: alert(api).labels[2] == "🔇 Heshto ngjarjen")
            query = api.press(ROOM, ANA, "nonsense", alert(api).id)
            await until(lambda: query in api.answered)
            assert api.answered[query] == "Ky buton nuk vlen këtu."
            latest = (await answer(api, ANA, "/latest")).text.splitlines()
            assert latest[0] == "Njoftimet e fundit"
            assert "njoftuar më" in latest[2]
            assert "1 artikull, 1 medium" in (await answer(api, ANA, "/story 1")).text
    assert "u heshtua" not in "".join(api.texts(str(DESK))).lower()


async def test_forged_data_is_refused(tmp_path: Path, server: Server) -> None:
    """Another article's number, another action, another bot's signature, and nonsense change nothing."""
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        shown = await alerted(api)
        good = shown.data("Relevant")
        other = buttons.write(Press(Action.RELEVANT, 1, 1), buttons.key("1:other"))
        forged = ["n" + good[1:], good.replace(".1.", ".2."), good[:-1], good + "A", other, "", "r", "ш", "r.1.1."]
        queries = [api.press(ROOM, ANA, data, shown.id) for data in forged if data]
        await until(lambda: set(queries) <= api.answered.keys())
        assert {api.answered[query] for query in queries} == {"This button is not valid here."}
        assert store.people.feedback() == []
        assert await press(api, ANA, "Relevant") == "Noted: relevant. Thank you."


async def test_a_stranger_gets_nothing(tmp_path: Path, server: Server) -> None:
    """No answer to what is written or pressed, one line in the log, and the update is not asked for again."""
    with capture_logs() as logs:
        async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
            shown = await alerted(api)
            requests = len(api.accepted)
            for text in ("/status", "/help", "/threshold 0.1"):
                api.write(STRANGER, STRANGER, text)
            last = api.press(STRANGER, STRANGER, shown.data("Relevant"), 7)
            await until(lambda: api.asked[-1] == 900 + len(api.updates))
            assert (len(api.accepted), last in api.answered) == (requests, False)
            assert store.people.feedback() == []
    assert [line["user"] for line in logs if line["event"] == "stranger not answered"] == [STRANGER]


async def test_every_command_is_answered(tmp_path: Path, server: Server) -> None:
    """Each in its own words, as a reply to what was asked; the commands are registered for completion."""
    server.routes["/B"] = Reply(status=503)
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        await alerted(api)
        await until(lambda: store.feeds()[1].state.failure)
        said = {text: (await answer(api, MARKO, text)) for text in ASKED}
    for text, expected in ASKED.items():
        assert expected in said[text].text, f"{text}: {said[text].text}"
        assert said[text].reply_to
        assert said[text].silent
    assert said["/trend XK 30"].photo
    assert "/why" in {f"/{command['command']}" for command in api.commands}
    assert len(api.commands) == 15


ASKED = {
    "/status": "Feeds: 2 read, 1 failing",
    "/status@Monitor_Bot": "Model: fake, threshold 0.500",
    "/latest": "🟡 TENSION 🇽🇰 Shots fired near Leposavic",
    "/story 1": "1 article of 1 outlet",
    "/story 99": "No such story is stored.",
    "/why s1": "told: first",
    "/why a99": "No such story is stored.",
    "/why x": "Give a story's number",
    "/trend XK 30": "Escalation index, Kosovo, 30 days",
    "/trend FR": "'FR' has no index",
    "/trend Narnia 30": "'Narnia' has no index",
    "/misses": "Nothing was just below the line",
    "/feeds": "1 feed in trouble, 0 silent, 1 well\n• B: http status",
    "/feeds all": "• A: last news",
    "/mute": "Nothing is muted here.",
    "/unmute": "Nothing is muted here.",
    "/threshold": "The threshold of this chat is 0.500 (by configuration).",
    "/threshold 0.4": "Only those whom telegram.admins names",
    "/keywords": "boost (0)",
    "/keywords add boost x1": "Only those whom telegram.admins names",
    "/score Shots, event-x grave-3": "severity 3 (serious)",
    "/score Weather": "not relevant",
    "/test": "A test alert is on its way.",
    "/undo": "There is nothing of yours to undo.",
    "/help": "/status: how feeds",
    "/frob@monitor_bot": "I know no /frob",
    "/mute source kosev": "No source is named 'kosev'",
    "/mute keyword x*": "at least 2 letters",
    "/mute story 99": "No such story is stored.",
}


async def test_where_a_picture_cannot_be_sent_it_is_said(tmp_path: Path, server: Server) -> None:
    """A group may forbid pictures."""
    async with BotApi(pictures=False) as api, running(settings(tmp_path, server, api)):
        said = (await answer(api, MARKO, "/trend XK 30")).text
    assert said == "Escalation index, Kosovo, 30 days. The picture could not be sent; perhaps this chat takes none."


async def test_in_a_group_only_what_is_meant_for_the_bot_is_answered(tmp_path: Path, server: Server) -> None:
    """Talk, other bots' commands, and unknown ones that do not name it are left alone."""
    async with BotApi() as api, running(settings(tmp_path, server, api)):
        await alerted(api)
        for text in ("hello", "/status@other_bot", "/frobnicate", "status"):
            api.write(ROOM, ANA, text)
        assert "running" in (await answer(api, ANA, "/status")).text
        assert "not valid" not in "".join(api.texts(str(ROOM)))
        assert len(api.texts(str(ROOM))) == 2


async def test_a_muted_story_is_silent_unless_it_becomes_critical(tmp_path: Path, server: Server) -> None:
    """Muted by a button, in this chat only, over a restart; the button then unmutes; admins are told."""
    async with BotApi() as api:
        made = settings(tmp_path, server, api)
        async with running(made) as (_, store):
            await alerted(api)
            assert "Muted: story s1 until it is unmuted. /undo 1" in await press(api, MARKO, "Mute story")
            await until(lambda: "🔔 Unmute story" in alert(api).labels)
            await until(lambda: any("Marko (2) in chat -100: Muted: story s1" in text for text in api.texts(str(DESK))))
        async with running(made) as (_, store):
            server.routes["/A"] = Reply(rss(item(f"Now: {title('raid', 3)}"), item(title("raid"))))
            await until(lambda: any("graver" in text for text in api.texts(str(DESK))), 15)
            decided = {d.chat: d.decision for d in store.trail("s1").decisions}  # type: ignore[union-attr]
            assert (decided["-100"].reason, decided["-100"].detail) == (Reason.MUTED, "Marko muted the story")
            assert [text for text in api.texts(str(ROOM)) if "graver" in text] == []
            assert "1. story s1 until it is unmuted, by Marko" in (await answer(api, ANA, "/mute")).text
            server.routes["/A"] = Reply(rss(item(f"Worse: {title('raid', 4)}")))
            await until(lambda: any("CRITICAL" in text for text in api.texts(str(ROOM))), 15)
            assert "Not muted any more" in await press(api, ANA, "Unmute")
            await until(lambda: "🔇 Mute story" in alert(api).labels)
            assert store.people.mutes(datetime.now(UTC)) == []


@pytest.mark.parametrize("command", ["/mute 2h", "/mute keyword shots", "/mute source a", "/mute source A 1d"])
async def test_what_is_muted_is_not_told(tmp_path: Path, server: Server, command: str) -> None:
    """Everything for a time, a word, a feed; taken back, what comes next is told."""
    server.routes["/A"] = Reply(rss())
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        assert "Muted: " in (await answer(api, MARKO, command)).text
        server.routes["/A"] = Reply(rss(item(title("raid"))))
        await alerted(api, DESK)
        assert not any("event-raid" in text for text in api.texts(str(ROOM)))
        assert "Change 1 (mute) is taken back." in (await answer(api, MARKO, "/undo")).text
        server.routes["/A"] = Reply(rss(item(title("fire"))))
        await until(lambda: any("event-fire" in text for text in api.texts(str(ROOM))), 15)
        assert store.people.mutes(datetime.now(UTC)) == []


async def test_a_threshold_is_set_told_and_taken_back(tmp_path: Path, server: Server) -> None:
    """By an admin, for this chat only, over a restart; the admins' chat is told, and it can be taken back."""
    server.routes["/A"] = Reply(rss())
    async with BotApi() as api:
        made = settings(tmp_path, server, api)
        async with running(made):
            text = (await answer(api, ANA, "/threshold 0,96")).text
            assert text == "The threshold is now 0.960, it was 0.500. /undo 1 takes it back."
            assert "so already" in (await answer(api, ANA, "/threshold 0.96")).text
            await until(lambda: any("Ana (1) in chat -100: The threshold is now" in t for t in api.texts(str(DESK))))
        async with running(made) as (_, store):
            server.routes["/A"] = Reply(rss(item(title("raid"))))
            await alerted(api, DESK)
            await read_again(store, "A")
            assert not any("event-raid" in text for text in api.texts(str(ROOM)))
            assert "set here by command; by configuration 0.500" in (await answer(api, MARKO, "/threshold")).text
            assert "nothing of yours" in (await answer(api, MARKO, "/undo")).text
            assert "taken back" in (await answer(api, ANA, "/undo 1")).text
            assert "is 0.500 (by configuration)" in (await answer(api, MARKO, "/threshold")).text


KEYWORDS = "# mine\nboost:\n  - barikad*   # since 2011\nmute: []  # nobody\n"


async def test_keywords_are_changed_in_their_file(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With comments kept, in force within seconds, told to the admins, and taken back to the letter."""
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:token")
    server.routes["/A"] = Reply(rss())
    async with BotApi() as api:
        folder = written(tmp_path, server, api)
        file = folder / "keywords.yaml"
        async with running(load(folder)):
            text = (await answer(api, ANA, "/keywords add mute raid*")).text
            assert text == "Added to mute of keywords.yaml: raid*. /undo 1 takes it back."
            assert file.read_text() == KEYWORDS.replace(" []  # nobody", "  # nobody\n  - raid*")
            await until(lambda: any("Added to mute" in text for text in api.texts(str(DESK))))
            assert "mute (1)" in await listed(api, "raid*")
            server.routes["/A"] = Reply(rss(item(f"Raid: {title('raid')}"), item(title("fire"))))
            await until(lambda: any("event-fire" in text for text in api.texts(str(ROOM))), 15)
            assert not any("event-raid" in text for text in api.texts(str(ROOM)))
            assert (
                "Removed from boost of keywords.yaml: barikad*"
                in (await answer(api, ANA, "/keywords remove barikad*")).text
            )
            for number in (2, 1):
                assert f"Change {number}" in (await answer(api, ANA, "/undo")).text
            assert file.read_text() == KEYWORDS
            assert "stands in boost already" in (await answer(api, ANA, "/keywords add boost barikad*")).text


@pytest.mark.parametrize("command", ["/keywords add mute raid*", "/keywords remove barikad*", "/undo 1"])
async def test_a_configuration_that_is_read_only_is_said(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """With what to do, and without a word of where it lies; nothing is logged as changed or taken back."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:token")
    async with BotApi() as api:
        folder = written(tmp_path, server, api)
        async with running(load(folder)) as (_, store):
            assert "/undo 1" in (await answer(api, ANA, "/keywords add mute first*")).text
            monkeypatch.setattr(os, "replace", refuse)
            text = (await answer(api, ANA, command)).text
            assert text.startswith("The configuration is read-only for the bot; nothing was changed.")
            assert (str(tmp_path) in text, "docs/operations.md" in text) == (False, True)
            (change,) = store.people.changes(9)
            assert change.undone is None


async def test_no_answer_names_a_path(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a file is in a state in which nothing can be changed."""
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:token")
    async with BotApi() as api:
        folder = written(tmp_path, server, api)
        async with running(load(folder)):
            (folder / "keywords.yaml").write_bytes(b"\xff\xfe")
            text = (await answer(api, ANA, "/keywords add mute raid*")).text
            assert text == "keywords.yaml: cannot be read (not UTF-8 text)"


async def listed(api: BotApi, word: str) -> str:
    """The list of rules, once it holds the word."""
    while word not in (text := (await answer(api, MARKO, "/keywords")).text):
        await asyncio.sleep(0.02)
    return text


def written(tmp_path: Path, server: Server, api: BotApi) -> Path:
    """The settings as a folder."""
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "monitor.yaml").write_text(
        f"telegram:\n  api_url: {api.url}\n  admins: [{ANA}]\n"
        f"  chats: [{{id: {DESK}, admin: true}}, {{id: {ROOM}}}]\n"
        f"storage:\n  url: sqlite:///{tmp_path}/m.db\n"
        "polling: {allow_private: true, host_delay: 0, min_interval: 10s}\n"
    )
    (folder / "sources.yaml").write_text(f"sources:\n- {{name: A, url: '{server.url('/A')}', interval: 10s}}\n")
    (folder / "keywords.yaml").write_text(KEYWORDS)
    return folder


async def test_an_update_is_acknowledged_once_it_is_stored(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database refuses, the same update is asked for again; then it counts once."""
    refusals = iter([True, True])
    real = People.give

    def give(self: People, *rest: Any) -> Any:
        if next(refusals, False):
            raise StoreError("the disk is full")
        return real(self, *rest)

    monkeypatch.setattr(People, "give", give)
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        await alerted(api)
        assert await press(api, ANA, "Relevant") == "Noted: relevant. Thank you."
        assert [feedback.by.name for feedback in store.people.feedback()] == ["Ana"]
        await until(lambda: api.asked[-1] == 901)
    assert api.asked.count(901) == 2
    assert len([offset for offset in api.asked if offset is None]) == 3


async def test_what_was_taken_before_a_crash_is_not_done_twice(tmp_path: Path, server: Server) -> None:
    """An update that comes again changes nothing more: a mute is one mute, an undo takes one change back."""
    async with BotApi() as api:
        made = settings(tmp_path, server, api)
        async with running(made) as (_, store):
            await alerted(api)
            for text in ("/threshold 0.6", "/mute 2h", "/threshold 0.7", "/undo"):
                await answer(api, ANA, text)
            before = store.people.changes(10)
        api._done = 0
        async with running(made) as (_, store):
            shown = len(api.texts(str(ROOM)))
            await until(lambda: len(api.texts(str(ROOM))) == shown + 4)
            assert store.people.changes(10) == before
            assert store.people.thresholds() == {"-100": 0.6}


@pytest.mark.parametrize("fault", ["502", "429", "garbage", "empty", "token", "drop"])
async def test_the_line_is_taken_up_again(tmp_path: Path, server: Server, fault: str) -> None:
    """After whatever Telegram answers or does not, for as long as it lasts; the log says so once."""
    left = [fault] * 4
    with capture_logs() as logs:
        api = BotApi(line_fault=lambda method: left.pop() if left else None)
        async with api, running(settings(tmp_path, server, api)):
            assert "running" in (await answer(api, MARKO, "/status")).text
            assert not left
    told = [line for line in logs if line["event"].startswith("not listening") and line["log_level"] == "warning"]
    assert len(told) == 1


async def test_a_webhook_brings_what_is_written(tmp_path: Path, server: Server) -> None:
    """Only with the secret that Telegram was given; where it could not be stored Telegram is to bring it again."""
    import httpx

    from monitor.config import WebhookConfig

    with_port = WebhookConfig(url="https://monitor.example/hook", listen=f"127.0.0.1:{_free_port()}")
    async with BotApi() as api, running(settings(tmp_path, server, api, webhook=with_port)) as (_, store):
        shown = await alerted(api)
        await until(lambda: api.webhook)
        assert (api.webhook["url"], api.webhook["max_connections"]) == ("https://monitor.example/hook", "1")
        good = {"X-Telegram-Bot-Api-Secret-Token": api.webhook["secret_token"]}
        api.press(ROOM, ANA, shown.data("Relevant"), shown.id)
        async with httpx.AsyncClient(base_url=f"http://{with_port.listen}") as telegram:
            for headers, path, body, status in (
                ({}, "/hook", api.updates[0], 403),
                ({"X-Telegram-Bot-Api-Secret-Token": "guess"}, "/hook", api.updates[0], 403),
                (good, "/", api.updates[0], 404),
                (good, "/hook", [1], 200),
                (good, "/hook", {"update_id": 1, "message": {"chat": 5}}, 200),
            ):
                assert (await telegram.post(path, json=body, headers=headers)).status_code == status
            assert (await telegram.post("/hook", content=b"{", headers=good)).status_code == 400
            assert (await telegram.post("/hook", content=b" " * 1_000_001, headers=good)).status_code == 413
            assert store.people.feedback() == []
            assert (await telegram.post("/hook", json=api.updates[0], headers=good)).status_code == 200
        assert [feedback.by.name for feedback in store.people.feedback()] == ["Ana"]
        await until(lambda: api.answered)


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_changes_are_told_to_the_private_chats_of_admins(tmp_path: Path, server: Server) -> None:
    """Where such a chat is configured: there a chat's number is its user's. Where it was done they are not told again."""
    server.routes["/A"] = Reply(rss())
    async with BotApi() as api:
        made = settings(tmp_path, server, api)
        chats = (Chat(id=ROOM), Chat(id=ANA), Chat(id=MARKO), Chat(id=DESK, admin=True, thread=9))
        made = made.model_copy(update={"telegram": made.telegram.model_copy(update={"chats": chats})})
        async with running(made) as (_, store):
            await answer(api, MARKO, "/mute 2h")
            await until(lambda: not store.counts().messages[Status.PENDING])
            told = [(m.chat, m.thread) for m in api.accepted if "Marko (2) in chat -100: Muted" in m.text]
            assert sorted(told) == [("-200", 9), ("1", None)]
            await answer(api, ANA, "/mute 2h", chat=ANA)
            await until(lambda: not store.counts().messages[Status.PENDING])
            assert [m.chat for m in api.accepted if "Ana (1) in chat 1: Muted" in m.text] == ["-200"]


@pytest.mark.parametrize("told_by", ["delivery", "the old group", "the new group"])
async def test_a_group_that_moved_is_answered_at_once(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    """By its new number, before anything was read again: with its own settings, as the old one was."""
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:token")
    monkeypatch.setattr(module, "WATCH", timedelta(hours=1))
    new = -1009
    server.routes["/A"] = Reply(rss())
    async with BotApi() as api, running(load(written(tmp_path, server, api))) as (_, store):
        assert "is now 0.6" in (await answer(api, ANA, "/threshold 0.6")).text
        if told_by == "delivery":
            store.chats.move(str(ROOM), str(new))
        else:
            api.move(ROOM, new, in_new=told_by == "the new group")
        assert "0.600 (set here" in (await answer(api, MARKO, "/threshold", chat=new)).text
        assert store.chats.moves() == {str(ROOM): str(new)}


async def test_only_a_configured_group_moves(tmp_path: Path, server: Server) -> None:
    """A stranger's new group is a stranger."""
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        await alerted(api)
        api.move(-300, -1009)
        api.write(-1009, STRANGER, "/status")
        await answer(api, MARKO, "/status")
        assert (api.texts("-1009"), store.chats.moves()) == ([], {})


async def test_near_misses_can_be_marked(tmp_path: Path, server: Server) -> None:
    """Under the list of them, each by its number."""
    server.routes["/A"] = Reply(rss(item(title("raid"), at=datetime.now(UTC) - timedelta(hours=13))))
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        await until(lambda: store.counts().articles == 2 and not store.counts().unjudged)
        shown = await answer(api, MARKO, "/misses")
        assert "1. Shots fired near Leposavic" in shown.text
        assert shown.labels == ["👆 1"]
        query = api.press(ROOM, MARKO, shown.data("1"), shown.id)
        await until(lambda: query in api.answered)
        (said,) = store.people.feedback()
        assert (said.opinion, said.by.name, said.score) == (Opinion.MISSED, "Marko", 0.95)
        await until(lambda: api.edited and api.edited[-1].labels == ["👆 1 Marko"])
        query = api.press(ROOM, ANA, shown.data("1"), shown.id)
        await until(lambda: api.edited[-1].labels == ["👆 1 Marko +1"])
        assert (await answer(api, MARKO, "/misses")).labels == ["👆 1 Marko +1"]


async def test_near_misses_are_those_of_the_chat(tmp_path: Path, server: Server) -> None:
    """What its own threshold refused is one, though another chat was told; /score judges by the same line."""
    server.routes["/A"] = Reply(rss())
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        await answer(api, ANA, "/threshold 0.96")
        server.routes["/A"] = Reply(rss(item(title("raid"))))
        await read_again(store, "A")
        await alerted(api, DESK)
        here, there = [(await answer(api, ANA, "/misses", chat)).text for chat in (ROOM, DESK)]
        assert "0.95; would be told by /threshold 0.95" in here
        assert "Nothing was just below the line" in there
        here, there = [(await answer(api, ANA, f"/score {title('x')}", chat)).text for chat in (ROOM, DESK)]
        assert here.startswith(
            "not relevant\nirrelevant: 0.95 is below the threshold 0.96; would be told by /threshold"
        )
        assert "threshold 0.960" in here
        assert there.startswith("relevant\nrelevance 0.950, threshold 0.500")
        await answer(api, ANA, "/threshold default")
        assert "Nothing was just below the line" in (await answer(api, ANA, "/misses")).text


async def test_only_admins_press_in_channels(tmp_path: Path, server: Server) -> None:
    """Everybody may read a channel."""
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        shown = await alerted(api)
        for user in (MARKO, ANA):
            query = api.press(ROOM, user, shown.data("Relevant"), shown.id, kind="channel")
            await until(functools.partial(api.answered.__contains__, query))
        assert [feedback.by.name for feedback in store.people.feedback()] == ["Ana"]


async def test_an_alert_says_which_story_by_a_reply(tmp_path: Path, server: Server) -> None:
    """`/why`, `/story` and `/mute story` take it from the message that they reply to."""
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        shown = await alerted(api)
        await until(lambda: store.people.latest("-100", 1))
        assert "told: first" in (await answer(api, MARKO, "/why", reply_to=shown.id)).text
        assert "1 article of" in (await answer(api, MARKO, "/story", reply_to=shown.id)).text
        assert "Muted: story s1 until 2" in (await answer(api, MARKO, "/mute story 2h", reply_to=shown.id)).text
        assert "reply to an alert" in (await answer(api, MARKO, "/story")).text
        assert "Store" not in "".join(api.texts(str(ROOM)))
        assert isinstance(store, Store)


NAMES = {ANA: "Ana", MARKO: "Marko", STRANGER: "A stranger"}
FIRST = "Pucnji na policijsku patrolu kod Leposavića"
SECOND_HAND = "Shots fired at police patrol near Leposavic, Kosovo police say"
GRAVER = "Two police officers wounded near Leposavic, Kosovo, as shooting goes on"
EVENING = {FIRST: ("raid", 2), SECOND_HAND: ("raid", 2), GRAVER: ("raid", 3)}


def newsroom(tmp_path: Path, server: Server, url: str) -> Config:
    """Three outlets that tell from three sides, a newsroom's group and the admins' one."""
    made = config(tmp_path / "m.db", {name: server.url(f"/{name}") for name in "ABC"}, url, (DESK, ROOM))
    sides = (("Glas severa", "belgrade", "sr"), ("Zëri i Ditës", "pristina", "en"), ("Wire", "international", "en"))
    sources = tuple(
        replace(source, outlet=outlet, camp=camp, lang=lang)
        for source, (outlet, camp, lang) in zip(made.sources, sides, strict=True)
    )
    telegram = made.telegram.model_copy(update={"admins": (ANA,)})
    return made.model_copy(update={"sources": sources, "telegram": telegram})


def quiet_weeks(made: Config) -> None:
    """Six outlets were read for two months, a few events among them, three of them two weeks ago."""
    store, now = open_store(made), datetime.now(UTC)
    store.sync_feeds([SOURCE], now)
    for back in range(60, 0, -1):
        at = now - timedelta(days=back)
        read(store, at, *(f"o{n}" for n in range(6)))
        if back % 7 == 0 or back in {15, 16}:
            read(store, at, "o1", "o2", event=back, severity=3 if back in {15, 16} else 2)
    store.close()


async def it_grows(people: Crowd, server: Server) -> None:
    """An alert, what people say of it and ask, its edit as another outlet tells it, and a reply as it becomes graver."""
    shown = people.shown
    server.routes["/A"] = Reply(rss(item(FIRST, summary="Patrola je napadnuta iz šume, povređenih nema.")))
    await until(lambda: shown(FIRST))
    await people.press(MARKO, "Not relevant", FIRST)
    await until(lambda: "❌ Marko" in people.labels(FIRST))
    await people.press(ANA, "Relevant", FIRST)
    await until(lambda: "✅ Ana" in people.labels(FIRST))
    await people.press(MARKO, "Why", FIRST)
    await until(lambda: shown("told: first"))
    server.routes["/B"] = Reply(rss(item(SECOND_HAND)))
    await until(lambda: "2 outlets" in shown(FIRST)[0]["text"])
    assert people.labels(FIRST)[:2] == ["✅ Ana", "❌ Marko"]
    assert SECOND_HAND in shown(FIRST)[0]["text"]
    server.routes["/C"] = Reply(rss(item(GRAVER)))
    await until(lambda: shown("graver: serious, was tension"))
    (update,) = shown("graver: serious, was tension")
    assert json.loads(update["reply_parameters"])["message_id"] == shown(FIRST)[0]["messageId"]


async def they_settle_it(people: Crowd, story: int) -> None:
    """A mute by a button, ended by a command; a picture; a threshold shown, refused, set and taken back."""
    shown = people.shown
    await people.press(MARKO, "Mute story", FIRST)
    await until(lambda: "🔔 Unmute story" in people.labels(FIRST))
    for user, text, answer in (
        (MARKO, "/mute", f"story s{story} until it is unmuted, by Marko"),
        (MARKO, "/unmute 1", f"Not muted any more: story s{story}. /undo"),
        (MARKO, "/trend XK 30", "Escalation index, Kosovo, 30 days"),
        (MARKO, "/threshold", "is 0.500 (by configuration)"),
        (MARKO, "/threshold 0.7", "Only those whom telegram.admins names"),
        (ANA, "/threshold 0.7", "The threshold is now 0.700"),
        (ANA, "/undo", "(threshold) is taken back"),
    ):
        await people.write(user, text)
        await until(functools.partial(shown, answer))
    assert re.match(r"\[a picture of 1500 x \d{3} pixels, \d+ kB\]", shown("Escalation index")[0]["text"])


@pytest.mark.slow
async def test_an_evening_at_the_emulator(tmp_path: Path, server: Server, emulator: str) -> None:
    """At a server that was not written for this project; `pytest -s` shows the evening as people see it."""
    transcript = Transcript({str(ROOM): "newsroom", str(DESK): "admins", str(STRANGER): "a stranger's chat"})
    people = Crowd(emulator, NAMES, ROOM, transcript)
    server.routes |= {"/A": Reply(rss()), "/C": Reply(rss())}
    with capture_logs() as logs:
        async with Shim(emulator, transcript) as url:
            made = newsroom(tmp_path, server, url)
            quiet_weeks(made)
            async with running(made, model=Scripted(EVENING)) as (_, store):
                await it_grows(people, server)
                await they_settle_it(people, store.people.latest(str(ROOM), 1)[0][0].id)
                assert store.people.thresholds() == {}
                # The admins are told of changes, too, after the answer.
                await until(lambda: not store.counts().messages[Status.PENDING])
                count = len(people.history())
                await people.write(STRANGER, "/status", STRANGER)
                await until(lambda: {"event": "stranger not answered", "user": STRANGER}.items() <= logs[-1].items())
                assert len(people.history()) == count + 1
                transcript.nothing()
                await people.write(MARKO, "/status@TestNameBot")
                await until(lambda: people.shown("Balkan Monitor is running"))
                await transcript.written()
                assert len(people.history()) == count + 3
                assert [said.by.name for said in store.people.feedback()] == ["Marko", "Ana"]
    print(f"\nThe newsroom is chat {ROOM}, the admins' one {DESK}; Ana ({ANA}) is an admin.\n{transcript}")
