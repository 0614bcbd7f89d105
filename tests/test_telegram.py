"""The Telegram sender, against servers: our strict one, and the emulator from npm."""

import json
import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from bot_api import FAULTS, BotApi, _error
from emulator import Shim, Transcript
from structlog.testing import capture_logs

from monitor.deliver import Delivery, Limits, Pace
from monitor.domain import Admitted, Kind, Message, Place, Text
from monitor.errors import DeliveryError
from monitor.store import Store
from monitor.telegram import Telegram
from monitor.telegram.line import read

TOKEN = "12345:SECRET-part-of-the-token"
HI = Text("<b>Clash</b> &amp; <i>more</i>", "Clash & more")


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """The strict server."""
    async with BotApi() as server:
        yield server


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Telegram]:
    """A sender to it."""
    sender = Telegram(TOKEN, api.url + "/", timedelta(seconds=5))
    yield sender
    await sender.close()


async def test_a_message_arrives_as_it_was_rendered(api: BotApi, bot: Telegram) -> None:
    """Formatted, in its thread, silent if asked, as a reply if asked; the other side's number comes back."""
    assert await bot.send(Message(9, "-77", HI)) == 1
    assert await bot.send(Message(10, "-77", HI, silent=True, reply_to=1, thread=4)) == 2
    first, second = api.accepted
    assert (first.chat, first.text, first.formatted, first.silent) == ("-77", "Clash & more", True, False)
    assert (first.thread, first.reply_to) == (None, None)
    assert (second.silent, second.thread, second.reply_to) == (True, 4, 1)


async def test_an_edit_changes_the_message_that_it_names(api: BotApi, bot: Telegram) -> None:
    """Formatted or plain; the same text again is no error; what is gone is sent anew, not as a reply."""
    await bot.send(Message(1, "5", HI))
    changed = Message(2, "5", Text("<b>More</b>", "More"), kind=Kind.EDIT, edits=1)
    assert [await bot.send(changed), await bot.send(changed)] == [1, 1]
    assert [message.text for message in api.shows("5")] == ["More"]
    assert await bot.send(replace(changed, text=Text("", "a < b"))) == 1
    assert [message.text for message in api.shows("5")] == ["a < b"]
    api.deleted.add(1)
    assert await bot.send(changed) == 2
    assert [(message.text, message.reply_to) for message in api.shows("5")] == [("More", None)]


async def test_an_edit_that_is_refused_is_an_error(api: BotApi, bot: Telegram) -> None:
    """Markup that Telegram refuses is told as such, so that the plain form is tried."""
    await bot.send(Message(1, "5", HI))
    with pytest.raises(DeliveryError, match="refused the markup") as refused:
        await bot.send(Message(2, "5", Text("<x>", "x"), kind=Kind.EDIT, edits=1))
    assert refused.value.unparsable
    api.fault = lambda chat, text, nth: "429"
    with pytest.raises(DeliveryError, match="slow down"):
        await bot.send(Message(2, "5", HI, kind=Kind.EDIT, edits=1))


async def test_plain_text_is_sent_as_it_is(api: BotApi, bot: Telegram) -> None:
    """Without markup, angle brackets are only characters."""
    await bot.send(Message(1, "5", Text("", "a < b & c")))
    assert (api.accepted[0].text, api.accepted[0].formatted) == ("a < b & c", False)


async def test_the_bot_tells_its_name(bot: Telegram) -> None:
    """So that a check can show that the token is accepted."""
    assert await bot.name() == "monitor_bot"


async def test_a_chat_is_described(api: BotApi, bot: Telegram) -> None:
    """By its title, or by why the bot cannot see it."""
    assert await bot.describe("-5") == "Analysts"
    api.fault = lambda chat, text, nth: "unknown"
    with pytest.raises(DeliveryError, match="knows no such chat"):
        await bot.describe("-5")


@pytest.mark.parametrize(
    ("fault", "permanent", "says"),
    [
        ("429", False, "asks to slow down"),
        ("500", False, "could not be reached: Internal Server Error"),
        ("502", False, "could not be reached"),
        ("garbage", False, "could not take the message: Invalid server response"),
        ("array", False, "was not understood"),
        ("empty", False, "was not understood"),
        ("true", False, "was not understood"),
        ("lost", False, "could not be reached"),
        ("drop", False, "could not be reached"),
        ("wall", False, "something other than Telegram answered"),
        ("proxy", False, "something other than Telegram answered"),
        ("token", False, "does not accept the bot's token"),
        ("blocked", True, "may not write to this chat: Forbidden: bot was blocked by the user"),
        ("unknown", True, "knows no such chat"),
        ("rights", True, "may not write to this chat: Not enough rights to send text messages"),
        ("refused", True, "refused the message: Message is too long"),
        ("markup", True, "refused the markup"),
    ],
)
async def test_each_failure_is_passing_or_permanent(
    api: BotApi, bot: Telegram, fault: str, permanent: bool, says: str
) -> None:
    """Only what Telegram itself refuses for good is permanent; each says what it was in plain words."""
    api.fault = lambda chat, text, nth: fault
    with pytest.raises(DeliveryError, match=says) as failed:
        await bot.send(Message(1, "5", HI))
    assert failed.value.permanent is permanent
    assert failed.value.unparsable is (fault == "markup")
    assert failed.value.barred is (fault in {"blocked", "unknown", "rights"})
    assert failed.value.retry_after == (timedelta(seconds=1) if fault == "429" else None)


@pytest.mark.parametrize(
    ("said", "barred", "no_topic"),
    [
        ("chat not found", True, False),
        ("PEER_ID_INVALID", True, False),
        ("group chat was deactivated", True, False),
        ("have no rights to send a message", True, False),
        ("not enough rights to send text messages to the chat", True, False),
        ("need administrator rights in the channel chat", True, False),
        ("CHAT_WRITE_FORBIDDEN", True, False),
        ("CHAT_ADMIN_REQUIRED", True, False),
        ("CHAT_RESTRICTED", True, False),
        ("message thread not found", False, True),
        ("TOPIC_CLOSED", False, True),
        ("TOPIC_DELETED", False, True),
        ("message text is empty", False, False),
        ("message to be replied not found", False, False),
        ("BUTTON_DATA_INVALID", False, False),
    ],
)
async def test_what_people_in_a_chat_can_change_is_no_fault_of_the_message(
    api: BotApi, bot: Telegram, monkeypatch: pytest.MonkeyPatch, said: str, barred: bool, no_topic: bool
) -> None:
    """Telegram calls it a bad request all the same: only its words tell."""
    monkeypatch.setitem(FAULTS, "said", lambda api: _error(400, f"Bad Request: {said}"))
    api.fault = lambda *_: "said"
    with pytest.raises(DeliveryError) as failed:
        await bot.send(Message(1, "-5", HI, thread=4))
    assert (failed.value.barred, failed.value.no_topic) == (barred, no_topic)


BOT = {"id": 1, "is_bot": True, "first_name": "Monitor"}
CHANNEL = {"id": -1005, "type": "channel", "title": "News"}


@pytest.mark.parametrize(
    ("member", "welcome"),
    [
        ({"status": "member"}, True),
        ({"status": "left"}, False),
        ({"status": "kicked", "until_date": 0}, False),
    ],
)
def test_a_chat_tells_whether_the_bot_is_welcome(member: dict[str, object], welcome: bool) -> None:
    """Of a channel as of a group: there nobody writes to the bot."""
    change = {"chat": CHANNEL, "from": BOT, "date": 1, "old_chat_member": {"status": "left", "user": BOT}}
    raw = {"update_id": 5, "my_chat_member": change | {"new_chat_member": member | {"user": BOT}}}
    assert read(raw) == Admitted(5, Place(-1005, "", "channel"), welcome)


@pytest.mark.parametrize(("text", "wanted"), [("/start", True), ("/start@monitor_bot", True), ("/started", False)])
def test_a_channel_asks_by_a_post(text: str, wanted: bool) -> None:
    """Which names nobody; other posts mean nothing."""
    found = read({"update_id": 5, "channel_post": {"message_id": 1, "date": 1, "chat": CHANNEL, "text": text}})
    assert found == (Admitted(5, Place(-1005, "", "channel"), True) if wanted else None)


async def test_the_strict_server_refuses_bad_markup(api: BotApi, bot: Telegram) -> None:
    """As Telegram does: the sender says that the plain form is worth a try."""
    with pytest.raises(DeliveryError) as failed:
        await bot.send(Message(1, "5", Text("<b>open", "open")))
    assert failed.value.unparsable
    assert api.accepted == []


async def test_a_hanging_server_is_left(api: BotApi) -> None:
    """Within the timeout, as a passing failure."""
    api.fault = lambda chat, text, nth: "hang"
    sender = Telegram(TOKEN, api.url, timedelta(milliseconds=50))
    with pytest.raises(DeliveryError, match="did not answer in time") as failed:
        await sender.send(Message(1, "5", HI))
    assert not failed.value.permanent
    await sender.close()


async def test_no_server_is_a_passing_failure() -> None:
    """Nobody listens there: now."""
    sender = Telegram(TOKEN, "http://127.0.0.1:9", timedelta(seconds=5))
    with pytest.raises(DeliveryError, match="could not be reached") as failed:
        await sender.send(Message(1, "5", HI))
    assert not failed.value.permanent
    await sender.close()


async def test_a_moved_group_says_where_it_is(api: BotApi, bot: Telegram) -> None:
    """As a passing failure: there the message may be sent."""
    api.fault = lambda chat, text, nth: "moved"
    with pytest.raises(DeliveryError) as failed:
        await bot.send(Message(1, "-5", HI))
    assert (failed.value.moved_to, failed.value.permanent) == ("-1009", False)


@pytest.mark.parametrize("fault", [None, "500", "garbage", "token", "lost", "markup"])
async def test_the_token_is_never_told(
    api: BotApi, bot: Telegram, caplog: pytest.LogCaptureFixture, fault: str | None
) -> None:
    """Not in a log, however chatty, not in an error, and not in its traceback."""
    caplog.set_level(logging.DEBUG)
    api.fault = lambda chat, text, nth: fault
    told = ""
    with capture_logs() as logs:
        try:
            await bot.send(Message(1, "5", HI))
        except DeliveryError as error:
            told = str(error) + "".join(traceback.format_exception(error))
    assert (told == "") is (fault is None)
    assert "SECRET" not in told + caplog.text + str(logs)


@pytest.mark.slow
async def test_alerts_arrive_at_the_emulator(emulator: str, tmp_path: Path) -> None:
    """A server that was not written for this project shows every queued alert, in order for each chat."""
    store = Store(f"sqlite:///{tmp_path}/m.db")
    store.migrate()
    for n in range(5):
        store.enqueue(["42", "43"], Text(f"<b>{n}</b> ш&amp;😀", str(n)), datetime.now(UTC))
    async with Shim(emulator, Transcript({"42": "one", "43": "another"})) as url:
        sender = Telegram(TOKEN, url, timedelta(seconds=10))
        assert await sender.name() == "TestNameBot"
        delivered = await Delivery(store, {"telegram": sender}, pace=Pace(Limits(chat=50))).drain(timedelta(minutes=1))
        await sender.close()
    ask = Request(f"{emulator}/getUpdatesHistory", json.dumps({"token": TOKEN}).encode())
    ask.add_header("Content-Type", "application/json")
    with urlopen(ask, timeout=10) as answer:
        shown = [update["message"] for update in json.load(answer)["result"]]
    for chat in ("42", "43"):
        texts = [(m["text"], m["parse_mode"]) for m in shown if m["chat_id"] == chat]
        assert texts == [(f"<b>{n}</b> ш&amp;😀", "HTML") for n in range(5)]
    assert delivered.sent == len({alert.telegram_id for alert in store.alerts()}) == 10
    store.close()
