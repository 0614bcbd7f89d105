"""Subscription lists in OPML: sources to a document, and a document to sources. Reads and writes no file."""

from collections.abc import Iterable
from xml.etree import ElementTree

import listparser

from monitor.domain import Source
from monitor.errors import InputError


def parse_opml(text: str) -> list[Source]:
    """The feeds of an OPML document, in its order, each address once; names are made unique.

    Raises InputError where there is no feed in it.
    """
    found = listparser.parse(text).get("feeds", [])
    sources: dict[str, Source] = {}
    names: set[str] = set()
    for feed in found:
        url = feed["url"].strip()
        name = _unique((feed.get("title") or url).strip()[:90], names)
        if url not in sources:
            names.add(name)
            sources[url] = Source(name=name, url=url)
    if not sources:
        raise InputError("no feed in this OPML document; expected outline elements with xmlUrl")
    return list(sources.values())


def write_opml(sources: Iterable[Source]) -> str:
    """An OPML 2.0 document of the sources, grouped by country."""
    root = ElementTree.Element("opml", version="2.0")
    ElementTree.SubElement(ElementTree.SubElement(root, "head"), "title").text = "balkan-monitor sources"
    body = ElementTree.SubElement(root, "body")
    groups: dict[str, ElementTree.Element] = {}
    for source in sources:
        country = source.country or "international"
        if country not in groups:
            groups[country] = ElementTree.SubElement(body, "outline", text=country, title=country)
        attributes = {"type": "rss", "text": source.name, "title": source.name, "xmlUrl": source.url}
        if source.lang:
            attributes["language"] = source.lang
        ElementTree.SubElement(groups[country], "outline", attributes)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name} ({number})", number + 1
    return candidate
