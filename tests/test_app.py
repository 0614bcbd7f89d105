"""The whole daemon: real feeds on loopback in, real Bot API requests out, and everything between as it ships."""

import asyncio
import functools
import os
import random
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bot_api import BotApi
from http_server import Reply, Request, Server
from newsroom import SECOND, Clock, FakeModel, config, item, judge, polled, read_again, rss, running, sent, title, until
from structlog.testing import capture_logs

from monitor.app import Daemon, open_store, wiring
from monitor.app import daemon as module
from monitor.config import load
from monitor.deliver import Backoff, Delivery, Limits, Pace
from monitor.domain import Article, Probabilities, Reason, Text
from monitor.store import Status, this_process

HOUR = timedelta(hours=1)
CHATS = (-100, 200)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is long for a test: ticks, looks at the files, and Telegram's pace are made shorter."""
    monkeypatch.setattr(module, "TICK", SECOND / 20)
    monkeypatch.setattr(module, "WATCH", SECOND / 20)
    monkeypatch.setattr(wiring, "open_model", lambda *_: FakeModel())
    fast = functools.partial(
        Delivery,
        backoff=Backoff(SECOND / 20, SECOND / 5),
        timeout=SECOND / 2,
    )
    monkeypatch.setattr(module, "Delivery", fast)
    monkeypatch.setattr(module, "Pace", lambda: Pace(Limits(total=1000, chat=1000, group=1000)))


@pytest.fixture
def server() -> Iterator[Server]:
    """A server for feeds."""
    with Server() as made:
        yield made


async def test_an_escalation_is_told_once_and_nothing_else_is(tmp_path: Path, server: Server) -> None:
    """One grave item among others gives one message to each chat, however often its feed is read."""
    server.routes["/a"] = Reply(rss(item("Football: a draw"), item(title("raid")), item("Rates go up")))
    async with (
        BotApi() as api,
        running(config(tmp_path / "m.db", {"A": server.url("/a")}, api.url, CHATS)) as (_, store),
    ):
        await read_again(store, "A")
        await read_again(store, "A")
        await until(lambda: len(api.accepted) == 2)
    assert sorted(message.chat for message in api.accepted) == ["-100", "200"]
    assert all("event-raid" in message.text for message in api.accepted)
    assert {alert.status for alert in sent(store)} == {Status.SENT}


async def test_an_edit_is_no_new_alert(tmp_path: Path, server: Server) -> None:
    """A publisher's new title and date for the same entry change what is stored and send nothing."""
    server.routes["/a"] = Reply(rss(item(title("raid"), "g1", datetime.now(UTC) - HOUR)))
    async with running(config(tmp_path / "m.db", {"A": server.url("/a")})) as (_, store):
        await until(lambda: len(sent(store)) == 1)
        server.routes["/a"] = Reply(rss(item(f"UPDATED: {title('raid')}", "g1")))
        await until(lambda: store.trail("a1").articles[0].article.title.startswith("UPDATED"))  # type: ignore[union-attr]
        await read_again(store, "A")
        assert (len(sent(store)), store.counts().articles) == (1, 2)


async def test_several_outlets_that_tell_one_event_are_one_alert(tmp_path: Path, server: Server) -> None:
    """Ten feeds with the same event, each in its own words and all at once, give one alert; another event gives another."""
    feeds = {f"F{n}": server.url(f"/{n}") for n in range(10)}
    for n in range(10):
        server.routes[f"/{n}"] = Reply(rss(item(f"{n}: {title('raid')}")))
    async with running(config(tmp_path / "m.db", feeds)) as (_, store):
        await read_again(store, *feeds)
        assert len(sent(store)) == 1
        server.routes["/3"] = Reply(rss(item(title("other"))))
        await until(lambda: len(sent(store)) == 2)


@pytest.mark.parametrize("dated", [True, False])
async def test_the_backlog_of_a_new_feed_sends_nothing(tmp_path: Path, server: Server, dated: bool) -> None:
    """What a feed lists when it is first read is old where its date says so or is missing; what comes after is new."""
    old = item(title("old"), "old", datetime.now(UTC) - 13 * HOUR, dated)
    server.routes["/a"] = Reply(rss(old))
    async with running(config(tmp_path / "m.db", {"A": server.url("/a")})) as (_, store):
        await read_again(store, "A")
        assert sent(store) == []
        server.routes["/a"] = Reply(rss(item(title("new"), "new", dated=dated), old))
        await until(lambda: len(sent(store)) == 1)
        assert "event-new" in sent(store)[0].text.plain


@pytest.mark.parametrize("why", ["disabled", "offline", "down"])
async def test_after_a_long_absence_nothing_is_told_late(tmp_path: Path, server: Server, why: str) -> None:
    """A feed that was disabled, or could not be read for more than `max_age`, sends no flood when it comes back."""
    clock = Clock()
    settings = config(tmp_path / "m.db", {"A": server.url("/a")})
    server.routes["/a"] = Reply(rss())
    async with running(settings, clock) as (_, store):
        await read_again(store, "A")
    if why == "disabled":
        off = settings.model_copy(update={"sources": tuple(replace(s, enabled=False) for s in settings.sources)})
        async with running(off, clock) as (_, store):
            await until(lambda: not store.feeds()[0].enabled)
    if why == "offline":
        server.routes["/a"] = Reply(status=503)
        async with running(settings, clock) as (_, store):
            clock.ahead = HOUR
            await until(lambda: store.feeds()[0].state.failure)
    clock.ahead = 24 * HOUR
    missed = [item(title(f"m{n}"), at=clock() - (13 + n) * HOUR, dated=n % 2 == 0) for n in range(6)]
    server.routes["/a"] = Reply(rss(*missed))
    async with running(settings, clock) as (_, store):
        await read_again(store, "A")
        assert (sent(store), store.counts().articles) == ([], 7)
        server.routes["/a"] = Reply(rss(item(title("now"), at=clock()), *missed))
        await until(lambda: len(sent(store)) == 1)


async def test_a_feed_at_another_address_sends_no_backlog(tmp_path: Path, server: Server) -> None:
    """A changed address is a new feed: its undated entries are backlog, though the old one was read a moment ago."""
    server.routes["/a"] = Reply(rss())
    server.routes["/b"] = Reply(rss(*(item(title(f"b{n}"), dated=False) for n in range(5))))
    async with running(config(tmp_path / "m.db", {"A": server.url("/a")})) as (_, store):
        await read_again(store, "A")
    async with running(config(tmp_path / "m.db", {"A": server.url("/b")})) as (_, store):
        await until(lambda: store.counts().articles == 6 and store.counts().unjudged == 0)
        assert sent(store) == []


def write(folder: Path, server: Server, api: str, *names: str, extra: str = "") -> Path:
    """A configuration folder with these feeds; the first chat is told of trouble."""
    folder.mkdir(exist_ok=True)
    chats = f"  chats: [{{id: {CHATS[0]}, admin: true}}, {{id: {CHATS[1]}}}]\n"
    (folder / "monitor.yaml").write_text(
        f"telegram:\n  api_url: {api}\n{chats}storage:\n  url: sqlite:///{folder.parent}/m.db\n"
        f"polling: {{allow_private: true, host_delay: 0, min_interval: 10s}}\n{extra}"
    )
    rows = "".join(f"- {{name: {name}, url: '{server.url('/' + name)}'}}\n" for name in names)
    (folder / "sources.yaml").write_text(f"sources:\n{rows}")
    (folder / "keywords.yaml").write_text("")
    return folder


@pytest.mark.parametrize("how", ["edit", "signal"])
async def test_the_configuration_is_read_again(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A changed file, or SIGHUP, brings a new feed and new rules in; a mistake keeps the old, and is told once."""
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:token")
    server.routes |= {f"/{name}": Reply(rss(item(title(name)))) for name in ("A", "B")}
    with capture_logs() as logs:
        async with BotApi() as api:
            folder = write(tmp_path / "c", server, api.url, "A")
            async with running(load(folder)) as (daemon, store):
                await until(lambda: len(api.accepted) == 2)
                (folder / "monitor.yaml").write_text("alerts:\n  treshold: 0.5\n")
                await until(lambda: len(api.accepted) == 3)
                server.routes["/A"] = Reply(rss(item(title("C"))))
                for _ in range(3):
                    os.kill(os.getpid(), signal.SIGHUP) if how == "signal" else None
                    await asyncio.sleep(0.1)
                write(folder, server, api.url, "A", "B")
                (folder / "keywords.yaml").write_text("mute: [event-C]\n")
                await until(lambda: any("event-B" in text for text in api.texts("200")))
                assert daemon._config.keywords.mute
                assert store.counts().feeds == 2
    (told,) = [text for text in api.texts("-100") if "refused" in text]
    assert "line 2: alerts.treshold: unknown key; did you mean 'threshold'?" in told
    assert not [text for text in api.texts("200") if "refused" in text]
    refused = [line for line in logs if line["event"].startswith("configuration refused")]
    assert len(refused) == (1 if how == "edit" else 4)


async def test_once_polls_what_is_due_and_ends(tmp_path: Path, server: Server) -> None:
    """All feeds are read, judged and told; what becomes due again meanwhile is left to the next run."""
    server.routes["/a"] = Reply(rss(item(title("raid"))))
    server.routes["/slow"] = Reply(rss(item(title("fire"))), pause=1.5)
    server.routes["/gone"] = Reply(status=410)
    feeds = {name: server.url(f"/{name}") for name in ("a", "slow", "gone")}
    async with BotApi() as api:
        settings = config(tmp_path / "m.db", feeds, api.url, CHATS)
        store = open_store(settings)
        async with module.AsyncExitStack() as stack:
            senders = await wiring.make_senders(settings, stack)
            await asyncio.wait_for(Daemon(settings, store, judge(), senders).once(), 15)
    assert sorted(server.paths()) == ["/a", "/gone", "/slow"]
    assert (len(api.texts("-100")), len(api.texts("200"))) == (2, 2)
    assert store.counts().unjudged == 0
    store.close()


class Watched(FakeModel):
    """A model that does something before each batch."""

    def __init__(self, before: Callable[[int], object]) -> None:
        self._before, self._batches = before, 0

    def classify(self, items: Sequence[Article | tuple[str, str]]) -> list[Probabilities]:
        """The word on each item."""
        self._before(self._batches)
        self._batches += 1
        return super().classify(items)


async def once(tmp_path: Path, server: Server, api: BotApi, before: Callable[[Daemon, int], object]) -> int:
    """Run once over an event and a backlog of two more batches; gives how many articles wait then."""
    old = datetime.now(UTC) - 13 * HOUR
    server.routes["/a"] = Reply(rss(item(title("raid")), *(item(f"Report {n}", at=old) for n in range(130))))
    settings = config(tmp_path / "m.db", {"A": server.url("/a")}, api.url, CHATS[:1])
    store = open_store(settings)
    async with module.AsyncExitStack() as stack:
        model = Watched(lambda n: before(daemon, n))
        daemon = Daemon(settings, store, judge(model=model), await wiring.make_senders(settings, stack))
        await asyncio.wait_for(daemon.once(), 30)
    waiting = store.counts().unjudged
    store.close()
    return waiting


async def test_once_delivers_while_it_judges(tmp_path: Path, server: Server) -> None:
    """An alert is not held up by the backlog that came with it."""
    asked, seen = threading.Event(), list[bool]()
    async with BotApi(lambda *_: asked.set()) as api:
        waiting = await once(tmp_path, server, api, lambda _, n: n != 1 or seen.append(asked.wait(10)))
        assert (seen, waiting, len(api.accepted)) == ([True], 0, 1)


async def test_a_stopped_run_sends_what_was_decided(tmp_path: Path, server: Server) -> None:
    """A signal ends `once` after the batch at hand; the alert in it is sent all the same."""
    loop = asyncio.get_running_loop()
    async with BotApi() as api:
        waiting = await once(tmp_path, server, api, lambda daemon, _: loop.call_soon_threadsafe(daemon.stop))
        assert (waiting > 0, len(api.accepted)) == (True, 1)


async def test_an_article_that_breaks_the_judge_holds_nothing_up(tmp_path: Path, server: Server) -> None:
    """It is set aside with its reason; what came with it is judged and told."""
    server.routes["/a"] = Reply(rss(item("poison"), item(title("raid"))))
    async with running(config(tmp_path / "m.db", {"A": server.url("/a")})) as (_, store):
        await until(lambda: len(sent(store)) == 1 and store.counts().unjudged == 0)
        trail = store.trail("a1")
    assert trail is not None
    assert trail.articles[0].judgement.reason is Reason.FAILED  # type: ignore[union-attr]
    assert trail.decisions[0].decision.detail == "ValueError: a title that no model can read"


async def test_a_judge_that_fails_at_everything_loses_nothing(tmp_path: Path, server: Server) -> None:
    """Where nothing can be judged, everything waits until it can."""
    server.routes["/a"] = Reply(rss(item("poison 1"), item("poison 2")))
    settings = config(tmp_path / "m.db", {"A": server.url("/a")})
    settings = settings.model_copy(update={"sources": settings.sources})
    async with running(settings) as (daemon, store):
        daemon._judge = replace(daemon._judge, classifier=Broken())
        await until(lambda: store.counts().articles == 3)
        await asyncio.sleep(0.3)
        assert store.counts().unjudged == 3


class Broken(FakeModel):
    """A model that cannot run, such as for want of memory."""

    def classify(self, items: object) -> list[object]:  # type: ignore[override]
        """Fail."""
        raise RuntimeError("no memory")


async def test_a_feed_that_breaks_the_reader_is_a_named_failure(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect met in one feed is that feed's failure, and the others go on."""
    from monitor.pipeline import polling

    real = polling.articles

    def fragile(source: object, *rest: object) -> object:
        if source.name == "bad":  # type: ignore[attr-defined]
            raise RecursionError("too deep")
        return real(source, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(polling, "articles", fragile)
    server.routes |= {"/bad": Reply(rss()), "/good": Reply(rss(item(title("raid"))))}
    feeds = {name: server.url(f"/{name}") for name in ("bad", "good")}
    async with running(config(tmp_path / "m.db", feeds)) as (_, store):
        await until(lambda: len(sent(store)) == 1)
        bad = next(feed.state for feed in store.feeds() if feed.state.name == "bad")
        assert bad.failure_detail == "the feed cannot be read (RecursionError)"


async def test_whatever_telegram_answers_every_alert_arrives_in_order(tmp_path: Path, server: Server) -> None:
    """Rate limits, errors, garbage, silence and lost answers: each chat gets every alert, in order, none lost."""
    chance = random.Random(7)
    faults = ["429", "500", "502", "garbage", "hang", "lost", "drop", "empty", None, None, None, None]
    events = [f"e{n}" for n in range(12)]
    shown = 0

    def feed(_: Request) -> Reply:
        nonlocal shown
        shown = min(shown + 3, len(events))
        return Reply(rss(*(item(title(event), event) for event in events[:shown])))

    server.routes["/a"] = feed
    async with BotApi(lambda *_: chance.choice(faults)) as api:
        api.retry_after = 1
        settings = config(tmp_path / "m.db", {"A": server.url("/a")}, api.url, CHATS)
        async with running(settings) as (_, store):
            await until(lambda: store.counts().messages[Status.SENT] == 24, 60)
        for chat in CHATS:
            texts = list(dict.fromkeys(api.texts(str(chat))))
            assert [text.split("event-")[1].split()[0] for text in texts] == events
    assert len(api.accepted) <= 24 + api.dropped + 4
    assert {alert.status for alert in sent(store)} == {Status.SENT}


async def test_a_stop_gives_its_claims_back(tmp_path: Path, server: Server) -> None:
    """A feed that was being read when the daemon stopped is due at once, not when its lease ends."""
    server.routes["/a"] = Reply(rss(), pause=30)
    settings = config(tmp_path / "m.db", {"A": server.url("/a")})
    async with running(settings):
        await until(lambda: server.requests)
    store = open_store(settings)
    assert store.due_feeds(datetime.now(UTC), 10, HOUR)
    store.close()


async def test_a_start_takes_over_from_a_crash(tmp_path: Path, server: Server) -> None:
    """Feeds and messages that a dead process of this host holds are taken at once; those of other hosts are left."""
    server.routes |= {"/a": Reply(rss()), "/b": Reply(rss())}
    async with BotApi() as api:
        settings = config(tmp_path / "m.db", {n: server.url(f"/{n}") for n in "ab"}, api.url, CHATS)
        store, now = open_store(settings), datetime.now(UTC)
        store.sync_feeds(settings.sources, now)
        host, pid, _ = this_process().split(":")
        store.enqueue(["-100", "200"], Text("<b>hi</b>", "hi"), now)
        store.due_feeds(now, 1, HOUR, f"{host}:{pid}:other")
        store.due_feeds(now, 1, HOUR, "elsewhere:1:x")
        store.claim_messages(now, f"{host}:4194304:dead", HOUR, 1)
        store.claim_messages(now, "elsewhere:1:x", HOUR, 1)
        store.close()
        async with running(settings) as (_, store):
            await until(lambda: api.accepted and polled(store, "a"))
            await asyncio.sleep(0.3)
        assert [message.chat for message in api.accepted] == ["-100"]
        assert set(server.paths()) == {"/a"}


async def test_systemd_is_told(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """READY once the daemon runs, WATCHDOG while it lives, STOPPING when it ends, over a real socket."""
    monkeypatch.setattr(module, "BEAT", SECOND / 10)
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        server.routes["/a"] = Reply(rss())
        told: list[str] = []
        async with running(config(tmp_path / "m.db", {"A": server.url("/a")})) as (_, store):
            while told.count("WATCHDOG=1") < 2:
                told.append((await asyncio.to_thread(systemd.recv, 1000)).decode())
            assert store.last_beat()
        systemd.setblocking(False)
        while True:
            try:
                told.append(systemd.recv(1000).decode())
            except BlockingIOError:
                break
    assert "READY=1\nSTATUS=Watching 1 feeds" in told
    assert told[-1] == "STOPPING=1"
