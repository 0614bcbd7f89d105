"""Labelled items as files hold them: one JSON object a line, plain or gzipped."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.domain import EventType, Severity
from monitor.errors import InputError


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled item; the form is in seeds/README.md."""

    id: str
    lang: str
    title: str
    summary: str
    relevant: bool
    types: frozenset[EventType] = frozenset()
    severity: Severity = Severity.NONE
    unsure: bool = False


def read_records(path: Path) -> list[Record]:
    """The file's records; empty lines are passed over. Raises InputError naming file and line."""
    records = [_record(line, f"{path}, line {number}") for number, line in _lines(path) if line.strip()]
    if not records:
        raise InputError(f"{path}: no labelled items")
    return records


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}, line {number}: expected text in UTF-8") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"{path}: the compressed file is damaged after line {number}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def _record(line: str, where: str) -> Record:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise InputError(f"{where}: expected a JSON object") from None
    if not isinstance(document, dict):
        raise InputError(f"{where}: expected a JSON object")
    try:
        return _parse(document)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None


def _parse(document: Mapping[str, object]) -> Record:
    """The record of an object; raises ValueError that says what is wrong."""
    relevant = document.get("relevant")
    if not isinstance(relevant, bool):
        raise ValueError("'relevant' must be true or false")
    severity = document.get("severity", 0)
    if isinstance(severity, bool) or not isinstance(severity, int) or severity not in set(Severity):
        raise ValueError("'severity' must be a whole number from 0 to 4")
    return Record(
        id=str(document.get("id", "")),
        lang=_text(document, "lang") or "und",
        title=_text(document, "title"),
        summary=_text(document, "summary"),
        relevant=relevant,
        types=_types(document.get("types") or []),
        severity=Severity(severity),
        unsure=document.get("unsure") is True,
    )


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    if value is None and key != "title":
        return ""
    if not isinstance(value, str) or (key == "title" and not value.strip()):
        raise ValueError(f"'{key}' must be text" + (", and not empty" if key == "title" else ""))
    return value


def _types(value: object) -> frozenset[EventType]:
    known = {kind.value for kind in EventType}
    if not isinstance(value, list):
        raise ValueError("'types' must be a list")
    for name in value:
        if not isinstance(name, str) or name not in known:
            raise ValueError(f"unknown event type {name!r}; the types are {', '.join(sorted(known))}")
    return frozenset(EventType(name) for name in value)
