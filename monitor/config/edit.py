"""Changes to the user's own files, as text, so that comments stay; each is checked before it takes the file's place."""

import errno
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from monitor.config.load import FILES, defaults, load
from monitor.domain import Source
from monitor.errors import ConfigError, UnwritableError

SOURCES = "sources.yaml"
LOCKED = {errno.EACCES, errno.EPERM, errno.EROFS}
PACKAGED = "the packaged configuration is not changed; make your own with `balkan-monitor init DIR`"


def add_sources(folder: Path, sources: Sequence[Source]) -> list[Source]:
    """Append to sources.yaml those whose address is new, and return them. A name that is taken gets a number.

    Raises ConfigError, leaving the file as it was, where the result would not be valid.
    """
    old = text_of(folder, SOURCES)
    before = load(folder)
    urls, names = {source.url for source in before.sources}, {source.name for source in before.sources}
    added = []
    for source in sources:
        if source.url not in urls:
            name, number = source.name, 2
            while name in names:
                name, number = f"{source.name} ({number})", number + 1
            names.add(name)
            urls.add(source.url)
            added.append(Source(name=name, url=source.url))
    if added:
        text = _appended(old, added)
        checked(folder, SOURCES, text, "imported")
        write_atomically(folder / SOURCES, text)
    return added


def text_of(folder: Path, file: str) -> str:
    """The text of one of the folder's files, the packaged one's where there is none. Raises ConfigError."""
    if _packaged(folder):
        raise ConfigError(PACKAGED)
    path = folder / file
    try:
        return (path if path.exists() else defaults() / file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8 text'})") from None


def checked(folder: Path, file: str, text: str, done: str = "changed") -> None:
    """The folder with this text in the file's place loads. Raises ConfigError: nothing was `done`, and why."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in (name for name in FILES if name != file):
            if (folder / name).exists():
                (Path(scratch) / name).write_text((folder / name).read_text("utf-8"), "utf-8")
        (Path(scratch) / file).write_text(text, "utf-8")
        try:
            load(Path(scratch))
        except ConfigError as error:
            raise ConfigError(f"nothing was {done}: {str(error).removeprefix(scratch + os.sep)}") from None


def _appended(old: str, added: Sequence[Source]) -> str:
    rows = [{"name": source.name, "url": source.url} for source in added]
    root = yaml.compose(old, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    node = next((value for key, value in pairs if key.value == SOURCES.removesuffix(".yaml")), None)
    listed = isinstance(node, yaml.SequenceNode) and bool(node.value)
    if isinstance(node, yaml.SequenceNode) and listed and node.flow_style:
        flow = ", ".join(json.dumps(row, ensure_ascii=False) for row in rows)
        end = node.value[-1].end_mark.index
        return f"{old[:end]}, {flow}{old[end:]}"
    if node is not None and not listed:
        # An empty list, `[]` or nothing at all, gives way to one with lines.
        line = old[node.end_mark.index :].partition("\n")
        old = f"{old[: node.start_mark.index].rstrip(' ')}{line[0].rstrip()}\n" + line[2]
    block = yaml.safe_dump(rows, allow_unicode=True, sort_keys=False, width=1000)
    indent = _indent(old) if listed else "  "
    text = old.rstrip("\n") + "\n" + ("" if node is not None else "sources:\n")
    return text + "\n# Imported\n" + "".join(f"{indent}{line}\n" for line in block.splitlines())


def _indent(text: str) -> str:
    """How far the elements of the list are indented in the file as it is."""
    line = next((line for line in text.splitlines() if line.lstrip().startswith("- ")), "")
    return line[: len(line) - len(line.lstrip())]


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's text in one step: a crash leaves the old or the new one. Raises UnwritableError."""
    made = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            made = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(made, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(made, path)
    except OSError as error:
        if made is not None:
            made.unlink(missing_ok=True)
        why = error.strerror or type(error).__name__
        locked = error.errno in LOCKED
        raise UnwritableError(f"{path}: cannot be written ({why})", path.name, why, locked=locked) from None


def unwritable(folder: Path, file: str) -> str | None:
    """Why the program could not change that file of the folder, or None where it could."""
    if _packaged(folder):
        return PACKAGED
    path = folder / file
    # A file is replaced, not written over: what counts is its folder, and that neither is mounted read-only.
    fixed = os.statvfs(path if path.exists() else folder).f_flag & os.ST_RDONLY
    return f"{folder} is read-only for this user" if fixed or not os.access(folder, os.W_OK | os.X_OK) else None


def _packaged(folder: Path) -> bool:
    return folder.resolve() == defaults().resolve()
