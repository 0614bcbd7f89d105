"""What the bot answers, as a specification of its words."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from samples import MINUTE, NOW, story

from monitor.render import Reader, answers, called
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
