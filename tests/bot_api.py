"""A small Bot API server for tests, as strict as Telegram: it refuses bad HTML, counts rate limits, and fails on demand.

Written from the published rules of the Bot API; it knows sendMessage, sendPhoto, editMessageText, getChat and getMe,
editMessageReplyMarkup, answerCallbackQuery, getUpdates, setMyCommands, setWebhook and deleteWebhook.
"""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message as EmailMessage
from typing import Any
from urllib.parse import parse_qsl

from telegram_html import Parsed, Refused, checked, parse_html


@dataclass(frozen=True)
class Accepted:
    """A message that a chat shows."""

    id: int
    chat: str
    text: str
    at: float
    formatted: bool
    silent: bool
    thread: int | None
    reply_to: int | None
    keyboard: tuple[tuple[tuple[str, str], ...], ...] = ()
    photo: bytes = b""

    def data(self, label: str) -> str:
        """What the button whose label holds this sends."""
        return next(data for row in self.keyboard for shown, data in row if label in shown)

    @property
    def labels(self) -> list[str]:
        """What the buttons say."""
        return [shown for row in self.keyboard for shown, _ in row]


KINDS = ["message", "callback_query", "channel_post", "my_chat_member"]
CHAT = {
    "type": "group",
    "title": "Analysts",
    "accent_color_id": 1,
    "max_reaction_count": 1,
    "accepted_gift_types": dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    ),
}
Fault = Callable[[str, str, int], str | None]
"""Takes the chat, the text and how many requests came before; names what goes wrong, None if nothing."""


@dataclass
class BotApi:
    """The server. `fault` decides how each request fails; `clock` gives seconds, to count the rate limits with."""

    fault: Fault = lambda chat, text, nth: None
    clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    retry_after: int = 1
    accepted: list[Accepted] = field(default_factory=list)
    edited: list[Accepted] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    requests: int = 0
    dropped: int = 0
    broken_limits: list[str] = field(default_factory=list)
    line_fault: Callable[[str], str | None] = lambda method: None
    updates: list[dict[str, Any]] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    commands: list[dict[str, str]] = field(default_factory=list)
    webhook: dict[str, str] = field(default_factory=dict)
    pictures: bool = True
    closed: set[int] = field(default_factory=set)
    asked: list[int | None] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _done: int = 0
    _arrivals: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> "BotApi":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        await asyncio.sleep(0)

    def texts(self, chat: str) -> list[str]:
        """What the chat shows, in order."""
        return [message.text for message in self.accepted if message.chat == chat]

    def shows(self, chat: str) -> list[Accepted]:
        """The chat's messages as they read now, in order."""
        latest = {message.id: message for message in self.edited}
        kept = [message for message in self.accepted if message.chat == chat and message.id not in self.deleted]
        return [latest.get(message.id, message) for message in kept]

    def write(self, chat: int, user: int, text: str, reply_to: int | None = None, kind: str = "") -> int:
        """Somebody writes to the bot; returns the number of their message."""
        replied = {"reply_to_message": self._shown(chat, reply_to, kind)} if reply_to else {}
        number = 5000 + len(self.updates)
        message = self._shown(chat, number, kind) | {"from": _user(user), "text": text}
        self._bring({"message": message | replied})
        return number

    def press(self, chat: int, user: int, data: str, message: int, kind: str = "") -> str:
        """Somebody presses a button; returns the query's id, under which the answer will be."""
        query = f"q{len(self.updates)}"
        pressed = {"id": query, "from": _user(user), "data": data, "chat_instance": "1"}
        rows = next((shown.keyboard for shown in self.shows(str(chat)) if shown.id == message), ())
        keyboard = [[{"text": label, "callback_data": sends} for label, sends in row] for row in rows]
        under = self._shown(chat, message, kind) | {"reply_markup": {"inline_keyboard": keyboard}}
        self._bring({"callback_query": pressed | {"message": under}})
        return query

    def move(self, old: int, new: int, in_new: bool = False) -> None:
        """A group becomes a supergroup, of which the bot is told in the one or the other."""
        where, other = (new, {"migrate_from_chat_id": old}) if in_new else (old, {"migrate_to_chat_id": new})
        self._bring({"message": self._shown(where, 5000 + len(self.updates), "") | {"from": _user(2)} | other})

    def _shown(self, chat: int, message: int, kind: str) -> dict[str, Any]:
        kind = kind or ("private" if chat > 0 else "group")
        return {"message_id": message, "date": 1, "chat": {"id": chat, "type": kind, "title": "x"}}

    def _bring(self, update: dict[str, Any]) -> None:
        self.updates.append({"update_id": 900 + len(self.updates)} | update)
        self._came.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while request := await self._request(reader):
                answer = await self._answer(*request)
                if answer is None:
                    break
                status, body = answer
                head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, dict[str, Any]] | None:
        line = await reader.readline()
        if not line:
            return None
        length, kind = 0, ""
        while (header := await reader.readline()).strip():
            name, _, value = header.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
            kind = value.strip() if name.lower() == "content-type" else kind
        body = await reader.readexactly(length)
        if kind.startswith("multipart/form-data"):
            return line.decode().split()[1], parts(kind, body)
        text = body.decode("utf-8", "strict")
        return line.decode().split()[1], dict(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)))

    async def _answer(self, path: str, fields: dict[str, Any]) -> tuple[int, bytes] | None:
        match = re.fullmatch(r"/bot([^/]+)/(\w+)", path)
        if not match or ":" not in match[1]:
            return _error(404, "Not Found")
        if match[2] in LINE:
            return await self._line(match[2], fields)
        nth, self.requests = self.requests, self.requests + 1
        if match[2] == "getMe":
            return _ok({"id": 1, "is_bot": True, "first_name": "Monitor", "username": "monitor_bot"})
        chat, text = fields.get("chat_id", ""), fields.get("text", "")
        fault = self.fault(chat, text, nth)
        if match[2] == "getChat" and fault is None:
            return _ok(CHAT | {"id": int(chat)})
        if fault in FAULTS:
            return FAULTS[fault](self)
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "lost":
            return None
        self._count(chat)
        try:
            if match[2] not in CHANGES:
                return _error(404, "Not Found: method not found")
            message = CHANGES[match[2]](self, chat, fields)
        except Refused as refused:
            return _error(400, f"Bad Request: {refused}")
        if fault == "drop":
            self.dropped += 1
            return None
        return _ok({"message_id": message.id, "date": 1, "chat": {"id": int(chat), "type": "group"}, "text": "x"})

    async def _line(self, method: str, fields: dict[str, Any]) -> tuple[int, bytes] | None:
        fault = self.line_fault(method)
        if fault in FAULTS:
            return FAULTS[fault](self)
        if fault is not None:
            return None
        try:
            return _ok(await LINE[method](self, fields))
        except Refused as refused:
            return _error(409 if "Conflict" in str(refused) else 400, f"{refused}")

    async def _updates(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        """What came from the offset on; what is before it is forgotten, as Telegram does."""
        if self.webhook:
            raise Refused("Conflict: can't use getUpdates method while webhook is active")
        offset = int(fields["offset"]) if "offset" in fields else None
        self.asked.append(offset)
        assert json.loads(fields["allowed_updates"]) == KINDS
        ends = asyncio.get_running_loop().time() + float(fields["timeout"])
        while True:
            self._came.clear()
            found = [update for update in self.updates if update["update_id"] >= max(offset or 0, self._done)]
            self._done = max(offset or 0, self._done)
            left = ends - asyncio.get_running_loop().time()
            if found or left <= 0:
                return found[:100]
            try:
                await asyncio.wait_for(self._came.wait(), left)
            except TimeoutError:
                return []

    async def _queried(self, fields: dict[str, Any]) -> bool:
        """Answer a press: once, and with 200 characters at most."""
        query, text = fields["callback_query_id"], fields.get("text", "")
        known = {u["callback_query"]["id"] for u in self.updates if "callback_query" in u}
        if query not in known or query in self.answered:
            raise Refused("Bad Request: query is too old and response timeout expired or query ID is invalid")
        if len(text) > 200:
            raise Refused("Bad Request: MESSAGE_TOO_LONG")
        self.answered[query] = text
        return True

    async def _commands(self, fields: dict[str, Any]) -> bool:
        """Register commands: at most 100, each of 1 to 32 small letters, with 1 to 256 characters of description."""
        self.commands = json.loads(fields["commands"])
        for command in self.commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]) or not 1 <= len(command["description"]) <= 256:
                raise Refused("Bad Request: BOT_COMMAND_INVALID")
        return True

    async def _hook(self, fields: dict[str, Any]) -> bool:
        """Bring updates to an https address, with the secret in a header."""
        if not fields["url"].startswith("https://"):
            raise Refused("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", fields.get("secret_token", "x")):
            raise Refused("Bad Request: secret token contains unallowed characters")
        self.webhook = fields
        return True

    async def _unhook(self, fields: dict[str, Any]) -> bool:
        """Keep updates until they are asked for."""
        self.webhook = {}
        return True

    def _photo(self, chat: str, fields: dict[str, Any]) -> Accepted:
        """A picture with a caption of 1,024 characters at most, in chats that take `pictures`."""
        if not self.pictures:
            raise Refused("not enough rights to send photos to the chat")
        if not fields["photo"].startswith(b"\x89PNG") or len(fields["photo"]) > 10_000_000:
            raise Refused("PHOTO_INVALID_DIMENSIONS")
        if len(fields.get("caption", "")) > 1024:
            raise Refused("message caption is too long")
        message = self._accept(chat, fields | {"text": fields.get("caption", "")})
        self.accepted[-1] = message = replace(message, photo=fields["photo"])
        return message

    def _accept(self, chat: str, fields: dict[str, Any]) -> Accepted:
        if not re.fullmatch(r"-?\d+", chat):
            raise Refused("chat not found")
        formatted = "parse_mode" in fields
        if formatted and fields["parse_mode"] != "HTML":
            raise Refused("unsupported parse_mode")
        if int(fields.get("message_thread_id", 0)) in self.closed:
            raise Refused("message thread not found")
        parsed = parse_html(fields["text"]) if formatted else checked(Parsed(fields["text"], ()))
        reply = json.loads(fields.get("reply_parameters", "{}"))
        message = Accepted(
            id=len(self.accepted) + 1,
            chat=chat,
            text=parsed.text,
            at=self.clock(),
            formatted=formatted,
            silent=fields.get("disable_notification") == "true",
            thread=int(fields["message_thread_id"]) if "message_thread_id" in fields else None,
            reply_to=reply.get("message_id"),
            keyboard=_keyboard(fields),
        )
        self.accepted.append(message)
        return message

    def _edit(self, chat: str, fields: dict[str, Any]) -> Accepted:
        number = int(fields["message_id"])
        known = next((message for message in self.shows(chat) if message.id == number), None)
        if known is None:
            raise Refused("message to edit not found")
        parsed = parse_html(fields["text"]) if "parse_mode" in fields else checked(Parsed(fields["text"], ()))
        return self._changed(known, replace(known, text=parsed.text, keyboard=_keyboard(fields), at=self.clock()))

    def _relabel(self, chat: str, fields: dict[str, Any]) -> Accepted:
        number = int(fields["message_id"])
        known = next((message for message in self.shows(chat) if message.id == number), None)
        if known is None:
            raise Refused("message to edit not found")
        return self._changed(known, replace(known, keyboard=_keyboard(fields), at=self.clock()))

    def _changed(self, known: Accepted, edited: Accepted) -> Accepted:
        if (edited.text, edited.keyboard) == (known.text, known.keyboard):
            raise Refused(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        self.edited.append(edited)
        return edited

    def _count(self, chat: str) -> None:
        """Note a limit that this message breaks: 30 a second, 1 a second in a chat, 20 a minute in a group."""
        now = self.clock()
        self._arrivals[""].append(now)
        self._arrivals[chat].append(now)
        limits = [("", 30, 1.0), (chat, 1, 1.0)] + ([(chat, 20, 60.0)] if chat.startswith("-") else [])
        for whose, most, seconds in limits:
            count = sum(1 for at in self._arrivals[whose] if at > now - seconds)
            if count > most:
                self.broken_limits.append(f"{count} in {seconds:g} s to {whose or 'all'}")


LINE: dict[str, Callable[[BotApi, dict[str, Any]], Awaitable[Any]]] = {
    "getUpdates": BotApi._updates,
    "answerCallbackQuery": BotApi._queried,
    "setMyCommands": BotApi._commands,
    "setWebhook": BotApi._hook,
    "deleteWebhook": BotApi._unhook,
}
"""What is about no chat's messages; `line_fault` says how it fails."""
CHANGES: dict[str, Callable[[BotApi, str, dict[str, Any]], Accepted]] = {
    "sendMessage": BotApi._accept,
    "sendPhoto": BotApi._photo,
    "editMessageText": BotApi._edit,
    "editMessageReplyMarkup": BotApi._relabel,
}


def _user(id: int) -> dict[str, Any]:
    return {"id": id, "is_bot": False, "first_name": {1: "Ana", 2: "Marko"}.get(id, f"User {id}")}


def _keyboard(fields: dict[str, Any]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The buttons: each with a label, and with data of 1 to 64 bytes."""
    rows = json.loads(fields.get("reply_markup", "{}")).get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not button["text"].strip():
            raise Refused("text buttons are allowed to have text only")
        if not 1 <= len(button["callback_data"].encode()) <= 64:
            raise Refused("BUTTON_DATA_INVALID")
    return tuple(tuple((button["text"], button["callback_data"]) for button in row) for row in rows)


def parts(kind: str, body: bytes) -> dict[str, Any]:
    """The fields of a form with files; a file is its bytes, under the field that names it."""
    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    found: dict[str, Any] = {}
    for part in message.get_payload():
        assert isinstance(part, EmailMessage)
        content = part.get_payload(decode=True)
        name = str(part.get_param("name", header="content-disposition"))
        found[name] = content if part.get_filename() else content.decode()  # type: ignore[union-attr]
    attached = found.get("photo")
    if isinstance(attached, str) and attached.startswith("attach://"):
        found["photo"] = found[attached.removeprefix("attach://")]
    return found


def _ok(result: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"ok": True, "result": result}).encode()


def _error(code: int, description: str, **parameters: object) -> tuple[int, bytes]:
    body: dict[str, object] = {"ok": False, "error_code": code, "description": description}
    return code, json.dumps(body | ({"parameters": parameters} if parameters else {})).encode()


FAULTS: dict[str | None, Callable[[BotApi], tuple[int, bytes]]] = {
    "429": lambda api: _error(429, "Too Many Requests: retry later", retry_after=api.retry_after),
    "500": lambda api: _error(500, "Internal Server Error"),
    "502": lambda api: (502, b"<html><h1>502 Bad Gateway</h1></html>"),
    "garbage": lambda api: (200, b"\xff\xfe not json"),
    "array": lambda api: (200, b"[]"),
    "empty": lambda api: (200, b"{}"),
    "true": lambda api: (200, b'{"ok":true,"result":true}'),
    "wall": lambda api: (403, b"<html>Please sign in to the hotel's network</html>"),
    "proxy": lambda api: (400, b"<html>Bad request</html>"),
    "blocked": lambda api: _error(403, "Forbidden: bot was blocked by the user"),
    "unknown": lambda api: _error(400, "Bad Request: chat not found"),
    "rights": lambda api: _error(400, "Bad Request: not enough rights to send text messages to the chat"),
    "refused": lambda api: _error(400, "Bad Request: message is too long"),
    "markup": lambda api: _error(400, "Bad Request: can't parse entities: Unsupported start tag at byte offset 3"),
    "token": lambda api: _error(401, "Unauthorized"),
    "moved": lambda api: _error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009),
}
