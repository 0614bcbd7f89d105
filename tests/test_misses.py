"""Near misses: a row on each side of every bound, and the setting that would have helped."""

from dataclasses import replace
from datetime import timedelta

import pytest
from samples import NOW, article, score, story

from monitor.domain import EventType, KeywordHit, Reason, Score, Severity
from monitor.misses import Line, Refused, near

HOUR = timedelta(hours=1)
MUTE = KeywordHit("mute", "fudbal*", "fudbala", "title")
GOOD = score(keywords=(), relevance=0.9)


@pytest.mark.parametrize(
    ("judged", "reason", "age", "setting"),
    [
        (replace(GOOD, relevance=0.3), Reason.IRRELEVANT, 1, "alerts.threshold 0.30"),
        (replace(GOOD, relevance=0.5999), Reason.IRRELEVANT, 1, "alerts.threshold 0.59"),
        (replace(GOOD, relevance=0.2999), Reason.IRRELEVANT, 1, None),
        (replace(GOOD, countries=("HR", "BA")), Reason.OUT_OF_REGION, 1, "alerts.countries + HR"),
        (replace(GOOD, countries=("GR", "BA")), Reason.OUT_OF_REGION, 1, "alerts.countries + BA"),
        (replace(GOOD, countries=("GR",)), Reason.OUT_OF_REGION, 1, "keywords.yaml always + a word of it"),
        (replace(GOOD, countries=("GR", "XK")), Reason.NOTHING_NEW, 1, None),
        (replace(GOOD, required=False), Reason.NOT_REQUIRED, 1, "keywords.yaml require + a word of it"),
        (replace(GOOD, keywords=(MUTE,)), Reason.MUTED, 1, "keywords.yaml mute without 'fudbal*'"),
        (replace(GOOD, keywords=(MUTE,), relevance=0.5), Reason.MUTED, 1, None),
        (replace(GOOD, relevance=0.5, countries=("HR",)), Reason.IRRELEVANT, 1, None),
        (GOOD, Reason.STALE, 12, None),
        (GOOD, Reason.STALE, 12.5, "alerts.max_age 13h"),
        (GOOD, Reason.STALE, 24, "alerts.max_age 24h"),
        (GOOD, Reason.STALE, 24.5, None),
        (GOOD, Reason.UNCORROBORATED, 1, "alerts.corroboration {outlets: 1, camps: 1}"),
        (GOOD, Reason.NOTHING_NEW, 1, None),
    ],
)
def test_one_setting_would_have_let_it_through(judged: Score, reason: Reason, age: float, setting: str | None) -> None:
    """A near miss has one obstacle, and is not far behind it; the threshold is 0.6, the countries are XK and RS."""
    told = story(1) if reason is Reason.UNCORROBORATED else None
    refused = Refused(article(published=NOW - age * HOUR), judged, reason, "", NOW, told)
    found = near(refused, Line(0.6, ("XK", "RS"), 12 * HOUR))
    assert (found and found.setting) == setting


def test_the_setting_really_lets_it_through() -> None:
    """The threshold that is named is not above the score."""
    for thousandth in range(1, 600):
        refused = Refused(article(), replace(GOOD, relevance=thousandth / 1000), Reason.IRRELEVANT, "", NOW)
        found = near(refused, Line(0.6, ("XK", "RS"), 12 * HOUR))
        assert found is None or 0 < float(found.setting.split()[1]) <= thousandth / 1000


RULE = "telegram.chats[1].rules[0]"
NAMES = {name: f"{RULE}.{name}" for name in ("countries", "types", "languages", "sources", "severity")}
OWN = Line(0.6, ("XK",), 12 * HOUR, names=NAMES | {"threshold": "/threshold"})


@pytest.mark.parametrize(
    ("line", "reason", "setting"),
    [
        (replace(OWN, threshold=0.96), Reason.IRRELEVANT, "/threshold 0.90"),
        (replace(OWN, threshold=0.9), Reason.IRRELEVANT, None),
        (replace(OWN, countries=("AL",)), Reason.OUT_OF_REGION, f"{RULE}.countries + XK"),
        (replace(OWN, types=(EventType.ARMS,)), Reason.NOT_WANTED, f"{RULE}.types + clash"),
        (replace(OWN, languages=("sq",)), Reason.NOT_WANTED, f"{RULE}.languages + en"),
        (replace(OWN, languages=("en",)), Reason.NOT_WANTED, None),
        (replace(OWN, sources=("B",)), Reason.NOT_WANTED, f"{RULE}.sources + N1"),
        (replace(OWN, severity=Severity.CRITICAL), Reason.NOT_WANTED, f"{RULE}.severity serious"),
        (replace(OWN, severity=Severity.CRITICAL, types=(EventType.ARMS,)), Reason.NOT_WANTED, None),
    ],
)
def test_the_rule_of_a_chat_is_named(line: Line, reason: Reason, setting: str | None) -> None:
    """Whatever of it kept an item from the chat, if it was that alone; types and severity are the story's."""
    told = replace(story(1), types=(EventType.CLASH,), severity=Severity.SERIOUS, countries=("XK",))
    wrong = replace(OWN, threshold=1.0, countries=("HR",))
    read = article(lang="en", source="N1")
    found = near(Refused(read, GOOD, reason, "", NOW, told), wrong, line)
    assert (found and found.setting) == setting
