"""Names found in a text, and the countries that they stand for. Rules of precedence; no names."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from monitor.domain import REGION, PlaceHit
from monitor.text import Match, Matcher, spans, words

COUNTRY, PEOPLE, STATE = "country", "people", "state"
KINDS = (COUNTRY, PEOPLE, STATE, "town", "place", "body", "person")
ELSEWHERE = "-"
TITLE, SUMMARY = "title", "summary"
TITLE_WEIGHT = 3
"""A name in the title says three times as much about an item as one in its summary."""
# What stands before a place, folded, in the languages of the region and English.
BEFORE_PLACES = frozenset(
    "u vo v kod kaj iz od do blizu kraj kraju pored oko okolu prema ka niz ne nga prane afer drejt deri in near at "
    "from to outside around".split()
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the gazetteer: a name, its kind, and the country that it stands for (`-` for none)."""

    country: str
    kind: str
    name: str

    @property
    def capitalised(self) -> bool:
        """Whether every language writes it with a capital, so that a small letter means another word."""
        return self.kind not in {COUNTRY, PEOPLE, STATE}


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write an entry, and what must be true of the words as written for it to count."""

    entry: Entry
    weak: bool
    capital: bool
    exact: str
    rank: tuple[int, bool]

    def fits(self, found: str) -> bool:
        """Whether the words as written satisfy it."""
        if self.exact:
            return found == self.exact
        return not self.capital or found[:1] != found[:1].lower()


@dataclass(frozen=True, slots=True)
class _Spot:
    """Words that name something: the forms that could be meant, and what stands beside them.

    `placed` is whether they are written as a place is: after a preposition, with a capital and small letters.
    """

    field: str
    found: str
    forms: tuple[Form, ...]
    beside_state: bool
    placed: bool


class Gazetteer:
    """All entries compiled into one matcher; `find` costs what the text costs, whatever their number."""

    def __init__(self, entries: tuple[Entry, ...], patterns: Sequence[str], forms: tuple[Form, ...]) -> None:
        """`forms[i]` is what `patterns[i]` stands for."""
        self.entries = entries
        self._forms = forms
        self._matcher = Matcher(patterns)

    def find(self, title: str, summary: str, home: str | None = None) -> tuple[PlaceHit, ...]:
        """Every name that counts, in order, title first, each with its country (also countries outside the region).

        Of overlapping names the first, then the longest counts. A name that several countries share goes to those named
        elsewhere in the item; a weak name counts only beside another name of its country, or after a preposition where
        it is one of `home`, the country that the item comes from. A people stands for its country beside a word of
        state ('Serbian army'), and otherwise only where no country of the region is named.
        """
        spots = [*self._spots(TITLE, title), *self._spots(SUMMARY, summary)]
        support = _support(spots)
        meant = [(spot, form) for spot in spots for form in _meant(spot, support, home)]
        named = {form.entry.country for spot, form in meant if not _only_people(spot, form)} & set(REGION)
        return tuple(
            PlaceHit(form.entry.country, form.entry.name, spot.found, spot.field, form.entry.kind)
            for spot, form in meant
            if form.entry.country != ELSEWHERE and not (named and _only_people(spot, form))
        )

    def _spots(self, field: str, text: str) -> list[_Spot]:
        written = words(text)
        matches = self._matcher.find(written)
        if not matches:
            return []
        places = spans(text)
        firsts, ends, fitting = set[int](), set[int](), list[tuple[Match, str]]()
        for match in matches:
            form = self._forms[match.pattern]
            if form.entry.kind == STATE:
                firsts.add(match.first)
                ends.add(match.end)
            else:
                found = text[places[match.first][0] : places[match.end - 1][1]]
                if form.fits(found):
                    fitting.append((match, found))
        spots, free = list[_Spot](), 0
        fitting.sort(key=lambda item: (item[0].first, -item[0].end))
        for (first, end), group in groupby(fitting, key=lambda item: item[0][1:]):
            if first >= free:
                candidates = list(group)
                forms = _best(self._forms[match.pattern] for match, _ in candidates)
                found = candidates[0][1]
                placed = first > 0 and written[first - 1] in BEFORE_PLACES and found[1:] == found[1:].lower()
                spots.append(_Spot(field, found, forms, end in firsts or first in ends, placed))
                free = end
        return spots


def _best(forms: Iterable[Form]) -> tuple[Form, ...]:
    """The forms of the highest rank, one for each country."""
    ordered = sorted(forms, key=lambda form: (form.rank, not form.weak, form.entry.kind != PEOPLE), reverse=True)
    best: dict[str, Form] = {}
    for form in ordered:
        if form.rank == ordered[0].rank:
            best.setdefault(form.entry.country, form)
    return tuple(best.values())


def _only_people(spot: _Spot, form: Form) -> bool:
    return form.entry.kind == PEOPLE and not spot.beside_state


def _support(spots: Sequence[_Spot]) -> Counter[str]:
    """How many spots speak for each country and for no other.

    Weak names do not support each other: 'Nine' and 'Marines' are no two places in Croatia.
    """
    clear = (spot.forms[0] for spot in spots if len(spot.forms) == 1)
    return Counter(form.entry.country for form in clear if not form.weak and form.entry.kind != PEOPLE)


def _meant(spot: _Spot, support: Counter[str], home: str | None) -> list[Form]:
    """Which of the forms at a spot are meant."""
    if len(spot.forms) == 1:
        form = spot.forms[0]
        at_home = spot.placed and form.entry.country == home
        return [form] if not form.weak or support[form.entry.country] or at_home else []
    supported = max(support[form.entry.country] for form in spot.forms)
    if supported:
        return [form for form in spot.forms if support[form.entry.country] == supported][:1]
    strong = [form for form in spot.forms if not form.weak]
    return strong if len(strong) == 1 else []


def countries(hits: Sequence[PlaceHit]) -> tuple[str, ...]:
    """The region's countries that an item is about, the most named first; a name in the title counts threefold.

    A country that the summary alone names does not count if the title names one of the region and the summary has only
    one name of it: it is mentioned in passing.
    """
    weight, in_title = Counter[str](), set[str]()
    for hit in hits:
        if hit.country in REGION:
            weight[hit.country] += TITLE_WEIGHT if hit.field == TITLE else 1
            if hit.field == TITLE:
                in_title.add(hit.country)
    return tuple(country for country, mass in weight.most_common() if not in_title or country in in_title or mass > 1)
