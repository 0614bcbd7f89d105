"""What people write to the bot, read; every command, and every way to get it wrong."""

from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.commands import (
    PURPOSES,
    READERS,
    Ask,
    Asked,
    Command,
    Hold,
    Judge,
    Mistake,
    Release,
    Rule,
    Show,
    Threshold,
    Trend,
    Undo,
    read,
)
from monitor.domain import MuteKind

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/status", Ask("status")),
        ("  /STATUS ", Ask("status")),
        ("/start", Ask("help")),
        ("/start payload", Ask("help")),
        ("/story 12", Show("story", "s12")),
        ("/story S012", Show("story", "s12")),
        ("/story", Show("story", "")),
        ("/why 12", Show("why", "s12")),
        ("/why a4711", Show("why", "a4711")),
        ("/why m3", Show("why", "m3")),
        ("/trend", Trend(None, 90)),
        ("/trend xk", Trend("xk", 90)),
        ("/trend 30 xk-rs", Trend("xk-rs", 30)),
        ("/trend Kosovo", Trend("Kosovo", 90)),
        ("/trend Severna Makedonija 30", Trend("Severna Makedonija", 30)),
        ("/feeds", Ask("feeds")),
        ("/feeds All", Ask("feeds all")),
        ("/trend XK 1", Trend("XK", 1)),
        ("/trend XK 366", Trend("XK", 366)),
        ("/mute", Ask("mutes")),
        ("/mute 2h", Hold(MuteKind.ALL, "", 2 * HOUR)),
        ("/mute 1h30m", Hold(MuteKind.ALL, "", 1.5 * HOUR)),
        ("/mute 1m", Hold(MuteKind.ALL, "", HOUR / 60)),
        ("/mute 365d", Hold(MuteKind.ALL, "", 365 * 24 * HOUR)),
        ("/mute story", Hold(MuteKind.STORY, "", None)),
        ("/mute story 2h", Hold(MuteKind.STORY, "", 2 * HOUR)),
        ("/mute story s12", Hold(MuteKind.STORY, "12", None)),
        ("/mute story 12 2d", Hold(MuteKind.STORY, "12", 48 * HOUR)),
        ("/mute keyword horoskop*", Hold(MuteKind.KEYWORD, "horoskop*", None)),
        ("/mute keyword Lig* šampiona 2h", Hold(MuteKind.KEYWORD, "Lig* šampiona", 2 * HOUR)),
        ("/mute source B92 Info 1d", Hold(MuteKind.SOURCE, "B92 Info", 24 * HOUR)),
        ("/unmute", Release(None)),
        ("/unmute ALL", Release("all")),
        ("/unmute 3", Release(3)),
        ("/threshold", Threshold(None)),
        ("/threshold 0", Threshold(0.0)),
        ("/threshold 0,65", Threshold(0.65)),
        ("/threshold 1", Threshold(1.0)),
        ("/threshold default", Threshold("default")),
        ("/keywords", Ask("keywords")),
        ("/keywords add boost barikad* 0.8", Rule(True, "boost", "barikad*", 0.8)),
        ("/keywords add boost barikad* -10", Rule(True, "boost", "barikad*", -10.0)),
        ("/keywords add boost Zubin Potok*", Rule(True, "boost", "Zubin Potok*")),
        ("/keywords add mute Area 51", Rule(True, "mute", "Area 51")),
        ("/keywords add boost 2023", Rule(True, "boost", "2023")),
        ("/keywords remove barikad*", Rule(False, None, "barikad*")),
        ("/keywords remove mute barikad*", Rule(False, "mute", "barikad*")),
        ("/test", Ask("test")),
        ("/score Shots fired\nnear Zvečan", Judge("Shots fired near Zvečan")),
        ("/undo", Undo(None)),
        ("/undo 3", Undo(3)),
    ],
)
def test_each_command_is_read(text: str, command: Command) -> None:
    """With its arguments, in any case; numbers with a comma too."""
    assert read(text, "monitor_bot") == Asked(command, False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/status now", "takes nothing"),
        ("/story 1 2", "story's number"),
        ("/story a12", "story's number"),
        ("/story 1234567890123456789", "story's number"),
        ("/why x12", "story's number"),
        ("/trend XK 30 60", "country or a pair"),
        ("/feeds some", "/feeds all for the whole list"),
        ("/trend XK 0", "1 to 366 days"),
        ("/trend XK 367", "1 to 366 days"),
        ("/mute 59s", "from 1m to 365d"),
        ("/mute 366d", "from 1m to 365d"),
        ("/mute 0s", "from 1m to 365d"),
        ("/mute story 12 " + "999999w" * 150, "from 1m to 365d"),
        ("/mute " + "999999w" * 150, "from 1m to 365d"),
        ("/mute " + "9" * 7 + "w", "Say what"),
        ("/mute nonsense", "Say what"),
        ("/mute story x", "Say what"),
        ("/mute keyword", "Say what"),
        ("/mute keyword 2h", "Say what"),
        ("/mute source 2h", "Say what"),
        ("/unmute story", "mute's number"),
        ("/threshold 1.01", "from 0 to 1"),
        ("/threshold -0.1", "from 0 to 1"),
        ("/threshold nan", "from 0 to 1"),
        ("/threshold 0.5 0.6", "from 0 to 1"),
        ("/keywords add", "/keywords add boost"),
        ("/keywords add nolist word", "/keywords add boost"),
        ("/keywords add boost", "/keywords add boost"),
        ("/keywords add boost word 10.1", "from -10 to 10"),
        ("/keywords remove", "remove [list]"),
        ("/keywords remove mute", "remove [list]"),
        ("/keywords change x", "remove [list]"),
        ("/score", "Give a headline"),
        ("/undo x", "change's number"),
    ],
)
def test_a_mistake_is_answered_in_one_line(text: str, says: str) -> None:
    """It says what was expected."""
    asked = read(text, "monitor_bot")
    assert asked is not None
    assert isinstance(asked.command, Mistake)
    assert asked.command.known
    assert says in asked.command.says
    assert "\n" not in asked.command.says


@pytest.mark.parametrize(
    "text", ["", "status", "hello /status", "/", "/ status", "/status@other_bot", "//status", "/-x"]
)
def test_what_is_no_command_of_ours_is_left_alone(text: str) -> None:
    """Talk, and other bots' commands."""
    assert read(text, "monitor_bot") is None


def test_the_bots_name_may_follow() -> None:
    """As clients write it in groups, in any case."""
    assert read("/threshold@Monitor_Bot 0.5", "monitor_bot") == Asked(Threshold(0.5), True)


@pytest.mark.parametrize(("text", "named"), [("/frobnicate 1", False), ("/frobnicate@monitor_bot", True)])
def test_an_unknown_command_is_told_apart(text: str, named: bool) -> None:
    """In a group it may be another bot's."""
    asked = read(text, "monitor_bot")
    assert asked == Asked(Mistake("I know no /frobnicate; /help lists what I know.", known=False), named)


ARGUMENTS = st.lists(
    st.one_of(
        st.text(st.characters(), max_size=12),
        st.sampled_from(["story", "keyword", "source", "add", "remove", "boost", "mute", "all", "default", "XK", "a1"]),
        st.from_regex(r"\A([0-9]{1,6}[smhdw]){1,300}\Z"),
        st.from_regex(r"\A[a-z]?[+-]?\d{1,30}([.,]\d{1,30})?\Z"),
    ),
    max_size=5,
)
WORDS = st.sampled_from(sorted(PURPOSES)) | st.text(st.characters(), max_size=8)


@settings(deadline=None)
@given(st.builds(lambda word, said: " ".join([f"/{word}", *said]), WORDS, ARGUMENTS) | st.text(st.characters()))
@example("/mute " + "999999w" * 150)
def test_whatever_is_written_is_read(text: str) -> None:
    """As a command, a mistake, or nothing; never with an error, which would be met again and again."""
    asked = read(text, "monitor_bot")
    assert asked is None or isinstance(asked.command, Command | Mistake)


def test_every_command_has_a_reader_and_a_purpose() -> None:
    """What is offered is understood; Telegram takes 256 characters of a purpose."""
    assert READERS.keys() == PURPOSES.keys()
    assert all(3 <= len(purpose) <= 256 for purpose in PURPOSES.values())
