"""The text of a document before the feed parser sees it: what it is, and its entities made harmless."""

import html
import re
from collections.abc import Iterator
from html.entities import html5

FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel"})
# Room for a server's warnings before the document begins.
PREAMBLE = 20_000
SKIPPED = re.compile(r"\s*(?:<\?.{0,2000}?\?>|<!--.{0,20000}?-->)", re.DOTALL)
HTML_DOCTYPE = re.compile(r"<!doctype\s+html\b", re.IGNORECASE)
DOCTYPE = re.compile(r"\s*<!doctype\b", re.IGNORECASE)
ROOT = re.compile(r"\s*<\s*(?:[\w.-]{1,40}:)?([A-Za-z][\w.-]{0,60})")
FEED_START = re.compile(r"<\?xml\b|<(?:rss|feed|rdf:RDF)[\s>]", re.IGNORECASE)
PAGE_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,200})", re.IGNORECASE)
ENTITY = re.compile(r"&(?:(#\d{1,8}|#[xX][0-9a-fA-F]{1,6})|([A-Za-z]\w{0,40}))?(;?)")
SECTION = re.compile(r"<!--|<!\[CDATA\[")
XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
HIGHEST = 0x10FFFF


def kind(text: str) -> tuple[str, str]:
    """What a document is: ('feed', ''), or ('page' | 'json' | 'text' | 'xml', a sentence about it)."""
    root = root_name(text)
    if root in FEED_ROOTS:
        return "feed", ""
    if root in {"html", "head", "body"} or HTML_DOCTYPE.search(text[: _after_prolog(text)]):
        title = PAGE_TITLE.search(text[:PREAMBLE])
        name = f", titled '{' '.join(html.unescape(title[1]).split())[:80]}'" if title else ""
        return "page", f"the address answers with a web page{name}"
    if text.lstrip()[:1] in {"{", "["}:
        return "json", "the address answers with JSON"
    if root is None:
        return "text", "the address answers with plain text"
    return "xml", f"the document is <{root[:40]}>, not a feed"


def trim(text: str) -> str:
    """The document without what a server wrote before it (warnings, blank lines)."""
    if root_name(text) in FEED_ROOTS:
        return text.lstrip()
    start = FEED_START.search(text[:PREAMBLE])
    if start is None or re.search(r"<(?:html|body)\b", text[: start.start()], re.IGNORECASE):
        return text
    return text[start.start() :]


def root_name(text: str) -> str | None:
    """The root element's local name in lower case, or None if no element comes first."""
    at = _after_prolog(text)
    found = ROOT.match(text, at)
    return found[1].lower() if found else None


def _after_prolog(text: str) -> int:
    """Where the root element begins: after declarations, comments and the document type."""
    at = 0
    while at < len(text):
        if found := SKIPPED.match(text, at):
            at = found.end()
        elif found := DOCTYPE.match(text, at):
            at = _doctype_end(text, found.end())
        else:
            break
    return at


def _doctype_end(text: str, at: int) -> int:
    """The position after a document type declaration, its internal subset included."""
    close, bracket = text.find(">", at), text.find("[", at)
    if close < 0:
        return len(text)
    if bracket < 0 or bracket > close:
        return close + 1
    end = re.compile(r"\]\s{0,100}>").search(text, bracket)
    return end.end() if end else close + 1


def harmless(text: str) -> str:
    """The document from its root element on, without comments and CDATA; no entity in it can expand.

    Entities of HTML become their characters; other entities and lone ampersands become text, and so does CDATA.
    """
    return "".join(_pieces(text, _after_prolog(text)))


def _pieces(text: str, at: int) -> Iterator[str]:
    while section := SECTION.search(text, at):
        yield ENTITY.sub(_entity, text[at : section.start()])
        comment = section[0] == "<!--"
        end = text.find("-->" if comment else "]]>", section.end())
        inside = text[section.end() : end if end >= 0 else len(text)]
        yield "" if comment else html.escape(inside, quote=False)
        if end < 0:
            return
        at = end + 3
    yield ENTITY.sub(_entity, text[at:])


def _entity(found: re.Match[str]) -> str:
    number, name, semicolon = found.groups()
    if number and semicolon:
        return found[0] if _allowed(number) else ""
    if name and semicolon:
        return found[0] if name in XML_ENTITIES else _named(found[0], name)
    return "&amp;" + found[0][1:]


def _named(whole: str, name: str) -> str:
    characters = html5.get(name + ";")
    if characters is None:
        return "&amp;" + whole[1:]
    return html.escape(characters)


def _allowed(number: str) -> bool:
    """Whether XML allows the character that a reference stands for."""
    code = int(number[2:], 16) if number[1] in "xX" else int(number[1:])
    if code < 0x20:
        return code in {0x9, 0xA, 0xD}
    return code <= HIGHEST and not 0xD800 <= code <= 0xDFFF and code not in {0xFFFE, 0xFFFF}
