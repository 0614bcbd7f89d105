"""Changes of the configuration's files as the log of changes keeps them, and how they are taken back."""

import json
from pathlib import Path

from monitor.config import Edit, Turn, take_back, turn_back
from monitor.domain import Change

KEYWORDS, TURNS = "keywords", {"weight": "weight", "source": "enabled"}
"""The keys begin with these, up to a dot: a rule added or removed, a rule's weight, whether a feed is read."""


def is_written(key: str) -> bool:
    """Whether a change of this key is one of a file, which holds for every chat."""
    return key.partition(".")[0] in {KEYWORDS, *TURNS}


def kept(done: Edit | Turn) -> tuple[str, str, str]:
    """The key, the old and the new side of a change, from which it can be taken back."""
    if isinstance(done, Turn):
        key = next(key for key, kind in TURNS.items() if kind == done.kind)
        return f"{key}.{done.name}", _side("value", done.old, done.before), _side("value", done.new, done.after)
    rules = (None, done.rule) if done.added else (done.rule, None)
    return f"{KEYWORDS}.{done.list}", _side("rule", rules[0], done.before), _side("rule", rules[1], done.after)


def revert(folder: Path, change: Change) -> None:
    """Take a change of a file back there. Raises InputError or ConfigError."""
    kind, _, name = change.key.partition(".")
    old, new = json.loads(change.old or "{}"), json.loads(change.new or "{}")
    if kind in TURNS:
        turn_back(folder, Turn(TURNS[kind], name, old["value"], new["value"], old["text"], new["text"]))
        return
    added = new.get("rule") is not None
    take_back(folder, Edit(name, (new if added else old)["rule"], added, old["text"], new["text"]))


def _side(what: str, value: str | float | bool | None, text: str) -> str:
    return json.dumps({what: value, "text": text}, ensure_ascii=False)
