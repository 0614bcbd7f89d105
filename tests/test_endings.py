"""What denies an event or says that it is over: no news to the classifier, and news to who was told of the event."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from newsroom import FakeModel, judge, title
from samples import NOW, SOURCE, article

from monitor.app import load_judge
from monitor.config import AlertsConfig, Config
from monitor.decide import marks
from monitor.domain import Article, Mark, Probabilities, Reason, Severity
from monitor.pipeline import Judge, process, reconsider
from monitor.store import Poll, Store

HOUR, NONE = timedelta(hours=1), timedelta(0)
CONFIG = Config(alerts=AlertsConfig(cooldown=NONE))


class Dull(FakeModel):
    """Takes for no news whatever does not tell of shots that were fired, though it sees which event it is of."""

    def classify(self, items: Sequence[Article | tuple[str, str]]) -> list[Probabilities]:
        """The word on each item."""
        titles = [item[0] if isinstance(item, tuple) else item.title for item in items]
        known = super().classify(items)
        return [k if "Shots fired" in t else replace(k, relevance=0.01) for k, t in zip(known, titles, strict=True)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store that knows a feed."""
    made = Store(f"sqlite:///{tmp_path}/m.db")
    made.migrate()
    made.sync_feeds([SOURCE], NOW)
    yield made
    made.close()


async def told(store: Store, judge: Judge, config: Config, *items: Article) -> list[Reason]:
    """Why each of the articles, read an hour apart, was told or not."""
    reasons, claimed = [], store.feeds()[0].state
    for n, item in enumerate(items):
        at = NOW + n * HOUR
        store.record_polls([Poll(claimed, claimed, (replace(item, published=at, seen=at),))], at)
        reasons += [outcome.reason for outcome in (await process(store, judge, config, at)).outcomes]
    return reasons


def of(n: int, text: str, outlet: str = "glas.example", camp: str = "belgrade", lang: str = "en") -> Article:
    """The nth article, with nothing but a title."""
    return article(n, title=text, summary="", fingerprint=text, outlet=outlet, camp=camp, lang=lang)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Police denies shots near Leposavic in Kosovo, event-a", Reason.DENIED),
        ("Calm returns to Leposavic in Kosovo, event-a", Reason.DEESCALATED),
        ("Police speaks of Leposavic in Kosovo, event-a", Reason.IRRELEVANT),
        ("Police denies shots near Leposavic in Kosovo, event-b", Reason.IRRELEVANT),
        ("Police denies shots near Tirana in Albania, event-a", Reason.IRRELEVANT),
        ("Police denies shots, event-a", Reason.IRRELEVANT),
    ],
)
async def test_a_denial_is_heard_though_it_is_no_news_by_itself(store: Store, text: str, reason: Reason) -> None:
    """Of the event that was told, where it names a country of it; of anything else it is as irrelevant as before."""
    made = judge(model=Dull())
    assert await told(store, made, CONFIG, of(1, title("a", 3)), of(2, text, "Zora", "pristina")) == [
        Reason.FIRST,
        reason,
    ]
    (story,) = store.open_stories(NOW - HOUR)
    joined = reason is not Reason.IRRELEVANT
    # Nor does it count for the index.
    assert [mention.eased for mention in store.history(NOW.date())[1]] == ([False, True] if joined else [False])
    assert (story.articles, story.updated) == ((2, NOW + HOUR) if joined else (1, NOW))
    assert (story.severity, story.outlets, story.camps, len(story.voices)) == (
        Severity.SERIOUS,
        ("glas.example",),
        ("belgrade",),
        1,
    )


async def test_a_denial_of_what_nobody_was_told_is_no_news(store: Store) -> None:
    """It starts no story, nor does it join one that waits for another outlet."""
    picky = CONFIG.model_copy(update={"alerts": AlertsConfig.model_validate({"corroboration": {"outlets": 2}})})
    denial = "Police denies shots near Leposavic in Kosovo, event-a"
    reasons = await told(store, judge(model=Dull()), picky, of(1, denial), of(2, title("a")), of(3, f"Again: {denial}"))
    assert reasons == [Reason.IRRELEVANT, Reason.UNCORROBORATED, Reason.IRRELEVANT]
    assert [story.articles for story in store.open_stories(NOW - HOUR)] == [1]


async def test_a_denial_is_told_once(store: Store) -> None:
    """The second one is nothing new, and the first one edited is no other."""
    first, second = "Police denies shots near Leposavic in Kosovo, event-a", "Army denies: Leposavic, Kosovo, event-a"
    items = of(1, title("a", 3)), of(2, first), of(3, second), replace(of(2, f"{first}!"), fingerprint="edited")
    reasons = await told(store, judge(model=Dull()), CONFIG, *items)
    assert reasons[1:] == [Reason.DENIED, Reason.NOTHING_NEW, Reason.NOTHING_NEW]
    assert [story.articles for story in store.open_stories(NOW - HOUR)] == [3]


async def test_a_denial_that_had_to_wait_is_told(store: Store) -> None:
    """Looked at again when the cooldown is over, it needs no more relevance than before."""
    slow = Config(alerts=AlertsConfig(cooldown=3 * HOUR))
    denial = of(2, "Police denies shots near Leposavic in Kosovo, event-a")
    made = judge(model=Dull())
    assert await told(store, made, slow, of(1, title("a", 3)), denial) == [Reason.FIRST, Reason.COOLDOWN]
    looked = await reconsider(store, made, slow, NOW + 3 * HOUR)
    assert [item.verdict.decision.reason for item in looked.made] == [Reason.DENIED]


async def test_with_the_shipped_model_denials_reach_who_was_told(tmp_path: Path) -> None:
    """In English, Serbian and Albanian, of the event and of no other."""
    made = load_judge(Config())
    for n, (lang, event, end, mark) in enumerate(SHIPPED):
        assert marks(made([of(1, end, lang=lang)])[0]) == {mark}, end
        known = Store(f"sqlite:///{tmp_path}/{n}.db")
        known.migrate()
        known.sync_feeds([SOURCE], NOW)
        reasons = await told(known, made, CONFIG, of(1, event, lang=lang), of(2, end, lang=lang), of(3, OTHER))
        known.close()
        assert reasons[0] is Reason.FIRST, event
        assert reasons[1] is (Reason.DENIED if mark is Mark.DENIED else Reason.DEESCALATED), end
        assert reasons[2] is Reason.IRRELEVANT, event


OTHER = "Kosovo minister denies corruption allegations"
SHIPPED = [
    (
        "en",
        "Serbian army masses troops and armour on Kosovo border, US says",
        "Serbia denies troop build-up at the Kosovo border",
        Mark.DENIED,
    ),
    (
        "en",
        "Clashes between protesters and KFOR in north Kosovo, dozens injured",
        "Calm returns to north Kosovo after clashes",
        Mark.EASED,
    ),
    (
        "sr",
        "Pucnjava na severu Kosova, napadnuta policijska patrola u Zvečanu",
        "MUP: Nije tačno da je bilo pucnjave na severu Kosova",
        Mark.DENIED,
    ),
    (
        "sr",
        "Sukobi demonstranata i Kfora na severu Kosova, desetine povređenih",
        "Smirena situacija na severu Kosova posle sukoba",
        Mark.EASED,
    ),
    ("sq", "Të shtëna ndaj policisë në Zveçan", "Policia e Kosovës mohon të shtënat në Zveçan", Mark.DENIED),
    (
        "sq",
        "Përplasje mes protestuesve dhe KFOR-it në veri të Kosovës",
        "Rikthehet qetësia në veri të Kosovës pas përplasjeve",
        Mark.EASED,
    ),
]
