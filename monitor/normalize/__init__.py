"""Entries of a feed -> articles that can be compared: clean text, canonical address, identity, language, time.

Knows nothing of what was seen before.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from monitor.domain import Article, Entry, Feed, Source
from monitor.normalize.addresses import identity_form, open_form
from monitor.normalize.boilerplate import without_boilerplate
from monitor.normalize.clean import cut, plain, visible
from monitor.normalize.language import language
from monitor.text import fingerprint, fold

__all__ = ["articles"]

LONGEST_TITLE = 300
LONGEST_SUMMARY = 1_000
# HTML beyond this is cut before it is read: a summary of 1,000 characters does not begin there.
LONGEST_HTML = 10_000
TITLE_FROM_SUMMARY = 100
LONGEST_KEY = 300
AGGREGATORS = frozenset({"news.google.com", "www.bing.com", "news.yahoo.com"})


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry with its text cleaned and its identity not yet decided."""

    entry: Entry
    title: str
    summary: str
    url: str
    outlet: str
    mark: str

    @property
    def guid(self) -> str:
        """The entry's own identifier without the invisible."""
        return visible(self.entry.guid or "")


def articles(source: Source, feed: Feed, now: datetime, undated: datetime | None = None) -> tuple[Article, ...]:
    """The articles of a feed document in its order; entries without words are left out, repeated ones merged.

    `undated` is the date of entries that have none, `now` by default.
    """
    drafts = [draft for entry in feed.entries if (draft := _draft(source, entry)) is not None]
    shared_guids = _shared((draft.guid, draft.mark) for draft in drafts)
    shared_urls = _shared((identity_form(draft.url), draft.mark) for draft in drafts)
    found: list[Article] = []
    place: dict[str, int] = {}
    for draft in drafts:
        keys = _keys(source, draft, shared_guids, shared_urls)
        known = next((place[key] for key in keys if key in place), None)
        if known is None:
            known = len(found)
            found.append(_article(source, feed, draft, keys, now, undated or now))
        else:
            found[known] = replace(found[known], keys=tuple(dict.fromkeys((*found[known].keys, *keys))))
        place.update(dict.fromkeys(keys, known))
    return tuple(found)


def _draft(source: Source, entry: Entry) -> Draft | None:
    title = plain(entry.title[:LONGEST_HTML])
    summary = without_boilerplate(plain(entry.summary[:LONGEST_HTML]))
    publisher = plain(entry.publisher or "")
    url = open_form(entry.url or "") or open_form(entry.guid or "")
    title, outlet = _publisher(source, url, title, publisher)
    summary = cut(_beyond(title, publisher, summary), LONGEST_SUMMARY)
    title = cut(title or cut(summary, TITLE_FROM_SUMMARY), LONGEST_TITLE)
    if not title:
        return None
    return Draft(entry, title, summary, url, outlet, fingerprint(title))


def _publisher(source: Source, url: str, title: str, publisher: str) -> tuple[str, str]:
    """Title and outlet; an aggregator's entry belongs to its publisher, whose name ends the title."""
    ending = f" - {publisher}"
    if publisher and title.endswith(ending):
        return title.removesuffix(ending).rstrip(), publisher
    if publisher and urlsplit(url).hostname in AGGREGATORS:
        return title, publisher
    return title, source.outlet


def _beyond(title: str, publisher: str, summary: str) -> str:
    """The summary, or nothing if it only repeats the title (and the publisher)."""
    said = fold(summary)
    return "" if said in {fold(title), fold(f"{title} {publisher}"), ""} else summary


def _shared(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The identifiers that stand for more than one title in a document, so that they identify nothing."""
    titles: dict[str, set[str]] = defaultdict(set)
    for identifier, mark in pairs:
        titles[identifier].add(mark)
    return frozenset(identifier for identifier, marks in titles.items() if len(marks) > 1) | {""}


def _keys(source: Source, draft: Draft, guids: frozenset[str], urls: frozenset[str]) -> tuple[str, ...]:
    keys = []
    if draft.guid not in guids:
        keys.append(_short(f"g:{source.name}:{draft.guid}"))
    if (address := identity_form(draft.url)) not in urls:
        keys.append(_short(f"u:{address}"))
    return tuple(keys) or (f"t:{source.name}:{draft.mark}",)


def _short(key: str) -> str:
    """A key of bounded length; a long one ends in a hash of the whole."""
    if len(key) <= LONGEST_KEY:
        return key
    return key[: LONGEST_KEY - 33] + "#" + hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _article(
    source: Source, feed: Feed, draft: Draft, keys: Sequence[str], now: datetime, undated: datetime
) -> Article:
    text = f"{draft.title}\n{draft.summary}"
    return Article(
        keys=tuple(keys),
        source=source.name,
        outlet=draft.outlet,
        camp=source.camp,
        country=source.country,
        url=draft.url or source.url,
        title=draft.title,
        summary=draft.summary,
        lang=language(text, source.lang, feed.lang, source.country),
        published=min(draft.entry.published or undated, now),
        seen=now,
        fingerprint=fingerprint(text),
    )
