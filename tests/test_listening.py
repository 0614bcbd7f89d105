"""What the listener does with what fails: only what could not be stored is to come again."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from bot_api import BotApi
from http_server import Reply, Server
from newsroom import rss, running, until
from structlog.testing import capture_logs
from test_chat import ANA, MARKO, ROOM, _quick, answer, server, settings

from monitor.chat import desk
from monitor.chat.listening import Listener
from monitor.commands import Asked, read
from monitor.config import WebhookConfig
from monitor.errors import StoreError
from monitor.telegram.line import Line, Said

assert _quick, server
HOOK = WebhookConfig(url="https://monitor.example/hook", listen="127.0.0.1:1")


class Taker:
    """Takes updates; the first one fails so, as often as it comes, but for a StoreError only the first time."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.came: list[int] = []

    async def __call__(self, said: Said, line: Line, bot: str) -> None:
        """Take one."""
        self.came.append(said.update)
        if said.update == 900 and not (isinstance(self._error, StoreError) and self.came.count(900) > 1):
            raise self._error


FAILS = pytest.mark.parametrize(
    ("error", "again"),
    [(ValueError("nobody thought of this"), 0), (RecursionError(), 0), (StoreError("the disk is full"), 1)],
    ids=lambda given: type(given).__name__,
)


@FAILS
async def test_what_fails_is_asked_for_again_only_where_it_was_not_stored(error: Exception, again: int) -> None:
    """What comes after it is heard in any case; the log names the update, but nobody's words."""
    take = Taker(error)
    with capture_logs() as logs:
        async with BotApi() as api, Line("1:x", api.url) as line:
            for text in ("/status of mine", "/help"):
                api.write(ROOM, MARKO, text)
            listener = Listener(line, None, take)
            listening = asyncio.create_task(listener.run())
            await until(lambda: 901 in take.came)
            await until(lambda: api.asked[-1] == 902)
            listener.stop()
            await listening
    assert take.came == [900] * (1 + again) + [901]
    told = [line for line in logs if line["event"].startswith("an update failed")]
    assert [(line["update"], line["kind"], line["log_level"]) for line in told] == [(900, "written", "error")][again:]
    assert "of mine" not in str(logs)


@FAILS
async def test_what_fails_is_to_be_brought_again_only_where_it_was_not_stored(error: Exception, again: int) -> None:
    """Telegram brings what is answered with an error until it is answered with 200."""
    async with BotApi() as api, Line("1:x", api.url) as line:
        listener = Listener(line, HOOK, Taker(error))
        api.write(ROOM, MARKO, "/status")
        transport = httpx.ASGITransport(listener.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as telegram:
            sent = {"content": json.dumps(api.updates[0]), "headers": {"X-Telegram-Bot-Api-Secret-Token": line.secret}}
            codes = [(await telegram.post("/hook", **sent)).status_code for _ in range(2)]  # type: ignore[arg-type]
    assert codes == ([503, 200] if again else [200, 200])


async def test_a_failure_is_answered_and_the_bot_goes_on(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked is told, of a command as of a press; strangers are not."""

    def broken(text: str, bot: str) -> Asked | None:
        if "break" in text:
            raise LookupError("nobody thought of this")
        return read(text, bot)

    server.routes["/A"] = Reply(rss())
    monkeypatch.setattr(desk, "read", broken)
    monkeypatch.setattr(Line, "press", lambda *_: 1 / 0)
    async with BotApi() as api, running(settings(tmp_path, server, api)):
        assert (await answer(api, MARKO, "/break")).text == "Something went wrong here; the log says what."
        query = api.press(ROOM, ANA, "x", 1)
        await until(lambda: query in api.answered)
        assert api.answered[query] == "Something went wrong here; the log says what."
        assert "from 1m to 365d" in (await answer(api, MARKO, "/mute " + "999999w" * 150)).text
        assert "running" in (await answer(api, MARKO, "/status")).text
