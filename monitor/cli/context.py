"""What every command may need: the configuration, the store, the judge, and ways to print."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from monitor import logs
from monitor.config import Config, choose, load

out = Console(highlight=False, soft_wrap=True)
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


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


Command = Callable[..., None]
