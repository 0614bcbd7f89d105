"""One value of a rule or of a feed changed where it is written, as text, so that comments stay."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from monitor.config.edit import checked, text_of, write_atomically
from monitor.config.rules import node_of, values_of
from monitor.errors import InputError


@dataclass(frozen=True, slots=True)
class Turn:
    """A value that was changed: `kind` is weight (of a boost rule) or enabled (of a feed), `name` says whose."""

    kind: str
    name: str
    old: float | bool
    new: float | bool
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a kind of value stands: the file, the list, the key that names an element, and the value's default."""

    file: str
    list: str
    name: str
    default: float | bool


PLACES = {
    "weight": _Place("keywords.yaml", "boost", "match", 1.0),
    "enabled": _Place("sources.yaml", "sources", "name", True),
}


def set_weight(folder: Path, match: str, weight: float) -> Turn:
    """Give the boost rule that matches this another weight. Raises InputError or ConfigError, the file as it was."""
    return _turn(folder, "weight", match, weight)


def set_enabled(folder: Path, name: str, enabled: bool) -> Turn:
    """Enable or disable the feed of that name. Raises InputError or ConfigError, the file as it was."""
    return _turn(folder, "enabled", name, enabled)


def turn_back(folder: Path, turn: Turn) -> None:
    """Undo a change: the text of before where nothing else changed since, else the one value alone."""
    file = PLACES[turn.kind].file
    if text_of(folder, file) == turn.after:
        checked(folder, file, turn.before)
        write_atomically(folder / file, turn.before)
        return
    _turn(folder, turn.kind, turn.name, turn.old)


def _turn(folder: Path, kind: str, name: str, new: float | bool) -> Turn:
    place = PLACES[kind]
    before = text_of(folder, place.file)
    elements = values_of(before, place.list, place.file)
    found = [number for number, element in enumerate(elements) if _named(element, place.name) == name]
    if len(found) != 1:
        many = "no element" if not found else f"{len(found)} elements"
        raise InputError(f"{place.file}: {many} of {place.list} with the {place.name} '{name}', expected one.")
    element = elements[found[0]]
    old = element.get(kind, place.default) if isinstance(element, dict) else place.default
    list_ = node_of(before, place.list)
    assert isinstance(list_, yaml.SequenceNode), "it has elements"
    after = _replaced(before, list_.value[found[0]], place.name, kind, json.dumps(new))
    wanted = {**(element if isinstance(element, dict) else {place.name: element}), kind: new}
    elements[found[0]] = wanted
    if values_of(after, place.list, place.file) != elements:
        raise InputError(f"{place.file} is written in a way that cannot be changed from here; edit the file.")
    checked(folder, place.file, after)
    write_atomically(folder / place.file, after)
    return Turn(kind, name, old, new, before, after)


def _named(element: Any, key: str) -> Any:
    return element.get(key) if isinstance(element, dict) else element


def _replaced(text: str, node: yaml.Node, name: str, kind: str, value: str) -> str:
    """The text with the value in place of the one that is written, or written where there was none."""
    if not isinstance(node, yaml.MappingNode):
        written = text[node.start_mark.index : node.end_mark.index]
        return _spliced(text, node, lambda _: f"{{{name}: {written}, {kind}: {value}}}")
    pairs = {key.value: (key, held) for key, held in node.value}
    if kind in pairs:
        return _spliced(text, pairs[kind][1], lambda _: value)
    if node.flow_style:
        return _spliced(text, node.value[-1][1], lambda written: f"{written}, {kind}: {value}")
    key, held = pairs[name]
    end = text.find("\n", held.end_mark.index)
    end = len(text) if end < 0 else end
    return f"{text[:end]}\n{' ' * key.start_mark.column}{kind}: {value}{text[end:]}"


def _spliced(text: str, node: yaml.Node, made: Callable[[str], str]) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    return text[:start] + made(text[start:end]) + text[end:]
