"""The bot's line to people: what they write and press, asked for or brought, and the answers. Decides nothing.

What goes wrong is a DeliveryError, as for the sender.
"""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from telegram import (
    BotCommand,
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberRestricted,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
    Update,
    User,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest

from monitor import buttons
from monitor.domain import Admitted, Buttons, Moved, Person, Place, Press, Pressed, Text, Written
from monitor.telegram import GONE, asked, keyboard, make_bot

T = TypeVar("T")
Said = Written | Pressed | Moved | Admitted
KINDS = ["message", "callback_query", "channel_post", "my_chat_member"]
OUT = (ChatMember.LEFT, ChatMember.BANNED)
START = re.compile(r"/start(@\w+)?\s*")
ANSWER = 200
"""Characters that Telegram shows of an answer to a press."""
DONE = ("message is not modified", *GONE)
"""What Telegram says where there is nothing to change about a message's buttons."""
log = structlog.get_logger(__name__)


class Line:
    """One bot's line. `timeout` bounds each step of a request but the long wait for updates."""

    def __init__(self, token: str, api_url: str, timeout: timedelta = timedelta(seconds=15)) -> None:
        self._bot = make_bot(token, api_url, timeout)
        self._token, self._key, self._timeout = token, buttons.key(token), timeout

    async def __aenter__(self) -> "Line":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._bot.request.shutdown()

    @property
    def secret(self) -> str:
        """What Telegram shows when it brings an update, so that nobody else can: made from the token."""
        return hmac.new(self._token.encode(), b"balkan-monitor webhook", hashlib.sha256).hexdigest()

    def press(self, data: str) -> Press | None:
        """What a button's data says, None where it is not this bot's."""
        return buttons.read(data, self._key)

    async def name(self) -> str:
        """The bot's name, as commands in groups call it."""
        return str((await self._call(self._bot.get_me)).username)

    async def updates(self, offset: int | None, wait: timedelta) -> list[tuple[int, Said | None]]:
        """What came, each with its number, None for what nobody here understands; waits so long for the first.

        All before `offset` is acknowledged by this.
        """
        asking: dict[str, Any] = {"timeout": int(wait.total_seconds()), "allowed_updates": KINDS}
        if offset is not None:
            asking["offset"] = offset
        patience = (self._timeout + wait).total_seconds()

        async def found() -> list[tuple[int, Said | None]]:
            raw: Any = await self._bot.do_api_request("getUpdates", api_kwargs=asking, read_timeout=patience)
            return [(int(one["update_id"]), read(one)) for one in raw]

        return await self._call(found)

    async def offer(self, purposes: Mapping[str, str]) -> None:
        """Let clients complete these commands."""
        await self._call(lambda: self._bot.set_my_commands([BotCommand(*pair) for pair in purposes.items()]))

    async def hook(self, url: str) -> None:
        """Have updates brought to the address, one at a time."""
        await self._call(
            lambda: self._bot.set_webhook(url, allowed_updates=KINDS, secret_token=self.secret, max_connections=1)
        )

    async def unhook(self) -> None:
        """Have updates kept until they are asked for."""
        await self._call(self._bot.delete_webhook)

    async def say(
        self, chat: int, text: Text, rows: Buttons = (), reply_to: int | None = None, thread: int | None = None
    ) -> None:
        """Write to a chat, without a sound."""
        await self._call(
            lambda: self._bot.send_message(
                chat,
                text.html or text.plain,
                parse_mode=ParseMode.HTML if text.html else None,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=keyboard(rows, self._key) if rows else None,
                **_where(reply_to, thread),
            )
        )

    async def show(
        self, chat: int, picture: bytes, caption: str, reply_to: int | None = None, thread: int | None = None
    ) -> None:
        """Send a picture to a chat, without a sound."""
        await self._call(
            lambda: self._bot.send_photo(
                chat, picture, caption=caption, filename="trend.png", **_where(reply_to, thread)
            )
        )

    async def answer(self, query: str, text: str) -> None:
        """Tell who pressed a button what came of it."""
        await self._call(lambda: self._bot.answer_callback_query(query, text[:ANSWER] or None))

    async def relabel(self, chat: int | str, message: int, rows: Buttons) -> None:
        """Change the buttons under a message; that they are so already, or that it is gone, is no error."""

        async def change() -> None:
            try:
                await self._bot.edit_message_reply_markup(chat, message, reply_markup=keyboard(rows, self._key))
            except BadRequest as error:
                if not any(done in str(error).lower() for done in DONE):
                    raise

        await self._call(change)

    async def _call(self, request: Callable[[], Awaitable[T]]) -> T:
        return await asked(request, self._token)


def read(raw: Mapping[str, Any]) -> Said | None:
    """An update as it came over the wire; None for what means nothing here, or is not in Telegram's form."""
    try:
        update = Update.de_json(dict(raw), None)
    except Exception as error:
        log.warning("update not understood", update=raw.get("update_id"), error=type(error).__name__)
        return None
    if update.callback_query is not None:
        return _pressed(update.update_id, update.callback_query)
    if update.my_chat_member is not None:
        where, member = update.my_chat_member.chat, update.my_chat_member.new_chat_member
        muted = isinstance(member, ChatMemberRestricted) and not member.can_send_messages
        return Admitted(update.update_id, _place(where), member.status not in OUT and not muted)
    if update.channel_post is not None:
        # Nobody is named as who wrote there: only whoever may post does.
        wanted = START.fullmatch(update.channel_post.text or "")
        return Admitted(update.update_id, _place(update.channel_post.chat), True) if wanted else None
    if update.message is None:
        return None
    return _moved(update.update_id, update.message) or _written(update.update_id, update.message)


def _moved(number: int, message: Message) -> Moved | None:
    """That the group moved: told in the old one as well as in the new one."""
    if message.migrate_to_chat_id is not None:
        return Moved(number, message.chat.id, message.migrate_to_chat_id)
    if message.migrate_from_chat_id is not None:
        return Moved(number, message.migrate_from_chat_id, message.chat.id)
    return None


def _written(number: int, message: Message) -> Written | None:
    if message.from_user is None or not message.text:
        return None
    replied = message.reply_to_message
    return Written(
        update=number,
        place=_place(message.chat),
        by=_person(message.from_user),
        text=message.text,
        message=message.message_id,
        reply_to=replied.message_id if replied else None,
        thread=message.message_thread_id if message.is_topic_message else None,
    )


def _pressed(number: int, query: CallbackQuery) -> Pressed | None:
    under = query.message
    if under is None or query.data is None:
        return None
    by, shown, thread = _person(query.from_user), under.message_id, None
    others: list[object] = []
    if isinstance(under, Message):
        thread = under.message_thread_id if under.is_topic_message else None
        rows = under.reply_markup.inline_keyboard if under.reply_markup else ()
        others = [button.callback_data for row in rows for button in row]
    data = tuple(data for data in others if isinstance(data, str))
    return Pressed(number, _place(under.chat), by, query.data, query.id, shown, thread, data)


def _place(chat: Chat) -> Place:
    return Place(chat.id, chat.username or "", str(chat.type))


def _person(user: User) -> Person:
    return Person(user.id, user.full_name)


def _where(reply_to: int | None, thread: int | None) -> dict[str, Any]:
    reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None
    return {"disable_notification": True, "message_thread_id": thread, "reply_parameters": reply}
