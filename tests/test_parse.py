"""Parsing: what is no feed is named, what is broken is used, and nothing that a document holds breaks the program."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import Failure, Feed
from monitor.parse import MAX_ENTRIES, parse
from monitor.parse.dates import read_date
from monitor.parse.encoding import decode

URL = "https://news.example/feed/"
HEAD = "<rss version='2.0'><channel><title>n</title>"
TAIL = "</channel></rss>"


def read(document: str | bytes, **headers: str) -> Feed:
    """Parse a document."""
    body = document.encode() if isinstance(document, str) else document
    return parse(body, {name.replace("_", "-"): value for name, value in headers.items()}, URL)


def rss(*titles: str) -> str:
    """A feed with such titles."""
    return HEAD + "".join(f"<item><title>{title}</title></item>" for title in titles) + TAIL


WRONG = [
    (b"", Failure.EMPTY, "empty"),
    (b" \r\n\t\x00\xef\xbb\xbf", Failure.EMPTY, "empty"),
    (b"<html><title>Access denied</title>", Failure.NOT_A_FEED, "web page, titled 'Access denied'"),
    (b"<!-- x --><!DOCTYPE HTML><p>hi", Failure.NOT_A_FEED, "web page"),
    (b"<body><rss version='2.0'/></body>", Failure.NOT_A_FEED, "web page"),
    (b'{"error": "no"}', Failure.NOT_A_FEED, "JSON"),
    (b"[1]", Failure.NOT_A_FEED, "JSON"),
    (b"Not found", Failure.NOT_A_FEED, "plain text"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", Failure.NOT_A_FEED, "plain text"),
    (b"%PDF-1.7", Failure.NOT_A_FEED, "plain text"),
    (b"<opml version='2.0'><body/></opml>", Failure.NOT_A_FEED, "<opml>"),
    (b"<?xml version='1.0'?><error>no</error>", Failure.NOT_A_FEED, "<error>"),
    (b"<rss version='2.0'><channel></channel></rss>", Failure.EMPTY, "no entries"),
    (b"<rss version='2.0'><channel><item></item></channel></rss>", Failure.EMPTY, "no entries"),
    (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", Failure.EMPTY, "no entries"),
    (b"<rss version='2.0'><channel><title>x", Failure.BAD_XML, "broken"),
    (b"<rss", Failure.BAD_XML, "broken"),
    (b"<feed><a></b></feed>", Failure.BAD_XML, "broken"),
]


@pytest.mark.parametrize(("body", "failure", "words"), WRONG, ids=lambda value: str(value)[:30])
def test_what_gives_no_entries_says_why(body: bytes, failure: Failure, words: str) -> None:
    """A page, other data, an empty feed and broken XML are told apart, each with a sentence."""
    feed = parse(body, {"content-type": "text/html"}, URL)
    assert (feed.failure, feed.entries) == (failure, ())
    assert words in feed.detail


ENCODINGS = [
    ("<a>č</a>".encode(), "", "<a>č</a>"),
    ("<a>č</a>".encode(), "text/xml; charset=iso-8859-1", "<a>č</a>"),
    ("<?xml encoding='windows-1250'?><a>č</a>".encode(), "", "<?xml encoding='windows-1250'?><a>č</a>"),
    ("<?xml encoding='windows-1250'?>č".encode("cp1250"), "", "<?xml encoding='windows-1250'?>č"),
    ("<a>č</a>".encode("cp1250"), "text/xml; charset=windows-1250", "<a>č</a>"),
    ("<a>Привет</a>".encode("cp1251"), "text/xml;charset='Windows-1251'", "<a>Привет</a>"),
    ("<a>“é”</a>".encode("cp1252"), "text/xml; charset=ISO-8859-1", "<a>“é”</a>"),
    ("<?xml encoding='cp1250'?>č".encode("cp1250"), "a; charset=iso-8859-1", "<?xml encoding='cp1250'?>č"),
    ("<a>č</a>".encode("cp1250"), "text/xml; charset=utf-8", "<a>č</a>"),
    ("<a>Привет</a>".encode("cp1251"), "text/xml; charset=nonsense", "<a>Привет</a>"),
    ("<a>č</a>".encode("cp1250"), "text/xml; charset=unicode_escape", "<a>č</a>"),
    ("<a>č</a>".encode("cp1250"), "text/xml; charset=zlib", "<a>č</a>"),
    (b"\xef\xbb\xbf<a/>", "", "<a/>"),
    ("<a>č</a>".encode("utf-16"), "", "<a>č</a>"),
    ("<?xml?>č".encode("utf-16-le"), "", "<?xml?>č"),
    ("<?xml?>č".encode("utf-32-be"), "", "<?xml?>č"),
    (b"\xff\xfe<\x00a\x00>\x00", "", "<a>"),
    ("ž".encode() * 20 + b"\xe8", "", "ž" * 20 + "\ufffd"),
    ("ž".encode() * 20 + b"\xe8\xe8\xe8", "", "ž" * 20 + "\ufffd" * 3),
    (b"a\x00b\x08c\x0bd\x1fe\tf\ng", "", "abcde\tf\ng"),
    ("a\ufffeb\uffffc".encode(), "", "abc"),
]


@pytest.mark.parametrize(("body", "content_type", "text"), ENCODINGS, ids=str)
def test_bytes_are_believed_before_declarations(body: bytes, content_type: str, text: str) -> None:
    """What is UTF-8 is UTF-8, one bad byte spoils itself only, and codecs that are not text are not used."""
    assert decode(body, content_type) == text


NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DATES = [
    ("Tue, 24 Nov 2026 12:00:00 GMT", NOON),
    ("Tue, 24 Nov 2026 12:00:00 UTC", NOON),
    ("Tue, 24 Nov 2026 12:00:00 Z", NOON),
    ("Tue, 24 Nov 2026 12:00:00", NOON),
    ("Tue, 24 Nov 2026 13:00:00 +0100", NOON),
    ("Tue, 24 Nov 2026 13:00:00+0100", NOON),
    ("Tue, 24 Nov 2026 13:00:00 +01:00", NOON),
    ("Tue, 24 Nov 2026 13:00:00 +1", NOON),
    ("Tue, 24 Nov 2026 13:00:00 CET", NOON),
    ("Tue, 24 Nov 2026 14:00:00 CEST", NOON),
    ("Tue, 24 Nov 2026 14:00:00 EET", NOON),
    ("Tue, 24 Nov 2026 15:00:00 MSK", NOON),
    ("Tue, 24 Nov 2026 07:00:00 EST", NOON),
    ("Tue, 24 Nov 2026 06:30:00 -0530", NOON),
    ("Tue, 24 Nov 2026 14:00:00 GMT+2", NOON),
    ("Tue, 24 Nov 2026 14:00:00 GMT+02:00", NOON),
    ("24 Nov 2026 12:00 GMT", NOON),
    ("24 Nov 26 12:00:00 GMT", NOON),
    ("  Tue,  24   Nov 2026\n12:00:00 GMT ", NOON),
    ("24.11.2026. 12:00", NOON),
    ("24.11.2026 12:00:00", NOON),
    ("24/11/2026 12:00", NOON),
    ("24.11.2026", NOON.replace(hour=0)),
    ("Tue, 24 Nov 2026 23:59:60 GMT", datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)),
    ("Mon, 01 Jan 1990 00:00:00 GMT", datetime(1990, 1, 1, tzinfo=UTC)),
    ("Sun, 31 Dec 1989 23:59:59 GMT", None),
    ("Tue, 24 Nov 9999 23:59:59 -1200", None),
    ("Tue, 35 Nov 2026 12:00:00 GMT", None),
    ("Tue, 24 Nov 2026 25:00:00 GMT", None),
    ("31.02.2026 12:00", None),
    ("soon", None),
    ("", None),
    ("9" * 5000, None),
]


@pytest.mark.parametrize(("text", "moment"), DATES, ids=lambda value: str(value)[:40])
def test_dates_are_read_as_people_write_them(text: str, moment: datetime | None) -> None:
    """Zones by name, number or not at all, the region's day-first form; nonsense is None."""
    assert read_date(text, None) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [("2026-11-24T12:00:00", NOON), ("2026-11-24 12:00", NOON), ("2026-11-24T13:00:00+01:00", NOON), ("x", None)],
)
def test_dates_of_atom_are_read(text: str, moment: datetime | None) -> None:
    """ISO 8601 comes through the feed parser; without a zone it is UTC."""
    feed = read(HEAD + f"<item><title>t</title><pubDate>{text}</pubDate></item>" + TAIL)
    assert feed.entries[0].published == moment


@pytest.mark.parametrize(
    ("ttl", "expected"),
    [
        ("60", timedelta(hours=1)),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("99999999", timedelta(days=7)),
        ("²", None),
    ],
)
def test_ttl_is_minutes_that_make_sense(ttl: str, expected: timedelta | None) -> None:
    """A ttl of nothing or nonsense is none; an absurd one is a week."""
    assert read(f"{HEAD}<ttl>{ttl}</ttl><item><title>t</title></item>{TAIL}").ttl == expected


def test_ttl_after_the_entries_counts() -> None:
    """A feed may say what it has to say after its entries."""
    assert read(f"{HEAD}<item><title>t</title></item><ttl>30</ttl>{TAIL}").ttl == timedelta(minutes=30)


def test_the_newest_entries_are_kept_of_a_huge_feed() -> None:
    """Beyond the limit the oldest go, wherever they stand, and the order stays."""
    date = "Tue, 24 Nov 2026 12:00:00 GMT"
    items = [f"<item><title>{n}</title><pubDate>{date}</pubDate></item>" for n in range(MAX_ENTRIES)]
    old = "<item><title>old</title><pubDate>Tue, 24 Nov 2020 12:00:00 GMT</pubDate></item>"
    undated = "<item><title>undated</title></item>"
    feed = read(HEAD + old + undated + "".join(items[:-1]) + TAIL)
    assert len(feed.entries) == MAX_ENTRIES
    assert [entry.title for entry in feed.entries[:2]] == ["undated", "0"]


def test_one_broken_entry_spoils_no_others() -> None:
    """Broken XML in the midst costs at most its own entry."""
    titles = [f"t{n}" for n in range(300)]
    broken = rss(*titles).replace("<title>t150</title>", "<title>t150</titel>")
    found = {entry.title for entry in read(broken).entries}
    assert len(found & set(titles)) == 299


def test_an_absurdly_large_entry_is_left_out() -> None:
    """An entry of megabytes is not worth the others' time."""
    feed = read(rss("before", "x" * 1_100_000, "after"))
    assert [entry.title for entry in feed.entries] == ["before", "after"]


LARGE = 2_000_000
HOSTILE: dict[str, Callable[[], str]] = {
    "angle brackets": lambda: HEAD + "<" * LARGE,
    "open tags": lambda: HEAD + "<a>" * (LARGE // 3),
    "half tags": lambda: HEAD + "<a " * (LARGE // 3),
    "open entries": lambda: HEAD + "<item>" * (LARGE // 6),
    "nested elements": lambda: HEAD + "<item>" + "<description>" * (LARGE // 13),
    "ampersands": lambda: HEAD + "<item><title>" + "&" * LARGE,
    "entities": lambda: HEAD + "<item><title>" + "&x;" * (LARGE // 3),
    "open CDATA": lambda: HEAD + "<![CDATA[" * (LARGE // 9),
    "open comments": lambda: HEAD + "<!--" * (LARGE // 4),
    "declarations": lambda: HEAD + "<!a " * (LARGE // 4),
    "document types": lambda: "<!DOCTYPE " * (LARGE // 10),
    "instructions": lambda: "<?" * (LARGE // 2),
    "attributes": lambda: HEAD + "<item " + " ".join(f'a{n}="b"' for n in range(150_000)) + "/>" + TAIL,
    "namespaces": lambda: "<rss " + " ".join(f'xmlns:a{n}="b"' for n in range(100_000)) + "><channel>" + rss("t"),
    "white space": lambda: " " * LARGE + rss("t"),
    "categories": lambda: HEAD + "<item>" + "<category>c</category>" * 80_000 + "</item>" + TAIL,
    "links": lambda: HEAD + "<item>" + "<link>https://a.example/</link>" * 60_000 + "</item>" + TAIL,
    "broken entries": lambda: HEAD + "<item><title>a<b></title></item>" * 60_000 + TAIL,
    "date": lambda: HEAD + "<item><title>t</title><pubDate>" + "1 " * 400_000 + "</pubDate></item>" + TAIL,
    "author": lambda: HEAD + "<item><title>t</title><author>" + "a@" * 400_000 + "</author></item>" + TAIL,
    "entity bomb": lambda: (
        "<!DOCTYPE x [<!ENTITY a0 'ha'>"
        + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
        + "]>"
        + rss("&a11;")
    ),
    "long entity": lambda: f"<!DOCTYPE x [<!ENTITY a '{'a' * 100_000}'>]>" + rss("&a;" * 40_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_costs_little(name: str) -> None:
    """Megabytes made to be slow take seconds of one processor at the most."""
    document = HOSTILE[name]().encode()
    began = time.process_time()
    read(document)
    assert time.process_time() - began < 15


def test_entities_do_not_expand_and_read_no_files() -> None:
    """An entity that a document defines stays a word in the text."""
    doctype = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/hostname'><!ENTITY y 'yyy'>]>"
    assert read(doctype + rss("a &x; &y; b")).entries[0].title == "a &x; &y; b"


PIECES = st.sampled_from(
    "<rss version='2.0'> <channel> <item> </item> </channel> </rss> <feed xmlns='http://www.w3.org/2005/Atom'> <entry> </entry> "
    "</feed> <title> </title> <link> <link/> <link href='a'/> <guid> </guid> <pubDate> Tue, 24 Nov <description> </description> "
    "<![CDATA[ ]]> <!-- --> <?xml <?xml?> ?> <!DOCTYPE x [ ]> & &amp; &#0; &#x110000; &nbsp; &amp;amp; < > ' \" č ш \x00 <source> "
    "<content:encoded> <media:group> <rdf:RDF <published> <updated> 2026-11-24T10:00:00Z xml:base='http://[' http:// <b> </b>".split(
        " "
    )
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=40).map(lambda parts: "".join(parts).encode())))
def test_parsing_never_raises(body: bytes) -> None:
    """Any bytes give a feed with entries or with a named failure, never both, never neither."""
    for document in (body, (HEAD + "<item><title>t</title>").encode() + body, body + rss("t").encode()):
        feed = read(document)
        assert bool(feed.entries) != bool(feed.failure)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_headers_never_raise(content_type: str, language: str) -> None:
    """Whatever a server says about its document, the document is read."""
    feed = read(rss("t"), content_type=content_type, content_language=language)
    assert [entry.title for entry in feed.entries] == ["t"]
