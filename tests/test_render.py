"""What an alert says, and that it can be sent whatever a feed wrote."""

from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import NOW, article, score, story
from telegram_html import parse_html

from monitor import render
from monitor.domain import (
    Decision,
    EventType,
    Headline,
    Judged,
    KeywordHit,
    Mark,
    PlaceHit,
    Reason,
    Severity,
    Text,
    Told,
    Voice,
)

BELGRADE = render.Reader(ZoneInfo("Europe/Belgrade"))
FIRST = Decision(True, Reason.FIRST)
BASE = story().centroid


def rendered(decision: Decision = FIRST, about: Any = None, judged: Any = None, **changes: Any) -> Text:
    """The alert on an article with changes."""
    return render.render(about or story(), Judged(article(**changes), judged or score(), BASE), decision, BELGRADE)


def test_an_alert_reads_well() -> None:
    """Severity, types, places, title, a sentence, who, when, link and why, in that order."""
    told = story(outlets=("glas.example", "Zora", "Koha <24>"), types=(EventType.DEPLOYMENT, EventType.WITHDRAWAL_CALL))
    text = rendered(about=told, title="US <calls> on Serbia & others")
    assert text.html.splitlines() == [
        "🟠 <b>SERIOUS</b> · deployment, call to withdraw",
        "🇽🇰 Kosovo · 🇷🇸 Serbia",
        "<b>US &lt;calls&gt; on Serbia &amp; others</b>",
        "Columns of vehicles were seen on the road on Friday evening.",
        "3 outlets: Belgrade",
        '<a href="https://glas.example/1">glas.example</a>, Zora, Koha &lt;24&gt; · 29 Sep 2023, 18:35 CEST',
        "<i>Why: first report; relevance 0.97 (model 0.93); boost “razmeštanj*” found “Размештање”; places: Raška</i>",
    ]
    assert text.plain.splitlines() == [
        "🟠 SERIOUS · deployment, call to withdraw",
        "🇽🇰 Kosovo · 🇷🇸 Serbia",
        "US <calls> on Serbia & others",
        "Columns of vehicles were seen on the road on Friday evening.",
        "3 outlets: Belgrade",
        "glas.example, Zora, Koha <24> · 29 Sep 2023, 18:35 CEST",
        "https://glas.example/1",
        "Why: first report; relevance 0.97 (model 0.93); boost “razmeštanj*” found “Размештање”; places: Raška",
    ]


def test_what_is_missing_leaves_no_empty_line() -> None:
    """An article that an `always` rule sent may have no types, places, summary or link."""
    bare = score(severity=Severity.NONE, types=(), countries=(), keywords=(), places=(), model=0.97)
    told = story(severity=Severity.NONE, types=(), countries=())
    text = rendered(Decision(True, Reason.ALWAYS), told, bare, summary="", url="javascript:alert(1)", outlet="")
    assert text.html.splitlines() == [
        "⚪ NOTE",
        "Army units near Raška, report 1",
        "source · 29 Sep 2023, 18:35 CEST",
        "<i>Why: a rule always alerts; relevance 0.97</i>",
    ]


@pytest.mark.parametrize(
    ("severity", "mark"), [(1, "🔵 WATCH"), (2, "🟡 TENSION"), (3, "🟠 SERIOUS"), (4, "🔴 CRITICAL")]
)
def test_each_severity_has_its_mark(severity: int, mark: str) -> None:
    """The first thing on the first line."""
    judged = score(severity=Severity(severity))
    assert rendered(about=story(severity=Severity(severity)), judged=judged).plain.startswith(mark + " · ")


def test_many_outlets_are_counted() -> None:
    """Five by name, the rest as a number."""
    told = story(outlets=("glas.example", *(f"outlet {n}" for n in range(7))))
    assert "glas.example, outlet 0, outlet 1, outlet 2, outlet 3 and 3 more · " in rendered(about=told).plain


@pytest.mark.parametrize(
    ("at", "zone", "shown"),
    [
        (NOW, "Europe/Belgrade", "29 Sep 2023, 18:40 CEST"),
        (datetime(2023, 12, 31, 23, 30, tzinfo=UTC), "Europe/Belgrade", "1 Jan 2024, 00:30 CET"),
        (datetime(2023, 10, 29, 0, 59, tzinfo=UTC), "Europe/Belgrade", "29 Oct 2023, 02:59 CEST"),
        (datetime(2023, 10, 29, 1, 0, tzinfo=UTC), "Europe/Belgrade", "29 Oct 2023, 02:00 CET"),
        (NOW, "UTC", "29 Sep 2023, 16:40 UTC"),
    ],
)
def test_times_are_in_the_readers_zone(at: datetime, zone: str, shown: str) -> None:
    """With the zone's name, so that the hour that comes twice is told apart."""
    assert render.moment(at, render.Reader(ZoneInfo(zone))) == shown


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("twelve chars", 12, "twelve chars"),
        ("twelve chars", 11, "twelve…"),
        ("abcdefghij", 5, "abcd…"),
        ("😀😀😀", 6, "😀😀😀"),
        ("😀😀😀", 5, "😀😀…"),
        ("😀😀😀", 4, "😀…"),
        ("ab" + "e\u0301" * 3, 6, "abe\u0301…"),
        ("👨\u200d👩\u200d👧 x", 6, "…"),
        ("ok 👨\u200d👩\u200d👧", 8, "ok…"),
        ("a" * 50 + " b", 51, "a" * 50 + "…"),
        ("", 5, ""),
    ],
)
def test_text_is_cut_between_words_and_characters(text: str, limit: int, cut: str) -> None:
    """Never through a pair of surrogates, an accent or an emoji."""
    assert render.clip(text, limit) == cut


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  two\n\tlines\u2028and\xa0more ", "two lines and more"),
        ("abc\u202edef\u2066g\u200f", "abcdefg"),
        ("nul\0 bell\x07 esc\x1b[31m", "nul bell esc[31m"),
        ("half \ud83d pair", "half pair"),
        ("A\u030angstro\u0308m a\u0333b\u033f x\u030a", "Ångström ab x"),
        ("\ufeffbom soft\u00adhyphen \U000e0041tag", "bom softhyphen tag"),
        ("Размештање përplasje 👨\u200d👩", "Размештање përplasje 👨\u200d👩"),
    ],
)
def test_text_is_cleaned(text: str, kept: str) -> None:
    """Of what is invisible, turns the direction, controls a terminal or cannot be encoded; not of letters."""
    assert render.clean(text) == kept


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        ("Title. The army moved its units toward the border on Friday night. More follows.",
         "The army moved its units toward the border on Friday night."),
        ("Short. Then a second sentence which makes it long enough to stop there. Third.",
         "Short. Then a second sentence which makes it long enough to stop there."),
        ("The U.S. troops, said gen. Ilić, moved 3.5 km toward the border, and stopped there at 5 p.m. local time",
         "The U.S. troops, said gen. Ilić, moved 3.5 km toward the border, and stopped there at 5 p.m. local time"),
        ("Војска је кренула према граници са тешким наоружањем у петак. „Не повлачимо се.“",
         "Војска је кренула према граници са тешким наоружањем у петак."),
        ("Title", ""),
        ("", ""),
        ("x" * 500, "x" * 399 + "…"),
    ],
)  # fmt: skip
def test_one_sentence_of_the_summary(summary: str, shown: str) -> None:
    """The first that says something, without the title again."""
    assert render.sentence(summary, "Title") == shown


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://glas.example/a?b=1&c=“x”", True),
        ("http://xn--e1afmkfd.example", True),
        ("ftp://glas.example/", False),
        ("javascript:alert(1)", False),
        ("https:///no-host", False),
        ("https://[bad", False),
        ("https://glas.example/a b", False),
        ("https://glas.example/\u202egpj", False),
        ("https://glas.example/\ud800", False),
        ("https://g.example/" + "x" * (1500 - 18), True),
        ("https://g.example/" + "x" * (1501 - 18), False),
        ("", False),
    ],
)
def test_only_web_addresses_are_linked(url: str, good: bool) -> None:
    """A message never links to anything else."""
    assert render.link(url) == (url if good else "")
    assert ("<a " in rendered(url=url).html) is good


def test_the_longest_messages_fit() -> None:
    """With every part at its longest, a message stays within Telegram's limit, in both forms and every language."""
    long = "ш😀" * 3000
    hits = tuple(KeywordHit("boost", long, long, "title", 1.0) for _ in range(30))
    places = tuple(PlaceHit("BA", f"{n}{long}", f"{n}{long}", "title", "town") for n in range(30))
    judged = score(keywords=hits, places=places, types=tuple(EventType))
    names = [f"{n}{long}" for n in range(63)]
    about = story(
        outlets=tuple(names), types=tuple(EventType), countries=("BA",) * 30, camps=tuple(names), voices=voices(*names)
    )
    url = "https://g.example/" + "ш" * (1500 - 18)
    told = Judged(article(title=long, summary=long, outlet=long, camp=long, url=url), judged, BASE)
    for language in render.LANGUAGES:
        reader = render.Reader(BELGRADE.zone, language)
        alert = render.render(about, told, FIRST, reader, Headline(long, url, long))
        news = render.update(about, told, Told(Severity.NONE), set(Mark), reader)
        morning = render.summary([(about, told)] * 99, reader)
        for text, least in ((alert, 3000), (news, 2000), (morning, 3000)):
            assert render.units(parse_html(text.html).text) < render.LIMIT
            assert least < render.units(text.plain) <= render.LIMIT


anything = st.text(st.characters(), max_size=600)
nasty = st.lists(
    st.sampled_from(
        ["<b>", "</b>", "&", "&amp;", "&#39;", "<a href='", '"', "'", ">", "<script>", "\0", "\u202e", "😀"]
    )
    | st.sampled_from(["\ud83d", "\ude00", "e\u0301", "\u200d", "https://x.example/", " ", "\n", "Title. "])
    | anything,
    max_size=30,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_text_makes_a_valid_message(data: st.DataObject) -> None:
    """Whatever is in titles, summary, outlets, addresses, camps and hits, Telegram would take it, and show the title."""
    title, summary, outlet, url, found = (data.draw(nasty) for _ in range(5))
    severity = data.draw(st.sampled_from(Severity))
    reader = render.Reader(BELGRADE.zone, data.draw(st.sampled_from(list(render.LANGUAGES))))
    hits = (KeywordHit("boost", found, outlet, "title", 1.0),)
    judged = score(keywords=hits, places=(PlaceHit("XK", found, summary, "title", "town"),), severity=severity)
    about = story(outlets=(outlet, summary, title), severity=severity, voices=voices(outlet, "belgrade", summary))
    telling = Judged(article(title=title, summary=summary, outlet=outlet, url=url, lang="el"), judged, BASE)
    for text in (
        render.render(about, telling, FIRST, reader, Headline(summary, url, found)),
        render.update(about, telling, Told(Severity.NONE), set(Mark), reader),
        render.summary([(about, telling)] * 3, reader),
    ):
        parsed = parse_html(text.html)
        assert render.clip(title, 140).removesuffix("…") in parsed.text
        shown = [line for line in text.plain.splitlines() if line != url]
        assert [line for line in parsed.text.splitlines() if line != url] == shown
        parse_html(escape(text.plain))


def test_a_test_alert_is_valid_and_says_so() -> None:
    """It looks like an alert and cannot be taken for one."""
    text = render.test_alert(NOW, BELGRADE)
    assert parse_html(text.html).text == text.plain
    assert text.plain.startswith("⚪ TEST · no event\n")
    assert "18:40 CEST" in text.plain


def test_a_notice_is_escaped() -> None:
    """What the program tells of itself may quote a user's file."""
    text = render.notice("line 3: <b> & 'x'\x1b")
    assert (text.plain, parse_html(text.html).text) == ("⚙️ line 3: <b> & 'x'",) * 2


def test_the_story_decides_the_severity_shown() -> None:
    """The graver of what the story and the article say."""
    grave = replace(story(), severity=Severity.CRITICAL)
    assert rendered(about=grave).plain.startswith("🔴")
    assert rendered(judged=score(severity=Severity.CRITICAL)).plain.startswith("🔴")


ZVECAN, RASKA = PlaceHit("XK", "Zvečan", "Звечану", "title", "town"), PlaceHit("RS", "Raška", "Raške", "title", "place")
JARINJE = PlaceHit("XK", "Jarinje", "Jarinja", "summary", "place")
BELGRADE_SAYS = PlaceHit("RS", "Belgrade", "Beograd", "title", "town")


@pytest.mark.parametrize(
    ("hits", "says", "short"),
    [
        ((), "🇽🇰 Kosovo · 🇷🇸 Serbia", ""),
        ((ZVECAN,), "🇽🇰 Kosovo: Zvečan · 🇷🇸 Serbia", " Zvečan"),
        ((RASKA, ZVECAN), "🇽🇰 Kosovo: Zvečan · 🇷🇸 Serbia: Raška", " Raška, Zvečan"),
        ((ZVECAN, replace(ZVECAN, found="Zvečana"), JARINJE), "🇽🇰 Kosovo: Zvečan · 🇷🇸 Serbia", " Zvečan"),
        ((JARINJE,), "🇽🇰 Kosovo: Jarinje · 🇷🇸 Serbia", " Jarinje"),
        (
            (ZVECAN, *(replace(ZVECAN, name=f"Village {n}") for n in range(9))),
            "🇽🇰 Kosovo: Zvečan, Village 0 · 🇷🇸 Serbia",
            " Zvečan, Village 0",
        ),
        ((BELGRADE_SAYS, ZVECAN), "🇽🇰 Kosovo: Zvečan · 🇷🇸 Serbia", " Zvečan"),
        ((BELGRADE_SAYS, JARINJE), "🇽🇰 Kosovo: Jarinje · 🇷🇸 Serbia", " Jarinje"),
        ((BELGRADE_SAYS,), "🇽🇰 Kosovo · 🇷🇸 Serbia: Belgrade", " Belgrade"),
        ((replace(ZVECAN, kind="body"), replace(ZVECAN, country="GR")), "🇽🇰 Kosovo · 🇷🇸 Serbia", ""),
    ],
)
def test_it_says_where(hits: tuple[PlaceHit, ...], says: str, short: str) -> None:
    """Alerts, updates and summaries: two towns or places beside their countries, the title's first, capitals last."""
    judged = Judged(article(), score(places=hits), BASE)
    assert render.render(story(), judged, FIRST, BELGRADE).plain.splitlines()[1] == says
    small = render.render(
        story(severity=Severity.WATCH),
        replace(judged, score=replace(judged.score, severity=Severity.WATCH)),
        FIRST,
        BELGRADE,
    )
    assert small.plain.splitlines()[0] == f"🔵 WATCH · deployment · {says}"
    before = Told(Severity.TENSION, story().camps)
    assert (
        render.update(story(), judged, before, set(), BELGRADE).plain.splitlines()[0]
        == f"🟠 SERIOUS · deployment · {says}"
    )
    assert (
        render.summary([(story(), judged)], BELGRADE).plain.splitlines()[2]
        == f"1. 🟠 SERIOUS 🇽🇰🇷🇸{short} · s{story().id}"
    )


def voices(*camps: str) -> tuple[Voice, ...]:
    """Independent outlets of these camps."""
    return tuple(Voice(f"outlet {n}", camp, ()) for n, camp in enumerate(camps))


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (voices("belgrade"), ""),
        (voices("international", "belgrade", "belgrade"), "3 outlets: Belgrade 2, international 1"),
        (
            voices("international", "pristina", "belgrade", "belgrade"),
            "4 outlets: Belgrade 2, international 1, Pristina 1",
        ),
        (voices("kosovo-serb", "bosnian-croat"), "2 outlets: Kosovo Serb 1, Bosnian Croat 1"),
        (voices("vienna-press", "other"), "2 outlets: Vienna Press 1, other 1"),
        (voices("\u1e98est-press", "other"), "2 outlets: West Press 1, other 1"),
        (voices(*["belgrade"] * 62, "pristina"), "63 outlets: Belgrade 62, Pristina 1"),
        (voices(*["belgrade"] * 62, "pristina", "other"), "64 or more outlets: Belgrade, Pristina, other"),
    ],
)
def test_it_says_who_tells_it(told: tuple[Voice, ...], says: str) -> None:
    """Independent outlets by camp, most first; one is no crowd; where not all were counted it does not pretend so."""
    about = story(outlets=("a", "b", "c", "d"), voices=told)
    assert [line for line in rendered(about=about).plain.splitlines() if " outlets: " in line] == [says] * bool(says)


def test_a_grave_alert_is_loud_and_a_small_one_is_not() -> None:
    """Critical: bold, with the news set off. Watch: four plain lines. What is between has its own look."""
    grave = rendered(about=story(severity=Severity.CRITICAL))
    assert grave.html.splitlines()[:4] == [
        "🔴 <b>CRITICAL · deployment</b>",
        "<b>🇽🇰 Kosovo · 🇷🇸 Serbia</b>",
        "<blockquote><b>Army units near Raška, report 1</b>",
        "Columns of vehicles were seen on the road on Friday evening.</blockquote>",
    ]
    told = story(severity=Severity.WATCH, voices=voices("belgrade", "pristina"))
    small = rendered(about=told, judged=score(severity=Severity.WATCH, keywords=(), places=()))
    assert small.html.splitlines() == [
        "🔵 WATCH · deployment · 🇽🇰 Kosovo · 🇷🇸 Serbia",
        '<a href="https://glas.example/1">Army units near Raška, report 1</a>',
        "2 outlets: Belgrade 1, Pristina 1 · 29 Sep 2023, 18:35 CEST",
        "<i>Why: first report; relevance 0.97 (model 0.93)</i>",
    ]
    assert small.plain.splitlines()[2:4] == [
        "2 outlets: Belgrade 1, Pristina 1 · 29 Sep 2023, 18:35 CEST",
        "https://glas.example/1",
    ]


KOHA = Headline("Ushtria <serbe> te kufiri", "https://koha.example/7", "Koha & co")


@pytest.mark.parametrize("severity", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("language", "lang", "shown"),
    [("sq", "en", True), ("sq", "sq", False), ("sr-Cyrl", "hr", False), ("hr", "sr-Cyrl", False), ("mk", "sr", True)],
)
def test_a_foreign_headline_has_one_that_can_be_read(severity: int, language: str, lang: str, shown: bool) -> None:
    """That of another outlet in the chat's language, under the article's; the Serbo-Croatian languages read each other."""
    judged = Judged(article(lang=lang), score(), BASE)
    about, reader = story(severity=Severity(severity)), render.Reader(BELGRADE.zone, language)
    text = render.render(about, replace(judged, score=score(severity=Severity(severity))), FIRST, reader, KOHA)
    line = '↳ <a href="https://koha.example/7">Ushtria &lt;serbe&gt; te kufiri</a> · Koha &amp; co'
    assert (line in text.html) is shown
    assert ("↳ Ushtria <serbe> te kufiri · Koha & co" in text.plain) is shown
    lines = text.plain.splitlines()
    title = lines.index("Army units near Raška, report 1")
    assert [at - title for at, told in enumerate(lines) if told.startswith("↳")] in ([[1], [2]] if shown else [[]])


def test_an_alert_is_in_the_chats_language() -> None:
    """All of it but what the outlets wrote, with numbers as people write them there."""
    told = story(severity=Severity.CRITICAL, voices=voices("belgrade", "belgrade", "international"))
    text = render.render(told, Judged(article(), score(), BASE), FIRST, render.Reader(BELGRADE.zone, "sr-Cyrl"))
    assert text.plain.splitlines() == [
        "🔴 КРИТИЧНО · распоређивање снага",
        "🇽🇰 Косово · 🇷🇸 Србија",
        "Army units near Raška, report 1",
        "Columns of vehicles were seen on the road on Friday evening.",
        "3 медија: Београд 2, међународни 1",
        "glas.example · 29. сеп 2023, 18:35 CEST",
        "https://glas.example/1",
        "Зашто: прва вест; релевантност 0,97 (модел 0,93); boost „razmeštanj*“ у „Размештање“; места: Raška",
    ]


def updated(before: Told, *marks: Mark, **changes: Any) -> list[str]:
    """The lines of an update."""
    told = story(outlets=("glas.example", "Zora"), camps=("belgrade", "banja-luka", "international"), **changes)
    text = render.update(told, Judged(article(outlet="Zora <24>"), score(), BASE), before, set(marks), BELGRADE)
    parse_html(text.html)
    return text.plain.splitlines()


def test_an_update_says_what_changed() -> None:
    """Severity, changes from the gravest to the least, title, who and when, and who tells it by now."""
    assert updated(Told(Severity.TENSION, ("belgrade",)), Mark.CONFIRMED) == [
        "🟠 SERIOUS · deployment · 🇽🇰 Kosovo · 🇷🇸 Serbia",
        "graver: serious, was tension",
        "confirmed, as told by Zora <24> (Belgrade)",
        "now also told by Banja Luka, international",
        "Army units near Raška, report 1",
        "Zora <24> · 29 Sep 2023, 18:35 CEST",
        "https://glas.example/1",
        "2 outlets: Belgrade, Banja Luka, international",
    ]


@pytest.mark.parametrize(
    ("mark", "says"),
    [
        (Mark.DENIED, "denied or retracted, as told by Zora <24> (Belgrade)"),
        (Mark.EASED, "it eases, as told by Zora <24> (Belgrade)"),
        (Mark.FLARED, "flares up again, as told by Zora <24> (Belgrade)"),
    ],
)
def test_an_update_says_who_denies_it_or_that_it_is_over_or_not(mark: Mark, says: str) -> None:
    """By outlet and camp; as grave as before it says nothing of that."""
    lines = updated(Told(Severity.SERIOUS, ("belgrade", "banja-luka", "international")), mark)
    assert lines[1:3] == [says, "Army units near Raška, report 1"]


@pytest.mark.parametrize(("count", "last"), [(12, "glas.example · 29 Sep"), (13, "and 1 more: balkan-monitor alerts")])
def test_a_summary_is_one_message(count: int, last: str) -> None:
    """A few lines for each story, links in the titles; with the longest texts it still fits, and the rest is counted."""
    judged = Judged(article(title="x" * 400, outlet="Ж" * 100), score(), BASE)
    full = render.summary([(story(outlets=("a", "b"), camps=("Ж" * 300,) * 1), judged)] * count, BELGRADE)
    assert render.units(parse_html(full.html).text) <= render.LIMIT
    text = render.summary([(story(), Judged(article(), score(), BASE))] * count, BELGRADE)
    assert text.plain.splitlines()[:5] == [
        f"🌙 {count} stories while it was quiet",
        "",
        f"1. 🟠 SERIOUS 🇽🇰🇷🇸 · s{story().id}",
        "Army units near Raška, report 1",
        "https://glas.example/1",
    ]
    assert text.plain.splitlines()[-1].startswith(last)
    assert parse_html(text.html).text.splitlines()[3] == "Army units near Raška, report 1"
