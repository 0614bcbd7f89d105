"""telegram-test-api, a Bot API server that was not written for this project, from npm; and what it leaves out."""

import asyncio
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

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
    """Stands before the emulator and adds what its answers leave out.

    That the bot is a bot, that an edit or an answer to a press was taken, and the chat's mark of a press.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *headers = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next((int(h[15:]) for h in headers if h.lower().startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        answer = await asyncio.to_thread(self._ask, line.split()[1], body)
        result = answer.get("result")
        if isinstance(result, dict) and "username" in result:
            result["is_bot"] = True
        if answer.get("ok") and result is None:
            answer["result"] = True
        for update in result if isinstance(result, list) else ():
            update.get("callback_query", {})["chat_instance"] = "1"
        sent = json.dumps(answer).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(sent) + sent)
        await writer.drain()
        writer.close()

    def _ask(self, path: str, body: bytes) -> dict[str, Any]:
        try:
            with urlopen(Request(self._upstream + path, body or None), timeout=10) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except HTTPError as error:
            return {"ok": False, "error_code": error.code, "description": "unknown to the emulator"}


def ask(url: str, path: str, **fields: Any) -> Any:
    """What the emulator answers to a client: people's side of the chat."""
    request = Request(f"{url}/{path}", json.dumps(fields).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)["result"]
