"""What people muted, over stories and articles: one table."""

from datetime import timedelta

import numpy as np
import pytest
from samples import NOW, article, score, story

from monitor.decide import muted
from monitor.domain import Decision, Judged, Mute, MuteKind, Person, Reason, Severity

ANA = Person(1, "Ana")
TOLD = article(title="Размештање војске код Рашке", source="Glas")
CRITICAL, SERIOUS = Severity.CRITICAL, Severity.SERIOUS


def mute(kind: MuteKind, what: str = "", severity: Severity = Severity.NONE) -> Mute:
    """Ana's mute for an hour."""
    return Mute("1", kind, what, NOW + timedelta(hours=1), ANA, NOW, severity)


@pytest.mark.parametrize(
    ("held", "severity", "says"),
    [
        (mute(MuteKind.ALL), SERIOUS, "Ana muted everything"),
        (mute(MuteKind.ALL), CRITICAL, None),
        (mute(MuteKind.STORY, "7"), SERIOUS, "Ana muted the story"),
        (mute(MuteKind.STORY, "6"), SERIOUS, None),
        (mute(MuteKind.STORY, "8"), SERIOUS, None),
        (mute(MuteKind.STORY, "7", SERIOUS), CRITICAL, None),
        (mute(MuteKind.STORY, "7", CRITICAL), CRITICAL, "Ana muted the story"),
        (mute(MuteKind.KEYWORD, "razmestanj*"), CRITICAL, "Ana muted the keyword 'razmestanj*'"),
        (mute(MuteKind.KEYWORD, "razmest"), SERIOUS, None),
        (mute(MuteKind.KEYWORD, "columns of vehicles"), SERIOUS, "Ana muted the keyword 'columns of vehicles'"),
        (mute(MuteKind.SOURCE, "Glas"), CRITICAL, "Ana muted the source 'Glas'"),
        # Stored names are equal, and not the same object.
        (mute(MuteKind.SOURCE, "".join(["Gl", "as"])), SERIOUS, "Ana muted the source 'Glas'"),
        (mute(MuteKind.SOURCE, "Blic"), SERIOUS, None),
        (mute(MuteKind.SOURCE, "Glas Amerike"), SERIOUS, None),
    ],
)
def test_a_mute_holds_what_it_names(held: Mute, severity: Severity, says: str | None) -> None:
    """All and a story let through what is critical and was not when it was muted; a word and a source hold all."""
    judged = Judged(TOLD, score(), np.zeros(384, np.float32))
    decision = muted([held], story(7, severity=severity), judged)
    assert decision == (Decision(False, Reason.MUTED, says) if says else None)


def test_without_mutes_nothing_is_held() -> None:
    """And of several the first that holds is named."""
    judged = Judged(TOLD, score(), np.zeros(384, np.float32))
    assert muted([], story(7), judged) is None
    every = [mute(MuteKind.STORY, "8"), mute(MuteKind.SOURCE, "Glas"), mute(MuteKind.ALL)]
    found = muted(every, story(7), judged)
    assert found is not None
    assert "source" in found.detail
