"""The demo: its day is well made, served as real feeds, and the real daemon tells its events and nothing else."""

import asyncio
import re
import subprocess
import sys
import urllib.request
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from monitor import demo
from monitor.app import Summary, heartbeat, make_senders
from monitor.cli import service
from monitor.config import AlertsConfig, Config, defaults, load
from monitor.domain import Kind
from monitor.parse import parse
from monitor.pipeline import recipients

ROOM = demo.newsroom()


def test_the_day_is_well_made() -> None:
    """Items are in order, within the day, of known outlets; several outlets tell each event; most items are none."""
    assert [item.at for item in ROOM.items] == sorted(item.at for item in ROOM.items)
    assert all(timedelta(0) <= item.at <= demo.HOURS and item.source in ROOM.outlets for item in ROOM.items)
    events = {item.event for item in ROOM.items} - {None}
    assert len(events) >= 4
    assert {outlet["lang"] for outlet in ROOM.outlets.values()} >= {"en", "sr-Latn", "sr-Cyrl", "sq", "bs"}
    assert len({item.title for item in ROOM.items}) == len(ROOM.items)


@pytest.mark.parametrize("slug", ROOM.outlets)
def test_a_feed_shows_what_was_published_by_then(slug: str) -> None:
    """At each moment the feed parses, and lists the items up to that moment; each with an address of its own."""
    mine, start = [item for item in ROOM.items if item.source == slug], datetime.now(UTC)
    for item in mine:
        feed = parse(
            demo.document(ROOM, slug, start, (item.at + timedelta(seconds=1)) / 360, 360).encode(),
            {},
            "http://x.example/",
        )
        shown = [one for one in mine if one.at <= item.at]
        assert [entry.title for entry in feed.entries] == [one.title for one in reversed(shown)]
        assert len({entry.guid for entry in feed.entries}) == len({entry.url for entry in feed.entries}) == len(shown)


def test_the_feeds_are_served_on_loopback() -> None:
    """A known outlet is a feed, an unknown one a 404."""
    with demo.serve(ROOM, 1e6) as address:
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}/{next(iter(ROOM.outlets))}.xml") as answer:
            assert parse(answer.read(), {}, address).entries
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/nobody.xml")


USERS = """
telegram: {chats: [{id: 1, rules: [{severity: 4}]}], admins: [7]}
notify: [{name: desk, url: "json://127.0.0.1:1/desk", admin: true}]
heartbeat: {url: "http://127.0.0.1:1/beat", interval: 30s}
digest: {at: "00:00"}
alerts: {threshold: 0.99, severity: 4, cooldown: 1h, quiet: {from: "00:00", to: "23:59"}, rules: [{countries: [AL]}]}
classifier: {model: somebody/model}
display: {timezone: Europe/Tirane}
"""


async def test_only_the_terminal_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invented events reach none of the user's chats and services, nor does the heartbeat, and no rule holds them back."""
    (tmp_path / "monitor.yaml").write_text(USERS, "utf-8")
    (tmp_path / "keywords.yaml").write_text("mute: [{match: Kosovo}]", "utf-8")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:x")
    user = load(tmp_path)
    assert {chat for chat, _ in recipients(user)} == {"1", "notify:desk"}
    made = demo.configure(user, "http://127.0.0.1:1", "sqlite:///d.db", ROOM, 360)
    assert recipients(made) == (("terminal", None),)
    async with AsyncExitStack() as stack:
        assert list(await make_senders(made, stack)) == ["terminal"]
    fetched: list[str] = []
    monkeypatch.setattr(heartbeat, "_fetch", fetched.append)
    await heartbeat.Heartbeat(lambda: datetime.now(UTC)).beat(made.heartbeat)
    assert fetched == []
    assert [source.url for source in made.sources] == [f"http://127.0.0.1:1/{slug}.xml" for slug in ROOM.outlets]
    taken = {"sources", "polling", "storage", "alerts", "keywords", "display"}
    assert made.model_dump(exclude=taken) == Config().model_dump(exclude=taken)
    assert made.alerts == AlertsConfig(cooldown=timedelta(seconds=5))
    assert (made.keywords, made.display) == (load(defaults()).keywords, user.display)
    assert made.storage.url == "sqlite:///d.db"


class Slow:
    """A daemon and its store that judge one more item at each look, and deliver all messages two looks later."""

    def __init__(self, items: int) -> None:
        self._items, self._looks, self.stopped = items, 0, 0
        self.summary = Summary()

    def alerts(self, *_: object) -> list[SimpleNamespace]:
        """The undelivered messages, asked for once all is judged; an edit waits on."""
        self._looks += 1
        return [SimpleNamespace(kind=kind) for kind in (Kind.EDIT, Kind.NEW)[: 1 + (self._looks <= 2)]]

    async def look(self, _: float) -> None:
        """What happens while nobody looks."""
        self.summary.articles = min(self.summary.articles + 1, self._items)

    def stop(self) -> None:
        """The end."""
        self.stopped += 1


@pytest.mark.parametrize(("late", "judged", "looks"), [(30.0, 56, 3), (-1.0, 1, 0)])
async def test_the_demo_waits_for_a_slow_machine(
    monkeypatch: pytest.MonkeyPatch, late: float, judged: int, looks: int
) -> None:
    """It ends when all items are judged and all messages delivered, or so much later than the day does."""
    slow = Slow(56)
    monkeypatch.setattr(service, "DEMO_LATE", late)
    monkeypatch.setattr(service.asyncio, "sleep", slow.look)
    await service._end(slow, slow, 56, asyncio.get_running_loop().time())  # type: ignore[arg-type]
    assert (slow.stopped, slow.summary.articles, slow._looks) == (1, judged, looks)


@pytest.mark.slow
def test_every_event_alerts_and_nothing_else(tmp_path: Path) -> None:
    """The real command with the shipped classifier, six hours in twenty seconds."""
    command = [sys.executable, "-m", "monitor", "--config", str(tmp_path), "demo", "--seconds", "20"]
    root = Path(__file__).parent.parent
    for name in ("monitor.yaml", "sources.yaml", "keywords.yaml"):
        (tmp_path / name).write_text((root / "config" / name).read_text("utf-8"), "utf-8")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=root)
    assert done.returncode == 0, done.stderr
    assert f"{len(ROOM.items)} items judged" in done.stderr
    told = {item.event for item in ROOM.items if item.event and item.title in done.stdout}
    assert told == {item.event for item in ROOM.items if item.event}
    assert [item.title for item in ROOM.items if item.event is None and item.title in done.stdout] == []
    blocks = [block for block in re.split(r"\n\s*\n", done.stdout) if block.strip()]
    firsts = [block for block in blocks if not block.lstrip().startswith("↳")]
    assert len(firsts) == len(told), "each scripted event is one thread"
    assert all(re.search(r"^Why: ", block, re.MULTILINE) for block in firsts)
