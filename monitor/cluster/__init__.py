"""Articles to stories: which open story tells the same event, what it becomes, and who tells it. Decides no alerts."""

from collections.abc import Sequence

from monitor.cluster.evidence import LIFETIME, SILENCE, SURE, likeness, required
from monitor.cluster.growth import NEW, amend, join, mention, start
from monitor.cluster.opened import Open
from monitor.domain import Judged, Story

__all__ = [
    "LIFETIME",
    "NEW",
    "SILENCE",
    "SURE",
    "Open",
    "amend",
    "find",
    "join",
    "likeness",
    "mention",
    "required",
    "start",
]


def find(judged: Judged, stories: Sequence[Story]) -> int | None:
    """The index of the story that tells the same event as the article, or None; for many articles, `Open` is faster."""
    return Open(stories).find(judged)
