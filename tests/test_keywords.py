"""Keyword rules: what matches, where a rule's limits end, and what is refused."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.config import KeywordRule, Keywords, load
from monitor.domain import Article, KeywordHit
from monitor.errors import ConfigError
from monitor.keywords import compile_rules

NOW = datetime(2023, 9, 29, 18, 0, tzinfo=UTC)


def article(title: str = "", summary: str = "", **values: Any) -> Article:
    """An article with this text."""
    given = {"lang": "sr-Latn", "source": "N1", "url": "https://a.example/x", "country": "RS"} | values
    return Article(
        keys=("k",), outlet="n1", camp="belgrade", published=NOW, seen=NOW, fingerprint="0" * 16,
        title=title, summary=summary, **given,
    )  # fmt: skip


def hits(rule: dict[str, Any], target: Article, countries: tuple[str, ...] = ("XK",)) -> tuple[KeywordHit, ...]:
    """What one boost rule finds."""
    return compile_rules(Keywords(boost=(KeywordRule(**rule),))).match(target, countries)


@pytest.mark.parametrize(
    ("match", "title", "found"),
    [
        ("razmeštanj*", "Размештање војске", "Размештање"),
        ("razmeštanj*", "Nova razmestanja vojske", "razmestanja"),
        ("përplasj*", "Perplasje ne veri", "Perplasje"),
        ("ai", "Training for paint", None),
        ("razmešt* vojsk*", "Размештање војске Србије", "Размештање војске"),
        ("KFOR", "Kfor-ova patrola", "Kfor"),
        ("barikad*", "BARIKADE na severu", "BARIKADE"),
    ],
)
def test_a_rule_finds_words_in_any_spelling(match: str, title: str, found: str | None) -> None:
    """Case, diacritics and script make no difference; the hit shows the words as they were written."""
    expected = (KeywordHit("boost", match, found, "title", 1.0),) if found else ()
    assert hits({"match": match}, article(title)) == expected


@pytest.mark.parametrize(
    ("languages", "lang", "holds"),
    [
        ((), "sq", True),
        (("sr",), "sr", True),
        (("sr",), "sr-Latn", True),
        (("sr",), "sr-Cyrl", True),
        (("sr-Cyrl",), "sr-Cyrl", True),
        (("sr-Cyrl",), "sr-Latn", False),
        (("sr-Cyrl",), "sr", False),
        (("sr",), "srd", False),
        (("sr",), "SR-latn", True),
        (("sq", "bs"), "bs", True),
        (("sq", "bs"), "hr", False),
    ],
)
def test_languages_match_by_prefix(languages: tuple[str, ...], lang: str, holds: bool) -> None:
    """A rule for `sr` holds for Serbian in either script; one for a script only there."""
    assert bool(hits({"match": "kfor", "languages": languages}, article("KFOR", lang=lang))) is holds


@pytest.mark.parametrize(
    ("wanted", "about", "holds"),
    [
        ((), (), True),
        (("XK",), ("XK",), True),
        (("XK", "RS"), ("RS", "BA"), True),
        (("XK",), ("RS",), False),
        (("XK",), (), False),
    ],
)
def test_countries_are_what_the_article_is_about(wanted: tuple[str, ...], about: tuple[str, ...], holds: bool) -> None:
    """A rule for countries holds where the article is about one of them, wherever it was published."""
    assert bool(hits({"match": "kfor", "countries": wanted}, article("KFOR", country="XK"), about)) is holds


@pytest.mark.parametrize(
    ("sources", "holds"), [((), True), (("N1",), True), (("N1", "B92"), True), (("N1 Serbia",), False)]
)
def test_sources_are_named_exactly(sources: tuple[str, ...], holds: bool) -> None:
    """A rule for sources holds for the feeds of these names."""
    assert bool(hits({"match": "kfor", "sources": sources}, article("KFOR"))) is holds


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "title"),
        ({"fields": ("summary",)}, "summary"),
        ({"fields": ("url",)}, "url"),
        ({"fields": ("summary", "title")}, "title"),
    ],
)
def test_fields_say_where_to_look(fields: dict[str, Any], field: str) -> None:
    """A rule looks into title and summary unless told otherwise, and names the first field that holds its words."""
    target = article("Barikade", "Nove barikade", url="https://a.example/vesti/barikade-12")
    assert [hit.field for hit in hits({"match": "barikade"} | fields, target)] == [field]
    assert not hits({"match": "barikade"} | fields, article("Mir", "mir"))


def test_the_address_is_not_searched_unless_asked() -> None:
    """Words in a link are no match by default."""
    assert not hits({"match": "barikade"}, article("Mir", "mir", url="https://a.example/barikade"))


def test_a_rule_counts_once() -> None:
    """A boost is not multiplied by repetition, and rules come in the order of the file."""
    keywords = Keywords(
        boost=(KeywordRule(match="kfor", weight=1.5), KeywordRule(match="barikad*", weight=-0.5)),
        mute=(KeywordRule(match="košark*"),),
        always=(KeywordRule(match="ratno stanje"),),
        require=(KeywordRule(match="kosov*"),),
    )
    found = compile_rules(keywords).match(
        article("Barikade i KFOR, KFOR", "Kosovo, barikade, ratno stanje, košarka"), ()
    )
    assert [(hit.list, hit.match, hit.weight) for hit in found] == [
        ("boost", "kfor", 1.5),
        ("boost", "barikad*", -0.5),
        ("mute", "košark*", 0.0),
        ("always", "ratno stanje", 0.0),
        ("require", "kosov*", 0.0),
    ]


def test_has_require() -> None:
    """Whether anything is required is known without an article."""
    assert not compile_rules(Keywords(boost=(KeywordRule(match="kfor"),))).has_require
    assert compile_rules(Keywords(require=(KeywordRule(match="kfor"),))).has_require


def test_no_rules_match_nothing() -> None:
    """An empty file is valid."""
    assert compile_rules(Keywords()).match(article("KFOR"), ("XK",)) == ()


@pytest.mark.parametrize("match", ["", "*", "?!", "a*", "kosovo *", "ra*nj", "ь", "ь*"])
def test_a_rule_that_matches_nothing_or_everything_is_refused(match: str) -> None:
    """The mistake names the list, the position and the match."""
    rules = (KeywordRule(match="kfor"), KeywordRule.model_construct(match=match, fields=("title",)))
    with pytest.raises(ConfigError, match=r"mute\[1\]\.match: expected .*found") as error:
        compile_rules(Keywords.model_construct(boost=(), always=(), require=(), mute=rules))
    assert f"'{match}'" in str(error.value)


SHIPPED = Path(__file__).parent.parent / "config"


@pytest.mark.parametrize(
    ("lang", "title", "sign"),
    [
        ("en", "Serbia raises combat readiness of its army near Kosovo", 1),
        ("sr-Cyrl", "Подигнута борбена готовост Војске Србије", 1),
        ("sr-Latn", "Postavljene barikade na severu Kosova", 1),
        ("sq", "Barrikada të reja në veri", 1),
        ("sq", "Serbia ngriti gatishmërinë luftarake", 1),
        ("mk", "Подигната борбена готовност на границата", 1),
        ("ru", "Сербская армия приведена в состояние боевой готовности", 1),
        ("en", "Serbia v Albania: World Cup qualifier preview", -1),
        ("sr-Latn", "Srbija - Albanija, kvalifikacije za Mundijal", -1),
        ("en", "Kosovo central bank raises rates", 0),
        ("sr-Latn", "Vlada usvojila budžet", 0),
    ],
)
def test_the_shipped_rules_do_what_they_say(lang: str, title: str, sign: int) -> None:
    """The starter raises the region's words for escalation, lowers those of sport, and leaves ordinary news alone."""
    found = compile_rules(load(SHIPPED, {}).keywords).match(article(title, lang=lang), ("XK", "RS"))
    total = sum(hit.weight for hit in found)
    assert (total > 0) - (total < 0) == sign
    assert all(hit.list == "boost" for hit in found)


def test_a_horoscope_is_muted() -> None:
    """The starter mutes what is never news."""
    found = compile_rules(load(SHIPPED, {}).keywords).match(article("Дневни хороскоп", lang="sr-Cyrl"), ())
    assert [hit.list for hit in found] == ["mute"]
