"""What the bot answers, as a specification of its words."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import MINUTE, NOW, story
from telegram_html import Parsed, checked, parse_html

from monitor import render
from monitor.domain import Opinion, Severity, Text
from monitor.render import LANGUAGES, Reader, answers, called
from monitor.trend import subject_of

READER = Reader(ZoneInfo("Europe/Belgrade"))
NONE = timedelta(0)


@pytest.mark.parametrize(
    ("judging", "sending", "says"),
    [
        ((0, NONE), (0, NONE, 0, 0), ["Judging: nothing waits", "Delivery: nothing waits"]),
        (
            (1, MINUTE),
            (1, 5 * MINUTE, 0, 0),
            ["Judging: 1 article waits, for 1m", "Delivery: 1 message waits, for 5m"],
        ),
        (
            (2, 3 * MINUTE),
            (2, 5 * MINUTE, 0, 1),
            [
                "Judging: 2 articles wait, the oldest for 3m",
                "Delivery: 2 messages wait, the oldest for 5m; 1 could not be delivered",
            ],
        ),
        (
            (0, NONE),
            (0, NONE, 1, 0),
            ["Judging: nothing waits", "Delivery: 1 message waits in chats that shut the bot out"],
        ),
        (
            (0, NONE),
            (1, MINUTE, 3, 2),
            [
                "Judging: nothing waits",
                "Delivery: 1 message waits, for 1m; 3 messages wait in chats that shut the bot out; 2 could not be"
                " delivered",
            ],
        ),
    ],
)
def test_what_waits_is_told_apart(
    judging: tuple[int, timedelta], sending: tuple[int, timedelta, int, int], says: list[str]
) -> None:
    """Nothing, one, several; what chats that bar the bot are to get is not late."""
    lines = answers.status((2, 0), judging, sending, "none yet", "m").plain.splitlines()
    assert lines[2:4] == says
    took = answers.status((2, 0), judging, sending, "", "m", (timedelta(seconds=1), timedelta(minutes=2)))
    assert took.plain.splitlines()[3] == f"{says[1]}; the last ones took 1 s, at most 120 s"


@pytest.mark.parametrize(
    ("articles", "outlets", "says"),
    [(1, 1, "1 article of 1 outlet"), (2, 1, "2 articles of 1 outlet"), (3, 2, "3 articles of 2 outlets")],
)
def test_one_is_not_told_as_several(articles: int, outlets: int, says: str) -> None:
    """A story counts what it is told by."""
    about = story(articles=articles, outlets=tuple(f"o{n}" for n in range(outlets)))
    assert answers.story(about, (), READER).plain.splitlines()[2] == f"deployment; {says}"


def test_a_moment_is_not_told_as_a_span() -> None:
    """A story of one moment has one time."""
    lines = [answers.story(story(updated=NOW + after), (), READER).plain.splitlines()[1] for after in (NONE, MINUTE)]
    assert "29 Sep 2023, 18:40 CEST · /story" in lines[0]
    assert "29 Sep 2023, 18:40 CEST to 29 Sep 2023, 18:41 CEST" in lines[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_stories_are_listed_in_the_chats_language(language: str) -> None:
    """Severity, types, dates and headings, of `/latest`, `/story` and where one of several is to be named."""
    reader, about = Reader(ZoneInfo("Europe/Belgrade"), language), story()
    words, when = reader.words, render.moment(NOW, reader)
    listed = answers.latest([(about, NOW)], reader).plain.splitlines()
    assert listed[0] == words.latest
    assert words.told_at.format(time=when) in listed[2]
    one = answers.story(about, [("", "", "Glas", NOW)], reader).plain
    for shown in (words.types[about.types[0]], words.untitled, when):
        assert shown in one
    which = answers.several([about], "mute story", words).plain.splitlines()
    assert (which[0], which[2]) == (words.several, f"    /mute story {about.id}")
    for text in (listed[1], one, which[1]):
        assert words.severities[Severity.SERIOUS] in text
    assert answers.latest([], reader).plain == words.nothing_yet


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_press_is_answered_with_fits(language: str) -> None:
    """Telegram shows 200 characters; each opinion has an answer of its own, and a change says how it is taken back."""
    words = LANGUAGES[language]
    noted = {answers.noted(opinion, words) for opinion in Opinion}
    assert len(noted) == len(Opinion)
    changed = [
        answers.of_story(told, 2**40).format(undo="/undo 4711") for told in (words.story_muted, words.story_unmuted)
    ]
    assert all(f"s{2**40}" in text and "/undo 4711" in text for text in changed)
    every = [*noted, *changed, answers.not_here(words), words.forged, words.pruned, words.no_story, words.unchanged]
    assert max(map(len, every)) <= 200
    assert "telegram.admins" in answers.not_here(words)


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ("Kosovo", "XK"),
        ("kosova", "XK"),
        ("Косово", "XK"),
        ("BiH", "BA"),
        ("БиХ", "BA"),
        ("Bosna i Hercegovina", "BA"),
        ("Bosnja dhe Hercegovina", "BA"),
        ("severna makedonija", "MK"),
        ("Maqedonia e Veriut", "MK"),
        ("Shqiperia", "AL"),
        ("Crna Gora", "ME"),
        ("Црна Гора", "ME"),
        ("Srbija – Kosovo", "XK-RS"),
        ("serbia-XK", "XK-RS"),
        ("xk", "XK"),
    ],
)
def test_a_country_is_known_by_its_names(said: str, subject: str) -> None:
    """In every language and script of the messages, without diacritics, and by its code; a pair in either order."""
    assert subject_of(called(said)) == subject_of(subject)


def test_feeds_are_cut_and_the_rest_is_counted() -> None:
    """As other lists are; asked for all, as many as fit."""
    rows = [(f"Feed {n}", "timeout" if n < 2 else "", "last news 2h ago") for n in range(200)]
    short = answers.feeds(rows, (2, 0, 198), 15).plain.splitlines()
    assert short[:2] == ["2 feeds in trouble, 0 silent, 198 well", "• Feed 0: timeout, last news 2h ago"]
    assert short[3] == "• Feed 2: last news 2h ago"
    assert (len(short), short[-1]) == (17, "and 185 more; /feeds all lists them")
    whole = answers.feeds(rows[:15], (2, 0, 13), 15).plain.splitlines()
    assert (len(whole), whole[-1]) == (16, "• Feed 14: last news 2h ago")
    everything = answers.feeds(rows, (2, 0, 198), None).plain.splitlines()
    assert (len(everything) > 100, everything[-1]) == (True, "… and more")


ANY = st.text(st.characters(), max_size=40) | st.sampled_from(["<b>", "&amp;", "&", "\"'>", "x" * 5000, "😀" * 3000])
ADDRESSES = ANY.map(lambda rest: f"https://news.example/{rest}") | ANY
NUMBERS = st.floats(0, 1)


def sendable(text: Text) -> None:
    """Telegram takes it in both forms, which read alike but for the address behind a link."""
    assert parse_html(text.html).text == checked(Parsed(text.plain, ())).text


@settings(deadline=None)
@given(st.lists(st.tuples(ANY, ADDRESSES, ANY), max_size=12), ANY)
def test_a_story_can_be_sent_whatever_its_words(articles: list[tuple[str, str, str]], title: str) -> None:
    """Also with titles, addresses and outlets that nobody would choose."""
    about = replace(story(), title=title)
    sendable(answers.story(about, [(told, url, outlet, NOW) for told, url, outlet in articles], READER))
    sendable(answers.latest([(about, NOW)] * 5, READER))


@settings(deadline=None)
@given(st.lists(ANY, min_size=1, max_size=60))
def test_a_reason_can_be_sent_whatever_its_words(lines: list[str]) -> None:
    """The lines of `/why`."""
    sendable(answers.told(["Story s1", *lines]))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1), ANY, ANY, NUMBERS, ANY), max_size=10))
@example([(1, "", "", 0.0, "\x1f")])
def test_misses_can_be_sent_whatever_their_words(found: list[tuple[int, str, str, float, str]]) -> None:
    """Titles, outlets and settings."""
    sendable(answers.misses(found))


@settings(deadline=None)
@given(st.lists(st.tuples(ANY, ANY, st.just("last news 3h ago")), max_size=30))
def test_feeds_can_be_sent_whatever_their_names(rows: list[tuple[str, str, str]]) -> None:
    """And whatever their servers said."""
    sendable(answers.feeds(rows, (len(rows), 0, 0), None))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["boost", "mute"]), st.lists(st.tuples(ANY, st.floats(-10, 10)), max_size=30)))
def test_rules_can_be_sent_whatever_they_match(lists: dict[str, list[tuple[str, float]]]) -> None:
    """The words of keywords.yaml."""
    sendable(answers.keywords({"always": []} | lists))
