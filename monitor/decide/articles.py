"""Why an article by itself starts or joins no alert, whoever is asked."""

from datetime import datetime

from monitor.config import AlertsConfig, format_duration
from monitor.domain import Article, Decision, Reason, Score


def refuse(article: Article, score: Score, alerts: AlertsConfig, threshold: float, now: datetime) -> Decision | None:
    """Why this article alone can start no alert, or None if it may. `threshold` is the relevance in force.

    A mute rule stops an item whatever else holds; an `always` rule lets it through everything but a mute and its age.
    """
    if score.muted:
        hit = next(hit for hit in score.keywords if hit.list == "mute")
        return Decision(False, Reason.MUTED, f"the mute rule '{hit.match}' found '{hit.found}'")
    if not score.always:
        if not score.required:
            return Decision(False, Reason.NOT_REQUIRED, "no `require` rule matched")
        if score.relevance < threshold:
            return Decision(False, Reason.IRRELEVANT, f"{score.relevance:.2f} is below the threshold {threshold:.2f}")
        if not set(score.countries) & set(alerts.countries):
            told = ", ".join(score.countries) or "no country of the region"
            return Decision(False, Reason.OUT_OF_REGION, f"it is about {told}")
    age = now - article.published
    if age > alerts.max_age:
        told = f"published {format_duration(age)} ago, more than {format_duration(alerts.max_age)}"
        return Decision(False, Reason.STALE, told)
    return None
