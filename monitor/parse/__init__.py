"""Bytes of a feed -> entries as the feed gave them, or the name of what is wrong. What a feed holds never raises."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import feedparser

from monitor.domain import Entry, Failure, Feed
from monitor.parse.dates import read_date
from monitor.parse.document import harmless, kind, trim
from monitor.parse.encoding import decode
from monitor.parse.splitting import batches

__all__ = ["MAX_ENTRIES", "parse"]

MAX_ENTRIES = 10_000
"""The newest entries that are kept of one document."""

XML = "<?xml version='1.0' encoding='utf-8'?>\n"
# Broken XML goes through a slow parser; a document of which so much is broken is not read to its end.
BROKEN_EFFORT = 30_000
LONGEST_TITLE = 10_000
LONGEST_SUMMARY = 20_000
LONGEST_ID = 4_000
LONGEST_TTL = timedelta(days=7)
DATES = ("published", "updated", "created")
TAG = re.compile(r"<[^<>]*>")
DETAIL = re.compile(r"<unknown>:\d+:\d+: (.+)")


def parse(body: bytes, headers: Mapping[str, str], url: str) -> Feed:
    """Read a feed of any kind. `headers` are the response's, lower-case; links are made absolute by `url`."""
    text = trim(decode(body, headers.get("content-type", "")))
    if not text.strip():
        return Feed(failure=Failure.EMPTY, detail="the document is empty")
    what, detail = kind(text)
    if what != "feed":
        return Feed(failure=Failure.NOT_A_FEED, detail=detail)
    try:
        return _read(text, headers, url)
    except Exception as error:  # the parser's own breakdowns are the feed's fault, too
        return Feed(failure=Failure.BAD_XML, detail=f"the feed cannot be read ({type(error).__name__})")


def _read(text: str, headers: Mapping[str, str], url: str) -> Feed:
    given = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    if "content-language" in headers:
        given["content-language"] = headers["content-language"]
    entries: list[Entry] = []
    about, wrong, patience = None, None, BROKEN_EFFORT
    for batch in batches(harmless(text)):
        document = _feedparser(batch.text, given)
        about = document.feed if about is None else about
        documents = [document]
        if document.bozo:
            wrong, patience = document.get("bozo_exception"), patience - batch.effort
            documents = [_feedparser(one.text, given) for one in batch.singles()] or documents
        entries += [entry for one in documents for raw in one.entries if (entry := _entry(raw)) is not None]
        if patience < 0:
            break
    feed = Feed(_newest(entries), _ttl(about), _text(about, "language") or None)
    if entries:
        return feed
    if wrong is not None:
        return replace(feed, failure=Failure.BAD_XML, detail=_bozo(wrong))
    return replace(feed, failure=Failure.EMPTY, detail="the feed has no entries")


def _feedparser(text: str, headers: Mapping[str, str]) -> Any:
    # Text is cleaned and cut later, by a faster library; resolving and sanitising here would cost most of the time.
    document = io.BytesIO((XML + text).encode("utf-8", "replace"))
    return feedparser.parse(document, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def _entry(raw: Any) -> Entry | None:
    """One entry, or None where it says nothing at all."""
    url = _text(raw, "feedburner_origlink") or _link(raw)
    title = _text(raw, "title")[:LONGEST_TITLE]
    summary = _summary(raw)[:LONGEST_SUMMARY]
    guid = _text(raw, "id")[:LONGEST_ID] or None
    if not (title or summary or url):
        return None
    publisher = _text(dict.get(raw, "source"), "title")
    return Entry(guid, url or None, title, summary, _published(raw), publisher or None)


def _text(raw: Any, name: str) -> str:
    value = dict.get(raw, name) if isinstance(raw, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _link(raw: Any) -> str:
    """The page that an entry is about: never an attachment, a comment form or a script."""
    links = [link for link in dict.get(raw, "links", []) if link.get("rel", "alternate") == "alternate"]
    pages = [link for link in links if "html" in link.get("type", "text/html")]
    found = [_text(link, "href") for link in pages or links] + [_text(raw, "link")]
    return next((url[:LONGEST_ID] for url in found if url.lower().startswith(("http://", "https://"))), "")


def _summary(raw: Any) -> str:
    """The summary, or where it has no words, the content."""
    candidates = [_text(raw, "summary"), *(_text(part, "value") for part in dict.get(raw, "content", []))]
    return next((text for text in candidates if TAG.sub("", text[:LONGEST_SUMMARY]).strip()), "")


def _published(raw: Any) -> datetime | None:
    for name in DATES:
        moment = read_date(_text(raw, name), dict.get(raw, f"{name}_parsed"))
        if moment is not None:
            return moment
    return None


def _newest(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """At most MAX_ENTRIES in the feed's order. Where a choice must be made, the undated count as the newest."""
    if len(entries) <= MAX_ENTRIES:
        return tuple(entries)
    undated = [index for index, entry in enumerate(entries) if entry.published is None]
    dated = sorted(
        (index for index, entry in enumerate(entries) if entry.published is not None),
        key=lambda index: entries[index].published or datetime.max,
        reverse=True,
    )
    return tuple(entries[index] for index in sorted((undated + dated)[:MAX_ENTRIES]))


def _ttl(feed: Any) -> timedelta | None:
    """The minutes that an RSS feed asks to be left alone, where they make sense."""
    text = _text(feed, "ttl")
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    return min(timedelta(minutes=minutes), LONGEST_TTL) if minutes else None


def _bozo(error: object) -> str:
    found = DETAIL.search(str(error))
    return f"the XML is broken: {found[1] if found else 'not well-formed'}"
