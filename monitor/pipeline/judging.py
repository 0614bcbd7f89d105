"""Stored articles to stored judgements, decisions and messages: classify, score, group, decide, render, commit."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import structlog

from monitor import cluster
from monitor.config import Config
from monitor.decide import ends, refuse, widest
from monitor.domain import (
    Article,
    Decision,
    Entry,
    Feed,
    Judged,
    Kind,
    Model,
    Probabilities,
    Reason,
    Score,
    Severity,
    Source,
    Story,
)
from monitor.errors import InputError, MonitorError
from monitor.keywords import Rules
from monitor.normalize import articles
from monitor.pipeline.telling import Recipient, Teller, addressed
from monitor.places import Gazetteer, countries
from monitor.score import score
from monitor.store import EVERYONE, Outcome, Store, Verdict

log = structlog.get_logger(__name__)
BATCH = 64
"""Articles judged and committed together: small enough that an alert among them is not held up."""


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
        places = self.gazetteer.find(article.title, article.summary, article.country)
        about = countries(places)
        hits = self.rules.match(article, about)
        joined = score(probabilities, hits, places, about, self.rules.has_require, self.threshold)
        return Judged(article, joined, probabilities.embedding)


def judge_text(
    judge: Judge, config: Config, now: datetime, title: str, summary: str = "", lang: str | None = None
) -> tuple[Judged, Decision | None]:
    """What would be made of a text if it were news now, and why it would not be told. Raises InputError for no text."""
    judged = judge([news(title, now, summary, lang)])[0]
    return judged, refuse(judged.article, judged.score, config.alerts, judge.threshold, now)


def news(title: str, now: datetime, summary: str = "", lang: str | None = None) -> Article:
    """A text as an article that came just now. Raises InputError for no text."""
    feed = Feed((Entry(None, None, title, summary, now),))
    found = articles(Source("score", "", lang), feed, now)
    if not found:
        raise InputError("there is no text to judge")
    return found[0]


@dataclass(frozen=True, slots=True)
class Processed:
    """What one round of judging led to, in the order of the articles."""

    outcomes: tuple[Outcome, ...] = ()

    @property
    def messages(self) -> int:
        """How many messages were queued that people are shown; edits are not."""
        verdicts = (verdict for outcome in self.outcomes for verdict in outcome.verdicts)
        return sum(verdict.decision.send and verdict.kind is not Kind.EDIT for verdict in verdicts)

    @property
    def queued(self) -> bool:
        """Whether anything is there to be delivered."""
        return any(verdict.text for outcome in self.outcomes for verdict in outcome.verdicts)

    @property
    def reasons(self) -> Mapping[Reason, int]:
        """How often each reason was given."""
        return Counter(outcome.reason for outcome in self.outcomes)


async def process(store: Store, judge: Judge, config: Config, now: datetime) -> Processed:
    """Judge what waits, up to BATCH articles; nothing is lost if this is killed, and nothing happens twice."""
    waiting = await asyncio.to_thread(store.unjudged, BATCH)
    if not waiting:
        return Processed()
    try:
        return Processed(await asyncio.to_thread(_take, store, judge, config, waiting, now))
    except MonitorError:
        raise
    except Exception as error:
        log.warning("a batch could not be judged, trying its articles one by one", error=_named(error))
        return Processed(await asyncio.to_thread(_take_each, store, judge, config, waiting, now))


def _take(store: Store, judge: Judge, config: Config, articles: list[Article], now: datetime) -> tuple[Outcome, ...]:
    outcomes = _outcomes(store, judge, config, articles, now)
    given = store.commit(outcomes, now)
    numbered = tuple(_numbered(outcome, given) for outcome in outcomes)
    for outcome in numbered:
        _log(outcome)
    return numbered


def _take_each(
    store: Store, judge: Judge, config: Config, articles: list[Article], now: datetime
) -> tuple[Outcome, ...]:
    """Judge articles of which one makes judging fail: it is set aside, lest all others wait behind it for ever.

    Raises the first error if all fail, for then the articles are not to blame.
    """
    taken: list[Outcome] = []
    failed: list[tuple[Article, Exception]] = []
    for article in articles:
        try:
            taken += _take(store, judge, config, [article], now)
        except MonitorError:
            raise
        except Exception as error:
            failed.append((article, error))
    if not taken:
        raise failed[0][1]
    aside = [_set_aside(article, error, judge) for article, error in failed]
    store.commit(aside, now)
    return (*taken, *aside)


def _set_aside(article: Article, error: Exception, judge: Judge) -> Outcome:
    log.error("article could not be judged", article=article.id, source=article.source, error=_named(error))
    decision = Decision(False, Reason.FAILED, _named(error))
    judged = Judged(article, Score(0.0, 0.0, (), Severity.NONE, ()), np.zeros(0, np.float32))
    return Outcome(judged, judge.classifier.version, decision.reason, None, (Verdict(EVERYONE, decision),))


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


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


def _outcomes(store: Store, judge: Judge, config: Config, articles: list[Article], now: datetime) -> list[Outcome]:
    to = addressed(config, judge.threshold, store.people.thresholds(), store.people.mutes(now))
    threshold, alerts = widest((policy for recipient in to for policy in recipient.policies), config.alerts)
    # Types and severity are of what is relevant: here to the chat that takes most.
    line = min(threshold, judge.threshold)
    judged = replace(judge, threshold=line)(articles)
    refused = [refuse(j.article, j.score, alerts, threshold, now) for j in judged]
    late = [
        decision is not None
        and decision.reason is Reason.IRRELEVANT
        and ends(j)
        # Whatever its relevance, nothing else may stand in the way.
        and refuse(j.article, j.score, alerts, 0.0, now) is None
        for j, decision in zip(judged, refused, strict=True)
    ]
    if all(refused) and not any(late):
        return [_refusal(j, decision, judge, line) for j, decision in zip(judged, refused, strict=True) if decision]
    stories = store.open_stories(now - cluster.SILENCE - config.alerts.max_age)
    teller = Teller(store, now)
    grouping = _Grouping(stories, teller, to)
    made = []
    for j, decision, after in zip(judged, refused, late, strict=True):
        if decision is None:
            made.append(grouping.tell(j, judge))
        else:
            made.append((grouping.end(j, judge) if after else None) or _refusal(j, decision, judge, line))
    return made


def _refusal(judged: Judged, decision: Decision, judge: Judge, line: float) -> Outcome:
    # The plain irrelevant ones are nearly all there is; their article's row says it, and a row each would outlive it.
    plain = decision.reason is Reason.IRRELEVANT and judged.score.relevance < line / 2
    verdicts = () if plain else (Verdict(EVERYONE, decision),)
    return Outcome(judged, judge.classifier.version, decision.reason, None, verdicts)


class _Grouping:
    """The open stories while a batch is decided; a new story has a negative number until it is stored."""

    def __init__(self, stories: Iterable[Story], teller: Teller, to: Sequence[Recipient]) -> None:
        self._stories = cluster.Open(stories)
        self._teller = teller
        self._to = to
        self._new = 0

    def tell(self, judged: Judged, judge: Judge) -> Outcome:
        """The article in its story, and what each chat is told of it."""
        return self._tell(self._place(judged), judged, judge)

    def end(self, judged: Judged, judge: Judge) -> Outcome | None:
        """The article, no news by itself, in the story that it says is over or never was; None if none was told."""
        index = known = self._known(judged.article.story)
        if index is None:
            index = self._stories.find(judged, cluster.SURE)
        if index is None:
            return None
        story = self._stories[index]
        if not set(story.countries) & set(judged.score.countries) or not self._teller.told(story, self._to):
            return None
        if known is None:
            self._stories.replace(index, cluster.mention(story, judged))
        return self._tell(self._stories[index], judged, judge)

    def _tell(self, story: Story, judged: Judged, judge: Judge) -> Outcome:
        verdicts = self._teller.tell(story, judged, self._to)
        told = next((v.decision.reason for v in verdicts if v.decision.send), verdicts[0].decision.reason)
        return Outcome(judged, judge.classifier.version, told, story, verdicts)

    def _place(self, judged: Judged) -> Story:
        index, joined = self._known(judged.article.story), cluster.amend
        if index is None:
            index, joined = self._stories.find(judged), cluster.join
        if index is None:
            self._new -= 1
            index = self._stories.add(replace(cluster.start(judged), id=self._new))
        else:
            self._stories.replace(index, joined(self._stories[index], judged))
        return self._stories[index]

    def _known(self, id: int | None) -> int | None:
        """The index of the story that an edited article is in."""
        if id is None:
            return None
        return next((i for i, story in enumerate(self._stories.stories) if story.id == id), None)
