"""What a chat wants: its rules with their gaps filled, and the first of them that an item matches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from monitor.config import AlertsConfig, PolicyConfig, Quiet
from monitor.decide.signals import ends
from monitor.domain import Decision, EventType, Judged, Reason, Severity, Story
from monitor.text import tagged


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When a chat is not woken, on the clock of its zone; from the severity `through` on it is."""

    start: time
    end: time
    zone: ZoneInfo
    through: Severity


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule with every gap filled. The first six say what it matches, the others what is then done.

    Empty `types`, `languages` and `sources` mean all.
    """

    threshold: float
    countries: tuple[str, ...]
    types: tuple[EventType, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    severity: Severity = Severity.NONE
    outlets: int = 1
    camps: int = 1
    alone_from: int = Severity.CRITICAL
    cooldown: timedelta = timedelta(0)
    quiet: QuietHours | None = None
    thread: int | None = None
    loud_from: Severity = Severity.TENSION


def policies(
    rules: Sequence[PolicyConfig], alerts: AlertsConfig, threshold: float, zone: ZoneInfo, thread: int | None
) -> tuple[Policy, ...]:
    """The rules in their order, with what they leave open taken from `alerts`; no rules mean one that is all `alerts`.

    `threshold` stands where neither names one, `zone` where quiet hours name none; `thread` is the chat's topic.
    """
    return tuple(_policy(rule, alerts, threshold, zone, thread) for rule in rules or (PolicyConfig(),))


def widest(every: Iterable[Policy], alerts: AlertsConfig) -> tuple[float, AlertsConfig]:
    """The threshold and the countries that let in whatever some policy may want."""
    known = list(every)
    countries = tuple(dict.fromkeys(country for policy in known for country in policy.countries))
    return min(policy.threshold for policy in known), alerts.model_copy(update={"countries": countries})


def choose(every: Sequence[Policy], story: Story, judged: Judged, told: bool = False) -> Policy | Decision:
    """The first policy that the item matches; else the decision not to tell, with the complaint that came last.

    Countries, types and severity are the story's, so that a chat that was told of an event is told how it ends;
    threshold, languages and sources are the article's. An `always` rule of keywords.yaml matches every policy.
    No relevance is asked of an article that denies or ends a story which the chat was `told` already.
    """
    waived = told and ends(judged)
    complaints = [_complaint(policy, story, judged, waived) for policy in every]
    for policy, complaint in zip(every, complaints, strict=True):
        if complaint is None:
            return policy
    if judged.score.always:
        return every[0]
    _, reason, detail = max((c for c in complaints if c), key=lambda complaint: complaint[0])
    return Decision(False, reason, detail)


def _policy(rule: PolicyConfig, alerts: AlertsConfig, threshold: float, zone: ZoneInfo, thread: int | None) -> Policy:
    corroboration = rule.corroboration or alerts.corroboration
    quiet = rule.quiet or alerts.quiet
    own = rule.threshold if rule.threshold is not None else alerts.threshold
    severity = alerts.severity if rule.severity is None else rule.severity
    return Policy(
        threshold=threshold if own is None else own,
        countries=rule.countries or alerts.countries,
        types=rule.types or alerts.types,
        languages=rule.languages or alerts.languages,
        sources=rule.sources or alerts.sources,
        severity=Severity(severity),
        outlets=corroboration.outlets,
        camps=corroboration.camps,
        alone_from=corroboration.alone_if_severity,
        cooldown=alerts.cooldown if rule.cooldown is None else rule.cooldown,
        quiet=None if quiet is None else _hours(quiet, zone),
        thread=rule.thread or thread,
        loud_from=Severity(alerts.loud_from if rule.loud_from is None else rule.loud_from),
    )


def _hours(quiet: Quiet, zone: ZoneInfo) -> QuietHours:
    own = ZoneInfo(quiet.timezone) if quiet.timezone else zone
    return QuietHours(quiet.start, quiet.end, own, Severity(quiet.through))


def _complaint(policy: Policy, story: Story, judged: Judged, waived: bool) -> tuple[int, Reason, str] | None:
    """How far the item came through the policy's conditions, and what stopped it; None if nothing did."""
    article, score = judged.article, judged.score
    if score.relevance < policy.threshold and not waived:
        return 0, Reason.IRRELEVANT, f"{score.relevance:.2f} is below the threshold {policy.threshold:.2f}"
    if not set(story.countries) & set(policy.countries):
        return 1, Reason.OUT_OF_REGION, f"it is about {', '.join(story.countries) or 'no country of the region'}"
    if policy.types and not set(story.types) & set(policy.types):
        return 2, Reason.NOT_WANTED, f"its types are {', '.join(story.types) or 'none'}"
    if policy.languages and not any(tagged(article.lang, wanted) for wanted in policy.languages):
        return 3, Reason.NOT_WANTED, f"its language is {article.lang}"
    if policy.sources and article.source not in policy.sources:
        return 4, Reason.NOT_WANTED, f"its source is {article.source}"
    if story.severity < policy.severity:
        least = policy.severity.name.lower()
        return 5, Reason.NOT_WANTED, f"{story.severity.name.lower()} is below the severity {least}"
    return None
