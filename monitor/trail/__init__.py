"""A trail told in plain words, with times: each article, each decision and its reason, each message."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from monitor.domain import Kind, Score
from monitor.explain import Explanation
from monitor.store import Alert, Decided, Status, Traced, Trail
from monitor.trail.words import explanation_json, explanation_lines

WORDS = {Kind.NEW: "message", Kind.UPDATE: "reply", Kind.EDIT: "edit", Kind.SUMMARY: "summary of several stories"}


Explained = Mapping[int | None, Explanation]
"""The explanations of articles, by their numbers."""


def trail_lines(trail: Trail, zone: ZoneInfo, explained: Explained) -> Iterator[str | Text]:
    """The trail as lines of text."""
    if trail.story:
        story = trail.story
        yield f"Story s{story.id}: {story.title}"
        yield f"  severity {story.severity.value} ({story.severity.name.lower()}), {_list(story.types)}"
        yield f"  {story.articles} articles from {len(story.outlets)} outlets: {', '.join(story.outlets)}"
        yield f"  from {_time(story.opened, zone)} to {_time(story.updated, zone)}"
    for waiting in trail.waiting:
        told = f"{waiting.reason} since {_time(waiting.since, zone)}, looked at again {_time(waiting.again, zone)}"
        yield f"  {waiting.chat} waits: {told}"
    for traced in trail.articles:
        yield from _article(traced, zone)
        if (explanation := explained.get(traced.article.id)) is not None:
            yield from explanation_lines(explanation, "    ")
        for decided in trail.decisions:
            if decided.article == traced.article.id:
                yield _decision(decided, zone)
        for alert in trail.alerts:
            if alert.article == traced.article.id:
                yield from _message(alert, zone)
    shown = {traced.article.id for traced in trail.articles}
    for decided in trail.decisions:
        if decided.article not in shown:
            yield f"Article {decided.article} was pruned"
            yield _decision(decided, zone)
    others = [alert for alert in trail.alerts if alert.article not in shown]
    if others:
        yield ""
    for alert in others:
        yield from _message(alert, zone)


def trail_json(trail: Trail, explained: Explained) -> dict[str, Any]:
    """The trail as plain values."""
    story = trail.story
    return {
        "story": None if story is None else {k: v for k, v in asdict(story).items() if k != "centroid"},
        "articles": [asdict(traced) | _explanation(traced, explained) for traced in trail.articles],
        "decisions": [asdict(decided) for decided in trail.decisions],
        "messages": [asdict(alert) for alert in trail.alerts],
        "waiting": [asdict(waiting) for waiting in trail.waiting],
    }


def _explanation(traced: Traced, explained: Explained) -> dict[str, Any]:
    explanation = explained.get(traced.article.id)
    return {"explanation": explanation_json(explanation)} if explanation else {}


def score_lines(score: Score, threshold: float | None = None) -> Iterator[str]:
    """What was made of an item, and what led to it."""
    line = f"relevance {score.relevance:.3f}"
    if abs(score.relevance - score.model) > 1e-9:
        line += f" (the classifier's {score.model:.3f}, moved by keywords)"
    yield line + (f", threshold {threshold:.3f}" if threshold is not None else "")
    kinds = sorted(score.type_probabilities.items(), key=lambda item: -item[1])
    if score.types:
        yield f"severity {score.severity.value} ({score.severity.name.lower()}), types: {', '.join(score.types)}"
    if kinds:
        yield "type probabilities: " + ", ".join(f"{kind} {value:.2f}" for kind, value in kinds)
    yield f"countries: {', '.join(score.countries) or 'none'}"
    for place in score.places:
        yield f"place '{place.found}' stands for {place.name} ({place.country})"
    for hit in score.keywords:
        weight = f", {hit.weight:+.2f}" if hit.weight else ""
        yield f"{hit.list} rule '{hit.match}' found '{hit.found}' in the {hit.field}{weight}"


def _article(traced: Traced, zone: ZoneInfo) -> Iterator[str]:
    article = traced.article
    yield ""
    yield f"Article {article.id}: {article.title}"
    yield f"  {article.outlet} ({article.camp}), {article.lang}, from the feed '{article.source}'"
    yield f"  published {_time(article.published, zone)}, first read {_time(article.seen, zone)}"
    yield f"  {article.url}"
    if article.summary:
        yield f"  {article.summary}"
    if traced.judgement is None:
        yield "  waits to be judged"
        return
    yield f"  judged {_time(traced.judgement.at, zone)} by model {traced.judgement.model}: {traced.judgement.reason}"
    for line in score_lines(traced.judgement.score):
        yield f"    {line}"


def _decision(decided: Decided, zone: ZoneInfo) -> str:
    decision = decided.decision
    verb = "held" if decision.again else "told" if decision.send else "not told"
    whom = "everyone" if decided.chat == "*" else decided.chat
    again = f"; looked at again {_time(decision.again, zone)}" if decision.again else ""
    old = "" if decided.current else " (before the article was edited)"
    return f"  {_time(decided.at, zone)} {whom} {verb}: {decision.reason}, {decision.detail}{again}{old}"


def _message(alert: Alert, zone: ZoneInfo) -> Iterator[str]:
    state = {
        Status.SENT: f"sent {_time(alert.sent, zone)}" if alert.sent else "sent",
        Status.DEAD: f"not delivered: {alert.error}",
        Status.PENDING: f"waits, next try {_time(alert.due, zone)}" if alert.due else "waits",
        Status.MERGED: "not sent by itself, an earlier message tells it",
    }[alert.status]
    tries = f" after {alert.attempts} tries" if alert.attempts > 1 else ""
    number = f", Telegram message {alert.telegram_id}" if alert.telegram_id else ""
    what = f"{WORDS[alert.kind]} m{alert.id} to {alert.chat}: queued {_time(alert.created, zone)}"
    yield f"  {what}, {state}{tries}{number}"


def _time(when: datetime | None, zone: ZoneInfo) -> str:
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if when else "never"


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(words) or "none"
