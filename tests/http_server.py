"""A real HTTP/1.1 server on loopback for tests: fixed answers, conditions, and every way to misbehave.

    with Server() as server:
        server.routes["/feed"] = Reply(body=b"<rss/>", etag='"1"')
        url = server.url("/feed")

It runs in a thread of its own, so that synchronous and asynchronous tests can use it alike.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True)
class Request:
    """What a client asked; header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What the server answers. `etag` and `modified` make it conditional: 304 where the request names the same.

    `raw` replaces everything, bytes as they are. `endless` follows the body for ever. `pause` seconds pass before the
    answer, `drip` seconds before each byte of the body. `length` False leaves Content-Length out and ends by closing.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    modified: str | None = None
    raw: bytes | None = None
    endless: bytes | None = None
    pause: float = 0.0
    drip: float | None = None
    length: bool = True


Route = Reply | Callable[[Request], Reply]


def redirect(target: str, status: int = 302) -> Reply:
    """A redirect to a path or address."""
    return Reply(status=status, headers={"Location": target})


class Server:
    """Answers by `routes` (path without query -> Reply, or a function of the request); records `requests`."""

    def __init__(self, routes: Mapping[str, Route] | None = None) -> None:
        self.routes: dict[str, Route] = dict(routes or {})
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="http-server", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        """The paths asked so far, in order."""
        return [request.path for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                self.requests.append(request)
                reply = self._reply(request)
                await asyncio.sleep(reply.pause)
                if not await _answer(request, reply, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _reply(self, request: Request) -> Reply:
        route = self.routes.get(request.path.partition("?")[0], Reply(status=404))
        return route(request) if callable(route) else route


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path = first.split(" ")[:2]
    pairs = (line.partition(":") for line in lines if line)
    return Request(method, path, {name.strip().lower(): value.strip() for name, _, value in pairs})


async def _answer(request: Request, reply: Reply, writer: asyncio.StreamWriter) -> bool:
    """Send a reply; whether the connection may be used again."""
    if reply.raw is not None:
        writer.write(reply.raw)
        await writer.drain()
        return False
    if _unchanged(request, reply):
        writer.write(b"HTTP/1.1 304 Not Modified\r\n" + _head(reply, length=False) + b"\r\n")
        await writer.drain()
        return True
    whole = reply.length and reply.endless is None
    head = f"HTTP/1.1 {reply.status} X\r\n".encode() + _head(reply, whole) + b"\r\n"
    await _send(head, reply, writer)
    return whole


async def _send(head: bytes, reply: Reply, writer: asyncio.StreamWriter) -> None:
    writer.write(head if reply.drip is not None else head + reply.body)
    await writer.drain()
    for byte in reply.body if reply.drip is not None else b"":
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(reply.drip or 0)
    while reply.endless is not None:
        writer.write(reply.endless)
        await writer.drain()
        await asyncio.sleep(reply.drip or 0)


def _unchanged(request: Request, reply: Reply) -> bool:
    if reply.etag is not None and "if-none-match" in request.headers:
        return request.headers["if-none-match"] == reply.etag
    return reply.modified is not None and request.headers.get("if-modified-since") == reply.modified


def _head(reply: Reply, length: bool) -> bytes:
    headers = {"Content-Type": "application/rss+xml", **reply.headers}
    headers |= {"ETag": reply.etag} if reply.etag is not None else {}
    headers |= {"Last-Modified": reply.modified} if reply.modified is not None else {}
    headers |= {"Content-Length": str(len(reply.body))} if length else {}
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("latin-1")
