"""The command `backtest`: recorded items through the real pipeline at their own times, and what it would have sent."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.app import load_judge
from monitor.backtest import Sent, read_records, replay
from monitor.cli.context import Command, err, of, out, print_json, show
from monitor.config import Config
from monitor.errors import InputError


def backtest(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl[.gz]", help="Items with title, summary and published.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay recorded items through the pipeline with their own times as its clock, and show what it would send.

    It would be sent by the rules of `alerts`; those that chats and services have of their own, and mutes, are left out.
    An item counts for the feed of sources.yaml, and so its outlet and camp, that the host of its `url` or its `outlet`
    belongs to.
    """
    config = of(context).config()
    records = read_records(file, config.sources)
    if not records:
        raise InputError(f"{file}: no item in it")
    if any(chat.rules for chat in config.telegram.chats) or any(service.rules for service in config.notify):
        err.print(
            "by the rules of `alerts`: those that chats and services have of their own are left out", markup=False
        )
    with err.status(f"reading {len(records)} items"):
        found = replay(records, load_judge(config), config)
    if json:
        print_json({"articles": found.articles, "days": found.days, "alerts": [_alert(sent) for sent in found.alerts]})
        return
    _table(found.alerts, config)
    out.print(f"{found.articles} articles, {found.days} days, {len(found.alerts)} messages", markup=False)


def _table(alerts: Iterable[Sent], config: Config) -> None:
    zone = config.display.zone
    for day, told in groupby(alerts, key=lambda sent: sent.at.astimezone(zone).date()):
        rows = list(told)
        table = Table(
            "time", "kind", "sev", "reason", "outlets", "countries", "story", "", box=None, header_style="bold"
        )
        for sent in rows:
            time, countries = f"{sent.at.astimezone(zone):%H:%M}", ", ".join(sent.countries)
            row = (time, sent.kind, str(int(sent.severity)), sent.reason.value, str(sent.outlets), countries)
            table.add_row(*row, f"s{sent.story}", sent.title.replace("[", "\\["))
        out.print(f"[bold]{day:%a %d.%m.%Y}[/]: {len(rows)}")
        show(table)
        out.print()


def _alert(sent: Sent) -> dict[str, Any]:
    return {
        "at": sent.at.isoformat(),
        "kind": sent.kind,
        "reason": sent.reason.value,
        "severity": int(sent.severity),
        "types": list(sent.types),
        "countries": list(sent.countries),
        "title": sent.title,
        "outlets": sent.outlets,
        "story": sent.story,
    }


COMMANDS: dict[str, Command] = {"backtest": backtest}
