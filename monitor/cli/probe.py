"""What `check` finds out: offline about configuration, database and classifier; online about each feed and chat."""

import asyncio
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from monitor.app import database_url, load_judge, make_fetcher, open_store, services
from monitor.cli.context import err, out, show
from monitor.config import Config, unwritable, warnings
from monitor.domain import FeedState, Source
from monitor.errors import DeliveryError
from monitor.fetch import Fetcher
from monitor.parse import parse
from monitor.pipeline import recipients
from monitor.telegram import Telegram


def check_offline(config: Config) -> bool:
    """Print what was validated. What is wrong is raised as the MonitorError it is."""
    store = open_store(config)
    totals = store.counts()
    store.close()
    judge = load_judge(config)
    rules = config.keywords
    table = Table.grid(padding=(0, 2))
    table.add_row("configuration", config.folder)
    enabled = sum(source.enabled for source in config.sources)
    table.add_row("sources", f"{len(config.sources)}, {enabled} of them enabled")
    lists = (("boost", rules.boost), ("mute", rules.mute), ("always", rules.always), ("require", rules.require))
    table.add_row("keywords", ", ".join(f"{len(found)} {name}" for name, found in lists))
    table.add_row("database", f"{_without_password(database_url(config))}, {totals.articles} articles")
    table.add_row("classifier", f"{judge.classifier.version}, threshold {judge.threshold:.3f}")
    table.add_row("alerts go to", ", ".join(chat for chat, _ in recipients(config)))
    if config.notify:
        found = services(config)
        table.add_row("services", ", ".join(f"{s.name} ({found.kind(s.name)})" for s in config.notify))
    out.print(table)
    for text in (*warnings(config), *_unwritable(config)):
        err.print(f"[yellow]warning:[/] {_plain(text)}")
    out.print("[green]the configuration is valid[/]")
    return True


def _unwritable(config: Config) -> list[str]:
    """That admins could not change rules by command, where that is so."""
    why = unwritable(Path(config.folder), "keywords.yaml") if config.telegram.admins else None
    return [f"telegram.admins cannot change keywords from the chat: {why}"] if why else []


async def check_online(config: Config) -> bool:
    """Probe every enabled feed and the chats; print a table of each. True if the chats, where there are any, answer."""
    sources = [source for source in config.sources if source.enabled]
    with Progress(
        TextColumn("probing feeds"), BarColumn(), MofNCompleteColumn(), console=err, transient=True
    ) as progress:
        task = progress.add_task("", total=len(sources))
        async with make_fetcher(config) as fetcher:

            async def one(source: Source) -> tuple[str, str, str]:
                row = await _probe(fetcher, source)
                progress.advance(task)
                return row

            rows = await asyncio.gather(*(one(source) for source in sources))
    table = Table("feed", "state", "entries or detail", box=None, header_style="bold")
    for name, state, detail in sorted(rows, key=lambda row: (row[1] == "ok", row[1], row[0])):
        color = "green" if state == "ok" else "red"
        table.add_row(_plain(name), f"[{color}]{state}[/]", _plain(detail))
    show(table)
    alive = sum(state == "ok" for _, state, _ in rows)
    out.print(f"{alive} of {len(rows)} feeds answered with entries")
    for service in config.notify:
        out.print(f"notify {service.name}: understood; `balkan-monitor test-alert` sends to it")
    return await _check_chats(config)


async def _probe(fetcher: Fetcher, source: Source) -> tuple[str, str, str]:
    fetched = await fetcher.fetch(FeedState(source.name, source.url))
    if fetched.failure or fetched.body is None:
        return source.name, fetched.failure.value if fetched.failure else "unchanged", fetched.detail
    feed = await asyncio.to_thread(parse, fetched.body, fetched.headers, fetched.url)
    if feed.failure:
        return source.name, feed.failure.value, feed.detail
    return source.name, "ok", f"{len(feed.entries)} entries"


async def _check_chats(config: Config) -> bool:
    token = config.telegram.token
    if token is None or not config.telegram.chats:
        return True
    good = True
    async with Telegram(token.get_secret_value(), config.telegram.api_url) as telegram:
        for chat in (str(chat.id) for chat in config.telegram.chats):
            try:
                out.print(f"chat {chat}: [green]{_plain(await telegram.describe(chat))}[/]")
            except DeliveryError as error:
                good = False
                out.print(f"chat {chat}: [red]{_plain(str(error))}[/]")
    return good


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    user = head.rpartition(":")[0] if at and head.count(":") > 1 else head
    return f"{user}{at}{tail}"


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
