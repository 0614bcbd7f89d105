"""What the bot answers, as a specification of its words."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from samples import MINUTE, NOW, story

from monitor import render
from monitor.domain import Opinion, Severity
from monitor.render import LANGUAGES, Reader, answers

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
