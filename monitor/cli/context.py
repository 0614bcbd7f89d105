"""What every command may need: the configuration, the store, the judge, and ways to print."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from monitor import logs
from monitor.app import open_store
from monitor.config import Config, choose, load
from monitor.store import Store

out = Console(highlight=False, soft_wrap=True)
wide = Console(highlight=False, soft_wrap=True, width=1000)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Context:
    """The global options of one call."""

    folder: Path | None
    log_json: bool

    def config(self) -> Config:
        """The configuration, read and checked; logging is set up with its secret masked."""
        config = load(choose(self.folder))
        token = config.telegram.token
        logs.configure(as_json=self.log_json, secret=token.get_secret_value() if token else None)
        return config


def of(context: typer.Context) -> Context:
    """The call's Context."""
    found = context.obj
    assert isinstance(found, Context)
    return found


@contextmanager
def opened(config: Config) -> Iterator[Store]:
    """The configured database, migrated; closed at the end. Raises StoreError."""
    store = open_store(config)
    try:
        yield store
    finally:
        store.close()


def show(table: Table) -> None:
    """A table, as wide as it needs to be where nobody's screen limits it: a pipe gets a line for each row."""
    (out if out.is_terminal else wide).print(table)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


Command = Callable[..., None]
