"""YAML text to plain values, and from a key's path back to its line. Knows nothing of what the keys mean."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from monitor.errors import ConfigError

Path_ = tuple[str | int, ...]
MAX_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as read: its name, its values (lists as tuples), and its nodes for the lines."""

    file: str
    values: object
    root: yaml.Node | None

    def line(self, path: Path_) -> int:
        """The line, from 1, of the key or element at `path`; of the nearest parent where it is not written."""
        node, line = self.root, 1
        if node is not None:
            line = node.start_mark.line + 1
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line

    def error(self, path: Path_, message: str) -> ConfigError:
        """The one sentence that a user reads about a mistake at `path`."""
        key = dotted(path)
        return ConfigError(one_line(f"{self.file}, line {self.line(path)}: {key + ': ' if key else ''}{message}"))


def one_line(text: str) -> str:
    """The text with line breaks and what else cannot be shown as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def dotted(path: Path_) -> str:
    """A path as people write it: `telegram.chats[0].id`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def read(path: Path) -> Document:
    """Read one YAML file; a missing one is empty. Raises ConfigError for what cannot be read as YAML."""
    if not path.exists():
        return Document(str(path), {}, None)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB, expected a configuration file")
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8 text, expected YAML in UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    return parse(text, str(path))


def parse(text: str, file: str) -> Document:
    """Parse YAML text. Raises ConfigError with the line for bad YAML, aliases and keys that stand twice."""
    try:
        _refuse_aliases(text, file)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        loader = yaml.SafeLoader("")
        return Document(file, _values(loader, root, file) if root is not None else {}, root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{file}{where}: not valid YAML ({error.problem or error.context})") from None
    except (yaml.YAMLError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise ConfigError(f"{file}: not valid YAML ({first})") from None
    except ValueError as error:
        raise ConfigError(f"{file}: not valid YAML ({error})") from None


def _refuse_aliases(text: str, file: str) -> None:
    # A few lines of nested aliases stand for billions of values; nothing here needs them.
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) and event.start_mark:
            raise ConfigError(f"{file}, line {event.start_mark.line + 1}: aliases (*name) are not supported")


def _values(loader: yaml.SafeLoader, node: yaml.Node, file: str) -> object:
    if isinstance(node, yaml.MappingNode):
        result: dict[object, object] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise ConfigError(f"{file}, line {line}: the key {key!r} is not text")
            if key in result:
                raise ConfigError(one_line(f"{file}, line {line}: the key '{key}' stands twice"))
            result[key] = _values(loader, value_node, file)
        return result
    if isinstance(node, yaml.SequenceNode):
        return tuple(_values(loader, child, file) for child in node.value)
    if node.tag.endswith((":int", ":float")) and ":" in node.value:
        # YAML 1.1 takes 22:00 for the number 1320; people mean what they wrote.
        return node.value
    return loader.construct_object(node)


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None
