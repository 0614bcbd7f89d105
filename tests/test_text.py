"""Folding makes spellings one; matching finds patterns in one pass."""

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.text import Matcher, check_pattern, fingerprint, fold, spans, words


@pytest.mark.parametrize(
    "spellings",
    [
        ["Размештање", "razmestanje", "Razmeštanje", "RAZMEŠTANJE", "Razmes\u030ctanje"],
        ["përplasje", "perplasje", "PËRPLASJE", "pe\u0308rplasje"],
        ["Đoković", "Djokovic", "Ђоковић", "ĐOKOVIĆ", "Ðoković"],
        ["Љубљана", "Ljubljana", "LJUBLJANA", "ǇUBǈANA"],
        ["Његош", "Njegos", "ЊЕГОШ"],
        ["џеп", "džep", "dzep", "ǅep"],
        ["Ѓорѓе", "Gjorgje"],
        ["Ќосе", "Kjose"],
        ["Ѕвезда", "Dzvezda"],
        ["Й", "и\u0306", "j"],
        ["България", "Balgarija"],
        ["Ёлка", "елка", "elka"],
        ["Київ", "Kiiv"],
        ["İstanbul", "ISTANBUL", "ıstanbul", "istanbul"],
        ["Straße", "STRASSE", "strasse"],
        ["København", "Kobenhavn"],
        ["Łódź", "lodz"],
        ["Çanakkale", "canakkale"],
        ["Ελλάδα", "ΕΛΛΑΔΑ", "ελλαδα", "Ἑλλάδα"],
        ["ΣΕΡΒΟΣ", "Σέρβος", "σερβοσ"],
        ["ko\u00adso\u200bvo", "Kosovo", "\u202eKosovo\u202c", "Ｋｏｓｏｖｏ"],
    ],
    ids=lambda spellings: spellings[0],
)
def test_spellings_of_one_word_fold_together(spellings: list[str]) -> None:
    """Script, diacritics, case and invisible characters make no difference, also to the fingerprint."""
    assert len({fold(spelling) for spelling in spellings}) == 1
    assert len({fingerprint(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ... — !", []),
        ("Kosovo's border", ["kosovo", "s", "border"]),
        ("l’esercito", ["l", "esercito"]),
        ("Kosovo-Serbia", ["kosovo", "serbia"]),
        ("#KFOR, 1,500 војника", ["kfor", "1", "500", "vojnika"]),
        ("a_b", ["a", "b"]),
        ("½ km²", ["12", "km2"]),
        ("ь", []),
        ("съь ь б", ["sa", "b"]),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, expected: list[str]) -> None:
    """Punctuation separates, and a word never folds to nothing or to two."""
    assert words(text) == expected


def test_different_words_stay_different() -> None:
    """What a reader would not take for the same word has another fingerprint."""
    assert fingerprint("Kosovo Serbia") != fingerprint("KosovoSerbia") != fingerprint("Kosovo")


def test_fingerprint_is_stable() -> None:
    """The fingerprint is 16 hexadecimal digits, the same in every process: stored ones stay comparable."""
    code = "from monitor.text import fingerprint; print(fingerprint('Размештање'))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == fingerprint("razmeštanje") == "f7a3d942bf3c9d56"


@given(st.text())
@example("ΐ ŉ ﷺ İ ǆ")
@example("=\u0338b")
@example("\ud800 x")
def test_folding_twice_changes_nothing(text: str) -> None:
    """Folded text is its own folded form."""
    assert fold(fold(text)) == fold(text)


@given(st.text())
@example("ь а\u0306ь ½")
@example("a=\u0338b")
@example("\u09c7\u09be")
def test_each_word_has_its_place_in_the_text(text: str) -> None:
    """The offsets are as many as the words, in order, and each cuts out what folds to that word."""
    places = spans(text)
    assert [words(text[start:end]) for start, end in places] == [[word] for word in words(text)]
    assert all(a[1] <= b[0] for a, b in pairwise(places))


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("razmeštanj*", "Размештање војске", ["Размештање"]),
        ("razmeštanj*", "o razmestanju", ["razmestanju"]),
        ("përplasj*", "Perplasje në veri", ["Perplasje"]),
        ("ai", "training AI paint", ["AI"]),
        ("ai*", "training aim", ["aim"]),
        ("razmešt* vojsk*", "razmeštanje vojske, razmešta vojsku", ["razmeštanje vojske", "razmešta vojsku"]),
        ("razmešt* vojsk*", "vojska razmeštanje", []),
        ("state of emergency", "State-of-Emergency!", ["State-of-Emergency"]),
        ("state of emergency", "state of an emergency", []),
        ("l'esercito", "L’Esercito serbo", ["L’Esercito"]),
        ("KFOR", "Kfor-a", ["Kfor"]),
        ("kosov* kosov*", "Kosovo Kosova Kosovo", ["Kosovo Kosova", "Kosova Kosovo"]),
        ("zvečan", "Zvečanu", []),
    ],
)
def test_a_pattern_finds_whole_words(pattern: str, text: str, found: list[str]) -> None:
    """A word, phrase or stem matches whole words in any spelling, and what it found is shown as written."""
    places = spans(text)
    hits = Matcher([pattern]).find(words(text))
    assert [text[places[hit.first][0] : places[hit.end - 1][1]] for hit in hits] == found


def test_all_patterns_that_hold_are_found() -> None:
    """Stems within stems, words, phrases and repeated patterns are all reported, by their numbers."""
    patterns = ["koso*", "kosov*", "kosovo", "ko*", "kosovo polj*", "kosovo", "kot*", "kosovoo*"]
    found = Matcher(patterns).find(words("Kosovo Polje"))
    assert {(hit.pattern, hit.end) for hit in found} == {(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (5, 1)}


@given(st.lists(st.text("ab*  ", max_size=6), max_size=8), st.text("ab ", max_size=12))
def test_matching_agrees_with_the_plain_definition(patterns: list[str], text: str) -> None:
    """Whatever the patterns, exactly those word sequences match that the definition says."""
    patterns = [pattern for pattern in patterns if check_pattern(pattern) is None]
    tokens = words(text)
    expected = set()
    for number, pattern in enumerate(patterns):
        parts = pattern.split()
        for first in range(len(tokens) - len(parts) + 1):
            pairs = zip(parts, tokens[first:], strict=False)
            if all(word.startswith(part[:-1]) if part.endswith("*") else word == part for part, word in pairs):
                expected.add((number, first, first + len(parts)))
    assert {tuple(hit) for hit in Matcher(patterns).find(tokens)} == expected


class Counted(str):
    """A word that counts how often it is compared or hashed."""

    __slots__ = ()
    steps = 0

    def __hash__(self) -> int:
        Counted.steps += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __lt__(self, other: str) -> bool:
        Counted.steps += 1
        return super().__lt__(other)

    def startswith(self, *args: object) -> bool:
        """As str does, counted."""
        Counted.steps += 1
        return super().startswith(*args)  # type: ignore[arg-type]


def steps(matcher: Matcher, text: list[str]) -> int:
    """The comparisons and hashes that one pass over a text takes."""
    Counted.steps = 0
    matcher.find([Counted(word) for word in text])
    return Counted.steps


def rules(count: int) -> list[str]:
    """As many different words, stems and phrases, spread over the alphabet."""
    names = ["".join(chr(97 + (n * 7919 // 26**k) % 26) for k in range(7)) for n in range(count)]
    return [name + ("*", "", " polje", "* most*")[n % 4] for n, name in enumerate(names)]


def test_the_number_of_rules_hardly_matters() -> None:
    """10,000 rules cost at most twice the steps of 100 over the same text."""
    text = [rule.split()[0].strip("*")[::-1] for rule in rules(15_000)[12_000:]]
    few, many = steps(Matcher(rules(100)), text), steps(Matcher(rules(10_000)), text)
    assert many <= 2 * few


def test_the_cost_is_linear_in_the_text() -> None:
    """Patterns made to backtrack cost a fixed number of steps a word, however long the text."""
    matcher = Matcher(["aa* " * 30 + "b", *("a" * n + "*" for n in range(2, 40))])
    short, long = steps(matcher, ["a" * 40] * 200), steps(matcher, ["a" * 40] * 2000)
    assert long <= 12 * short


def test_long_phrases_are_no_trouble() -> None:
    """A phrase of thousands of words compiles and matches."""
    assert len(Matcher(["a " * 5000]).find(["a"] * 5001)) == 2


@pytest.mark.parametrize("pattern", ["ab*", "ab", "x", "5", "a-bc*", "Zubin Potok*", "аб*", "l'ab*"])
def test_good_patterns_are_accepted(pattern: str) -> None:
    """A word of any length, a phrase, and a stem of two letters can be matched."""
    assert check_pattern(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "no letter or digit"),
        ("  ", "no letter or digit"),
        ("?!", "no letter or digit"),
        ("ь", "no letter or digit"),
        ("*", "at least 2 letters"),
        ("!*", "at least 2 letters"),
        ("a*", "at least 2 letters"),
        ("аь*", "at least 2 letters"),
        ("kosovo *", "at least 2 letters"),
        ("l'a*", "at least 2 letters"),
        ("**", "only at the end"),
        ("ra*nj", "only at the end"),
        ("*nj", "only at the end"),
        ("ab**", "only at the end"),
    ],
)
def test_patterns_that_match_nothing_or_everything_are_refused(pattern: str, said: str) -> None:
    """The complaint says what was expected, and compiling such a pattern fails with it."""
    assert said in (check_pattern(pattern) or "")
    with pytest.raises(ValueError, match=said):
        Matcher([pattern])
