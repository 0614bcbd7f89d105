"""What a language must have words for, and how it counts. Holds no words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.domain import EventType, Failure, Reason, Severity

Forms = tuple[str, ...]
"""A noun in the forms that numbers ask for, in the order of the language's `plural`."""


def two(n: int) -> int:
    """The form for a number in English and Albanian: 1, and all others."""
    return int(n != 1)


def macedonian(n: int) -> int:
    """The form for a number in Macedonian: 1, 21, 101 but not 11, and all others."""
    return int(n % 10 != 1 or n % 100 == 11)


def slavic(n: int) -> int:
    """The form in Bosnian, Croatian and Serbian: 1 and 21, 2 to 4 and 22 to 24, all others, 11 to 14 among them."""
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in {2, 3, 4} and n % 100 not in {12, 13, 14} else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language. What stands in braces in a text is put there by the one who says it."""

    plural: Callable[[int], int]
    thousands: str
    point: str
    date: str
    months: Forms
    severities: Mapping[Severity, str]
    types: Mapping[EventType, str]
    countries: Mapping[str, str]
    camps: Mapping[str, str]
    failures: Mapping[Failure, str]
    reasons: Mapping[Reason, str]
    """Of what was just below the line."""
    levels: Forms
    """Of the index, from normal to extreme."""

    outlets: Forms
    articles: Forms
    messages: Forms
    stories: Forms
    days: Forms
    hours: Forms

    many_outlets: str
    more: str
    untitled: str
    source: str

    why: str
    first: str
    always: str
    relevance: str
    model: str
    hit: str
    places: str

    graver: str
    denied: str
    eased: str
    flared: str
    confirmed: str
    joined: str

    quiet: str

    test: str
    test_event: str
    test_title: str
    test_text: str
    test_why: str

    index: str
    normal_again: str
    highest: str
    times: str
    near_nothing: str
    deviations: str
    came_down: str

    digest: str
    done: str
    told: str
    nothing_told: str
    index_title: str
    index_calm: str
    index_young: str
    index_times: str
    index_before: str
    misses: str
    all_read: str
    troubles: str
    never_read: str
    unread: str

    relevant: str
    """The labels of buttons, from here on, and the answers to presses."""
    not_relevant: str
    mute_story: str
    unmute_story: str
    ask_why: str
    noted_relevant: str
    noted_not_relevant: str
    noted_missed: str
    story_muted: str
    story_unmuted: str
    unchanged: str
    forged: str
    not_here: str
    pruned: str
    no_story: str

    latest: str
    """Of what commands are answered with, from here on."""
    nothing_yet: str
    told_at: str
    from_to: str
    carried: str
    several: str

    def count(self, forms: Forms, n: int) -> str:
        """A number with its noun: '1 outlet', '4 outlets'."""
        return f"{self.number(n)} {forms[self.plural(n)]}"

    def number(self, n: int) -> str:
        """A whole number as people write it."""
        return f"{n:,}".replace(",", self.thousands)

    def decimal(self, value: float, digits: int) -> str:
        """A number with so many digits after the point."""
        return f"{value:.{digits}f}".replace(".", self.point)
