"""Whether a chat is told of a story now, given what it wants and what it knows."""

from collections.abc import Set
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.decide.policies import Policy
from monitor.decide.quiet import quiet_until
from monitor.decide.signals import fresh
from monitor.domain import Alerted, Decision, Judged, Kind, Mark, Reason, Severity, Story, Waiting

AGAIN = timedelta(minutes=30)
"""When an uncorroborated story is looked at again though nothing came: its article may grow stale, the rules change."""
FADING = frozenset({Reason.UNCORROBORATED})
"""What waits for others to tell it, and is given up when nobody does."""
PARTIES = {
    "AL": {"tirana"},
    "BA": {"sarajevo", "banja-luka", "bosnian-croat"},
    "HR": {"zagreb"},
    "XK": {"pristina", "kosovo-serb"},
    "ME": {"podgorica"},
    "MK": {"skopje", "macedonian-albanian"},
    "RS": {"belgrade", "presevo-albanian"},
}
"""The camps that have a side in what happens in a country. The world's press and all others have none."""


def decide(
    story: Story, judged: Judged, said: Set[Mark], alerted: Alerted | None, policy: Policy, now: datetime
) -> Decision:
    """Whether a chat with this policy that knows `alerted` is told of the story now.

    `judged` is the article that just joined, or the one that led to a decision that waited; `said` is what it and those
    since the last message, say of the event.
    """
    if alerted is None:
        return _uncorroborated(story, judged, policy, now) or _quiet(story, policy, now) or first(judged)
    small, change = _small(story, alerted), _change(story, said, alerted, policy)
    if change is None:
        return small
    held = _cooling(story, alerted, policy, now) or _quiet(story, policy, now)
    # What people are not shown yet may stand in the first message already, which disturbs nobody.
    return replace(held, kind=small.kind) if held else change


def expired(story: Story, waiting: Waiting, max_age: timedelta, now: datetime) -> Decision | None:
    """Why a decision that waited is not made again: it, or what it is about, has grown too old meanwhile."""
    if now - waiting.again > max_age:
        return Decision(False, Reason.STALE, "nobody looked at it in time")
    if waiting.reason in FADING and now - story.updated > max_age:
        return Decision(False, Reason.STALE, "nobody else told it in time")
    return None


def first(judged: Judged) -> Decision:
    """The decision to tell a story that the chat knows nothing of."""
    hit = next((hit for hit in judged.score.keywords if hit.list == "always"), None)
    if hit:
        return Decision(True, Reason.ALWAYS, f"the always rule '{hit.match}' found '{hit.found}'", Kind.NEW)
    return Decision(True, Reason.FIRST, f"relevance {judged.score.relevance:.2f}", Kind.NEW)


def _change(story: Story, said: Set[Mark], alerted: Alerted, policy: Policy) -> Decision | None:
    """What people should look at, the gravest thing first; None if there is nothing of the kind."""
    new = fresh(set(alerted.marks), said)
    camps = [camp for camp in story.camps if camp not in alerted.camps]
    if story.severity > alerted.severity and story.severity >= min(policy.loud_from, Severity.SERIOUS):
        return Decision(True, Reason.ESCALATED, f"{alerted.severity.name.lower()} before", Kind.UPDATE)
    if Mark.FLARED in new:
        return Decision(True, Reason.FLARED, "serious again after it was denied or eased", Kind.UPDATE)
    if Mark.DENIED in new:
        return Decision(True, Reason.DENIED, "an article denies or retracts it", Kind.UPDATE)
    if Mark.EASED in new:
        return Decision(True, Reason.DEESCALATED, "an article tells of a step back", Kind.UPDATE)
    if Mark.CONFIRMED in new and camps:
        return Decision(True, Reason.CONFIRMED, f"also by {', '.join(camps)}", Kind.UPDATE)
    parties = set().union(*(PARTIES.get(country, ()) for country in story.countries))
    sides = [camp for camp in camps if camp in parties]
    if sides and alerted.camps:
        return Decision(True, Reason.SPREAD, f"now also {', '.join(sides)}", Kind.UPDATE)
    return None


def _small(story: Story, alerted: Alerted) -> Decision:
    """What the first message can say without a sound, where it tells this story only."""
    outlets = [outlet for outlet in story.outlets if outlet not in alerted.outlets]
    if alerted.own and outlets:
        return Decision(True, Reason.GREW, f"now also {', '.join(outlets)}", Kind.EDIT)
    if alerted.own and story.severity > alerted.shown:
        return Decision(
            True, Reason.GREW, f"{story.severity.name.lower()}, was {alerted.shown.name.lower()}", Kind.EDIT
        )
    return Decision(False, Reason.NOTHING_NEW, "the story was told already")


def _uncorroborated(story: Story, judged: Judged, policy: Policy, now: datetime) -> Decision | None:
    outlets, camps = _independent(story)
    enough = outlets >= policy.outlets and camps >= policy.camps
    if enough or story.severity >= policy.alone_from or judged.score.always:
        return None
    told = f"{outlets} of {policy.outlets} outlets, {camps} of {policy.camps} camps"
    return Decision(False, Reason.UNCORROBORATED, told, again=now + AGAIN)


def _independent(story: Story) -> tuple[int, int]:
    """How many outlets and camps tell it in their own words; all that tell it, where their words were not kept."""
    if not story.voices:
        return len(story.outlets), len(story.camps)
    return len(story.voices), len({voice.camp for voice in story.voices})


def _cooling(story: Story, alerted: Alerted, policy: Policy, now: datetime) -> Decision | None:
    """A cooldown never holds what is graver than what was told; one that began in the future is a clock's mistake."""
    over = alerted.at + policy.cooldown
    if story.severity > alerted.severity or not alerted.at <= now < over:
        return None
    return Decision(False, Reason.COOLDOWN, f"told at severity {alerted.severity.name.lower()} already", again=over)


def _quiet(story: Story, policy: Policy, now: datetime) -> Decision | None:
    hours = policy.quiet
    if hours is None or story.severity >= hours.through:
        return None
    until = quiet_until(now, hours.start, hours.end, hours.zone)
    if until is None:
        return None
    return Decision(False, Reason.QUIET, f"{story.severity.name.lower()} waits for the morning", again=until)
