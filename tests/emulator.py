"""telegram-test-api, a Bot API server that was not written for this project, from npm; and what it leaves out."""

import asyncio
import json
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode
from urllib.request import Request, urlopen

import pytest
from bot_api import parts
from telegram_html import parse_html

TOKEN = "1:token"
SERVE = """
const Server = require('telegram-test-api');
const server = new Server({port: Number(process.argv[2]), host: '127.0.0.1', storeTimeout: 600});
server.start().then(() => console.log('ready'));
"""


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running telegram-test-api."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("emulator")
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", "telegram-test-api@4.2.1"]
    if subprocess.run(install, cwd=folder, capture_output=True, timeout=180, check=False).returncode:
        pytest.skip("npm could not install telegram-test-api@4.2.1")
    (folder / "serve.js").write_text(SERVE)
    port = _free_port()
    server = subprocess.Popen(["node", "serve.js", str(port)], cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait(10)
        server.stdout and server.stdout.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Shim:
    """Stands before the emulator and adds what it leaves out, and writes down what the bot says.

    That the bot is a bot, that an edit or an answer to a press was taken, the chat's mark of a press; and pictures: the
    emulator has none, so that it is told of one by a message with its size.
    """

    def __init__(self, upstream: str, transcript: "Transcript") -> None:
        self._upstream, self._transcript = upstream, transcript

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *headers = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        named = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
        body = await reader.readexactly(int(named.get("content-length", 0)))
        path, fields = _read(line.split()[1], named.get("content-type", ""), body)
        with self._transcript.writing():
            answer = await asyncio.to_thread(self._ask, path, urlencode(fields).encode())
            result = answer.get("result")
            if answer.get("ok"):
                self._transcript.bot(path.rpartition("/")[2], fields, result)
        if isinstance(result, dict) and "username" in result:
            result["is_bot"] = True
        if answer.get("ok") and result is None:
            answer["result"] = True
        for update in result if isinstance(result, list) else ():
            update.get("callback_query", {})["chat_instance"] = "1"
        sent = json.dumps(answer).encode()
        head = f"HTTP/1.1 {answer.get('error_code', 200)} X\r\nConnection: close\r\nContent-Length: {len(sent)}\r\n\r\n"
        writer.write(head.encode() + sent)
        await writer.drain()
        writer.close()

    def _ask(self, path: str, body: bytes) -> dict[str, Any]:
        try:
            with urlopen(Request(self._upstream + path, body or None), timeout=10) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except HTTPError as error:
            return {"ok": False, "error_code": error.code, "description": "unknown to the emulator"}


def _read(path: str, kind: str, body: bytes) -> tuple[str, dict[str, Any]]:
    """A request as the emulator takes it: a picture as a message with its size and caption."""
    if not kind.startswith("multipart/form-data"):
        return path, dict(parse_qsl(body.decode(), keep_blank_values=True))
    fields = parts(kind, body)
    photo = next(value for value in fields.values() if isinstance(value, bytes))
    assert photo.startswith(b"\x89PNG")
    wide, high = struct.unpack(">II", photo[16:24])
    size = f"[a picture of {wide} x {high} pixels, {len(photo) // 1000} kB]"
    kept = {name: value for name, value in fields.items() if isinstance(value, str)}
    return path.replace("sendPhoto", "sendMessage"), kept | {"text": f"{size}\n{fields['caption']}"}


class Transcript:
    """An evening as people see it, in the order in which it happened. `chats` gives names to their ids."""

    def __init__(self, chats: Mapping[str, str]) -> None:
        self._chats, self._lines, self._under_way = chats, list[str](), 0
        self._labels: dict[tuple[str, str], str] = {}

    def __str__(self) -> str:
        return "\n".join(line.rstrip() for line in self._lines)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """What the emulator shows may not be written down before this ends."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def written(self) -> None:
        """Wait until all that the emulator shows is written down."""
        while self._under_way:
            await asyncio.sleep(0.001)

    def bot(self, method: str, fields: Mapping[str, Any], result: Any) -> None:
        """The bot did something that shows."""
        if method == "answerCallbackQuery":
            if fields.get("text"):
                self._add(f"    (the one who pressed is told: {fields['text']})")
            return
        if method not in {"sendMessage", "editMessageText", "editMessageReplyMarkup"}:
            return
        chat, number = str(fields["chat_id"]), str(fields.get("message_id") or result["message_id"])
        labels = _labels(fields)
        fresh, self._labels[chat, number] = labels != self._labels.get((chat, number)), labels
        if method == "editMessageReplyMarkup":
            self._add(f"[{self._chats[chat]}] the buttons under message {number} are now: {labels}")
            return
        reply = json.loads(fields.get("reply_parameters", "{}")).get("message_id")
        sound = "" if fields.get("disable_notification") == "true" or method != "sendMessage" else ", with a sound"
        what = f"edits message {number}" if method == "editMessageText" else f"writes message {number}{sound}"
        text = parse_html(fields["text"]).text if fields.get("parse_mode") else fields["text"]
        self._add(f"[{self._chats[chat]}] the bot {what}" + (f", a reply to message {reply}" if reply else "") + ":")
        self._lines += [f"    {line}" for line in text.splitlines()]
        self._lines += [f"    {labels}"] if labels and fresh else []

    async def person(self, name: str, chat: int, what: str) -> None:
        """Somebody does something, having seen what came before."""
        await self.written()
        self._add(f"[{self._chats[str(chat)]}] {name} {what}")

    def nothing(self) -> None:
        """Nothing came of what was done last."""
        self._add("    (no answer)")

    def _add(self, line: str) -> None:
        self._lines += ["", line] if line.startswith("[") else [line]


def _labels(fields: Mapping[str, Any]) -> str:
    rows = json.loads(fields.get("reply_markup") or "{}").get("inline_keyboard", [])
    return "  ".join(f"[ {button['text']} ]" for row in rows for button in row)


class Crowd:
    """Those who write and press in the emulator's chats, by their numbers, and what the chat `room` shows them."""

    def __init__(self, url: str, names: Mapping[int, str], room: int, transcript: Transcript) -> None:
        self._url, self._names, self._room, self._transcript = url, names, room, transcript

    def shown(self, text: str) -> list[dict[str, Any]]:
        """The room's messages that hold the text, as they are now."""
        told = [one | one["message"] for one in self.history() if "message" in one]
        return [one for one in told if str(one.get("chat_id")) == str(self._room) and text in one.get("text", "")]

    def labels(self, text: str) -> list[str]:
        """The buttons under the first of these messages."""
        return [button["text"] for row in _keyboard(self.shown(text)[0]) for button in row]

    def history(self) -> list[dict[str, Any]]:
        """All that was written and pressed."""
        return ask(self._url, "getUpdatesHistory", token=TOKEN)  # type: ignore[no-any-return]

    async def write(self, user: int, text: str, chat: int | None = None) -> None:
        """Somebody writes to the bot."""
        where = self._room if chat is None else chat
        await self._transcript.person(self._names[user], where, f"writes: {text}")
        await asyncio.to_thread(ask, self._url, "sendMessage", botToken=TOKEN, text=text, **self._person(user, where))

    async def press(self, user: int, label: str, text: str) -> None:
        """Somebody presses a button under the first message that holds the text."""
        under = self.shown(text)[0]
        button = next(button for row in _keyboard(under) for button in row if label in button["text"])
        said = f"presses [ {button['text']} ] under message {under['messageId']}"
        await self._transcript.person(self._names[user], self._room, said)
        person = self._person(user, self._room)
        fields = {"from": person["from"], "message": person | {"message_id": under["messageId"]}, "date": 1}
        data = button["callback_data"]
        await asyncio.to_thread(ask, self._url, "sendCallback", botToken=TOKEN, data=data, **fields)

    def _person(self, user: int, chat: int) -> dict[str, Any]:
        who = {"id": user, "first_name": self._names[user], "is_bot": False}
        kind = "group" if chat < 0 else "private"
        return {"from": who, "chat": {"id": chat, "type": kind, "title": "x"}, "date": 1}


def _keyboard(message: Mapping[str, Any]) -> list[list[dict[str, str]]]:
    return message["reply_markup"]["inline_keyboard"]  # type: ignore[no-any-return]


def ask(url: str, path: str, **fields: Any) -> Any:
    """What the emulator answers to a client: people's side of the chat."""
    request = Request(f"{url}/{path}", json.dumps(fields).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)["result"]
