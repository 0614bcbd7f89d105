"""An invented newsroom on loopback and the real daemon over it: hours of news in a minute. Reads no network beyond."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

import yaml

from monitor.config import AlertsConfig, Config, PollingConfig, StorageConfig, defaults, load
from monitor.domain import Source

HOURS = timedelta(hours=6)
"""How much of the newsroom's day is told."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the newsroom. `event` names the scripted event it tells, if any."""

    at: timedelta
    source: str
    title: str
    summary: str
    event: str | None


@dataclass(frozen=True, slots=True)
class Newsroom:
    """The outlets by slug, and their items in order."""

    outlets: dict[str, dict[str, Any]]
    items: tuple[Item, ...]


def newsroom() -> Newsroom:
    """The recorded day of monitor/data/demo.yaml."""
    raw = yaml.safe_load((files("monitor") / "data" / "demo.yaml").read_text("utf-8"))
    outlets = {outlet["slug"]: outlet for outlet in raw["sources"]}
    items = tuple(
        Item(timedelta(minutes=row["at"]), row["source"], row["title"], row["summary"], row.get("event"))
        for row in raw["items"]
    )
    return Newsroom(outlets, items)


def configure(base: Config, address: str, database: str, room: Newsroom, speed: float) -> Config:
    """The newsroom's feeds, polled every second or two, and a database of its own, told on the terminal alone.

    Of the user's it takes only how times are shown: no chat, service or heartbeat may hear of invented events, and no
    rule, quiet hour or muted word keep one back. Pauses between messages are as short as the day: `speed` is newsroom
    time per real time.
    """
    sources = tuple(
        Source(
            name=outlet["name"],
            url=f"{address}/{slug}.xml",
            lang=outlet["lang"],
            country=outlet.get("country"),
            camp=outlet["camp"],
            outlet=outlet["name"],
            interval=timedelta(seconds=1),
        )
        for slug, outlet in room.outlets.items()
    )
    second = timedelta(seconds=1)
    polling = PollingConfig().model_copy(
        update={"min_interval": second, "host_delay": 0 * second, "per_host": 6, "allow_private": True}
    )
    return Config(
        display=base.display,
        keywords=load(defaults()).keywords,
        sources=sources,
        polling=polling,
        alerts=AlertsConfig(cooldown=AlertsConfig().cooldown / speed),
        storage=StorageConfig(url=database),
    )


def document(room: Newsroom, slug: str, start: datetime, elapsed: timedelta, speed: float) -> str:
    """The outlet's RSS as it stands `elapsed` after the start; `speed` is newsroom time per real time."""
    outlet = room.outlets[slug]
    shown = [item for item in room.items if item.source == slug and item.at <= elapsed * speed]
    rows = "".join(
        f"<item><title>{escape(item.title)}</title><link>https://{slug}.example/{int(item.at.total_seconds())}</link>"
        f"<guid isPermaLink='false'>{slug}-{int(item.at.total_seconds())}</guid>"
        f"<pubDate>{format_datetime(start + item.at / speed)}</pubDate>"
        f"<description>{escape(item.summary)}</description></item>"
        for item in reversed(shown)
    )
    head = f"<title>{escape(outlet['name'])}</title><link>https://{slug}.example/</link>"
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>{head}{rows}</channel></rss>"


@contextmanager
def serve(room: Newsroom, speed: float) -> Iterator[str]:
    """A real HTTP server on loopback with the newsroom's feeds; gives its address. The day starts with the server."""
    start = datetime.now(UTC)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer with the feed as it stands now."""
            slug = self.path.strip("/").removesuffix(".xml")
            found = slug in room.outlets
            text = document(room, slug, start, datetime.now(UTC) - start, speed) if found else ""
            body = text.encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal belongs to the alerts."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
