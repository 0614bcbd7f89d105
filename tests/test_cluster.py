"""Grouping: what joins, what starts anew, what a story becomes, and who tells it."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitor.cluster import LIFETIME, SILENCE, Open, amend, find, join, mention, required, start
from monitor.cluster.evidence import (
    COSINE,
    HOUR,
    HOUR_ELSEWHERE,
    NUMBER,
    OTHER_COUNTRIES,
    OTHER_NUMBERS,
    OTHER_PLACES,
    SAME_LANGUAGE,
    TERMS,
    UNRELATED,
    facts,
    likeness,
)
from monitor.cluster.growth import FIRST
from monitor.cluster.growth import TERMS as MOST_TERMS
from monitor.cluster.terms import mass, terms
from monitor.cluster.voices import TEXTS, copied, signature
from monitor.domain import VOICES, Article, Embedding, EventType, Judged, PlaceHit, Score, Severity, Story

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOURS = timedelta(hours=1)
ASKED = required(1)
"""The likeness asked with one open story."""


def at(cosine: float) -> Embedding:
    """A unit vector at this cosine to the first axis."""
    return np.array([cosine, np.sqrt(max(0.0, 1 - cosine**2)), 0.0], dtype=np.float32)


def judged(
    cosine: float = 1.0,
    when: datetime = NOW,
    title: str = "",
    place: str = "",
    lang: str = "en",
    countries: tuple[str, ...] = ("XK",),
    **told: object,
) -> Judged:
    """A judged article whose embedding has this cosine to the first axis; `told` is outlet, camp, severity, kind, text."""
    outlet, camp = str(told.get("outlet", "a")), str(told.get("camp", "belgrade"))
    kind, severity = told.get("kind", EventType.CLASH), told.get("severity", Severity.SERIOUS)
    assert isinstance(kind, EventType)
    assert isinstance(severity, Severity)
    summary = str(told.get("text", ""))
    article = Article(("u:1",), "A", outlet, camp, "RS", "https://a.example/1", title, summary, lang, when, when, "f")
    places = (PlaceHit("XK", place, place, "title", str(told.get("place_kind", "town"))),) if place else ()
    return Judged(article, Score(0.9, 0.9, (kind,), severity, countries, (), places), at(cosine))


def cosine_for(rest: float, asked: float = ASKED) -> float:
    """The cosine at which likeness is just what is asked, where all else but the cosine speaks with `rest`."""
    return UNRELATED + (asked - rest) / COSINE


ONE = SAME_LANGUAGE
"""What speaks beside the cosine for two articles of one language and moment without a word."""
EDGE = 0.0005


@pytest.mark.parametrize(
    ("rest", "story", "article"),
    [
        pytest.param(ONE, {}, {}, id="the cosine alone"),
        pytest.param(0.0, {}, {"lang": "sq"}, id="another language"),
        pytest.param(ONE, {"lang": "sr-Cyrl"}, {"lang": "hr"}, id="kin languages are one"),
        pytest.param(ONE + TERMS, {"title": "Banjska"}, {"title": "Banjska"}, id="the same rare word"),
        pytest.param(ONE + TERMS, {"title": "Рашковић"}, {"title": "Raškovića"}, id="script and ending do not matter"),
        pytest.param(ONE + TERMS, {"place": "Banjska"}, {"place": "Banjska"}, id="the same place"),
        pytest.param(ONE + OTHER_PLACES, {"place": "Banjska"}, {"place": "Lešak"}, id="other places"),
        pytest.param(
            ONE + OTHER_PLACES + 10 * (HOUR + HOUR_ELSEWHERE),
            {"place": "Banjska"},
            {"place": "Lešak", "when": NOW + 10 * HOURS},
            id="other places ten hours later",
        ),
        pytest.param(ONE, {"place": "Banjska"}, {}, id="a place that the article does not name"),
        pytest.param(ONE, {"place": "Banjska"}, {"place": "EULEX", "place_kind": "body"}, id="a body is no place"),
        pytest.param(ONE + OTHER_COUNTRIES, {}, {"countries": ("BA",)}, id="other countries"),
        pytest.param(ONE, {}, {"countries": ("BA", "XK")}, id="one country in common"),
        pytest.param(ONE, {}, {"countries": ()}, id="no country named"),
        pytest.param(ONE + TERMS + NUMBER, {"title": "700"}, {"title": "700"}, id="the same number"),
        pytest.param(ONE + OTHER_NUMBERS, {"title": "3"}, {"title": "30"}, id="numbers that contradict"),
        pytest.param(ONE, {"title": "3"}, {"title": "2"}, id="one and two are no numbers that tell"),
        pytest.param(ONE, {"title": "3"}, {"title": "2026"}, id="a year is no number that tells"),
        pytest.param(ONE + 10 * HOUR, {}, {"when": NOW + 10 * HOURS}, id="ten hours later"),
        pytest.param(ONE + 10 * HOUR, {}, {"when": NOW - 10 * HOURS}, id="ten hours earlier"),
        pytest.param(ONE, {}, {"kind": EventType.ARMS}, id="the type does not matter"),
    ],
)
def test_an_article_joins_the_story_that_tells_its_event(
    rest: float, story: dict[str, object], article: dict[str, object]
) -> None:
    """What speaks for it, in log-odds, must reach what is asked; each kind of evidence has a row on both sides."""
    opened = [start(judged(**story))]  # type: ignore[arg-type]
    least = cosine_for(rest)
    assert find(judged(least + EDGE, **article), opened) == 0  # type: ignore[arg-type]
    assert find(judged(least - EDGE, **article), opened) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("others", "joins"), [(0, True), (1, False)])
def test_more_open_stories_ask_for_more(others: int, joins: bool) -> None:
    """Among many stories one is like the article by chance; a story that is silent too long does not count."""
    far = [start(judged(-1.0)) for _ in range(others)]
    silent = start(judged(-1.0, NOW - SILENCE - SECOND))
    assert (find(judged(cosine_for(ONE) + EDGE), [start(judged()), silent, *far]) == 0) is joins
    assert find(judged(cosine_for(ONE, required(1 + others)) + EDGE), [start(judged()), *far]) == 0


@pytest.mark.parametrize(
    ("when", "joins"),
    [
        (NOW + SILENCE, True),
        (NOW + SILENCE + SECOND, False),
        (NOW - SILENCE, True),
        (NOW - SILENCE - SECOND, False),
    ],
)
def test_a_story_closes_after_silence(when: datetime, joins: bool) -> None:
    """An article further away than the silence starts a story, however alike it is."""
    assert (find(judged(1.0, when), [start(judged())]) == 0) is joins


def test_a_story_is_not_dragged_on_past_its_lifetime() -> None:
    """Even without silence, an article later than the lifetime starts a new story."""
    story = replace(start(judged()), updated=NOW + LIFETIME)
    assert find(judged(1.0, NOW + LIFETIME), [story]) == 0
    assert find(judged(1.0, NOW + LIFETIME + SECOND), [story]) is None


def test_the_likeliest_of_several_stories_is_taken_and_the_first_on_a_tie() -> None:
    """The likeliest story wins; equal ones go by order, so that the result is deterministic."""
    near, far = start(judged()), start(judged(0.95))
    assert find(judged(), [far, near]) == 1
    assert find(judged(), [near, near]) == 0
    assert find(judged(), []) is None
    named = start(judged(0.95, title="Banjska"))
    assert find(judged(title="Banjska"), [near, named]) == 1


def test_two_events_of_one_kind_in_one_week_stay_two() -> None:
    """Weapons found in Rudare and, three days later, in Lešak by the same words, are two events."""
    first = start(judged(title="Policia gjen armë në Rudare", place="Rudare", lang="sq"))
    elsewhere = "Policia gjen armë në Leshak"
    assert find(judged(0.957, NOW + 72 * HOURS, elsewhere, "Lešak", "sq"), [first]) is None
    assert find(judged(0.957, NOW + 2 * HOURS, "Gjenden armë në Zveçan", "Zvečan", "sq"), [first]) == 0
    assert find(judged(0.90, NOW + 72 * HOURS, "Oružje u Rudaru", "Rudare", "sr-Latn"), [first]) == 0


def test_more_may_be_asked_of_an_article() -> None:
    """So much more than of others, on both sides of the boundary."""
    opened = Open([start(judged())])
    assert opened.find(judged(cosine_for(ONE, ASKED + 2.0) + EDGE), 2.0) == 0
    assert opened.find(judged(cosine_for(ONE, ASKED + 2.0) - EDGE), 2.0) is None


def test_an_article_that_only_ends_a_story_moves_nothing_of_it() -> None:
    """But the time of its newest article, and their number."""
    story = start(judged(title="Banjska"))
    later = judged(0.9, NOW + HOURS, "Lešak", "Lešak", "sq", ("BA",), outlet="b", camp="pristina", kind=EventType.ARMS)
    grown = mention(story, later)
    assert (grown.articles, grown.updated) == (2, NOW + HOURS)
    assert grown == replace(story, articles=2, updated=NOW + HOURS, centroid=grown.centroid)
    assert grown.centroid is story.centroid
    assert mention(story, judged(0.9, NOW - HOURS)).updated == NOW


def test_many_stories_are_searched_as_few_are() -> None:
    """Open finds the same story among hundreds, after some have grown, as among a few."""
    opened = Open(start(judged(float(np.cos(angle)))) for angle in np.linspace(0.6, 3.1, 300))
    index = opened.add(start(judged(title="Banjska")))
    assert (index, len(opened)) == (300, 301)
    assert opened.find(judged(title="Banjska")) == index
    opened.replace(index, join(opened[index], judged(0.99, title="Vetëvendosje", lang="sq")))
    assert opened.find(judged(title="Vetëvendosje")) == index
    assert opened.stories[index].articles == 2
    opened.replace(index, replace(opened[index], updated=NOW - SILENCE - SECOND))
    assert opened.find(judged(title="Banjska")) is None


def test_likeness_is_the_same_in_any_order() -> None:
    """What is shared is weighed alike whichever text came first, and terms in any order weigh the same to the bit."""
    one, two = facts(("banjs", "@Kosovo", "30"), ("XK",), ("en",)), facts(("30", "banjs", "monas"), ("XK",), ("sh",))
    assert likeness(one, two, 0.9, HOURS) == likeness(two, one, 0.9, -HOURS)
    told = ("kosov", "banjs", "polic", "#Zvečan", "30", "leade")
    assert len({mass(told[i:] + told[:i]) for i in range(len(told))}) == 1
    assert math.sqrt(mass(["banjs"])) > math.sqrt(mass(["zveca"])) > math.sqrt(mass(["kosov"]))


def test_terms_are_names_stems_and_numbers_of_title_and_summary() -> None:
    """Each once; short words, small numbers and years are left out."""
    told = judged(title="Tri povređena u Zvečanu: 14 vojnika", text="Zvečan, 2 kuće i 14 vozila 2023.", place="Zvečan")
    assert terms(told) == ("#Zvečan", "povre", "zveca", "14", "vojni", "kuce", "vozil")


def test_a_story_grows_by_what_joins_it() -> None:
    """Severity is the gravest, everything told is united, the centroid stays a unit vector, time never goes back."""
    later = judged(0.9, NOW - SECOND, "Two", "Leposavić", "sq", outlet="b", camp="pristina", kind=EventType.ARMS)
    grave = replace(later, score=replace(later.score, severity=Severity.CRITICAL))
    story = join(start(judged(title="One", place="Zvečan")), grave)
    assert (story.severity, story.articles, story.updated) == (Severity.CRITICAL, 2, NOW)
    assert (story.outlets, story.camps, story.langs) == (("a", "b"), ("belgrade", "pristina"), ("en", "sq"))
    assert story.types == (EventType.CLASH, EventType.ARMS)
    assert story.places == ("Zvečan", "Leposavić")
    assert story.terms == ("#Zvečan", "#Leposavić")
    assert np.linalg.norm(story.centroid) == pytest.approx(1.0)
    assert story.cohesion * float(story.centroid @ at(1.0)) == pytest.approx((1.0 + 0.9) / 2)
    assert join(story, judged()).severity == Severity.CRITICAL


@pytest.mark.parametrize(("articles", "moves"), [(FIRST - 1, True), (FIRST, False)])
def test_only_the_first_articles_say_what_a_story_is_about(articles: int, moves: bool) -> None:
    """After them the centroid and the terms stay, so that a story cannot drift to another event."""
    story = replace(start(judged(title="Banjska")), articles=articles)
    grown = join(story, judged(0.9, title="Leposavić", lang="sq"))
    assert (float(grown.centroid[0]) < 1.0) is moves
    assert ("lepos" in grown.terms) is moves
    assert grown.langs == ("en", "sq")
    assert grown.articles == articles + 1


def test_a_story_keeps_a_bounded_number_of_terms() -> None:
    """The first ones."""
    long = " ".join(f"{a}{b}xyz" for a in "abcdefghijklm" for b in "abcdefghijklm")
    story = join(start(judged(title=long)), judged(title="Banjska"))
    assert (len(story.terms), story.terms[0]) == (MOST_TERMS, "aaxyz")


def test_an_edited_article_counts_once() -> None:
    """What is told grows; articles, outlets, voices and the centroid stay."""
    story = start(judged(title="Banjska"))
    edited = amend(story, judged(0.5, title="Other", place="Lešak", outlet="b", kind=EventType.ARMS))
    assert (edited.types, edited.places) == ((EventType.CLASH, EventType.ARMS), ("Lešak",))
    assert (edited.articles, edited.outlets, edited.voices) == (story.articles, story.outlets, story.voices)
    assert edited.centroid is story.centroid


AGENCY = "Dozens of NATO peacekeepers injured during clashes in northern Kosovo"
LONG = "Soldiers of the peacekeeping force were hurt on Monday when they tried to clear a crowd from the town hall of Zvečan."


@pytest.mark.parametrize(
    ("title", "text", "same"),
    [
        (AGENCY, "", True),
        (AGENCY.upper() + "!", "", True),
        (f"{AGENCY} - Daily News", "", True),
        ("Kosovo: 25 soldiers hurt", LONG, True),
        ("Kosovo: 25 soldiers hurt", LONG.replace("Monday", "29 May"), True),
        ("Kosovo: 25 soldiers hurt", "The alliance sends 700 more soldiers to the north after the clashes.", False),
        ("NATO peacekeepers injured in clash with ethnic Serbian protesters in Kosovo", "", False),
        ("", "", False),
    ],
)
def test_near_identical_texts_are_copies(title: str, text: str, same: bool) -> None:
    """A title or a summary that is the same but for little makes a copy; another report of the event does not."""
    assert copied(signature(AGENCY, LONG), signature(title, text)) is same


def test_copies_are_found_across_scripts_and_short_titles_are_compared_whole() -> None:
    """Folding is before comparing; two words in common of three are no copy."""
    latin = signature("Vojska na severu podigla borbenu gotovost", "")
    assert copied(latin, signature("Војска на северу подигла борбену готовост", ""))
    assert not copied(signature("Breaking news Kosovo", ""), signature("Breaking news Serbia", ""))
    assert copied(signature("Breaking news", ""), signature("BREAKING NEWS!", ""))


TITLES = (
    "Të shtëna ndaj policisë në Zveçan, plagoset një polic",
    "Pucnjava na severu Kosova, ranjen policajac kod mosta",
)
ELEVEN = "Pročitajte najnovije vesti iz zemlje i sveta na našem portalu danas"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Foto: Tanjug", "Foto: Tanjug", False),
        ("(Tanjug)", "(Tanjug)", False),
        ("Foto: Ilustracija", "Foto: Ilustracija", False),
        ("Photo: AFP / File", "Photo: AFP / File", False),
        ("Фото: Танјуг", "Foto: Tanjug", False),
        (ELEVEN, ELEVEN, False),
        (f"{ELEVEN} ponovo", f"{ELEVEN} ponovo", True),
        (f"{ELEVEN} Foto: Tanjug", f"{ELEVEN} Foto: Tanjug", False),
        (f"{ELEVEN} (Beta)", f"{ELEVEN} (Beta)", False),
        (LONG, f"Foto: AFP / File {LONG}", True),
        (LONG, f"{LONG} (Tanjug)", True),
    ],
)
def test_a_standing_line_makes_no_copy(one: str, other: str, same: bool) -> None:
    """A summary of twelve words or more decides alone; who took the picture, and for whom, is no word of it."""
    assert copied(signature(TITLES[0], one), signature(TITLES[1], other)) is same


def test_a_short_summary_is_compared_with_its_title() -> None:
    """So that a title with another beginning is a copy where all else is the same."""
    told = "Two police officers were wounded near Zvecan, the ministry says today"
    titles = "Shots at a patrol in the north of Kosovo", "Live: shots at a patrol up north of Kosovo"
    for summary, same in (("", False), (told, True)):
        assert copied(*(signature(title, summary) for title in titles)) is same


def grown(*told: tuple[str, str, str]) -> Story:
    """A story of articles by (outlet, camp, title)."""
    first, *rest = [judged(title=title, outlet=outlet, camp=camp) for outlet, camp, title in told]
    story = start(first)
    for item in rest:
        story = join(story, item)
    return story


OWN = [
    f"{word} reports on the barricade near the {word} bridge by {word}" for word in "alfa bravo charlie delta".split()
]


@pytest.mark.parametrize(
    ("told", "voices"),
    [
        ([("a", "belgrade", OWN[0])], "a"),
        ([("a", "belgrade", OWN[0]), ("b", "banja-luka", OWN[0])], "a"),
        ([("a", "belgrade", OWN[0]), ("a", "belgrade", OWN[1])], "a"),
        ([("a", "belgrade", OWN[0]), ("b", "banja-luka", OWN[0]), ("b", "banja-luka", OWN[1])], "ab"),
        ([("a", "belgrade", OWN[0]), ("a", "belgrade", OWN[1]), ("b", "pristina", OWN[1])], "a"),
        ([(outlet, "belgrade", OWN[n]) for n, outlet in enumerate("cabd")], "cabd"),
    ],
)
def test_independent_outlets_are_told_apart(told: list[tuple[str, str, str]], voices: str) -> None:
    """A copy counts for nobody, a further text of an outlet not again."""
    assert [voice.outlet for voice in grown(*told).voices] == list(voices)


def test_voices_and_their_texts_are_bounded() -> None:
    """A story of very many outlets, or an outlet of very many texts, keeps the first ones."""
    names = [f"{first}{second}" for first in "abcdefghij" for second in "klmnopqrst"]
    many = grown(*((name, "other", f"{name} tells {name} with {name} words") for name in names))
    assert (len(many.voices), len(many.outlets)) == (VOICES, len(names))
    busy = grown(*(("a", "other", f"{name} tells {name} with {name} words") for name in names))
    assert [len(voice.texts) for voice in busy.voices] == [TEXTS]


def test_a_camp_is_heard_however_many_outlets_told_it_before() -> None:
    """Its first outlet takes the place of the last one whose camp has another; a second one finds no room."""
    names = [f"{first}{second}" for first in "abcdefgh" for second in "klmnopqr"]
    camps = ["pristina", *["belgrade"] * (VOICES - 2), "sarajevo"]
    later = [("y", "zagreb"), ("z", "zagreb"), ("x", "tirana")]
    told = [*zip(names, camps, strict=True), *later]
    voices = grown(*((name, camp, f"{name} tells {name} with {name} words") for name, camp in told)).voices
    assert [voice.outlet for voice in voices] == [*names[:-3], names[-1], "y", "x"]


def test_more_camps_than_a_story_remembers_are_the_first_ones() -> None:
    """Though nobody has so many."""
    names = [f"{first}{second}" for first in "abcdefghi" for second in "klmnopqr"]
    voices = grown(*((name, name, f"{name} tells {name} with {name} words") for name in names)).voices
    assert [voice.outlet for voice in voices] == names[:VOICES]
