"""The decisions as a specification: a row on each side of every boundary."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from monitor.config import AlertsConfig, Corroboration, PolicyConfig, Quiet
from monitor.decide import (
    AGAIN,
    Policy,
    QuietHours,
    choose,
    decide,
    expired,
    flares,
    fresh,
    marks,
    policies,
    quiet_until,
    refuse,
    settled,
    widest,
)
from monitor.domain import (
    Alerted,
    Article,
    Decision,
    EventType,
    Judged,
    KeywordHit,
    Kind,
    Mark,
    Reason,
    Score,
    Severity,
    Story,
    Voice,
    Waiting,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
UNIT = np.eye(1, 4, dtype=np.float32)[0]
ARTICLE = Article(("u:a",), "A", "a", "belgrade", "RS", "https://a.example/1", "Title", "", "en", NOW, NOW, "f")
SCORE = Score(0.9, 0.9, (EventType.CLASH,), Severity.SERIOUS, ("XK",))
MUTE = KeywordHit("-mute"[1:], "football*", "football", "title")
ALWAYS = KeywordHit("-always"[1:], "evacuat*", "evacuation", "title")
OTHERS = (KeywordHit("aaa", "x", "x", "title"), KeywordHit("zzz", "x", "x", "title"))
BOOST = KeywordHit("boost", "army", "army", "title", 1.0)
WATCH, TENSION, SERIOUS, CRITICAL = Severity.WATCH, Severity.TENSION, Severity.SERIOUS, Severity.CRITICAL
DENIED, CONFIRMED, EASED, FLARED = Mark.DENIED, Mark.CONFIRMED, Mark.EASED, Mark.FLARED


def score(**changes: object) -> Score:
    """The usual relevant score, with changes."""
    return replace(SCORE, **changes)  # type: ignore[arg-type]  # the fields differ in type


@pytest.mark.parametrize(
    ("judgement", "age", "reason"),
    [
        (score(), 0 * HOUR, None),
        (score(relevance=0.5), 0 * HOUR, None),
        (score(relevance=0.4999), 0 * HOUR, Reason.IRRELEVANT),
        (score(), 12 * HOUR, None),
        (score(), 12 * HOUR + SECOND, Reason.STALE),
        (score(countries=("GR", "RS")), 0 * HOUR, None),
        (score(countries=("GR",)), 0 * HOUR, Reason.OUT_OF_REGION),
        (score(countries=()), 0 * HOUR, Reason.OUT_OF_REGION),
        (score(required=False), 0 * HOUR, Reason.NOT_REQUIRED),
        (score(keywords=(MUTE,)), 0 * HOUR, Reason.MUTED),
        (score(keywords=(BOOST,)), 0 * HOUR, None),
        (score(keywords=(ALWAYS,), relevance=0.0, countries=(), required=False), 0 * HOUR, None),
        (score(keywords=(ALWAYS, MUTE)), 0 * HOUR, Reason.MUTED),
        (score(keywords=(ALWAYS,)), 12 * HOUR + SECOND, Reason.STALE),
        (score(relevance=0.1, countries=()), 13 * HOUR, Reason.IRRELEVANT),
    ],
)
def test_an_article_is_refused_for_a_named_reason(judgement: Score, age: timedelta, reason: Reason | None) -> None:
    """Mute beats always; always beats everything but mute and age; each bound is inclusive on the alerting side."""
    decision = refuse(ARTICLE, judgement, AlertsConfig(), 0.5, NOW + age)
    assert (decision.reason if decision else None) == reason
    assert decision is None or (decision.detail and not decision.send)


@pytest.mark.parametrize(
    ("judgement", "detail"),
    [
        (score(keywords=(*OTHERS, MUTE)), "the mute rule 'football*' found 'football'"),
        (score(relevance=0.25), "0.25 is below the threshold 0.50"),
        (score(countries=("GR", "IT")), "it is about GR, IT"),
        (score(countries=()), "it is about no country of the region"),
    ],
)
def test_a_refusal_says_what_led_to_it(judgement: Score, detail: str) -> None:
    """The rule, the figure, the countries."""
    decision = refuse(ARTICLE, judgement, AlertsConfig(), 0.5, NOW)
    assert decision is not None
    assert decision.detail == detail


def story(severity: Severity = SERIOUS, **changes: object) -> Story:
    """A story that outlet a of Belgrade tells of Kosovo."""
    made = Story(1, NOW, NOW, "Title", severity, (EventType.CLASH,), ("XK",), ("a",), ("belgrade",), 1, UNIT)
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields differ in type


def judged(judgement: Score = SCORE, **changes: object) -> Judged:
    """The article that joined."""
    return Judged(replace(ARTICLE, **changes), judgement, UNIT)  # type: ignore[arg-type]  # the fields differ in type


BASE = Policy(threshold=0.5, countries=("XK", "RS"))
PICKY = replace(BASE, types=(EventType.CLASH,), languages=("sr",), sources=("A",), severity=SERIOUS, threshold=0.8)
FAR_OFF = replace(BASE, countries=("AL",))
SERB = {"lang": "sr-Latn"}


@pytest.mark.parametrize(
    ("rules", "about", "item", "expected"),
    [
        # The first that matches decides, whatever comes after.
        ([BASE, PICKY], story(), judged(**SERB), 0),
        ([PICKY, BASE], story(), judged(**SERB), 0),
        ([PICKY, BASE], story(), judged(lang="sq"), 1),
        # Threshold: the article's, inclusive.
        ([PICKY], story(), judged(score(relevance=0.8), **SERB), 0),
        ([PICKY], story(), judged(score(relevance=0.7999), **SERB), (Reason.IRRELEVANT, "0.80 is below")),
        # Countries and types: the story's, any in common.
        ([PICKY], story(countries=("AL", "RS")), judged(**SERB), 0),
        ([PICKY], story(countries=("AL",)), judged(**SERB), (Reason.OUT_OF_REGION, "it is about AL")),
        ([PICKY], story(countries=()), judged(**SERB), (Reason.OUT_OF_REGION, "no country of the region")),
        ([PICKY], story(types=(EventType.ARMS, EventType.CLASH)), judged(**SERB), 0),
        ([PICKY], story(types=(EventType.ARMS,)), judged(**SERB), (Reason.NOT_WANTED, "its types are arms")),
        ([PICKY], story(types=()), judged(**SERB), (Reason.NOT_WANTED, "its types are none")),
        # Languages and sources: the article's; `sr` admits both scripts, and no language that begins alike.
        ([PICKY], story(), judged(lang="sr"), 0),
        ([PICKY], story(), judged(lang="SR-Cyrl"), 0),
        ([PICKY], story(), judged(lang="srx"), (Reason.NOT_WANTED, "its language is srx")),
        ([replace(PICKY, languages=("sr-Cyrl",))], story(), judged(lang="sr"), (Reason.NOT_WANTED, "language is sr")),
        ([PICKY], story(), judged(source="B", **SERB), (Reason.NOT_WANTED, "its source is B")),
        # Severity: the story's, inclusive.
        ([PICKY], story(CRITICAL), judged(**SERB), 0),
        ([PICKY], story(TENSION), judged(**SERB), (Reason.NOT_WANTED, "tension is below the severity serious")),
        # Of several complaints the one that came last is told, of equal ones the first rule's.
        ([BASE, PICKY], story(TENSION), judged(score(relevance=0.1), **SERB), (Reason.IRRELEVANT, "0.50")),
        ([replace(PICKY, threshold=0.95), PICKY], story(), judged(lang="sq"), (Reason.NOT_WANTED, "language")),
        # An `always` rule of keywords.yaml passes every rule, by the first that matches or else the first of all.
        ([PICKY, BASE], story(), judged(score(keywords=(ALWAYS,)), lang="sq"), 1),
        ([PICKY, FAR_OFF], story(), judged(score(keywords=(ALWAYS,)), lang="sq"), 0),
        ([PICKY], story(WATCH, countries=()), judged(score(relevance=0.0, keywords=(ALWAYS,)), lang="sq"), 0),
    ],
)
def test_the_first_rule_that_matches_decides(
    rules: list[Policy], about: Story, item: Judged, expected: int | tuple[Reason, str]
) -> None:
    """A row on each condition's boundary; where none matches the decision names what stood in the way."""
    chosen = choose(rules, about, item)
    if isinstance(expected, int):
        assert chosen is rules[expected]
    else:
        assert isinstance(chosen, Decision)
        assert (chosen.send, chosen.kind, chosen.again, chosen.reason) == (False, None, None, expected[0])
        assert expected[1] in chosen.detail


FAILING = [
    replace(BASE, threshold=0.95),
    replace(BASE, countries=("AL",)),
    replace(BASE, types=(EventType.ARMS,)),
    replace(BASE, languages=("sq",)),
    replace(BASE, sources=("B",)),
    replace(BASE, severity=CRITICAL),
]


@pytest.mark.parametrize("number", range(5))
def test_the_complaint_that_came_last_is_told(number: int) -> None:
    """Threshold, countries, types, languages, sources, severity are asked in this order, whatever the rules' order."""
    near, far = FAILING[number : number + 2]
    assert (
        choose([near, far], story(), judged())
        == choose([far, near], story(), judged())
        == choose([far], story(), judged())
    )


BELGRADE = ZoneInfo("Europe/Belgrade")
TWO = replace(BASE, outlets=2)
CAMPS = replace(BASE, camps=2)
COOL = replace(BASE, cooldown=HOUR)
SOFT = replace(BASE, loud_from=SERIOUS)
NIGHT = QuietHours(time(22), time(7), ZoneInfo("UTC"), CRITICAL)
SLEEPY = replace(BASE, quiet=NIGHT)
EVENING, MORNING = NOW.replace(hour=22), NOW.replace(day=2, hour=7)

TOLD = Alerted(NOW - HOUR, SERIOUS, 7, ("belgrade",), ("a",), (), SERIOUS, 1)
CALM, DOUBTED, FLAMED = (replace(TOLD, marks=(mark,)) for mark in (EASED, DENIED, FLARED))
HOT = replace(CALM, severity=CRITICAL, shown=CRITICAL)
AB = {"outlets": ("a", "b")}
BOTH = {"outlets": ("a", "b"), "camps": ("belgrade", "pristina")}
VOICES = (Voice("a", "belgrade", ()), Voice("b", "belgrade", ()), Voice("c", "pristina", ()))
WORLD = {"outlets": ("a", "b"), "camps": ("belgrade", "international")}
FAR = {"outlets": ("a", "b"), "camps": ("belgrade", "zagreb")}

# what the story is, what was said, what the chat knows, what it wants, when: reason, message, when again
TABLE = [
    # never told
    ("first", story(), {}, None, BASE, NOW, Reason.FIRST, Kind.NEW, None),
    ("first, however small", story(WATCH), {}, None, BASE, NOW, Reason.FIRST, Kind.NEW, None),
    ("first, though it is a denial", story(), {DENIED}, None, BASE, NOW, Reason.FIRST, Kind.NEW, None),
    ("first, not cooling", story(), {}, None, COOL, NOW, Reason.FIRST, Kind.NEW, None),
    # corroboration
    ("one outlet of two", story(), {}, None, TWO, NOW, Reason.UNCORROBORATED, None, NOW + AGAIN),
    ("two outlets", story(**AB), {}, None, TWO, NOW, Reason.FIRST, Kind.NEW, None),
    ("three outlets", story(outlets=("a", "b", "c")), {}, None, TWO, NOW, Reason.FIRST, Kind.NEW, None),
    ("a copy", story(voices=VOICES[:1], **BOTH), {}, None, TWO, NOW, Reason.UNCORROBORATED, None, NOW + AGAIN),
    ("in two outlets' words", story(voices=VOICES[:2], **BOTH), {}, None, TWO, NOW, Reason.FIRST, Kind.NEW, None),
    (
        "in one camp's words",
        story(voices=VOICES[:2], **BOTH),
        {},
        None,
        CAMPS,
        NOW,
        Reason.UNCORROBORATED,
        None,
        NOW + AGAIN,
    ),
    ("in two camps' words", story(voices=VOICES, **BOTH), {}, None, CAMPS, NOW, Reason.FIRST, Kind.NEW, None),
    ("one camp of two", story(**AB), {}, None, CAMPS, NOW, Reason.UNCORROBORATED, None, NOW + AGAIN),
    ("two camps", story(**BOTH), {}, None, CAMPS, NOW, Reason.FIRST, Kind.NEW, None),
    ("grave enough alone", story(CRITICAL), {}, None, TWO, NOW, Reason.FIRST, Kind.NEW, None),
    ("not grave enough", story(), {}, None, replace(TWO, alone_from=4), NOW, Reason.UNCORROBORATED, None, NOW + AGAIN),
    ("alone from serious", story(), {}, None, replace(TWO, alone_from=3), NOW, Reason.FIRST, Kind.NEW, None),
    ("graver than alone", story(CRITICAL), {}, None, replace(TWO, alone_from=3), NOW, Reason.FIRST, Kind.NEW, None),
    ("more camps than asked for", story(**BOTH), {}, None, TWO, NOW, Reason.FIRST, Kind.NEW, None),
    (
        "never alone",
        story(CRITICAL),
        {},
        None,
        replace(TWO, alone_from=5),
        NOW,
        Reason.UNCORROBORATED,
        None,
        NOW + AGAIN,
    ),
    ("told needs no more", story(CRITICAL), {}, TOLD, TWO, NOW, Reason.ESCALATED, Kind.UPDATE, None),
    # quiet hours
    ("before the night", story(), {}, None, SLEEPY, EVENING - TICK, Reason.FIRST, Kind.NEW, None),
    ("at night", story(), {}, None, SLEEPY, EVENING, Reason.QUIET, None, MORNING),
    ("late at night", story(), {}, None, SLEEPY, MORNING - TICK, Reason.QUIET, None, MORNING),
    ("in the morning", story(), {}, None, SLEEPY, MORNING, Reason.FIRST, Kind.NEW, None),
    ("critical at night", story(CRITICAL), {}, None, SLEEPY, EVENING, Reason.FIRST, Kind.NEW, None),
    (
        "serious where serious wakes",
        *(story(), {}, None, replace(SLEEPY, quiet=replace(NIGHT, through=SERIOUS)), EVENING),
        *(Reason.FIRST, Kind.NEW, None),
    ),
    (
        "critical where serious wakes",
        *(story(CRITICAL), {}, None, replace(SLEEPY, quiet=replace(NIGHT, through=SERIOUS)), EVENING),
        *(Reason.FIRST, Kind.NEW, None),
    ),
    (
        "tension where serious wakes",
        *(story(TENSION), {}, None, replace(SLEEPY, quiet=replace(NIGHT, through=SERIOUS)), EVENING),
        *(Reason.QUIET, None, MORNING),
    ),
    (
        "uncorroborated at night",
        *(story(), {}, None, replace(SLEEPY, outlets=2), EVENING, Reason.UNCORROBORATED, None, EVENING + AGAIN),
    ),
    ("spread at night", story(**BOTH), {}, TOLD, SLEEPY, EVENING, Reason.QUIET, Kind.EDIT, MORNING),
    ("denied at night", story(), {DENIED}, TOLD, SLEEPY, EVENING, Reason.QUIET, None, MORNING),
    ("another outlet at night", story(**AB), {}, TOLD, SLEEPY, EVENING, Reason.GREW, Kind.EDIT, None),
    ("nothing at night", story(), {}, TOLD, SLEEPY, EVENING, Reason.NOTHING_NEW, None, None),
    ("critical update at night", story(CRITICAL), {}, TOLD, SLEEPY, EVENING, Reason.ESCALATED, Kind.UPDATE, None),
    # escalation
    ("as grave as before", story(), {}, TOLD, BASE, NOW, Reason.NOTHING_NEW, None, None),
    ("graver", story(CRITICAL), {}, TOLD, BASE, NOW, Reason.ESCALATED, Kind.UPDATE, None),
    (
        "graver from tension",
        *(story(), {}, replace(TOLD, severity=TENSION, shown=TENSION), BASE, NOW, Reason.ESCALATED, Kind.UPDATE, None),
    ),
    (
        "graver, but below loud_from",
        *(story(TENSION), {}, replace(TOLD, severity=WATCH, shown=WATCH), SOFT, NOW, Reason.GREW, Kind.EDIT, None),
    ),
    (
        "graver, from loud_from on",
        *(
            story(TENSION),
            {},
            replace(TOLD, severity=WATCH, shown=WATCH),
            BASE,
            NOW,
            Reason.ESCALATED,
            Kind.UPDATE,
            None,
        ),
    ),
    (
        "graver, above loud_from",
        *(story(TENSION), {}, replace(TOLD, severity=WATCH, shown=WATCH), replace(BASE, loud_from=WATCH), NOW),
        *(Reason.ESCALATED, Kind.UPDATE, None),
    ),
    (
        "serious makes itself heard below loud_from",
        *(story(), {}, replace(TOLD, severity=TENSION, shown=TENSION), replace(BASE, loud_from=CRITICAL), NOW),
        *(Reason.ESCALATED, Kind.UPDATE, None),
    ),
    (
        "as grave as before, from loud_from on",
        *(
            story(TENSION),
            {},
            replace(TOLD, severity=TENSION, shown=TENSION),
            BASE,
            NOW,
            Reason.NOTHING_NEW,
            None,
            None,
        ),
    ),
    (
        "graver, but shown already",
        *(story(TENSION), {}, replace(TOLD, severity=WATCH, shown=TENSION), SOFT, NOW, Reason.NOTHING_NEW, None, None),
    ),
    (
        "less grave than told",
        story(SERIOUS),
        {},
        replace(TOLD, severity=CRITICAL),
        BASE,
        NOW,
        Reason.NOTHING_NEW,
        None,
        None,
    ),
    ("less grave", story(TENSION), {}, TOLD, BASE, NOW, Reason.NOTHING_NEW, None, None),
    # denied, over, confirmed
    ("denied", story(), {DENIED}, TOLD, BASE, NOW, Reason.DENIED, Kind.UPDATE, None),
    ("denied before", story(), {DENIED}, replace(TOLD, marks=(DENIED,)), BASE, NOW, Reason.NOTHING_NEW, None, None),
    ("denied before, not now", story(), {}, replace(TOLD, marks=(DENIED,)), BASE, NOW, Reason.NOTHING_NEW, None, None),
    ("graver and denied", story(CRITICAL), {DENIED}, TOLD, BASE, NOW, Reason.ESCALATED, Kind.UPDATE, None),
    ("over", story(), {EASED}, TOLD, BASE, NOW, Reason.DEESCALATED, Kind.UPDATE, None),
    ("over before", story(), {EASED}, replace(TOLD, marks=(EASED,)), BASE, NOW, Reason.NOTHING_NEW, None, None),
    ("denied and over", story(), {EASED, DENIED}, TOLD, BASE, NOW, Reason.DENIED, Kind.UPDATE, None),
    ("confirmed by the same camp", story(**AB), {CONFIRMED}, TOLD, BASE, NOW, Reason.GREW, Kind.EDIT, None),
    ("confirmed by another camp", story(**WORLD), {CONFIRMED}, TOLD, BASE, NOW, Reason.CONFIRMED, Kind.UPDATE, None),
    (
        "confirmed before",
        *(story(**WORLD), {CONFIRMED}, replace(TOLD, marks=(CONFIRMED,)), BASE, NOW, Reason.GREW, Kind.EDIT, None),
    ),
    ("over and confirmed", story(**WORLD), {CONFIRMED, EASED}, TOLD, BASE, NOW, Reason.DEESCALATED, Kind.UPDATE, None),
    # serious again after it was denied or eased
    ("flares up again", story(), {FLARED}, CALM, BASE, NOW, Reason.FLARED, Kind.UPDATE, None),
    ("flares up again after a denial", story(), {FLARED}, DOUBTED, BASE, NOW, Reason.FLARED, Kind.UPDATE, None),
    ("flares up again, at once", story(), {FLARED}, replace(CALM, at=NOW), BASE, NOW, Reason.FLARED, Kind.UPDATE, None),
    (
        "flares up again while cooling",
        *(story(), {FLARED}, replace(CALM, at=NOW - HOUR + TICK), COOL, NOW, Reason.COOLDOWN, None, NOW + TICK),
    ),
    ("flares up again, cooled down", story(), {FLARED}, CALM, COOL, NOW, Reason.FLARED, Kind.UPDATE, None),
    ("flares up again at night", story(), {FLARED}, CALM, SLEEPY, EVENING, Reason.QUIET, None, MORNING),
    (
        "flares up critically at night",
        story(CRITICAL),
        {FLARED},
        HOT,
        SLEEPY,
        EVENING,
        Reason.FLARED,
        Kind.UPDATE,
        None,
    ),
    ("flares up, graver", story(CRITICAL), {FLARED}, CALM, COOL, NOW, Reason.ESCALATED, Kind.UPDATE, None),
    ("flares up and eases", story(), {FLARED, EASED}, CALM, BASE, NOW, Reason.FLARED, Kind.UPDATE, None),
    ("flares up and is denied", story(), {FLARED, DENIED}, CALM, BASE, NOW, Reason.FLARED, Kind.UPDATE, None),
    ("flares up again, by the other side", story(**BOTH), {FLARED}, CALM, BASE, NOW, Reason.FLARED, Kind.UPDATE, None),
    ("eases after it flared up", story(), {EASED}, FLAMED, BASE, NOW, Reason.DEESCALATED, Kind.UPDATE, None),
    # spread
    ("the other side", story(**BOTH), {}, TOLD, BASE, NOW, Reason.SPREAD, Kind.UPDATE, None),
    ("the other side confirms", story(**BOTH), {CONFIRMED}, TOLD, BASE, NOW, Reason.CONFIRMED, Kind.UPDATE, None),
    ("the world's press", story(**WORLD), {}, TOLD, BASE, NOW, Reason.GREW, Kind.EDIT, None),
    ("a camp without a side in it", story(**FAR), {}, TOLD, BASE, NOW, Reason.GREW, Kind.EDIT, None),
    (
        "a camp with a side in it",
        *(story(countries=("AL", "HR"), **FAR), {}, TOLD, BASE, NOW, Reason.SPREAD, Kind.UPDATE, None),
    ),
    (
        "the other side was told already",
        *(story(**BOTH), {}, replace(TOLD, camps=("pristina", "belgrade")), BASE, NOW, Reason.GREW, Kind.EDIT, None),
    ),
    ("nobody knows who told it", story(**BOTH), {}, replace(TOLD, camps=()), BASE, NOW, Reason.GREW, Kind.EDIT, None),
    # small changes
    ("another outlet", story(**AB), {}, TOLD, BASE, NOW, Reason.GREW, Kind.EDIT, None),
    ("another outlet while cooling", story(**AB), {}, replace(TOLD, at=NOW), COOL, NOW, Reason.GREW, Kind.EDIT, None),
    ("told in a summary", story(**AB), {}, replace(TOLD, own=False), BASE, NOW, Reason.NOTHING_NEW, None, None),
    (
        "graver, in a summary",
        *(story(TENSION), {}, replace(TOLD, severity=WATCH, shown=WATCH, own=False), SOFT, NOW),
        *(Reason.NOTHING_NEW, None, None),
    ),
    # cooldown
    (
        "still cooling",
        story(**BOTH),
        {},
        replace(TOLD, at=NOW - HOUR + TICK),
        COOL,
        NOW,
        Reason.COOLDOWN,
        Kind.EDIT,
        NOW + TICK,
    ),
    ("cooled down", story(**BOTH), {}, replace(TOLD, at=NOW - HOUR), COOL, NOW, Reason.SPREAD, Kind.UPDATE, None),
    ("told this instant", story(), {DENIED}, replace(TOLD, at=NOW), COOL, NOW, Reason.COOLDOWN, None, NOW + HOUR),
    (
        "less grave, and denied",
        story(TENSION),
        {DENIED},
        replace(TOLD, at=NOW),
        COOL,
        NOW,
        Reason.COOLDOWN,
        None,
        NOW + HOUR,
    ),
    ("no cooldown", story(), {DENIED}, replace(TOLD, at=NOW), BASE, NOW, Reason.DENIED, Kind.UPDATE, None),
    (
        "told in the future",
        story(),
        {DENIED},
        replace(TOLD, at=NOW + TICK),
        COOL,
        NOW,
        Reason.DENIED,
        Kind.UPDATE,
        None,
    ),
    (
        "greater than what cools",
        story(CRITICAL),
        {},
        replace(TOLD, at=NOW),
        COOL,
        NOW,
        Reason.ESCALATED,
        Kind.UPDATE,
        None,
    ),
    (
        "a little greater, and denied",
        *(story(TENSION), {DENIED}, replace(TOLD, at=NOW, severity=WATCH), replace(SOFT, cooldown=HOUR), NOW),
        *(Reason.DENIED, Kind.UPDATE, None),
    ),
    (
        "cooling at night",
        *(story(**BOTH), {}, replace(TOLD, at=EVENING), replace(SLEEPY, cooldown=HOUR), EVENING),
        *(Reason.COOLDOWN, Kind.EDIT, EVENING + HOUR),
    ),
]


@pytest.mark.parametrize(
    ("about", "said", "known", "policy", "now", "reason", "kind", "again"),
    [row[1:] for row in TABLE],
    ids=[r[0] for r in TABLE],
)
def test_what_a_chat_is_told_of_a_story(
    about: Story,
    said: set[Mark],
    known: Alerted | None,
    policy: Policy,
    now: datetime,
    reason: Reason,
    kind: Kind | None,
    again: datetime | None,
) -> None:
    """First once; then what people should look at as a reply, small changes as an edit, the rest not at all."""
    decision = decide(about, judged(), frozenset(said), known, policy, now)
    assert (decision.reason, decision.kind, decision.again) == (reason, kind, again)
    assert decision.send is (again is None and kind is not None)
    assert decision.detail


@pytest.mark.parametrize(
    ("known", "policy", "reason"),
    [
        (None, BASE, Reason.ALWAYS),
        (None, TWO, Reason.ALWAYS),
        (None, SLEEPY, Reason.QUIET),
        (TOLD, BASE, Reason.NOTHING_NEW),
    ],
)
def test_an_always_rule_needs_no_other_outlet(known: Alerted | None, policy: Policy, reason: Reason) -> None:
    """But it wakes nobody, and tells a story once."""
    decision = decide(story(), judged(score(keywords=(*OTHERS, ALWAYS))), frozenset(), known, policy, EVENING)
    assert decision.reason is reason
    assert reason is not Reason.ALWAYS or (decision.send and "evacuat*" in decision.detail)


def test_details_say_what_is_not_obvious() -> None:
    """What was before, who tells it now, what is missing."""
    details = {row[0]: decide(*(row[1], judged(), frozenset(row[2]), *row[3:6])).detail for row in TABLE}
    assert details["graver"] == "serious before"
    assert details["the other side"] == "now also pristina"
    assert details["another outlet"] == "now also b"
    assert details["confirmed by another camp"] == "also by international"
    assert details["graver, but below loud_from"] == "tension, was watch"
    assert details["one outlet of two"] == "1 of 2 outlets, 1 of 1 camps"
    assert details["first"] == "relevance 0.90"


@pytest.mark.parametrize(
    ("reason", "again", "updated", "stale"),
    [
        (Reason.UNCORROBORATED, NOW, NOW, False),
        (Reason.UNCORROBORATED, NOW, NOW - 12 * HOUR, False),
        (Reason.UNCORROBORATED, NOW, NOW - 12 * HOUR - TICK, True),
        (Reason.QUIET, NOW, NOW - 24 * HOUR, False),
        (Reason.COOLDOWN, NOW, NOW - 24 * HOUR, False),
        (Reason.QUIET, NOW - 12 * HOUR, NOW, False),
        (Reason.QUIET, NOW - 12 * HOUR - TICK, NOW, True),
    ],
)
def test_what_waited_too_long_is_stale(reason: Reason, again: datetime, updated: datetime, stale: bool) -> None:
    """What nobody else told in time, though it was looked at every half hour; and whatever nobody looked at, because the program was off."""
    assert AGAIN == 30 * MINUTE
    decision = expired(story(updated=updated), Waiting(1, "1", again, reason, 1, NOW), 12 * HOUR, NOW)
    assert (decision is not None) is stale
    assert decision is None or (decision.reason, decision.send, bool(decision.detail)) == (Reason.STALE, False, True)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "start", "end", "until"),
    [
        # over midnight, in winter (UTC+1)
        ("2026-01-10 20:59:59", time(22), time(7), None),
        ("2026-01-10 21:00", time(22), time(7), "2026-01-11 06:00"),
        ("2026-01-10 23:30", time(22), time(7), "2026-01-11 06:00"),
        ("2026-01-11 05:59:59", time(22), time(7), "2026-01-11 06:00"),
        ("2026-01-11 06:00", time(22), time(7), None),
        # within a day, at its very ends, and never
        ("2026-01-10 11:59:59", time(13), time(15), None),
        ("2026-01-10 12:00", time(13), time(15), "2026-01-10 14:00"),
        ("2026-01-10 14:00", time(13), time(15), None),
        ("2026-01-10 23:00", time(0), time(6), "2026-01-11 05:00"),
        ("2026-01-10 22:59:59", time(0), time(6), None),
        ("2026-01-10 22:59:59", time(22), time(0), "2026-01-10 23:00"),
        ("2026-01-10 23:00", time(22), time(0), None),
        ("2026-01-10 11:00", time(12), time(12), None),
        # the night of 29 March 2026 has no 02:00 to 03:00: it is an hour shorter
        ("2026-03-28 21:00", time(22), time(7), "2026-03-29 05:00"),
        ("2026-03-29 04:59:59", time(22), time(7), "2026-03-29 05:00"),
        ("2026-03-29 05:00", time(22), time(7), None),
        ("2026-03-29 00:59:59", time(22), time(2, 30), "2026-03-29 01:30"),
        ("2026-03-29 01:30", time(22), time(2, 30), None),
        ("2026-03-29 01:29:59", time(2, 30), time(7), None),
        ("2026-03-29 01:30", time(2, 30), time(7), "2026-03-29 05:00"),
        # the night of 25 October 2026 has 02:00 to 03:00 twice: it is an hour longer
        ("2026-10-24 20:00", time(22), time(7), "2026-10-25 06:00"),
        ("2026-10-25 05:59:59", time(22), time(7), "2026-10-25 06:00"),
        ("2026-10-25 00:30", time(22), time(2, 30), "2026-10-25 01:30"),
        ("2026-10-25 01:29:59", time(22), time(2, 30), "2026-10-25 01:30"),
        ("2026-10-25 01:30", time(22), time(2, 30), None),
        ("2026-10-25 00:29:59", time(2, 30), time(7), None),
        ("2026-10-25 00:30", time(2, 30), time(7), "2026-10-25 06:00"),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(now: str, start: time, end: time, until: str | None) -> None:
    """Over midnight and over both changes of the clock; the first moment is quiet, the last is not."""
    assert quiet_until(at(now), start, end, BELGRADE) == (at(until) if until else None)


def test_quiet_hours_are_those_of_the_zone() -> None:
    """The day is the zone's, too, far from Greenwich."""
    for zone, now, until in [
        ("Pacific/Auckland", "2026-01-10 09:00", "2026-01-10 18:00"),
        ("Pacific/Honolulu", "2026-01-10 08:00", "2026-01-10 17:00"),
    ]:
        assert quiet_until(at(now), time(22), time(7), ZoneInfo(zone)) == at(until)


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Serbia denies troop build-up at the border", {DENIED}),
        ("Vučić demantovao navode o gomilanju vojske", {DENIED}),
        ("Вучић демантовао наводе о гомилању војске", {DENIED}),
        ("MUP: Nije tačno da je bilo pucnjave", {DENIED}),
        ("Policija negira da je bilo pucnjave", {DENIED}),
        ("Policia mohon të shtënat në Zveçan", {DENIED}),
        ("Владата ги демантира наводите", {DENIED}),
        ("МВР опроверга слуховете", {DENIED}),
        ("Sırbistan iddiaları yalanladı", {DENIED}),
        ("Police confirm two wounded in Zvečan", {CONFIRMED}),
        ("Policija potvrdila: dvoje ranjenih", {CONFIRMED}),
        ("Policia konfirmon të shtënat", {CONFIRMED}),
        ("Army denies what police confirmed", {DENIED}),
        ("Shots fired in Zvečan", set()),
        ("Negiranje genocida u Srebrenici", set()),
        ("Calm returns to north Kosovo after clashes", {EASED}),
        ("Smirena situacija na severu Kosova", {EASED}),
        ("Rikthehet qetësia në veri të Kosovës", {EASED}),
        ("Policia: qetësohet situata, nuk është e vërtetë se pati të shtëna", {EASED, DENIED}),
        ("Police confirm: situation calm in Zvečan", {EASED, CONFIRMED}),
    ],
)
def test_a_title_says_that_it_is_denied_confirmed_or_over(title: str, said: set[Mark]) -> None:
    """In the region's languages and scripts; a denial of a confirmation is a denial."""
    assert marks(judged(title=title)) == said


@pytest.mark.parametrize(
    ("types", "severity", "eased"),
    [
        ((EventType.DEESCALATION,), WATCH, True),
        ((EventType.DEESCALATION, EventType.UNREST), WATCH, True),
        ((EventType.DEESCALATION,), Severity.NONE, True),
        ((EventType.DEESCALATION,), TENSION, False),
        ((EventType.DEESCALATION, EventType.CLASH), WATCH, False),
        ((EventType.UNREST,), WATCH, False),
        ((), Severity.NONE, False),
    ],
)
def test_a_step_back_is_told_by_the_type(types: tuple[EventType, ...], severity: Severity, eased: bool) -> None:
    """Of an article that tells of nothing graver."""
    assert (Mark.EASED in marks(judged(score(types=types, severity=severity)))) is eased


GRAVE = {"severity": SERIOUS, "published": NOW + TICK}


@pytest.mark.parametrize(
    ("item", "known", "flared"),
    [
        ({}, (EASED,), True),
        ({}, (DENIED,), True),
        ({}, (CONFIRMED, EASED), True),
        ({"severity": CRITICAL}, (EASED,), True),
        ({"severity": TENSION}, (EASED,), False),
        ({"published": NOW}, (EASED,), False),
        ({"published": NOW - TICK}, (EASED,), False),
        ({}, (), False),
        ({}, (CONFIRMED, FLARED), False),
        ({}, None, False),
        ({"title": "Police deny that shots were fired"}, (EASED,), False),
        ({"title": "Police confirm that shots were fired"}, (EASED,), True),
    ],
)
def test_it_flares_up_where_something_serious_follows_the_end(
    item: dict[str, object], known: tuple[Mark, ...] | None, flared: bool
) -> None:
    """A later article, serious or graver, that neither denies nor eases, of what the chat took for denied or over."""
    severity, published, title = (
        (GRAVE | {"title": "Title"} | item)[name] for name in ("severity", "published", "title")
    )
    alerted = None if known is None else replace(TOLD, at=NOW, marks=known)
    assert flares(judged(score(severity=severity), published=published, title=title), alerted) is flared


@pytest.mark.parametrize(
    ("known", "said", "new", "then"),
    [
        ({EASED}, {EASED}, set(), {EASED}),
        ({EASED}, {DENIED}, {DENIED}, {EASED, DENIED}),
        ({EASED, DENIED, CONFIRMED}, {FLARED}, {FLARED}, {CONFIRMED, FLARED}),
        ({EASED}, {FLARED, EASED}, {FLARED, EASED}, {FLARED, EASED}),
        ({FLARED}, {EASED}, {EASED}, {FLARED, EASED}),
        ({FLARED, EASED}, {FLARED}, {FLARED}, {FLARED}),
    ],
)
def test_what_flared_up_may_ease_again(known: set[Mark], said: set[Mark], new: set[Mark], then: set[Mark]) -> None:
    """What is told once is not told again, but for what happens again; after that its end is news."""
    assert (fresh(known, said), settled(known, said)) == (new, then)


@pytest.mark.parametrize(
    ("title", "told", "chosen"),
    [
        ("Police deny that shots were fired", True, True),
        ("Calm returns to Zvečan", True, True),
        ("Police deny that shots were fired", False, False),
        ("Police confirm that shots were fired", True, False),
    ],
)
def test_no_relevance_is_asked_of_the_end_of_what_was_told(title: str, told: bool, chosen: bool) -> None:
    """But the rest of the rule is."""
    item = judged(score(relevance=0.0), title=title)
    assert (choose([BASE], story(), item, told) is BASE) is chosen
    other = choose([FAR_OFF], story(), item, told)
    assert isinstance(other, Decision)
    assert other.reason is (Reason.OUT_OF_REGION if chosen else Reason.IRRELEVANT)


def test_without_rules_a_chat_gets_what_alerts_says() -> None:
    """One policy, all of it from `alerts`; the classifier's threshold where that names none."""
    alerts = AlertsConfig()
    assert policies((), alerts, 0.6, BELGRADE, 5) == (
        Policy(0.6, alerts.countries, cooldown=timedelta(minutes=30), thread=5),
    )
    own = AlertsConfig(threshold=0.7, severity=2, cooldown=HOUR, languages=("sq",), sources=("A",), loud_from=4)
    own = own.model_copy(update={"types": (EventType.ARMS,), "corroboration": Corroboration(outlets=2, camps=3)})
    own = own.model_copy(update={"quiet": Quiet(**{"from": "22:00", "to": "7:00"})})
    hours = QuietHours(time(22), time(7), BELGRADE, CRITICAL)
    assert policies((), own, 0.6, BELGRADE, None) == (
        Policy(0.7, own.countries, (EventType.ARMS,), ("sq",), ("A",), TENSION, 2, 3, 4, HOUR, hours, None, CRITICAL),
    )


def test_a_rule_takes_from_alerts_what_it_leaves_open() -> None:
    """And nothing else: zero is said, not left open."""
    alerts = AlertsConfig(threshold=0.7, severity=2, cooldown=HOUR, countries=("RS",), loud_from=3)
    quiet = Quiet(**{"from": "22:00", "to": "7:00", "timezone": "UTC", "through": "serious"})
    rule = PolicyConfig(
        countries=("XK",), severity=0, threshold=0.0, cooldown=timedelta(0), quiet=quiet, thread=9, sources=("A",),
        loud_from=0,
    )  # fmt: skip
    (made,) = policies((rule,), alerts, 0.6, BELGRADE, 5)
    hours = QuietHours(time(22), time(7), ZoneInfo("UTC"), SERIOUS)
    assert made == Policy(0.0, ("XK",), sources=("A",), quiet=hours, thread=9, loud_from=Severity.NONE)
    (other,) = policies((PolicyConfig(corroboration=Corroboration(camps=2)),), alerts, 0.6, BELGRADE, 5)
    assert other == Policy(0.7, ("RS",), severity=TENSION, camps=2, cooldown=HOUR, thread=5, loud_from=SERIOUS)


def test_what_no_policy_wants_is_refused_early() -> None:
    """By the lowest threshold and all countries of any."""
    threshold, alerts = widest([replace(BASE, countries=("AL",), threshold=0.3), BASE], AlertsConfig(max_age=HOUR))
    assert (threshold, alerts.countries, alerts.max_age) == (0.3, ("AL", "XK", "RS"), HOUR)
