"""How answers reach a chat: within Telegram's limits, in plain text where the markup is refused, with buttons that are so."""

from pathlib import Path

import pytest
from bot_api import BotApi
from http_server import Reply, Server
from newsroom import item, rss, running, title, until
from structlog.testing import capture_logs
from test_chat import ANA, DESK, MARKO, ROOM, _quick, alert, alerted, answer, press, server, settings

from monitor.app import daemon as module
from monitor.deliver import Pace

assert _quick, server
MUTED, OPEN = "🔔 Unmute story", "🔇 Mute story"


async def test_answers_and_alerts_keep_one_pace(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the other side counts them, a second apart in each chat."""
    monkeypatch.setattr(module, "Pace", Pace)
    async with BotApi() as api, running(settings(tmp_path, server, api)):
        asked = [api.write(ROOM, MARKO, "/help") for _ in range(2)] + [api.write(ROOM, MARKO, "/test")]
        await until(lambda: {message.reply_to for message in api.accepted} >= set(asked))
        await until(lambda: any("This is what an alert will look like" in text for text in api.texts(str(ROOM))))
        assert api.broken_limits == []


async def test_an_answer_whose_markup_is_refused_is_given_in_plain_text(tmp_path: Path, server: Server) -> None:
    """The log shows what was refused."""
    with capture_logs() as logs:
        api = BotApi(fault=lambda chat, text, nth: "markup" if "<b>" in text else None)
        async with api, running(settings(tmp_path, server, api)):
            said = await answer(api, MARKO, "/status")
    assert "Balkan Monitor is running\nFeeds: " in said.text
    assert not said.formatted
    (told,) = [line for line in logs if line["event"] == "answer markup refused"]
    assert (told["log_level"], "<b>Balkan Monitor is running</b>" in told["html"]) == ("error", True)


async def test_the_buttons_of_a_story_show_what_commands_did(tmp_path: Path, server: Server) -> None:
    """Under each of its messages in the chat: after a mute, its end, an undo, and a press under another message."""
    async with BotApi() as api, running(settings(tmp_path, server, api)) as (_, store):
        await alerted(api)
        server.routes["/A"] = Reply(rss(item(f"Now: {title('raid', 3)}"), item(title("raid"))))
        await until(lambda: any("graver" in text for text in api.texts(str(ROOM))), 15)
        await until(lambda: len(store.people.shown(str(ROOM), 1, 9)) == 2)

        def shown() -> list[str]:
            return [message.labels[2] for message in api.shows(str(ROOM)) if message.keyboard]

        for text, user, label in (
            ("/mute story 1", MARKO, MUTED),
            ("/unmute", MARKO, OPEN),
            ("/undo", MARKO, MUTED),
            ("/unmute all", MARKO, OPEN),
            ("/mute story 1 2h", ANA, MUTED),
        ):
            await answer(api, user, text)
            await until(lambda label=label: shown() == [label] * 2)  # type: ignore[misc]
        number = store.people.changes(1)[0].id
        await answer(api, ANA, f"/undo {number}", DESK)
        await until(lambda: shown() == [OPEN] * 2)
        await press(api, MARKO, "Mute story")
        await until(lambda: shown() == [MUTED] * 2)
        assert OPEN in alert(api, DESK).labels


async def test_a_button_that_is_pressed_twice_is_no_trouble(tmp_path: Path, server: Server) -> None:
    """The message is as it should be already, or gone."""
    with capture_logs() as logs:
        async with BotApi() as api, running(settings(tmp_path, server, api)):
            await alerted(api)
            await press(api, ANA, "Relevant")
            await until(lambda: alert(api).labels[0] == "✅ Ana")
            requests = api.requests
            await press(api, ANA, "Ana")
            await until(lambda: api.requests == requests + 1)
            shown = alert(api)
            api.deleted.add(shown.id)
            query = api.press(ROOM, MARKO, shown.data("Ana"), shown.id)
            await until(lambda: query in api.answered and api.requests == requests + 2)
    assert [line for line in logs if line["event"] == "answer not sent"] == []
