"""A trail as a chat is told it: what each article was judged to be and what came of it there, in a few lines each."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.domain import Reason, Score
from monitor.render import answers, name
from monitor.store import Alert, Decided, Status, Traced, Trail

SHOWN = 6
"""Articles that are told one by one; of a longer story the last that led to more than a count of outlets."""
SMALL = {Reason.GREW, Reason.NOTHING_NEW}


def brief_lines(trail: Trail, zone: ZoneInfo) -> Iterator[str]:
    """The trail of one chat as lines of text; `trail_lines` tells it in full, for all."""
    story = trail.story
    if story:
        yield f"Story s{story.id}: {story.title}"
        told = answers.told_by(story.articles, len(story.outlets))
        yield f"  {_kinds(story.severity.name, story.types)}; {told}"
    for waiting in trail.waiting:
        since, again = _time(waiting.since, zone), _time(waiting.again, zone)
        yield f"  {waiting.reason} since {since}, looked at again {again}"
    shown = _shown(trail)
    for traced in shown:
        yield ""
        yield from _article(traced, story.title if story else "", zone)
        number = traced.article.id
        yield from (_decision(decided, zone) for decided in trail.decisions if decided.article == number)
        yield from (line for alert in trail.alerts if alert.article == number for line in _message(alert, zone))
    known = {traced.article.id for traced in trail.articles}
    for decided in trail.decisions:
        if decided.article not in known:
            yield f"Article a{decided.article}, which was pruned"
            yield _decision(decided, zone)
    if len(trail.articles) > len(shown):
        yield ""
        more = len(trail.articles) - len(shown)
        yield f"and {more} more article{'' if more == 1 else 's'}"


def _shown(trail: Trail) -> Sequence[Traced]:
    if len(trail.articles) <= SHOWN:
        return trail.articles
    led = {decided.article for decided in trail.decisions if decided.decision.reason not in SMALL}
    return [traced for traced in trail.articles if traced.article.id in led][-SHOWN:]


def _article(traced: Traced, story: str, zone: ZoneInfo) -> Iterator[str]:
    article, judgement = traced.article, traced.judgement
    yield f"Article a{article.id}" + (f": {article.title}" if article.title != story else "")
    yield f"  {article.outlet} ({article.camp}), {_time(article.published, zone)}"
    if judgement is None:
        yield "  waits to be judged"
        return
    yield f"  {_score(judgement.score)}"
    for hit in judgement.score.keywords:
        weight = f", {hit.weight:+.2f}" if hit.weight else ""
        yield f"  {hit.list} rule '{hit.match}' found '{hit.found}'{weight}"
    if judgement.score.places:
        found = dict.fromkeys(f"{hit.found} ({name(hit.country)})" for hit in judgement.score.places)
        yield f"  places: {', '.join(found)}"


def _score(score: Score) -> str:
    moved = (
        f" (the classifier's {score.model:.2f}, moved by rules)" if abs(score.relevance - score.model) > 1e-9 else ""
    )
    return f"relevance {score.relevance:.2f}{moved}, {_kinds(score.severity.name, score.types)}"


def _decision(decided: Decided, zone: ZoneInfo) -> str:
    decision = decided.decision
    verb = "held" if decision.again else "told" if decision.send else "not told"
    again = f"; looked at again {_time(decision.again, zone)}" if decision.again else ""
    old = "" if decided.current else " (before the article was edited)"
    return f"  {_time(decided.at, zone)} {verb}: {decision.reason}, {decision.detail}{again}{old}"


def _message(alert: Alert, zone: ZoneInfo) -> Iterator[str]:
    if alert.status is Status.DEAD:
        yield f"  not delivered: {alert.error}"
    elif alert.status is Status.PENDING:
        yield f"  not sent yet, next try {_time(alert.due, zone)}" if alert.due else "  not sent yet"


def _kinds(severity: str, types: Sequence[str]) -> str:
    return ", ".join([severity.lower(), *types])


def _time(when: datetime | None, zone: ZoneInfo) -> str:
    return when.astimezone(zone).strftime("%d.%m. %H:%M") if when else "never"
