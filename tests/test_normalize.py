"""Normalising: clean text, canonical addresses, identities, languages, times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import Article, Entry, Feed, Source
from monitor.normalize import articles
from monitor.normalize.addresses import identity_form, open_form
from monitor.normalize.boilerplate import without_boilerplate
from monitor.normalize.clean import cut, plain
from monitor.normalize.language import language

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOURCE = Source("Danas", "https://danas.example/feed/", lang="sr", country="RS", camp="belgrade", outlet="danas")


def entry(
    title: str = "Title", summary: str = "", url: str | None = None, guid: str | None = None, **more: object
) -> Entry:
    """An entry of which only the given matters."""
    return Entry(guid, url, title, summary, more.get("published"), more.get("publisher"))  # type: ignore[arg-type]


def only(one: Entry, source: Source = SOURCE) -> Article:
    """The article of a feed with one entry."""
    (article,) = articles(source, Feed(entries=(one,)), NOW)
    return article


TEXTS = [
    ("plain", "plain"),
    ("  a \n b\t c\xa0d ", "a b c d"),
    ("<b>K</b>osovo", "Kosovo"),
    ("<p>One.</p><p>Two.</p>Three<br/>four", "One. Two. Three four"),
    ("<ul><li>a</li><li>b</li></ul>", "a b"),
    ("a &amp; b", "a & b"),
    ("a &amp;amp; b", "a & b"),
    ("a &amp;amp;amp; b", "a & b"),
    ("&lt;p&gt;a&lt;/p&gt;", "a"),
    ("&amp;lt;b&amp;gt;a&amp;lt;/b&amp;gt;", "a"),
    ("<script>alert(1)</script>a", "a"),
    ("&lt;script&gt;alert(1)&lt;/script&gt;a", "a"),
    ("<style>p{}</style><noscript>n</noscript>a<!-- c -->", "a"),
    ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
    ("AT&T, Q&A", "AT&T, Q&A"),
    ("\u202eabc\u202c\u200f\u200b\ufeff\u00ad\u2066d", "abcd"),
    ("a\x00\x07\x1bb", "ab"),
    ("c\u030c", "č"),
    ("<<<>>>", "<<<>>>"),
    ("<img src=x>", ""),
    ("", ""),
]


@pytest.mark.parametrize(("html", "text"), TEXTS, ids=lambda value: repr(value)[:40])
def test_text_is_clean(html: str, text: str) -> None:
    """No tags, no scripts, no entities however often escaped, no invisible characters; words of blocks stay apart."""
    assert plain(html) == text


BOILERPLATE = [
    ("Text. The post Title appeared first on Outlet.", "Text."),
    ("The post Title appeared first on Outlet.rs.", ""),
    ("Text [...] The post A. B! C? appeared first on N1 Info.", "Text"),
    ("Text. This article was first published on Outlet.", "Text."),
    ("Tekst. Objava Naslov pojavila se prvi puta na Portalu.", "Tekst."),
    ("Текст. Чланак Наслов се појавио прво на Порталу.", "Текст."),
    ("Teksti. Postimi Titulli u shfaq së pari në Portal.", "Teksti."),
    ("Text. Der Beitrag Titel erschien zuerst auf Zeitung.", "Text."),
    ("Texte. L’article Titre est apparu en premier sur Journal.", "Texte."),
    ("Text. Read more", "Text."),
    ("Text… Continue reading →", "Text"),
    ("Text [Read more...]", "Text"),
    ("Tekst. Opširnije", "Tekst."),
    ("Tekst... Opsirnije »", "Tekst"),
    ("Tekst. Pročitajte još", "Tekst."),
    ("Текст. Опширније", "Текст."),
    ("Текст. Повеќе", "Текст."),
    ("Teksti. Lexo më shumë", "Teksti."),
    ("Teksti… Lexo me shume...", "Teksti"),
    ("Text [...]", "Text"),
    ("Text [&hellip;]".replace("&hellip;", "…"), "Text"),
    ("Text (...)", "Text"),
    ("Text...", "Text"),
    ("Text…", "Text"),
    ("Read more", ""),
    ("Vojska traži više", "Vojska traži više"),
    ("They want to read more", "They want to read more"),
    (
        "The post office was closed. Police first appeared on Monday.",
        "The post office was closed. Police first appeared on Monday.",
    ),
    ("Text.", "Text."),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), BOILERPLATE)
def test_boilerplate_goes_and_words_stay(text: str, expected: str) -> None:
    """Endings that a site adds to each summary are removed, sentences that only resemble them are not."""
    assert without_boilerplate(text) == expected


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("one two", 7, "one two"),
        ("one two three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two, three", 9, "one two…"),
        ("a" * 50, 10, "a" * 9 + "…"),
    ],
)
def test_long_text_ends_at_a_word(text: str, most: int, expected: str) -> None:
    """A cut is marked, is at a word where there is one, and is never longer than allowed."""
    assert cut(text, most) == expected


ADDRESSES = [
    ("https://a.example/x", "https://a.example/x", "a.example/x"),
    ("https://a.example/x/", "https://a.example/x/", "a.example/x"),
    ("http://www.a.example/x", "http://www.a.example/x", "a.example/x"),
    ("HTTPS://WWW.A.example:443/x", "https://www.a.example/x", "a.example/x"),
    ("https://a.example", "https://a.example/", "a.example"),
    ("https://a.example/x#comments", "https://a.example/x", "a.example/x"),
    ("https://a.example/x?utm_source=r&utm_medium=s&id=1", "https://a.example/x?id=1", "a.example/x?id=1"),
    ("https://a.example/x?fbclid=1", "https://a.example/x", "a.example/x"),
    ("https://a.example/x?gclid=1&at_medium=RSS&at_campaign=KARANGA", "https://a.example/x", "a.example/x"),
    ("https://a.example/x?ref=rss&from=rss_feed", "https://a.example/x", "a.example/x"),
    ("https://a.example/x?from=belgrade", "https://a.example/x?from=belgrade", "a.example/x?from=belgrade"),
    ("https://a.example/x?b=2&a=1", "https://a.example/x?b=2&a=1", "a.example/x?a=1&b=2"),
    ("https://a.example/?p=77", "https://a.example/?p=77", "a.example?p=77"),
    ("https://a.example/č", "https://a.example/%C4%8D", "a.example/%C4%8D"),
    ("https://a.example/%c4%8d", "https://a.example/%C4%8D", "a.example/%C4%8D"),
    ("https://a.example/a/../b", "https://a.example/b", "a.example/b"),
    ("https://a.example:8080/x", "https://a.example:8080/x", "a.example:8080/x"),
    ("https://me:pw@a.example/x", "https://me:pw@a.example/x", "a.example/x"),
    ("  https://a.example/x ", "https://a.example/x", "a.example/x"),
    ("javascript:alert(1)", "", ""),
    ("ftp://a.example/x", "", ""),
    ("/x", "", ""),
    ("https://[", "", ""),
    ("https:///x", "", ""),
    ("", "", ""),
]


@pytest.mark.parametrize(("url", "opened", "identity"), ADDRESSES)
def test_addresses_are_canonical(url: str, opened: str, identity: str) -> None:
    """Tracking and fragments go; for identity also the scheme, www, the last slash and the order of parameters."""
    assert open_form(url) == opened
    assert identity_form(opened) == identity


LANGUAGES = [
    ("Vojska Srbije je na granici", "sr", None, None, "sr-Latn"),
    ("Војска Србије је на граници", "sr", None, None, "sr-Cyrl"),
    ("Војска Србије је на граници", "sr-Latn", None, None, "sr-Cyrl"),
    ("Vojska Srbije je na granici", "sr-Cyrl", None, None, "sr-Latn"),
    ("Војска је на граници", "cnr", None, None, "cnr-Cyrl"),
    ("Vojska je na granici", "cnr", None, None, "cnr"),
    ("Vojska je na granici", "bs", None, None, "bs"),
    ("Vojska je na granici", "hr", None, None, "hr"),
    ("Ushtria është në kufi", "sq", None, None, "sq"),
    ("Ushtria është në kufi", None, None, None, "sq"),
    ("The army stays at the border, the minister said on Monday", None, None, None, "en"),
    ("The army stays at the border", "en-GB", None, None, "en"),
    ("Војската е на границата, рече министерот и ќе остане", None, None, None, "mk"),
    ("Војска Србије остаје на граници, каже министар Вучевић", None, None, None, "sr-Cyrl"),
    ("Армия остаётся на границе, заявил министр обороны", None, None, None, "ru"),
    ("Армията остава на границата, съобщи министърът", None, None, None, "bg"),
    ("Ο στρατός παραμένει στα σύνορα", None, None, None, "el"),
    ("Die Armee bleibt an der Grenze, sagte der Minister am Montag", None, None, None, "de"),
    ("Vojska ostaje na granici, rekao je ministar odbrane u ponedeljak", None, None, "RS", "sr-Latn"),
    ("Vojska ostaje na granici, rekao je ministar obrane u ponedjeljak", None, None, "HR", "hr"),
    ("Vojska ostaje na granici, rekao je ministar odbrane u ponedjeljak", None, None, "BA", "bs"),
    ("Vojska ostaje na granici, rekao je ministar odbrane u ponedjeljak", None, "bs-BA", "RS", "bs"),
    ("Vojska ostaje na granici, rekao je ministar odbrane u ponedeljak", None, "en-US", None, "sr-Latn"),
    ("Војската е на границата, рече министерот и ќе остане", "en", "en-US", None, "mk"),
    ("12:30", "sq", None, None, "sq"),
    ("12:30", None, "sq", None, "sq"),
    ("Russia deploys tanks near Kharkiv", None, None, None, "en"),
    ("Kosovo central bank raises rates", None, None, None, "en"),
    ("Kosovo central bank raises rates", None, "sq", None, "sq"),
    ("KFOR on alert", None, None, None, "en"),
    ("EULEX reconnaissance patrol attacked with stun grenade near Leposavić", None, None, None, "en"),
    ("Vojska Srbije u pripravnosti", None, None, None, "sr-Latn"),
    ("Napad kod Banjske", None, None, "BA", "bs"),
    ("Regeringen i Norge sier at styrkene skal forlate landet i løpet av sommeren, melder NRK", None, None, None, "no"),
    ("12:30", None, None, None, "und"),
    ("军队", None, "zh-CN", None, "zh"),
    ("军队", None, None, None, "und"),
    ("", None, None, None, "und"),
]


@pytest.mark.parametrize(("text", "configured", "declared", "country", "tag"), LANGUAGES)
def test_the_language_is_the_sources_and_the_script_is_the_texts(
    text: str, configured: str | None, declared: str | None, country: str | None, tag: str
) -> None:
    """Configuration is believed where the script agrees; the script always comes from the text itself."""
    assert language(text, configured, declared, country) == tag


def test_an_article_carries_its_source() -> None:
    """What is configured for a source stands in each of its articles."""
    article = only(entry("Naslov vesti", "Tekst vesti.", "https://danas.example/1?utm_source=x", "id-1", published=NOW))
    assert article == Article(
        keys=("g:Danas:id-1", "u:danas.example/1"),
        source="Danas",
        outlet="danas",
        camp="belgrade",
        country="RS",
        url="https://danas.example/1",
        title="Naslov vesti",
        summary="Tekst vesti.",
        lang="sr-Latn",
        published=NOW,
        seen=NOW,
        fingerprint=article.fingerprint,
    )


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (NOW - timedelta(hours=1), NOW - timedelta(hours=1)),
        (NOW, NOW),
        (NOW + timedelta(seconds=1), NOW),
        (NOW + timedelta(days=9999), NOW),
        (None, NOW),
    ],
)
def test_nothing_is_published_in_the_future(published: datetime | None, expected: datetime) -> None:
    """A date to come and a missing date are now."""
    assert only(entry(published=published)).published == expected


def test_text_is_bounded() -> None:
    """However long, a title has at most 300 characters and a summary 1,000."""
    article = only(entry("word " * 5000, "<p>" + "reč " * 50_000))
    assert 250 < len(article.title) <= 300
    assert 900 < len(article.summary) <= 1000
    assert len(only(entry("x" * 5000)).title) == 300


def test_an_entry_without_title_is_called_by_its_first_words() -> None:
    """The title then is the beginning of the summary; without either there is no article."""
    article = only(entry("<b> </b>", "<p>" + "Policija je saopštila da je prelaz zatvoren. " * 5))
    assert article.title.startswith("Policija je saopštila")
    assert len(article.title) <= 100
    assert articles(SOURCE, Feed(entries=(entry("", ""), entry("\u200b", "<img>"))), NOW) == ()


@pytest.mark.parametrize(
    ("title", "url", "publisher", "expected"),
    [
        ("A b - Koha", "https://news.google.com/rss/articles/1", "Koha", ("A b", "Koha")),
        ("A - b - Koha", "https://elsewhere.example/1", "Koha", ("A - b", "Koha")),
        ("A b", "https://news.google.com/rss/articles/1", "Koha", ("A b", "Koha")),
        ("A b", "https://danas.example/1", "Beta", ("A b", "danas")),
        ("A b - Koha", "https://danas.example/1", None, ("A b - Koha", "danas")),
    ],
)
def test_an_aggregators_entry_belongs_to_its_publisher(
    title: str, url: str, publisher: str | None, expected: tuple[str, str]
) -> None:
    """The outlet of Google News is the publisher, and its name does not stay in the title."""
    article = only(entry(title, "", url, publisher=publisher))
    assert (article.title, article.outlet) == expected


def test_a_summary_that_repeats_the_title_is_none() -> None:
    """The classifier reads each word once."""
    assert only(entry("Vojska na granici", "<a href='x'>ВОЈСКА на граници</a>")).summary == ""
    assert only(entry("A b - Koha", "A b&nbsp;&nbsp;Koha", publisher="Koha")).summary == ""


def keys(*entries: Entry) -> list[tuple[str, ...]]:
    """The identities of a document's articles."""
    return [article.keys for article in articles(SOURCE, Feed(entries=entries), NOW)]


A, B = "https://a.example/1", "https://a.example/2"


def test_guid_and_address_identify() -> None:
    """Either is enough to recognise an article later."""
    assert keys(entry("x", guid="1", url=A)) == [("g:Danas:1", "u:a.example/1")]
    assert keys(entry("x", guid="1")) == [("g:Danas:1",)]
    assert keys(entry("x", url=A)) == [("u:a.example/1",)]


def test_what_several_entries_share_identifies_none() -> None:
    """A GUID or an address that stands for different titles in one document is no identity."""
    assert keys(entry("x", guid="1", url=A), entry("y", guid="1", url=B)) == [("u:a.example/1",), ("u:a.example/2",)]
    assert keys(entry("x", guid="1", url=A), entry("y", guid="2", url=A)) == [("g:Danas:1",), ("g:Danas:2",)]
    first, second = keys(entry("x", guid="1", url=A), entry("y", guid="1", url=A))
    assert first[0].startswith("t:Danas:")
    assert second[0].startswith("t:Danas:")
    assert first != second


def test_a_repeated_entry_is_one_article() -> None:
    """The same title under the same address or GUID is the same article, with all its keys."""
    assert keys(entry("x", guid="1", url=A), entry("x", guid="2", url=A)) == [
        ("g:Danas:1", "u:a.example/1", "g:Danas:2")
    ]
    assert keys(entry("x", guid="1", url=A), entry("x", guid="1", url=A)) == [("g:Danas:1", "u:a.example/1")]
    assert len(keys(entry("x", url=A), entry("x", url=B))) == 2


def test_an_entry_without_identity_is_known_by_its_title() -> None:
    """The same title in another script is the same; another title is not."""
    latin, cyrillic, other = keys(entry("Vojska")), keys(entry("Војска")), keys(entry("Policija"))
    assert latin == cyrillic
    assert latin != other


def test_keys_are_bounded() -> None:
    """A GUID of thousands of characters gives a short key, and different ones different keys."""
    first, second = keys(entry("x", guid="g" * 3000), entry("y", guid="g" * 3000 + "2"))
    assert max(len(first[0]), len(second[0])) <= 300
    assert first != second


def test_an_edit_keeps_the_identity_and_changes_the_fingerprint() -> None:
    """A new title under the same GUID has the same key; only a change of words changes the fingerprint."""
    before, spelled, after = (
        only(entry("Vojska", guid="1")),
        only(entry("VOJSKA!", guid="1")),
        only(entry("Mir", guid="1")),
    )
    assert before.keys == spelled.keys == after.keys
    assert before.fingerprint == spelled.fingerprint != after.fingerprint


TEXT = st.text(max_size=60)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.builds(Entry, st.none() | TEXT, st.none() | TEXT, TEXT, TEXT, st.none(), st.none() | TEXT), max_size=6)
)
def test_normalising_never_raises(entries: list[Entry]) -> None:
    """Any entries give articles with clean bounded text, of which no two share a key."""
    found = articles(Source("s", "https://s.example/"), Feed(entries=tuple(entries)), NOW)
    every = [key for article in found for key in article.keys]
    assert len(every) == len(set(every))
    for article in found:
        assert article.keys
        assert article.title
        assert article.title.isprintable()
        assert article.title == article.title.strip()
