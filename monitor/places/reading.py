"""The gazetteer's text to a Gazetteer. The form of the file is described at its head. Does not open it."""

from monitor.errors import InputError
from monitor.places.endings import inflected
from monitor.places.gazetteer import ELSEWHERE, KINDS, STATE, Entry, Form, Gazetteer
from monitor.text import check_pattern

MARKS = "^=?+"


def parse_gazetteer(text: str) -> Gazetteer:
    """Read and compile the gazetteer. Raises InputError naming the line for what is not of its form."""
    entries: list[Entry] = []
    patterns: list[str] = []
    forms: list[Form] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            entry, written = _entry(line, number)
            entries.append(entry)
            for form in written:
                for pattern, read in _form(form, entry, number):
                    patterns.append(pattern)
                    forms.append(read)
    return Gazetteer(tuple(entries), patterns, tuple(forms))


def _entry(line: str, number: int) -> tuple[Entry, list[str]]:
    columns = [column.strip() for column in line.split("\t")]
    if len(columns) not in {3, 4} or not all(columns):
        raise InputError(f"gazetteer, line {number}: expected country, kind, name and perhaps forms between tabs")
    country, kind, name = columns[:3]
    if kind not in KINDS or (country == "*") != (kind == STATE):
        raise InputError(f"gazetteer, line {number}: expected a kind of {', '.join(KINDS)}, and * for state only")
    if not (country in {ELSEWHERE, "*"} or (len(country) == 2 and country.isupper())):
        raise InputError(f"gazetteer, line {number}: expected a country code, - or *, found '{country}'")
    return Entry(country, kind, name), columns[3].split(" | ") if len(columns) == 4 else [f"{name}~"]


def _form(written: str, entry: Entry, number: int) -> list[tuple[str, Form]]:
    bare = written.lstrip(MARKS)
    marks = set(written[: len(written) - len(bare)])
    complaint = check_pattern(bare)
    if complaint:
        raise InputError(f"gazetteer, line {number}: '{written}': {complaint}")
    patterns = inflected(bare.removesuffix("~")) if bare.endswith("~") else [bare]
    weak, exact = "?" in marks, bare if "=" in marks else ""
    capital = bool(marks & {"^", "?"}) or (entry.capitalised and "+" not in marks)
    return [(pattern, Form(entry, weak, capital, exact, _rank(pattern))) for pattern in patterns]


def _rank(pattern: str) -> tuple[int, bool]:
    """Of two forms on the same words the one with more letters written out wins, then the one without a star."""
    return sum(character.isalnum() for character in pattern), not pattern.endswith("*")
