"""A small Bot API server for tests, as strict as Telegram: it refuses bad HTML, counts rate limits, and fails on demand.

Written from the published rules of the Bot API; it knows sendMessage, editMessageText, getChat and getMe.
"""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
        latest = {message.id: message.text for message in self.edited}
        kept = [message for message in self.accepted if message.chat == chat and message.id not in self.deleted]
        return [replace(message, text=latest.get(message.id, message.text)) for message in kept]

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
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, dict[str, str]] | None:
        line = await reader.readline()
        if not line:
            return None
        length = 0
        while (header := await reader.readline()).strip():
            name, _, value = header.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        body = (await reader.readexactly(length)).decode("utf-8", "strict")
        return line.decode().split()[1], dict(parse_qsl(body, keep_blank_values=True, strict_parsing=bool(body)))

    async def _answer(self, path: str, fields: dict[str, str]) -> tuple[int, bytes] | None:
        nth, self.requests = self.requests, self.requests + 1
        match = re.fullmatch(r"/bot([^/]+)/(\w+)", path)
        if not match or ":" not in match[1]:
            return _error(404, "Not Found")
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
            message = self._edit(chat, fields) if match[2] == "editMessageText" else self._accept(chat, fields)
        except Refused as refused:
            return _error(400, f"Bad Request: {refused}")
        if fault == "drop":
            self.dropped += 1
            return None
        return _ok({"message_id": message.id, "date": 1, "chat": {"id": int(chat), "type": "group"}, "text": "x"})

    def _accept(self, chat: str, fields: dict[str, str]) -> Accepted:
        if not re.fullmatch(r"-?\d+", chat):
            raise Refused("chat not found")
        formatted = "parse_mode" in fields
        if formatted and fields["parse_mode"] != "HTML":
            raise Refused("unsupported parse_mode")
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
        )
        self.accepted.append(message)
        return message

    def _edit(self, chat: str, fields: dict[str, str]) -> Accepted:
        number = int(fields["message_id"])
        known = next((message for message in self.shows(chat) if message.id == number), None)
        if known is None:
            raise Refused("message to edit not found")
        parsed = parse_html(fields["text"]) if "parse_mode" in fields else checked(Parsed(fields["text"], ()))
        if parsed.text == known.text:
            raise Refused(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        edited = replace(known, text=parsed.text, at=self.clock())
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


def _ok(result: dict[str, Any]) -> tuple[int, bytes]:
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
    "markup": lambda api: _error(400, "Bad Request: can't parse entities: Unsupported start tag at byte offset 3"),
    "token": lambda api: _error(401, "Unauthorized"),
    "moved": lambda api: _error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009),
}
