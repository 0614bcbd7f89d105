"""A burst: 50 new items in one feed, an alert among them; seconds until the Bot API has it.

    python bench/burst.py

`balkan-monitor run` polls a feed of a local server and talks to a small Bot API server, both in this process. The time
runs from the last byte of the feed's answer until the complete request for the alert has arrived.
"""

import asyncio
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from common import ROOT, configuration, daemon, machine, say, show

ITEMS = 50
PATIENCE = 25
INTERVAL = "10s"
# Where in the feed the alert stands, and its title: each another event, so that none is told already.
ALERTS = (
    (0, "Serbian army sends tanks and artillery to the border with Kosovo, NATO alarmed"),
    (25, "Naoružani napadači ubili dvojicu policajaca u zasjedi kod Banje Luke"),
    (49, "Вооружена група нападна полициска станица во Куманово, тројца полицајци загинаа"),
    (10, "Црна Гора: експлозија и оружани напад на полицијску станицу у Беранама"),
)


class Feed:
    """One feed that says nothing new until it is told to; notes when its answer had left."""

    def __init__(self) -> None:
        self.items: list[tuple[str, str]] = []
        self.sent = 0.0
        self.asked = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await _head(reader):
            body = _document(self.items)
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            )
            writer.write(body)
            await writer.drain()
            self.sent = time.monotonic()
            self.asked.set()
        writer.close()


class BotApi:
    """Accepts every message, and notes when its request was complete."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[tuple[float, str]] = asyncio.Queue()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = next(
                (int(line.partition(b":")[2]) for line in head if line.lower().startswith(b"content-length")), 0
            )
            fields = dict(parse_qsl((await reader.readexactly(length)).decode()))
            if "text" in fields:
                self.messages.put_nowait((time.monotonic(), fields["text"]))
            result = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "x"}
            body = json.dumps({"ok": True, "result": result}).encode()
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
        writer.close()


async def _head(reader: asyncio.StreamReader) -> list[bytes]:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return []


def _document(items: list[tuple[str, str]]) -> bytes:
    now = format_datetime(datetime.now(UTC))
    rows = "".join(
        f"<item><title>{escape(title)}</title><link>https://news.example/{abs(hash(title))}</link><pubDate>{now}</pubDate>"
        f"<description>{escape(summary)}</description></item>"
        for title, summary in items
    )
    return f"<rss version='2.0'><channel><title>News</title>{rows}</channel></rss>".encode()


def calm(count: int) -> list[tuple[str, str]]:
    """Items that no one is to be told of, each with a number of its own so that all are new."""
    from monitor.seeds import read_seeds

    easy = [
        (seed.title, seed.summary) for seed in read_seeds(ROOT / "seeds") if not seed.relevant and "easy" in seed.note
    ]
    step = max(1, len(easy) // count)
    return [(f"{title} ({number})", summary) for number, (title, summary) in enumerate(easy[::step][:count])]


async def measure(folder: Path) -> list[tuple[int, float | None, int]]:
    """For each alert: its place, the seconds it took (None: it was not told), and how many other items were told."""
    feed, bot, results = Feed(), BotApi(), []
    servers = [await asyncio.start_server(one.answer, "127.0.0.1", 0) for one in (feed, bot)]
    feed_url, bot_url = (f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in servers)
    telegram = f"chats: [{{id: 1}}], api_url: '{bot_url}'"
    configuration(folder, [f"{feed_url}/feed.xml"], telegram, INTERVAL, INTERVAL)
    pool = calm(ITEMS * len(ALERTS))
    feed.items = [("Weather: mild and dry", "")]
    with daemon(folder, TELEGRAM_BOT_TOKEN="1:bench"):
        await asyncio.wait_for(feed.asked.wait(), 60)
        for number, (place, title) in enumerate(ALERTS):
            items = pool[number * (ITEMS - 1) :][: ITEMS - 1]
            feed.items = [*items[:place], (title, ""), *items[place:]]
            feed.asked.clear()
            await asyncio.wait_for(feed.asked.wait(), 60)
            seconds, others = await _told(bot, feed.sent, title)
            say(f"alert at place {place + 1}: {seconds}")
            results.append((place + 1, seconds, others))
    return results


async def _told(bot: BotApi, sent: float, title: str) -> tuple[float | None, int]:
    others = 0
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                at, text = await bot.messages.get()
                if title[:40] in text:
                    return at - sent, others
                others += 1
    except TimeoutError:
        return None, others


def main() -> None:
    about = machine()
    with tempfile.TemporaryDirectory() as scratch:
        results = asyncio.run(measure(Path(scratch) / "configuration"))
    rows = [(place, f"{s:.2f}" if s is not None else "not told", others) for place, s, others in results]
    head = (f"alert's place among {ITEMS} new items", "seconds to the Bot API", "messages before it")
    show(about, head, rows, ["Seconds from the last byte of the feed's answer to the last byte of the request."])


if __name__ == "__main__":
    sys.exit(main())
