"""The commands' root: global options, and every group of commands attached."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from monitor import __version__
from monitor.cli import inspect, judge, learning, measure, replays, service, setup, trends
from monitor.cli.context import Context

app = typer.Typer(
    name="balkan-monitor",
    help="Watches news feeds and alerts on escalation in the Balkans.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(inspect.feeds, name="feeds")
app.add_typer(judge.seeds, name="seeds")
for group in (service, setup, inspect, trends, judge, measure, replays, learning):
    for name, command in group.COMMANDS.items():
        app.command(name)(command)


GLOBAL = {"--config": 1, "--log-json": 0}
"""The global options, and how many values each takes."""


def main(arguments: Sequence[str]) -> None:
    """Run one command line. The global options may stand before or after the command."""
    app(hoisted(arguments))


def hoisted(arguments: Sequence[str]) -> list[str]:
    """The arguments with the global options in front, where the parser wants them; nothing after `--` is touched."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        if word.partition("=")[0] in GLOBAL:
            take = 0 if "=" in word else GLOBAL[word]
            front += [word, *waiting[:take]]
            waiting = waiting[take:]
        else:
            rest.append(word)
    return front + rest


def _version(value: bool) -> None:
    if value:
        typer.echo(f"balkan-monitor {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="DIR",
            help="The configuration folder. Default: ./config, else ~/.config/balkan-monitor, else the packaged one.",
        ),
    ] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log JSON lines instead of text.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Watches news feeds and alerts on escalation in the Balkans."""
    context.obj = Context(config, log_json)
