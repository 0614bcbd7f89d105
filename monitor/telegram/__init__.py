"""Sends messages through the Telegram Bot API. Holds no policy: what could not be sent is a DeliveryError.

The token is in the address of every request, so that the libraries' own log lines and errors stay out of the logs.
"""

import logging
import os
import warnings
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeVar

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest
from telegram.warnings import PTBUserWarning

from monitor import buttons
from monitor.domain import Buttons, Message
from monitor.errors import DeliveryError
from monitor.render import LANGUAGES, alert_buttons, summary_buttons

T = TypeVar("T")
CONNECTIONS = 32
GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
"""What Telegram says of a message that cannot take another text any more."""
BARS = (
    "peer_id_invalid",
    "channel_private",
    "not in the chat",
    "not a member",
    "was kicked",
    "user_is_blocked",
    "user is deactivated",
    "group chat was deactivated",
    "chat_restricted",
    "not enough rights",
    "have no rights",
    "no write access",
    "need administrator rights",
    "chat_admin_required",
    "chat_write_forbidden",
    "chat_send_plain_forbidden",
)
"""What Telegram says, as of a bad request, of a chat that the bot may not write to: people there can change that."""
NO_TOPIC = ("message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")
"""What Telegram says of a topic that is not there, or that takes nothing."""
log = structlog.get_logger(__name__)


class _Request(HTTPXRequest):
    """Of an answer that tells a sent message, keeps the message's number.

    Nothing else of it is read here, and a Bot API server that words the rest in its own way must not make a message
    that it accepted look refused: it would be sent again.
    """

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read the answer; raises TelegramError for what is not JSON."""
        answer = HTTPXRequest.parse_json_payload(payload)
        result = answer.get("result")
        if isinstance(result, dict) and "message_id" in result:
            chat = {"id": 0, "type": "private"}
            return answer | {"result": {"message_id": result["message_id"], "date": 0, "chat": chat}}
        return answer


def make_bot(token: str, api_url: str, timeout: timedelta) -> Bot:
    """The library's bot, which has made no request yet; `timeout` bounds connecting, writing and each read."""
    _hush()
    seconds = timeout.total_seconds()
    request = _Request(
        connection_pool_size=CONNECTIONS,
        connect_timeout=seconds,
        read_timeout=seconds,
        write_timeout=seconds,
        pool_timeout=seconds,
        http_version="1.1",
    )
    return Bot(token, base_url=f"{api_url.rstrip('/')}/bot", request=request, get_updates_request=request)


def keyboard(rows: Buttons, key: bytes) -> InlineKeyboardMarkup:
    """The buttons as Telegram takes them, their data signed."""
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b.label, callback_data=buttons.write(b.press, key)) for b in row] for row in rows]
    )


class Telegram:
    """A Sender to the chats that a bot may write to. Makes no request before the first message.

    `timeout` bounds connecting, writing and each read; a server that trickles is bounded by the caller. `languages` are
    those of the chats' buttons, English where none is named.
    """

    def __init__(
        self,
        token: str,
        api_url: str,
        timeout: timedelta = timedelta(seconds=15),
        languages: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._bot, self._languages = make_bot(token, api_url, timeout), languages
        self._token, self._key = token, buttons.key(token)

    async def send(self, message: Message) -> int | None:
        """Send the message, or edit the one that it names; returns Telegram's id of what shows it now.

        What was to be edited and is gone is sent anew.
        """
        return await self._call(lambda: self._post(message))

    async def name(self) -> str:
        """The bot's name, which proves that the token is accepted."""
        return await self._call(self._name)

    async def describe(self, chat: str) -> str:
        """A chat's title or a person's name, which proves that the bot may see it."""
        return await self._call(lambda: self._describe(chat))

    async def close(self) -> None:
        """Close the connections."""
        await self._bot.request.shutdown()

    async def __aenter__(self) -> "Telegram":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _post(self, message: Message) -> int | None:
        if message.edits is not None:
            try:
                return await self._edit(message, message.edits)
            except BadRequest as error:
                said = str(error).lower()
                if "message is not modified" in said:
                    return message.edits
                if not any(gone in said for gone in GONE):
                    raise
        reply = message.reply_to and ReplyParameters(message.reply_to, allow_sending_without_reply=True)
        sent = await self._bot.send_message(
            message.chat,
            message.text.html or message.text.plain,
            parse_mode=ParseMode.HTML if message.text.html else None,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            disable_notification=message.silent,
            message_thread_id=message.thread,
            reply_parameters=reply or None,
            reply_markup=self._buttons(message),
        )
        return sent.message_id

    async def _edit(self, message: Message, number: int) -> int:
        await self._bot.edit_message_text(
            message.text.html or message.text.plain,
            message.chat,
            number,
            parse_mode=ParseMode.HTML if message.text.html else None,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            # An edit that names no buttons takes away those that are there.
            reply_markup=self._buttons(message),
        )
        return number

    def _buttons(self, message: Message) -> InlineKeyboardMarkup | None:
        """What people can do with an alert about a story, or about several; nothing under other messages."""
        if message.parts:
            return keyboard(summary_buttons(message.parts), self._key)
        if message.story is None or message.article is None:
            return None
        words = LANGUAGES[self._languages.get(message.chat, "en")]
        rows = alert_buttons(message.article, message.story, message.opinions, message.muted, words)
        return keyboard(rows, self._key)

    async def _name(self) -> str:
        return str((await self._bot.get_me()).username)

    async def _describe(self, chat: str) -> str:
        return (await self._bot.get_chat(chat)).effective_name or chat

    async def _call(self, request: Callable[[], Awaitable[T]]) -> T:
        return await asked(request, self._token)


async def asked(request: Callable[[], Awaitable[T]], token: str) -> T:
    """Make a request; whatever goes wrong leaves as a DeliveryError without the token in it."""
    try:
        return await request()
    except Exception as error:
        # `from None`, since the libraries' errors may show the address with the token.
        raise _ours(error, token) from None


def _hush() -> None:
    """Silence the libraries' loggers and warnings: httpx logs each request's address, and so the token."""
    # The library would warn of the form that its times had in the past.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    # Updates are asked for in the raw, so that one that the library cannot read does not take the others with it.
    warnings.filterwarnings("ignore", message=".*do_api_request", category=PTBUserWarning)
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _ours(error: Exception, token: str) -> DeliveryError:
    """What an error means for the message. The order counts: BadRequest and TimedOut are NetworkErrors."""
    said = " ".join(str(error).replace(token, "<token>").split())[:300]
    match error:
        case RetryAfter():
            wait = error.retry_after
            asked = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
            return DeliveryError("Telegram asks to slow down", permanent=False, retry_after=asked)
        case ChatMigrated():
            new = str(error.new_chat_id)
            return DeliveryError(f"the group became the supergroup {new}", permanent=False, moved_to=new)
        case InvalidToken():
            # A wrong token is the configuration's mistake: with the right one the message can be sent.
            return DeliveryError(f"Telegram does not accept the bot's token ({said})", permanent=False)
        case Forbidden() | BadRequest() if error.__cause__ is not None:
            # The answer was not Telegram's JSON: something between here and there refused.
            return DeliveryError(f"something other than Telegram answered: {said}", permanent=False)
        case Forbidden():
            return DeliveryError(f"the bot may not write to this chat: {said}", permanent=True, barred=True)
        case BadRequest():
            return _refused(said)
        case TimedOut():
            return DeliveryError("Telegram did not answer in time", permanent=False)
        case NetworkError():
            return DeliveryError(f"Telegram could not be reached: {said}", permanent=False)
        case TelegramError():
            return DeliveryError(f"Telegram could not take the message: {said}", permanent=False)
        case _:
            return DeliveryError(f"Telegram's answer was not understood: {type(error).__name__}", permanent=False)


def _refused(said: str) -> DeliveryError:
    """A request that Telegram understood and will refuse again, be it for good or until people change something."""
    lower = said.lower()
    if "parse entities" in lower:
        return DeliveryError(f"Telegram refused the markup: {said}", permanent=True, unparsable=True)
    if any(words in lower for words in NO_TOPIC):
        return DeliveryError(f"Telegram refused the topic: {said}", permanent=True, no_topic=True)
    if "chat not found" in lower:
        known = "Telegram knows no such chat, or nobody there has started the bot"
        return DeliveryError(known, permanent=True, barred=True)
    if any(words in lower for words in BARS):
        return DeliveryError(f"the bot may not write to this chat: {said}", permanent=True, barred=True)
    return DeliveryError(f"Telegram refused the message: {said}", permanent=True)
