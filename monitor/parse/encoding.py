"""Bytes of a feed -> text that XML allows. Trusts the bytes first and what is declared second."""

import codecs
import re

MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    ("<?".encode("utf-32-le"), "utf-32-le"),
    ("<?".encode("utf-32-be"), "utf-32-be"),
    ("<?".encode("utf-16-le"), "utf-16-le"),
    ("<?".encode("utf-16-be"), "utf-16-be"),
)
DECLARED = re.compile(rb"^[\s\xef\xbb\xbf]*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]{2,30})")
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,30})", re.IGNORECASE)
# Codecs for text only: others, such as 'idna' or 'unicode_escape', would do strange or slow things to a document.
TEXT_CODECS = re.compile(r"(iso|cp|windows|koi|mac|latin|gb|big5|euc|shift|tis|kz|ptcp|hp|utf|ascii|johab|hz)[\w-]*")
# What a declaration says, and what such documents hold in fact.
IN_FACT = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030"}
BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def decode(body: bytes, content_type: str) -> str:
    """The text of a document, without characters that XML forbids; never fails."""
    return NOT_XML.sub("", _decode(body, content_type)).lstrip("\ufeff \t\r\n")


def _decode(body: bytes, content_type: str) -> str:
    for mark, name in MARKS:
        if body.startswith(mark) and name != "utf-8":
            return body.decode(name, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = body.decode("utf-8", "replace")
    # One bad byte must not turn the whole feed into another code page, whatever is declared. In text of an old code
    # page hardly any bytes beyond ASCII happen to be UTF-8.
    bad = text.count("\ufffd")
    if bad <= sum(1 for character in text if character > "\x7f") - bad:
        return text
    return body.decode(_declared(body, content_type) or _guessed(body), "replace")


def _declared(body: bytes, content_type: str) -> str | None:
    """The declared encoding other than UTF-8; the document's before the server's, which is often a mere default."""
    in_document = DECLARED.match(body[:500])
    in_header = CHARSET.search(content_type)
    names = [in_document[1].decode("ascii", "replace")] if in_document else []
    names += [in_header[1]] if in_header else []
    for name in names:
        try:
            codec = codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
        if TEXT_CODECS.fullmatch(codec) and codec != "utf-8":
            return IN_FACT.get(codec, codec)
    return None


def _guessed(body: bytes) -> str:
    """One of the region's old Windows code pages: whole words beyond ASCII are Cyrillic, single letters Latin."""
    runs = [len(run) for run in BEYOND_ASCII.findall(body)]
    return "cp1251" if sum(runs) > 2 * len(runs) else "cp1250"
