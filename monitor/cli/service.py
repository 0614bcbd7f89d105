"""Commands that run something: run, check, test-alert, demo."""

import asyncio
import os
import tempfile
import threading
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from monitor import demo as newsroom
from monitor import logs
from monitor.app import Daemon, Summary, followed, load_judge, make_senders, open_store
from monitor.app.memory import share
from monitor.cli.context import Command, err, of, opened
from monitor.cli.probe import check_offline, check_online
from monitor.config import Config
from monitor.deliver import Delivery
from monitor.domain import Kind
from monitor.errors import DeliveryError
from monitor.pipeline import Judge, reader, recipients
from monitor.render import test_alert as rendered_test
from monitor.store import Status, Store

PATIENCE = timedelta(seconds=30)
"""How long a test message may take."""
DEMO_SECONDS = 50
DEMO_REST = 4.0
"""Seconds from the end of the demo's day until its last items are read and told, on a machine that has time."""
DEMO_LATE = 30.0
"""Seconds that a machine which has none may take longer: all ends within 90 seconds of the default day's start."""
DEMO_LOOK = 0.25


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Poll all that is due, judge, deliver, and exit.")] = False,
) -> None:
    """Run the daemon until SIGTERM or SIGINT."""
    share()
    config = of(context).config()
    with opened(config) as store:
        asyncio.run(_run(config, store, load_judge(config), once))


async def _run(config: Config, store: Store, judge: Judge, once: bool) -> None:
    async with AsyncExitStack() as stack:
        daemon = Daemon(config, store, judge, await make_senders(config, stack))
        await (daemon.once() if once else daemon.run())
    if not once:
        _leave_soon()


def _leave_soon() -> None:
    """End the process in half a second, come what may: a thread that waits for a name server or a pipe would hold it.

    All that counts is in the database by now.
    """
    timer = threading.Timer(0.5, os._exit, (0,))
    timer.daemon = True
    timer.start()


def check(
    context: typer.Context,
    online: Annotated[bool, typer.Option("--online", help="Also probe each feed and the chats.")] = False,
) -> None:
    """Validate the configuration, the database and the classifier; online, probe each feed and the chats."""
    config = of(context).config()
    good = check_offline(config)
    if online:
        good = asyncio.run(check_online(config)) and good
    if not good:
        raise typer.Exit(1)


def test_alert(context: typer.Context) -> None:
    """Send a test message to every configured chat and service, or to the terminal."""
    config = of(context).config()
    now = datetime.now(UTC)
    with opened(config) as store:
        config = followed(config, store)
        store.chats.try_parked(now)
        texts = {chat: rendered_test(now, reader(config, chat)) for chat, _ in recipients(config)}
        ids = {store.enqueue([chat], texts[chat], now, thread=thread)[0] for chat, thread in recipients(config)}
        asyncio.run(_deliver(store, config))
        tried = [alert for alert in store.alerts(1000) if alert.id in ids]
    failed = [f"{alert.chat}: {alert.error or 'not delivered yet'}" for alert in tried if alert.sent is None]
    if failed:
        raise DeliveryError("; ".join(failed), permanent=True)
    err.print(f"sent to {', '.join(alert.chat for alert in tried)}", markup=False)


async def _deliver(store: Store, config: Config) -> None:
    async with AsyncExitStack() as stack:
        await Delivery(store, await make_senders(config, stack)).drain(PATIENCE)


def demo(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=5, max=3600, help="How long six hours of news take.")] = DEMO_SECONDS,
) -> None:
    """Serve an invented newsroom's feeds on loopback and run the real daemon over them."""
    base = of(context).config()
    logs.configure(quiet=True)
    room = newsroom.newsroom()
    speed = newsroom.HOURS.total_seconds() / seconds
    with tempfile.TemporaryDirectory() as scratch, newsroom.serve(room, speed) as at:
        config = newsroom.configure(base, at, f"sqlite:///{Path(scratch) / 'demo.db'}", room, speed)
        err.print(
            f"[bold]{len(room.items)} items of {len(room.outlets)} outlets, six hours in {seconds:g} seconds[/]\n"
        )
        summary, waiting = asyncio.run(_demo(config, seconds, len(room.items)))
    err.print(f"[bold]{summary.articles} items judged, {summary.alerts} alerts[/]")
    if summary.articles < len(room.items) or waiting:
        missing = f"{len(room.items) - summary.articles} of {len(room.items)} items not judged"
        err.print(f"[yellow]ended before all was told: {missing}, {waiting} messages not delivered[/]")
    for reason, count in summary.reasons.most_common():
        err.print(f"  {count:3} {reason.value}")


async def _demo(config: Config, seconds: float, items: int) -> tuple[Summary, int]:
    """Run until all is told; gives what was done, and how many messages still wait."""
    began = asyncio.get_running_loop().time()
    store = open_store(config)
    judge = await asyncio.to_thread(load_judge, config)
    async with AsyncExitStack() as stack:
        daemon = Daemon(config, store, judge, await make_senders(config, stack))
        ending = asyncio.create_task(_end(daemon, store, items, began + seconds + DEMO_REST))
        await daemon.run()
        ending.cancel()
    waiting = _undelivered(store)
    store.close()
    return daemon.summary, waiting


def _undelivered(store: Store) -> int:
    # Edits wait for their time, which may be after the day's end.
    return sum(alert.kind is not Kind.EDIT for alert in store.alerts(1000, Status.PENDING))


async def _end(daemon: Daemon, store: Store, items: int, at: float) -> None:
    """Stop the daemon then, or up to DEMO_LATE later: once so many items are judged and all messages delivered."""

    def untold() -> bool:
        return daemon.summary.articles < items or _undelivered(store) > 0

    loop = asyncio.get_running_loop()
    await asyncio.sleep(at - loop.time())
    while loop.time() < at + DEMO_LATE and await asyncio.to_thread(untold):
        await asyncio.sleep(DEMO_LOOK)
    daemon.stop()


COMMANDS: dict[str, Command] = {"run": run, "check": check, "test-alert": test_alert, "demo": demo}
