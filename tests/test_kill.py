"""The daemon in a process of its own: killed at any moment, and told to end while everything hangs."""

import asyncio
import os
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path

import pytest
from bot_api import BotApi
from http_server import Reply, Request, Server
from newsroom import item, rss, sent, title, until

from monitor.store import Status, Store

CHATS = ("-100", "200")
PROGRAM = Path(__file__).with_name("fast_daemon.py")


def folder(tmp_path: Path, api: str, feeds: dict[str, str]) -> Path:
    """A configuration for these feeds and two chats."""
    made = tmp_path / "config"
    made.mkdir()
    chats = "".join(f"  - id: {chat}\n" for chat in CHATS)
    (made / "monitor.yaml").write_text(
        f"telegram:\n  api_url: {api}\n  chats:\n{chats}storage:\n  url: sqlite:///{tmp_path}/m.db\n"
        "polling: {allow_private: true, host_delay: 0, per_host: 16}\n"
    )
    rows = "".join(f"- {{name: {name}, url: '{url}', lang: en}}\n" for name, url in feeds.items())
    (made / "sources.yaml").write_text(f"sources:\n{rows}")
    (made / "keywords.yaml").write_text("")
    return made


async def start(config: Path, *arguments: str, **environment: str) -> Process:
    """The daemon, starting."""
    env = os.environ | {"TELEGRAM_BOT_TOKEN": "1:token", "FAST": "1"} | environment
    command = [sys.executable, str(PROGRAM), "--config", str(config), *(arguments or ("run",))]
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, env=env)


@pytest.mark.parametrize("rounds", [pytest.param(20, marks=pytest.mark.slow), 2])
async def test_nothing_is_lost_or_told_twice_across_kills(tmp_path: Path, rounds: int) -> None:
    """Killed -9 at random moments, again and again, while feeds tell new events and Telegram fails at random.

    At the end each event is in the outbox once for each chat, and was accepted; twice only where the answer did not
    reach the database. Each chat got its alerts in the order of the outbox.
    """
    chance = random.Random(rounds)
    told: list[str] = []

    def feed(request: Request) -> Reply:
        if not request.path.endswith("0"):
            return Reply(rss(*(item(f"Again: {title(event)}", event) for event in told[-30:])))
        if len(told) < 3 * rounds and len(told) < 3 + 3 * len(kills):
            told.append(f"e{len(told)}")
        return Reply(rss(*(item(title(event), event) for event in told[-30:])))

    kills: list[float] = []
    faults = ["429", "500", "drop", "garbage", *[None] * 6]
    with Server({f"/{n}": feed for n in range(3)}) as server:
        async with BotApi(lambda *_: chance.choice(faults)) as api:
            config = folder(tmp_path, api.url, {f"F{n}": server.url(f"/{n}") for n in range(3)})
            for _ in range(rounds):
                daemon = await start(config)
                asked, requests = len(server.requests), api.requests
                await until(lambda: len(server.requests) > asked or daemon.returncode is not None, 60)  # noqa: B023
                if chance.random() < 0.7:
                    await until(lambda: api.requests > requests or len(told) >= 3 * rounds, 60)  # noqa: B023
                await asyncio.sleep(chance.random() * 0.6)
                daemon.kill()
                await daemon.communicate()
                kills.append(time.monotonic())
            daemon = await start(config)
            store = Store(f"sqlite:///{tmp_path}/m.db")
            wanted = 2 * 3 * rounds
            try:
                await until(lambda: store.counts().messages[Status.SENT] >= wanted, 120)
                await until(lambda: not store.counts().messages[Status.PENDING], 60)
            finally:
                daemon.terminate()
                _, errors = await daemon.communicate()
    assert daemon.returncode == 0, errors
    outbox = sent(store)
    assert Counter(alert.chat for alert in outbox) == dict.fromkeys(CHATS, 3 * rounds)
    assert len({alert.text.plain.split("event-")[1].split()[0] for alert in outbox}) == 3 * rounds
    for chat in CHATS:
        shown = [text.split("event-")[1].split()[0] for text in api.texts(chat)]
        queued = [a.text.plain.split("event-")[1].split()[0] for a in outbox if a.chat == chat]
        assert list(dict.fromkeys(shown)) == queued
    twice = len(api.accepted) - wanted
    assert 0 <= twice <= api.dropped + len(CHATS) * rounds
    store.close()


async def test_a_signal_ends_it_within_ten_seconds_though_everything_hangs(tmp_path: Path) -> None:
    """A feed that never answers, a feed that never ends and a Telegram that never answers do not keep it from ending."""
    with Server({"/ok": Reply(rss(item(title("raid"))))}) as server:
        server.routes["/hang"] = Reply(pause=600)
        server.routes["/drip"] = Reply(rss(), endless=b" ", drip=0.1)
        async with BotApi(lambda *_: "hang") as api:
            config = folder(tmp_path, api.url, {name: server.url(f"/{name}") for name in ("ok", "hang", "drip")})
            daemon = await start(config)
            await until(lambda: api.requests >= 2, 60)
            began = time.monotonic()
            daemon.send_signal(signal.SIGTERM)
            _, errors = await asyncio.wait_for(daemon.communicate(), 15)
            took = time.monotonic() - began
    assert (daemon.returncode, took < 10) == (0, True), errors
    assert b"Traceback" not in errors
    assert errors.decode().splitlines()[-1].split("] ")[1].startswith("stopped")


async def test_an_interrupt_ends_it_quietly(tmp_path: Path) -> None:
    """Ctrl-C is an orderly end: status 0, no traceback."""
    with Server({"/ok": Reply(rss())}) as server:
        config = folder(tmp_path, "http://127.0.0.1:1", {"ok": server.url("/ok")})
        daemon = await start(config)
        await until(lambda: server.requests, 60)
        daemon.send_signal(signal.SIGINT)
        _, errors = await asyncio.wait_for(daemon.communicate(), 15)
    assert (daemon.returncode, b"Traceback" in errors) == (0, False)


async def test_the_token_never_reaches_a_log(tmp_path: Path) -> None:
    """Whatever goes wrong with Telegram, neither the text nor the JSON log holds the token."""
    token = "1:SECRET-of-the-bot"
    with Server({"/ok": Reply(rss(item(title("raid"))))}) as server:
        async with BotApi(lambda *_: "502") as api:
            config = folder(tmp_path, api.url, {"ok": server.url("/ok")})
            daemon = await start(config, "--log-json", "run", TELEGRAM_BOT_TOKEN=token)
            await until(lambda: api.requests >= 4, 60)
            daemon.terminate()
            out, errors = await asyncio.wait_for(daemon.communicate(), 15)
    assert b"message delayed" in errors
    assert b"SECRET" not in out + errors
