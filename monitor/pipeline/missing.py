"""Near misses, of all chats and of each by its own rules; and what a chat would be told of a text."""

from dataclasses import replace
from datetime import datetime

from monitor import cluster
from monitor.config import Config, PolicyConfig
from monitor.decide import choose, refuse, widest
from monitor.domain import Decision, Judged
from monitor.misses import Line, Miss, Refused, near
from monitor.pipeline.judging import Judge, news
from monitor.pipeline.telling import Recipient, addressed
from monitor.store import Store

SETTINGS = ("threshold", "countries", "types", "languages", "sources", "severity", "corroboration")


def near_misses(store: Store, config: Config, threshold: float, since: datetime) -> list[Miss]:
    """What was just below the line of every chat since then, the newest first; `threshold` is the classifier's."""
    every = (policy for to in addressed(config, threshold, store.people.thresholds()) for policy in to.policies)
    lowest, alerts = widest(every, config.alerts)
    line = Line(lowest, alerts.countries, alerts.max_age)
    return [miss for refused in store.refused(since) if (miss := near(refused, line))]


def chat_misses(store: Store, config: Config, threshold: float, since: datetime, chat: str) -> list[Miss]:
    """The same for one chat, by its own threshold and rules: also what others were told."""
    known = lines(config, recipient(store, config, threshold, chat))
    return [miss for refused in store.refused(since, chat=chat) if (miss := near(refused, *known))]


def recipient(store: Store, config: Config, threshold: float, chat: str) -> Recipient:
    """A chat that is told, with its policies."""
    return next(to for to in addressed(config, threshold, store.people.thresholds()) if to.chat == chat)


def lines(config: Config, to: Recipient) -> tuple[Line, ...]:
    """A chat's policies as a near miss names them: where each setting stands that would let an item through."""
    chats = {str(chat.id): number for number, chat in enumerate(config.telegram.chats)}
    written = {f"telegram.chats[{number}]": config.telegram.chats[number].rules for number in chats.values()}
    written |= {f"notify[{number}]": service.rules for number, service in enumerate(config.notify)}
    services = {service.chat: f"notify[{number}]" for number, service in enumerate(config.notify)}
    place = f"telegram.chats[{chats[to.chat]}]" if to.chat in chats else services.get(to.chat, "")
    own = written.get(place, ())
    rules = own or config.alerts.rules or (PolicyConfig(),)
    default = {"threshold": "/threshold"} if to.chat in chats else {}
    return tuple(
        Line(
            threshold=policy.threshold,
            countries=policy.countries,
            max_age=config.alerts.max_age,
            types=policy.types,
            languages=policy.languages,
            sources=policy.sources,
            severity=policy.severity,
            names=default | _names(f"{place if own else 'alerts'}.rules[{number}]", rule),
        )
        for number, (policy, rule) in enumerate(zip(to.policies, rules, strict=True))
    )


def judge_for(
    judge: Judge, config: Config, now: datetime, text: str, to: Recipient
) -> tuple[Judged, Miss | None, float]:
    """What would be made of a text for a chat if it were news now: the judgement, and the chat's threshold for it.

    Between them: why it would not be told, with the one setting that would help ('' where there is none), or None.
    Raises InputError for no text.
    """
    lowest, alerts = widest(to.policies, config.alerts)
    judged = replace(judge, threshold=min(lowest, judge.threshold))([news(text, now)])[0]
    decision = refuse(judged.article, judged.score, alerts, lowest, now)
    story = None if decision else cluster.start(judged)
    chosen = choose(to.policies, story, judged) if story else decision
    if not isinstance(chosen, Decision):
        return judged, None, chosen.threshold if chosen else lowest
    refused = Refused(judged.article, judged.score, chosen.reason, chosen.detail, now, story)
    return judged, near(refused, *lines(config, to)) or Miss(refused, ""), lowest


def _names(prefix: str, rule: PolicyConfig) -> dict[str, str]:
    """How the settings are called that the rule names itself."""
    return {name: f"{prefix}.{name}" for name in SETTINGS if getattr(rule, name) not in (None, ())}
