"""Near misses: a row on each side of every bound, and the setting that would have helped."""

from dataclasses import replace
from datetime import timedelta

import pytest
from samples import NOW, article, score, story

from monitor.config import AlertsConfig
from monitor.domain import KeywordHit, Reason, Score
from monitor.misses import Refused, near

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
    found = near(refused, AlertsConfig(countries=("XK", "RS")), 0.6)
    assert (found and found.setting) == setting


def test_the_setting_really_lets_it_through() -> None:
    """The threshold that is named is not above the score."""
    for thousandth in range(1, 600):
        refused = Refused(article(), replace(GOOD, relevance=thousandth / 1000), Reason.IRRELEVANT, "", NOW)
        found = near(refused, AlertsConfig(), 0.6)
        assert found is None or 0 < float(found.setting.split()[1]) <= thousandth / 1000
