"""The feed server of the benches: a process of its own, as cheap as Python allows, so that the readers are measured.

    python bench/serve.py FEEDS ITEMS NEW one|hosts

Prints its port. Each feed lists ITEMS items; a generation adds NEW ones on top. `/turn/MODE/GENERATION` sets what all
feeds answer from then on: `304` honours the entity tag, `200` sends the same bytes whatever is asked.
"""

import asyncio
import re
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from common import news

GET = re.compile(rb"GET /(?:(\d+)\.xml|turn/(\w+)/(\d+))")
TEXTS = 2000


class Documents:
    """The feeds as they stand, ready to be sent."""

    def __init__(self, feeds: int, items: int, new: int) -> None:
        self._feeds, self._items, self._new = feeds, items, new
        self._texts = news(TEXTS)
        self._start = datetime.now(UTC)
        self.turn("200", 0)

    def turn(self, mode: str, generation: int) -> None:
        tag = f'"{generation}"'
        self.tag = f"if-none-match: {tag}".encode() if mode == "304" else None
        validator = f"ETag: {tag}\r\n" if mode == "304" else ""
        self.unchanged = f"HTTP/1.1 304 Not Modified\r\n{validator}\r\n".encode()
        self.bodies = [self._answer(feed, generation, validator) for feed in range(self._feeds)]

    def _answer(self, feed: int, generation: int, validator: str) -> bytes:
        last = self._items + generation * self._new
        rows = "".join(self._item(feed, number, last) for number in reversed(range(last - self._items, last)))
        head = f"<title>Feed {feed}</title><link>https://feed{feed}.example/</link>"
        body = (
            f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>{head}{rows}</channel></rss>".encode()
        )
        kind = "Content-Type: application/rss+xml; charset=utf-8"
        return f"HTTP/1.1 200 OK\r\n{kind}\r\n{validator}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def _item(self, feed: int, number: int, last: int) -> str:
        title, summary = self._texts[(feed * 37 + number) % len(self._texts)]
        link = f"https://feed{feed}.example/news/{number}-a-story-of-the-day"
        # The oldest of a feed is some hours old, as in a real one, and feeds differ in their rhythm.
        when = self._start - timedelta(minutes=(last - number) * (1 + feed % 40))
        return (
            f"<item><title>{escape(title)}</title><link>{link}</link><guid isPermaLink='true'>{link}</guid>"
            f"<pubDate>{format_datetime(when)}</pubDate><description>{escape(f'<p>{summary}</p>')}</description></item>"
        )


class Connection(asyncio.Protocol):
    """Answers requests on one connection."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            request, self._buffer = self._buffer[: end + 2], self._buffer[end + 4 :]
            self._transport.write(self._answer(request))  # type: ignore[attr-defined]

    def _answer(self, request: bytes) -> bytes:
        documents, found = self._documents, GET.match(request)
        if found is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        if found[2]:
            documents.turn(found[2].decode(), int(found[3]))
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        if documents.tag and documents.tag in request.replace(b"If-None-Match", b"if-none-match"):
            return documents.unchanged
        return documents.bodies[int(found[1])]


async def main(feeds: int, items: int, new: int, hosts: bool) -> None:
    documents = Documents(feeds, items, new)
    loop = asyncio.get_running_loop()
    first = await loop.create_server(lambda: Connection(documents), "127.0.0.1", 0, backlog=1024)
    port = first.sockets[0].getsockname()[1]
    for feed in range(feeds if hosts else 0):
        host = f"127.0.{1 + feed // 200}.{1 + feed % 200}"
        await loop.create_server(lambda: Connection(documents), host, port)
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4]), sys.argv[4] == "hosts"))
