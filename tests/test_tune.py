"""What people said made proposals: a row on each side of every minimum."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from samples import NOW, article, score, story

from monitor.config import AlertsConfig, Chat, Config, KeywordRule, Keywords, PolicyConfig, TelegramConfig
from monitor.domain import Feedback, Opinion, Person, Reason, Severity, Source
from monitor.store import Traced
from monitor.store.values import Judgement
from monitor.tune import History, Proposal, Replay, Settings, Tuning, propose
from monitor.tune.proposing import cuts, short
from monitor.verdicts import rulings

DAY = timedelta(days=1)
GLAS, TALAS = (
    Source("Glas", "https://glas.example/rss", outlet="glas.example"),
    Source("Talas", "https://t.example/rss"),
)
YES, NO, MISSED, SILENT = Opinion.RELEVANT, Opinion.NOT_RELEVANT, Opinion.MISSED, None
Row = tuple[float, Opinion | None]


def config(*rules: PolicyConfig, boost: Sequence[KeywordRule] = ()) -> Config:
    """One chat, two feeds."""
    return Config(
        telegram=TelegramConfig(chats=(Chat(id=1, rules=rules),)),
        sources=(GLAS, TALAS),
        keywords=Keywords(boost=tuple(boost)),
    )


def traced(n: int, relevance: float, title: str = "", source: str = "Glas", days: int = 3, model: str = "m") -> Traced:
    """The nth article, one of some days, which the classifier gave that relevance."""
    at = NOW - n % days * DAY
    told = article(n, id=n, title=title or f"Report {n}", summary="", source=source, published=at, seen=at)
    known = score(relevance=relevance, model=relevance, keywords=())
    if relevance < 0.5:
        known = replace(known, types=(), severity=Severity.NONE)
    return Traced(told, Judgement(known, model, Reason.FIRST, at))


def word(n: int, opinion: Opinion, chat: str = "1", user: int = 1, minute: int = 0) -> Feedback:
    """A person's word on the nth article."""
    at = NOW + timedelta(minutes=minute)
    return Feedback(n, None, chat, Person(user, "Ana"), opinion, 0.6, 0.5, "m", at)


def history(articles: Sequence[Traced], said: Sequence[Opinion | None], *more: Feedback) -> History:
    """The articles with what was said of each, in their order."""
    words = [word(t.article.id or 0, opinion) for t, opinion in zip(articles, said, strict=True) if opinion]
    return History(tuple(articles), {}, (*words, *more), NOW - 30 * DAY, "m")


def of(rows: Sequence[Row], settings: Config | None = None) -> Tuning:
    """What is proposed for articles of these relevances, of which that was said."""
    known = [traced(n, relevance) for n, (relevance, _) in enumerate(rows, 1)]
    return propose(history(known, [said for _, said in rows]), Settings(settings or config(), 0.5))


def only(found: Tuning) -> Proposal:
    """The one proposal."""
    (proposal,) = found.proposals
    return proposal


GOOD: Row = (0.8, YES)
NOISE: Row = (0.55, NO)


@pytest.mark.parametrize(
    ("rows", "low", "high"),
    [
        ([NOISE] * 3 + [GOOD] * 7, 0.55, 0.8),
        ([NOISE] * 2 + [GOOD] * 8, None, None),
        ([NOISE] * 3 + [GOOD] * 6, None, None),
        ([(0.4, MISSED)] * 2 + [GOOD] * 8, 0.0, 0.4),
        ([(0.4, MISSED)] + [GOOD] * 9, None, None),
        ([(0.55, YES)] + [(0.6, NO)] * 5 + [GOOD] * 4, 0.6, 0.8),
        ([(0.55, YES)] + [(0.6, NO)] * 4 + [GOOD] * 5, None, None),
        ([(0.5, NO)] * 3 + [GOOD] * 7, 0.5, 0.8),
        ([(0.499, NO)] * 3 + [GOOD] * 7, None, None),
        ([NOISE] * 3 + [GOOD] * 7 + [(0.6, SILENT)] * 10, 0.6, 0.8),
        ([NOISE] * 3 + [GOOD] * 7 + [(0.6, SILENT)] * 11, None, None),
        ([(0.4, MISSED)] * 2 + [GOOD] * 8 + [(0.45, SILENT)] * 11, None, None),
    ],
)
def test_a_threshold_needs_evidence(rows: Sequence[Row], low: float | None, high: float | None) -> None:
    """Ten articles that it decides on, three mistakes fewer where a miss counts twice, and few that nobody judged."""
    found = of(rows)
    if low is None or high is None:
        assert found.proposals == ()
        return
    proposal = only(found)
    assert (proposal.kind, proposal.subject, proposal.old) == ("threshold", "1", None)
    assert low < proposal.new <= high


def test_a_proposal_names_what_it_changes() -> None:
    """The alerts with title and date, the latest first, and what people said of each."""
    proposal = only(of([NOISE] * 3 + [GOOD] * 7 + [(0.6, SILENT)]))
    assert (proposal.relevant, proposal.noise, proposal.mistakes, proposal.gained) == (7, 3, (3, 0), ())
    assert [(told.title, told.at, told.relevant) for told in proposal.lost] == [
        ("Report 3", NOW, False),
        ("Report 1", NOW - DAY, False),
        ("Report 11", NOW - 2 * DAY, None),
        ("Report 2", NOW - 2 * DAY, False),
    ]


def test_too_little_is_said() -> None:
    """A sentence for what is held back, and nothing is proposed from a few clicks."""
    found = of([NOISE, GOOD])
    assert found.judged == 2
    assert "chat 1: 2 judged articles that its threshold decides on, a proposal needs 10" in found.notes
    held = of([NOISE] * 3 + [GOOD] * 7 + [(0.6, SILENT)] * 11).notes
    assert held == ("threshold 1: 0.68 would correct 3, but change 11 alerts that nobody judged: judge some of them",)


def test_a_rule_with_its_own_threshold_is_left_alone() -> None:
    """The chat's threshold decides nothing there."""
    found = of([NOISE] * 3 + [GOOD] * 7, config(PolicyConfig(threshold=0.5)))
    assert found.proposals == ()
    assert "chat 1: 0 judged articles" in found.notes[0]


def test_what_is_not_one_word_is_left_out() -> None:
    """Articles on which people differ, and those that another version of the classifier scored."""
    rows = [NOISE] * 3 + [GOOD] * 8
    known = [traced(n, relevance) for n, (relevance, _) in enumerate(rows, 1)]
    known[10] = traced(11, 0.8, model="older")
    found = propose(
        history(known, [said for _, said in rows], word(1, YES, user=2), word(99, NO)), Settings(config(), 0.5)
    )
    assert (found.judged, found.proposals) == (9, ())
    assert found.notes[0] == "1 judged article left out: people disagree"
    assert (
        found.notes[1] == "2 judged articles left out: another version of the classifier scored them, or none is stored"
    )


@pytest.mark.parametrize(
    ("said", "days", "unknown", "proposed"),
    [
        ([NO] * 5, 3, 0, True),
        ([NO] * 4, 3, 0, False),
        ([NO] * 5, 2, 0, False),
        ([NO] * 5 + [YES], 3, 0, False),
        ([NO] * 5 + [MISSED], 3, 0, False),
        ([NO] * 5, 3, 5, True),
        ([NO] * 5, 3, 6, False),
    ],
)
def test_a_feed_of_noise_is_named(said: list[Opinion], days: int, unknown: int, proposed: bool) -> None:
    """Five articles on three days, none of them relevant, and as many judged as not."""
    known = [traced(n, 0.7, source="Talas", days=days) for n in range(1, len(said) + unknown + 1)]
    found = propose(history(known, [*said, *[None] * unknown]), Settings(config(), 0.5))
    assert [(p.kind, p.subject, p.old, p.new) for p in found.proposals] == (
        [("source", "Talas", True, False)] if proposed else []
    )


def test_a_story_that_others_tell_is_not_lost() -> None:
    """Without the feed the story is still told, unless nobody else is left to corroborate it."""
    noise = [traced(n, 0.7, source="Talas") for n in range(1, 6)]
    noise[0] = replace(noise[0], article=replace(noise[0].article, story=7, outlet="t.example"))
    other = replace(traced(9, 0.9), article=article(9, id=9, story=7, seen=NOW, published=NOW))
    both = story(7, outlets=("t.example", "glas.example"))
    sources = (GLAS, replace(TALAS, outlet="t.example"))
    for outlets, lost in ((1, 4), (2, 1)):
        rule = PolicyConfig.model_validate({"corroboration": {"outlets": outlets}})
        settings = config(rule).model_copy(update={"sources": sources})
        found = history([*noise, other], [*[NO] * 5, None])
        tuned = propose(replace(found, stories={7: both}), Settings(settings, 0.5))
        assert [len(p.lost) for p in tuned.proposals] == ([lost] if outlets == 1 else [])


@pytest.mark.parametrize(
    ("said", "relevance", "weight"),
    [
        ([NO] * 5, 0.55, -0.3),
        ([NO] * 4, 0.55, None),
        ([NO] * 3 + [YES] * 2, 0.55, None),
        ([MISSED] * 5, 0.3, 0.9),
        ([NO] * 5, 0.99, None),
    ],
)
def test_a_rule_is_weighed_anew(said: list[Opinion], relevance: float, weight: float | None) -> None:
    """The smallest change that makes the fewest mistakes, of at most 3.0, from five articles on."""
    rule = KeywordRule(match="barikad*", weight=0.5)
    known = [traced(n, relevance, f"Barikade {n}") for n in range(1, len(said) + 1)]
    known.append(traced(50, 0.9))
    found = propose(history(known, [*said, YES]), Settings(config(boost=[rule]), 0.5))
    made = [(p.subject, p.old, p.new) for p in found.proposals if p.kind == "weight"]
    assert made == ([("barikad*", 0.5, weight)] if weight is not None else [])


def test_a_match_that_stands_twice_is_not_weighed() -> None:
    """It is not known which of the rules matched."""
    rules = [KeywordRule(match="barikad*", weight=0.5, languages=(lang,)) for lang in ("en", "sr")]
    known = [traced(n, 0.55, "Barikade") for n in range(1, 6)]
    found = propose(history(known, [NO] * 5), Settings(config(boost=rules), 0.5))
    assert not [p for p in found.proposals if p.kind == "weight"]
    assert any("a match that stands in one rule only" in note for note in found.notes)


@pytest.mark.parametrize(
    ("noise", "good", "days", "also", "weight"),
    [
        (8, 8, 3, YES, None),
        (8, 8, 3, NO, -0.5),
        (7, 8, 3, NO, -0.5),
        (6, 8, 3, NO, None),
        (8, 7, 3, NO, None),
        (8, 8, 2, NO, None),
    ],
)
def test_a_new_word_needs_clear_evidence(noise: int, good: int, days: int, also: Opinion, weight: float | None) -> None:
    """Eight articles with it on three days, all of one kind, and eight of the other kind without it."""
    known = [traced(n, 0.6, f"Kvalifikacije {n}", days=days) for n in range(1, noise + 1)]
    known += [traced(n, 0.9, f"Shots fired {n}") for n in range(20, 20 + good)]
    known.append(traced(60, 0.6, "КВАЛИФИКАЦИЈЕ", days=days))
    found = propose(history(known, [*[NO] * noise, *[YES] * good, also]), Settings(config(), 0.5))
    made = [(p.subject, p.old, p.new) for p in found.proposals if p.kind == "word"]
    assert made == ([("kvalifikacije", None, weight)] if weight is not None else [])


def test_proposals_stand_on_each_other() -> None:
    """What a feed's end has put right is not put right a second time by a threshold."""
    known = [traced(n, 0.55, source="Talas") for n in range(1, 6)] + [traced(n, 0.8) for n in range(10, 20)]
    found = propose(history(known, [NO] * 5 + [YES] * 10), Settings(config(), 0.5))
    assert [p.kind for p in found.proposals] == ["source"]


def test_scores_follow_the_rules_as_they_are() -> None:
    """A rule that was added since lets an article through, whose severity nobody knows; a lower threshold does not."""
    known = traced(1, 0.45, "Barikade")
    boost = [KeywordRule(match="barikad*", weight=0.5)]
    strict = PolicyConfig(severity=2)
    for settings, told in (
        (Settings(config(), 0.5), ()),
        (Settings(config(boost=boost), 0.5), ("1",)),
        (Settings(config(strict, boost=boost), 0.5), ("1",)),
        (Settings(config(), 0.5, {"1": 0.4}), ("1",)),
        (Settings(config(strict), 0.5, {"1": 0.4}), ()),
        (Settings(config().model_copy(update={"alerts": AlertsConfig(threshold=0.45)}), 0.5), ("1",)),
        (Settings(config().model_copy(update={"alerts": AlertsConfig(threshold=0.4501)}), 0.5), ()),
    ):
        assert Replay(history([known], [None]), settings, {}).tells(known) == told


def test_articles_of_a_story_are_one_alert() -> None:
    """By its first article, and relevant if any of them is; what was first read before is not counted."""
    inside = [replace(t, article=replace(t.article, story=3)) for t in (traced(1, 0.9), traced(2, 0.9), traced(3, 0.9))]
    known = replace(history([*inside, traced(4, 0.9)], [NO, YES, None, None]), stories={3: story(3)})
    ruled = rulings(known.feedback)
    alerts = Replay(replace(known, since=NOW - 2 * DAY), Settings(config(), 0.5), ruled).alerts()
    assert {key: (told.article, told.relevant) for key, told in alerts.items()} == {
        ("1", "s3"): (2, True),
        ("1", "a4"): (4, None),
    }
    late = Replay(replace(known, since=NOW - DAY), Settings(config(), 0.5), ruled).alerts()
    assert late["1", "s3"].relevant is False


@pytest.mark.parametrize(
    ("words", "relevant", "disputed"),
    [
        ([word(1, YES)], True, False),
        ([word(1, MISSED)], True, False),
        ([word(1, NO), word(1, YES, chat="2", minute=1)], True, False),
        ([word(1, YES, chat="2", minute=1), word(1, NO)], True, False),
        ([word(1, YES), word(1, NO, user=2, minute=1)], False, True),
        ([word(1, NO, minute=1), word(1, YES, user=2)], False, True),
        ([word(1, YES), word(1, NO, user=2, minute=1), word(1, YES, user=3)], True, True),
    ],
)
def test_the_last_word_of_each_counts(words: list[Feedback], relevant: bool, disputed: bool) -> None:
    """Most people win, on a tie the last of them; who differ make it disputed."""
    ruling = rulings(words)[1]
    assert (ruling.relevant, ruling.disputed) == (relevant, disputed)


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(0.55, 0.8, 0.68), (0.5, 0.51, 0.51), (0.5, 0.5001, 0.50005), (0.0, 0.01, 0.01), (0.98, 1.0, 0.99)],
)
def test_a_threshold_is_short(low: float, high: float, found: float) -> None:
    """As few digits as there may be above the one score and not above the other."""
    assert short(low, high) == pytest.approx(found)
    assert low < short(low, high) <= high


def test_every_way_to_cut_is_tried() -> None:
    """Below all scores, between each two, above all, and where the threshold is."""
    made = cuts([(0.3, True), (0.3, False), (0.9, True)], 0.5)
    assert [sum(cut > score for score in (0.3, 0.9)) for cut in made] == [1, 0, 1, 2]
