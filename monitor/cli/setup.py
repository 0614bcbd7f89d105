"""Commands around the configuration: init, and the OPML part of feeds."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import Command, err, of, out
from monitor.config import add_sources, choose, write_starter
from monitor.errors import InputError
from monitor.opml import parse_opml, write_opml


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files are written.")]) -> None:
    """Write a commented starter configuration; never overwrites."""
    for path in write_starter(folder):
        out.print(f"wrote {path}", markup=False)
    out.print(f"Edit {folder / 'monitor.yaml'}, then: balkan-monitor --config {folder} check", markup=False)


def import_feeds(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="A subscription list of another program.")],
) -> None:
    """Add the feeds of an OPML file to sources.yaml; known addresses are left alone."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8 text'})") from None
    folder = choose(of(context).folder)
    try:
        added = add_sources(folder, parse_opml(text))
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    for source in added:
        out.print(f"added {source.name}  {source.url}", markup=False)
    err.print(f"{len(added)} feeds added to {folder / 'sources.yaml'}", markup=False)


def export_feeds(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE.opml]", help="Default: standard output.")] = None,
) -> None:
    """Write the configured feeds as OPML."""
    text = write_opml(of(context).config().sources)
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror})") from None
    err.print(f"wrote {file}", markup=False)


COMMANDS: dict[str, Command] = {"init": init}
