"""Rules added to and removed from keywords.yaml as text, so that comments stay; checked before it is written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from monitor.config.edit import checked, text_of, write_atomically
from monitor.config.yaml import parse
from monitor.errors import ConfigError, InputError

FILE = "keywords.yaml"
LISTS = ("boost", "mute", "always", "require")


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of keywords.yaml: the list, the rule as written, whether it was added, and the text before and after."""

    list: str
    rule: str
    added: bool
    before: str
    after: str


def add_rule(folder: Path, list: str, match: str, weight: float | None = None) -> Edit:
    """Append a rule to one of the lists. Raises InputError or ConfigError, with the file as it was."""
    before = text_of(folder, FILE)
    if any(_match(rule) == match for rule in values_of(before, list)):
        raise InputError(f"'{match}' stands in {list} already.")
    written = json.dumps(match, ensure_ascii=False) if _needs_quotes(match) else match
    rule = written if weight is None else f"{{match: {written}, weight: {weight:g}}}"
    after = _appended(before, list, rule)
    expected = [*values_of(before, list), match if weight is None else {"match": match, "weight": weight}]
    return _written(folder, Edit(list, rule, True, before, after), expected)


def remove_rule(folder: Path, list: str | None, match: str) -> Edit:
    """Remove a rule by what it matches, from the list or wherever it stands first. Raises InputError or ConfigError."""
    before = text_of(folder, FILE)
    for name in LISTS if list is None else (list,):
        rules = values_of(before, name)
        for number, rule in enumerate(rules):
            if _match(rule).casefold() == match.casefold():
                after, written = _without(before, name, number)
                left = [*rules[:number], *rules[number + 1 :]]
                return _written(folder, Edit(name, written, False, before, after), left)
    raise InputError(f"No rule matches '{match}'" + (f" in {list}." if list else "."))


def take_back(folder: Path, edit: Edit) -> None:
    """Undo a change: the text of before where nothing else changed since, else the one rule alone."""
    if text_of(folder, FILE) == edit.after:
        checked(folder, FILE, edit.before)
        write_atomically(folder / FILE, edit.before)
        return
    (rule,) = values_of(f"{edit.list}:\n  - {edit.rule}\n", edit.list)
    if edit.added:
        remove_rule(folder, edit.list, _match(rule))
        return
    before = text_of(folder, FILE)
    after = _appended(before, edit.list, edit.rule)
    _written(folder, Edit(edit.list, edit.rule, True, before, after), [*values_of(before, edit.list), rule])


def values_of(text: str, name: str, file: str = FILE) -> list[Any]:
    """The elements of one of the file's lists."""
    values = parse(text, file).values
    found = values.get(name) if isinstance(values, dict) else None
    return [*found] if isinstance(found, tuple) else []


def _match(rule: Any) -> str:
    return str(rule["match"] if isinstance(rule, dict) else rule)


def _needs_quotes(match: str) -> bool:
    """Whether YAML would read the bare words as something else, also within braces."""
    if any(character in match for character in ",[]{}"):
        return True
    try:
        return bool(
            yaml.safe_load(f"- {match}") != [match] or yaml.safe_load(f"{{match: {match}}}") != {"match": match}
        )
    except yaml.YAMLError:
        return True


def _written(folder: Path, edit: Edit, expected: list[Any]) -> Edit:
    if values_of(edit.after, edit.list) != expected:
        raise ConfigError(f"{FILE} is written in a way that cannot be changed from here; edit the file")
    checked(folder, FILE, edit.after)
    write_atomically(folder / FILE, edit.after)
    return edit


def node_of(text: str, name: str) -> yaml.Node | None:
    """The YAML node of one of the file's lists."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == name), None)


def _appended(text: str, name: str, rule: str) -> str:
    node = node_of(text, name)
    if node is None:
        return f"{text.rstrip()}\n\n{name}:\n  - {rule}\n".lstrip("\n")
    if isinstance(node, yaml.SequenceNode) and node.value:
        last = node.value[-1]
        if node.flow_style:
            return f"{text[: last.end_mark.index]}, {rule}{text[last.end_mark.index :]}"
        lines = text.splitlines(keepends=True)
        end, dash = _last_line(last) + 1, _dash(lines, last)
        return _joined(lines[:end]) + f"{dash}- {rule}\n" + "".join(lines[end:])
    # An empty list, `[]` or nothing at all, becomes one with a line for each rule.
    start, end = node.start_mark.index, node.end_mark.index
    head = text[:start].rstrip(" ")
    rest = text[end:]
    line, newline, below = rest.partition("\n")
    return f"{head}{line.rstrip()}{newline or chr(10)}  - {rule}\n{below}"


def _without(text: str, name: str, number: int) -> tuple[str, str]:
    """The text without the rule, and the rule as it was written."""
    node = node_of(text, name)
    assert isinstance(node, yaml.SequenceNode), "it holds rules"
    items = node.value
    item = items[number]
    written = text[item.start_mark.index : item.end_mark.index].strip()
    if not node.flow_style:
        lines = text.splitlines(keepends=True)
        first, end = item.start_mark.line, _last_line(item) + 1
        rule = json.dumps(_mapping(text, name, number), ensure_ascii=False) if _is_block(item) else written
        return "".join(lines[:first] + lines[end:]), rule
    if number + 1 < len(items):
        return text[: item.start_mark.index] + text[items[number + 1].start_mark.index :], written
    start = items[number - 1].end_mark.index if number else item.start_mark.index
    return text[:start] + text[item.end_mark.index :], written


def _mapping(text: str, name: str, number: int) -> Any:
    return yaml.safe_load(text)[name][number]


def _last_line(node: yaml.Node) -> int:
    """The last line, from 0, that the node's own text stands on: the end of a block is told only by what follows it."""
    if not _is_block(node):
        end: int = node.end_mark.line
        return end
    parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
    return max((_last_line(part) for part in parts), default=node.start_mark.line)


def _is_block(node: yaml.Node) -> bool:
    """Whether the node is a mapping or list that is written over lines of its own."""
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _dash(lines: list[str], node: yaml.Node) -> str:
    """How far the list is indented."""
    line = lines[node.start_mark.line]
    return line[: len(line) - len(line.lstrip())] if line.lstrip().startswith("-") else "  "


def _joined(lines: list[str]) -> str:
    text = "".join(lines)
    return text if text.endswith("\n") else f"{text}\n"
