"""The decisions on stored articles made again under some settings: which chats are told of which."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from pydantic import SecretStr

from monitor.cluster import start
from monitor.config import Config
from monitor.decide import Policy, choose, decide, refuse, widest
from monitor.domain import Decision, Judged, Score, Severity, Story
from monitor.keywords import compile_rules
from monitor.pipeline import addressed
from monitor.score import boosted, lift, likely
from monitor.store import Traced
from monitor.tune.values import History, Settings, Told
from monitor.verdicts import Ruling

NOWHERE = np.zeros(0, np.float32)
Key = tuple[str, str]
"""An alert: the chat, and the story or the article that stands for itself."""


class Replay:
    """What the settings would have told.

    Scores are made anew from the classifier's stored word and the rules as they are set; stories are as they stand
    now. Quiet hours, cooldowns and mutes of chats are left out: they change when something is told, not what is worth
    telling. How grave an article is that was below the line was never stored: it passes where a severity is asked for.
    """

    def __init__(self, history: History, settings: Settings, rulings: Mapping[int, Ruling]) -> None:
        self._history, self._rulings = history, rulings
        config = settings.config
        self._rules = compile_rules(config.keywords)
        self._line = settings.threshold if config.alerts.threshold is None else config.alerts.threshold
        self._to = [
            (recipient.chat, tuple(replace(policy, quiet=None) for policy in recipient.policies))
            for recipient in addressed(_delivered(config), self._line, settings.chosen)
        ]
        self._widest = widest((policy for _, policies in self._to for policy in policies), config.alerts)
        self._read = {source.name for source in config.sources if source.enabled}
        outlets = {source.outlet for source in config.sources if source.enabled}
        self._silent = {source.outlet for source in config.sources if not source.enabled} - outlets

    @property
    def chats(self) -> tuple[str, ...]:
        """Who is told."""
        return tuple(chat for chat, _ in self._to)

    def score(self, traced: Traced) -> Score:
        """The article's score under the rules as they are set."""
        assert traced.judgement is not None, "only what was judged is replayed"
        old = traced.judgement.score
        hits = self._rules.match(traced.article, old.countries)
        relevance = boosted(old.model, lift(hits))
        required = not self._rules.has_require or any(hit.list == "require" for hit in hits)
        made = replace(old, relevance=relevance, keywords=hits, required=required)
        if relevance >= self._line and not old.types:
            return replace(made, types=likely(old.type_probabilities, 1))
        if relevance < self._line and not made.always:
            return replace(made, types=(), severity=Severity.NONE)
        return made

    def tells(self, traced: Traced) -> tuple[str, ...]:
        """The chats that are told of the article."""
        article, judgement = traced.article, traced.judgement
        if judgement is None or article.source not in self._read:
            return ()
        score = self.score(traced)
        threshold, alerts = self._widest
        if refuse(article, score, alerts, threshold, judgement.at):
            return ()
        judged = Judged(article, score, NOWHERE)
        story = self._story(traced) or start(judged)
        unknown = story.severity is Severity.NONE and score.relevance >= self._line
        told = []
        for chat, policies in self._to:
            asked = tuple(replace(p, severity=Severity.NONE) for p in policies) if unknown else policies
            policy = choose(asked, story, judged)
            if isinstance(policy, Policy) and self._decided(story, judged, policy, traced).send:
                told.append(chat)
        return tuple(told)

    def alerts(self) -> Mapping[Key, Told]:
        """Every alert of the time that is counted; several articles of a story are one."""
        found: dict[Key, Told] = {}
        for traced in self._history.articles:
            if traced.article.seen >= self._history.since:
                for chat in self.tells(traced):
                    key, alert = self._alert(chat, traced)
                    found[key] = _joined(found[key], alert) if key in found else alert
        return found

    def _decided(self, story: Story, judged: Judged, policy: Policy, traced: Traced) -> Decision:
        assert traced.judgement is not None, "only what was judged is replayed"
        return decide(story, judged, frozenset(), None, policy, traced.judgement.at)

    def _story(self, traced: Traced) -> Story | None:
        """The article's story as it would stand without the outlets of feeds that are not read."""
        story = self._history.stories.get(traced.article.story or 0)
        if story is None or not self._silent & set(story.outlets):
            return story
        return replace(
            story,
            outlets=tuple(outlet for outlet in story.outlets if outlet not in self._silent),
            voices=tuple(voice for voice in story.voices if voice.outlet not in self._silent),
        )

    def _alert(self, chat: str, traced: Traced) -> tuple[Key, Told]:
        article = traced.article
        number = article.id or 0
        ruling = self._rulings.get(number)
        said = None if ruling is None or ruling.disputed else ruling.relevant
        key = f"s{article.story}" if article.story else f"a{number}"
        return (chat, key), Told(chat, article.story, number, article.title, article.outlet, article.published, said)


def _delivered(config: Config) -> Config:
    """The configuration as the daemon has it, which has a token; who only looks back needs none."""
    telegram = config.telegram.model_copy(update={"token": config.telegram.token or SecretStr("-")})
    return config.model_copy(update={"telegram": telegram})


def _joined(one: Told, other: Told) -> Told:
    """The earlier of two articles of an alert; it is relevant if one of them is."""
    said = [alert.relevant for alert in (one, other) if alert.relevant is not None]
    return replace(min(one, other, key=lambda alert: (alert.at, alert.article)), relevant=any(said) if said else None)
