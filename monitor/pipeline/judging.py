"""Stored articles to stored judgements, decisions and messages: classify, score, group, decide, render, commit."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from monitor import cluster
from monitor.config import Config
from monitor.decide import decide, refuse
from monitor.domain import Alerted, Article, Decision, Judged, Model, Probabilities, Reason, Story
from monitor.keywords import Rules
from monitor.places import Gazetteer, countries
from monitor.render import render
from monitor.score import score
from monitor.store import Outcome, Store, Verdict

log = structlog.get_logger(__name__)
BATCH = 64
"""Articles judged and committed together: small enough that an alert among them is not held up."""
TERMINAL = "terminal"
EVERYONE = "*"
"""The chat of a decision that holds for all chats."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The classifier, the keyword rules and the gazetteer as one function of an article. Safe to call in a thread."""

    classifier: Model
    rules: Rules
    gazetteer: Gazetteer
    threshold: float

    def __call__(self, articles: Sequence[Article]) -> list[Judged]:
        """Judge articles, in their order."""
        known = self.classifier.classify(articles)
        return [self._join(article, probabilities) for article, probabilities in zip(articles, known, strict=True)]

    def _join(self, article: Article, probabilities: Probabilities) -> Judged:
        places = self.gazetteer.find(article.title, article.summary)
        about = countries(places)
        hits = self.rules.match(article, about)
        joined = score(probabilities, hits, places, about, self.rules.has_require, self.threshold)
        return Judged(article, joined, probabilities.embedding)


@dataclass(frozen=True, slots=True)
class Processed:
    """What one round of judging led to, in the order of the articles."""

    outcomes: tuple[Outcome, ...] = ()

    @property
    def messages(self) -> int:
        """How many messages were queued."""
        return sum(verdict.decision.send for outcome in self.outcomes for verdict in outcome.verdicts)

    @property
    def reasons(self) -> Mapping[Reason, int]:
        """How often each reason was given."""
        return Counter(outcome.reason for outcome in self.outcomes)


async def process(store: Store, judge: Judge, config: Config, now: datetime) -> Processed:
    """Judge what waits, up to BATCH articles; nothing is lost if this is killed, and nothing happens twice."""
    articles = await asyncio.to_thread(store.unjudged, BATCH)
    if not articles:
        return Processed()
    judged = await asyncio.to_thread(judge, articles)
    outcomes = await asyncio.to_thread(_outcomes, store, judge, config, judged, now)
    given = await asyncio.to_thread(store.commit, outcomes, now)
    numbered = tuple(_numbered(outcome, given) for outcome in outcomes)
    for outcome in numbered:
        _log(outcome)
    return Processed(numbered)


def _numbered(outcome: Outcome, given: Mapping[int, int]) -> Outcome:
    """The outcome with the number that its new story was given."""
    story = outcome.story
    return outcome if story is None or story.id > 0 else replace(outcome, story=replace(story, id=given[story.id]))


def _log(outcome: Outcome) -> None:
    if outcome.story is not None:
        judged = outcome.judged
        log.info(
            "decided",
            article=judged.article.id,
            story=outcome.story.id,
            reason=outcome.reason.value,
            relevance=round(judged.score.relevance, 3),
            severity=int(judged.score.severity),
            source=judged.article.source,
        )


def _outcomes(store: Store, judge: Judge, config: Config, judged: list[Judged], now: datetime) -> list[Outcome]:
    refused = [refuse(j.article, j.score, config.alerts, judge.threshold, now) for j in judged]
    if all(refused):
        return [_refusal(j, decision, judge) for j, decision in zip(judged, refused, strict=True) if decision]
    stories = store.open_stories(now - cluster.SILENCE - config.alerts.max_age)
    grouping = _Grouping(stories, store.alerted([story.id for story in stories]), recipients(config))
    return [
        _refusal(j, decision, judge) if decision else grouping.tell(j, judge, config, now)
        for j, decision in zip(judged, refused, strict=True)
    ]


def recipients(config: Config) -> tuple[tuple[str, int | None], ...]:
    """Who is told: each chat with its topic, or the terminal where there is no token or no chat."""
    if config.telegram.token is None or not config.telegram.chats:
        return ((TERMINAL, None),)
    return tuple((str(chat.id), chat.thread) for chat in config.telegram.chats)


def _refusal(judged: Judged, decision: Decision, judge: Judge) -> Outcome:
    # The plain irrelevant ones are nearly all there is; their article's row says it, and a row each would outlive it.
    plain = decision.reason is Reason.IRRELEVANT and judged.score.relevance < judge.threshold / 2
    verdicts = () if plain else (Verdict(EVERYONE, decision),)
    return Outcome(judged, judge.classifier.version, decision.reason, None, verdicts)


class _Grouping:
    """The open stories while a batch is decided; a new story has a negative number until it is stored."""

    def __init__(
        self,
        stories: Iterable[Story],
        alerted: Mapping[tuple[int, str], Alerted],
        chats: Sequence[tuple[str, int | None]],
    ) -> None:
        self._stories = list(stories)
        self._alerted = dict(alerted)
        self._chats = chats
        self._new = 0

    def tell(self, judged: Judged, judge: Judge, config: Config, now: datetime) -> Outcome:
        """The article in its story, and what each chat is told of it."""
        story = self._place(judged)
        verdicts = tuple(self._decide(story, judged, chat, thread, config, now) for chat, thread in self._chats)
        told = next((v.decision.reason for v in verdicts if v.decision.send), verdicts[0].decision.reason)
        return Outcome(judged, judge.classifier.version, told, story, verdicts)

    def _place(self, judged: Judged) -> Story:
        known = next((i for i, story in enumerate(self._stories) if story.id == judged.article.story), None)
        index = known if known is not None else cluster.find(judged, self._stories)
        if index is None:
            self._new -= 1
            self._stories.append(replace(cluster.start(judged), id=self._new))
            return self._stories[-1]
        if known is None:
            self._stories[index] = cluster.join(self._stories[index], judged)
        else:
            self._stories[index] = cluster.amend(self._stories[index], judged)
        return self._stories[index]

    def _decide(
        self, story: Story, judged: Judged, chat: str, thread: int | None, config: Config, now: datetime
    ) -> Verdict:
        decision = decide(story, judged.score, self._alerted.get((story.id, chat)))
        if not decision.send:
            return Verdict(chat, decision)
        self._alerted[story.id, chat] = Alerted(now, story.severity, 0)
        text = render(story, judged, decision, config.display.zone)
        return Verdict(chat, decision, text, thread=thread)
