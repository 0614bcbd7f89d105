"""HTML of titles and summaries -> one line of plain text. Judges no words."""

import html
import re
import unicodedata

from selectolax.lexbor import LexborHTMLParser

# Wherever one of these begins or ends, words are apart even if no space stands between them.
BLOCK = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|caption|dd|div|dl|dt|figure|footer|form|h[1-6]|header|hr|li|main|nav"
    r"|ol|option|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul)\b)",
    re.IGNORECASE,
)
WITHOUT_WORDS = ["script", "style", "noscript", "template", "iframe", "object", "svg", "math", "figcaption", "button"]
# What is still HTML after one reading was escaped twice.
STILL_HTML = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,10}\d{0,2});"
    r"|</?(?:a|b|br|div|em|h[1-6]|i|iframe|img|li|ol|p|script|span|strong|style|table|td|tr|u|ul)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
MOST_READINGS = 4
ELLIPSIS = "…"
INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})


def plain(text: str) -> str:
    """The words of a piece of HTML in one line, also where it was escaped more than once."""
    for _ in range(MOST_READINGS):
        if "<" not in text and "&" not in text:
            break
        before, text = text, _read(text)
        if text == before or not STILL_HTML.search(text):
            break
    return visible(text)


def visible(text: str) -> str:
    """One line in NFC, without control characters and marks that turn the direction of writing."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(one for one in text if one.isspace() or unicodedata.category(one) not in INVISIBLE)
    return " ".join(text.split())


def _read(text: str) -> str:
    if "<" not in text:
        return html.unescape(text)
    tree = LexborHTMLParser("<body>" + BLOCK.sub(" <", text))
    tree.strip_tags(WITHOUT_WORDS)
    return tree.text(separator="")


def cut(text: str, most: int) -> str:
    """At most so many characters, ending at a word and with an ellipsis where something was left out."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    at_word = head.rsplit(" ", 1)[0] if not text[most - 1].isspace() and " " in head[most // 2 :] else head
    return at_word.rstrip(" ,;:-–") + ELLIPSIS
