"""A strict parser of Telegram's HTML, written from 'Formatting options' of the published Bot API documentation.

What the documentation does not allow is refused, also where Telegram's own parser would put up with it. The characters
that Telegram silently drops or turns into spaces (control characters, line separators, direction overrides, and three
combining lines, as its published client library does) are refused too: people would not be shown what was sent.
"""

import re
from dataclasses import dataclass

MAX_UNITS = 4096
MAX_ENTITIES = 100
KINDS = {
    **{"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline"},
    **{"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough"},
    **{"tg-spoiler": "spoiler", "span": "spoiler", "a": "text_link", "tg-emoji": "custom_emoji"},
    **{"code": "code", "pre": "pre", "blockquote": "blockquote"},
}
"""The tags that there are, and the entity that each makes."""
STYLES = {"bold", "italic", "underline", "strikethrough", "spoiler"}
"""Entities that may hold any other, and be held by any but `pre` and `code`."""
CODE = {"pre", "code"}
NAMED = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
TOKEN = re.compile(r"<(/?)([a-zA-Z-]*)([^<>]*)>|(&[^;\s&<>]*;?)|([<>])")
ATTRIBUTE = re.compile(r'\s+([a-zA-Z-]+)(?:="([^"<>]*)")?')
REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));")
DROPPED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u0333\u033f\u030a\ud800-\udfff]")
ADDRESS = re.compile(r"https?://[^\s/]\S*")


class Refused(Exception):
    """What Telegram would answer with 400, in its words."""


@dataclass(frozen=True)
class Parsed:
    """A message as people see it: its text, and the (tag, link) of each entity."""

    text: str
    entities: tuple[tuple[str, str], ...]


def parse_html(html: str) -> Parsed:
    """Read a message as parse_mode=HTML does; raises Refused for anything that is not exactly right."""
    pieces: list[str] = []
    stack: list[tuple[str, int]] = []
    entities: list[tuple[str, str]] = []
    at = size = 0
    _sendable(html)
    for match in TOKEN.finditer(html):
        closing, tag, rest, reference, stray = match.groups()
        pieces.append(html[at : match.start()])
        at = match.end()
        if stray:
            raise Refused(f"can't parse entities: unescaped '{stray}'")
        if reference is not None:
            pieces.append(_character(reference))
        size = sum(map(len, pieces))
        if reference is None and closing:
            _close(stack, tag, rest, size)
        elif reference is None:
            _nest([open_ for open_, _ in stack], tag, rest)
            stack.append((tag, size))
            entities.append((tag, _attribute(tag, rest)))
    pieces.append(html[at:])
    if stack:
        raise Refused(f"can't parse entities: no end tag for <{stack[-1][0]}>")
    return checked(Parsed("".join(pieces), tuple(entities)))


def checked(parsed: Parsed) -> Parsed:
    """The message, if its text and the number of its entities are within Telegram's limits; else raises Refused."""
    _sendable(parsed.text)
    if len(parsed.text.encode("utf-16-le")) // 2 > MAX_UNITS:
        raise Refused("message is too long")
    if not parsed.text.strip():
        raise Refused("message text is empty")
    if len(parsed.entities) > MAX_ENTITIES:
        raise Refused("too many entities")
    return parsed


def _sendable(text: str) -> None:
    if found := DROPPED.search(text):
        raise Refused(f"a character that cannot be sent: U+{ord(found[0]):04X}")


def _close(stack: list[tuple[str, int]], tag: str, rest: str, size: int) -> None:
    if not stack or stack[-1][0] != tag or rest:
        raise Refused(f"can't parse entities: unexpected end tag </{tag}>")
    _, start = stack.pop()
    if start == size:
        raise Refused(f"can't parse entities: nothing in <{tag}>")


def _character(reference: str) -> str:
    if reference in NAMED:
        return NAMED[reference]
    match = REFERENCE.fullmatch(reference)
    code = int(match[1], 16) if match and match[1] else int(match[2]) if match else 0
    if not 0 < code < 0x10FFFF or 0xD800 <= code < 0xE000:
        raise Refused(f"can't parse entities: unknown entity {reference}")
    return chr(code)


def _nest(within: list[str], tag: str, rest: str) -> None:
    if tag not in KINDS:
        raise Refused(f"can't parse entities: unsupported start tag <{tag}>")
    kind, kinds = KINDS[tag], [KINDS[open_] for open_ in within]
    if within == ["pre"] and tag == "code" and rest:
        return
    for outer in kinds:
        code = outer in CODE or (outer in STYLES and kind in CODE)
        others = not {outer, kind} & (STYLES | {"blockquote"})
        if code or others or outer == kind:
            raise Refused(f"can't parse entities: <{tag}> cannot stand in <{within[-1]}>")


def _attribute(tag: str, rest: str) -> str:
    found = ATTRIBUTE.findall(rest)
    if "".join(m[0] for m in ATTRIBUTE.finditer(rest)) != rest or len(found) > 1:
        raise Refused(f"can't parse entities: unexpected attributes of <{tag}>")
    name, value = found[0] if found else ("", "")
    value = re.sub(r"&[^;]*;?", lambda match: _character(match[0]), value)
    match tag, name:
        case "a", "href" if ADDRESS.fullmatch(value):
            return value
        case "tg-emoji", "emoji-id" if value.isdecimal():
            return value
        case "code", "class" if value.startswith("language-"):
            return value
        case ("span", "class") if value == "tg-spoiler":
            return ""
        case ("blockquote", "expandable") if '"' not in rest:
            return ""
        case (other, "") if other not in {"a", "span", "tg-emoji"}:
            return ""
    raise Refused(f"can't parse entities: <{tag}> without the attribute that it needs, or with another")
