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
from monitor.errors import DeliveryError
from monitor.pipeline import Judge, reader, recipients
from monitor.render import test_alert as rendered_test
from monitor.store import Store

PATIENCE = timedelta(seconds=30)
"""How long a test message may take."""
DEMO_SECONDS = 50


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
        summary = asyncio.run(_demo(config, seconds))
    err.print(f"[bold]{summary.articles} items judged, {summary.alerts} alerts[/]")
    for reason, count in summary.reasons.most_common():
        err.print(f"  {count:3} {reason.value}")


async def _demo(config: Config, seconds: float) -> Summary:
    store = open_store(config)
    judge = await asyncio.to_thread(load_judge, config)
    async with AsyncExitStack() as stack:
        daemon = Daemon(config, store, judge, await make_senders(config, stack))
        # The last items are read and told a moment after the day has ended.
        asyncio.get_running_loop().call_later(seconds + 4, daemon.stop)
        await daemon.run()
    store.close()
    return daemon.summary


COMMANDS: dict[str, Command] = {"run": run, "check": check, "test-alert": test_alert, "demo": demo}
