"""Many patterns found among words in one pass, whatever their number. Does not know what a pattern is for.

The patterns form a trie over words. A step follows a word's exact child by one hash, and the stems that begin it by
one binary search: of the stems in order, only the last one not after the word, and the stems that begin that one, can
begin the word. So a text costs its words times the length of the phrases that begin there, and never the number of
patterns; no expression is ever backtracked.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from monitor.text.folding import words

MIN_STEM = 2


class Match(NamedTuple):
    """Pattern number `pattern` stands on the words from `first` up to, not including, `end`."""

    pattern: int
    first: int
    end: int


@dataclass(slots=True)
class _Node:
    patterns: list[int] = field(default_factory=list)
    exact: dict[str, "_Node"] = field(default_factory=dict)
    stems: dict[str, "_Node"] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    shorter: list[int] = field(default_factory=list)

    def finish(self) -> None:
        """Sort the stems, and link each to the longest other stem that begins it (-1 for none)."""
        self.order = sorted(self.stems)
        self.shorter, open_stems = [], list[int]()
        for index, stem in enumerate(self.order):
            while open_stems and not stem.startswith(self.order[open_stems[-1]]):
                open_stems.pop()
            self.shorter.append(open_stems[-1] if open_stems else -1)
            open_stems.append(index)

    def step(self, word: str) -> list["_Node"]:
        """The nodes that a word leads to."""
        child = self.exact.get(word)
        found = [] if child is None else [child]
        if self.order:
            index = bisect_right(self.order, word) - 1
            while index >= 0:
                stem = self.order[index]
                if word.startswith(stem):
                    found.append(self.stems[stem])
                index = self.shorter[index]
        return found


class Matcher:
    """Words, phrases and stems (`*` at a word's end), numbered as given, compiled once and matched together."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises ValueError with one sentence for a pattern that `check_pattern` refuses."""
        self._root = _Node()
        for number, pattern in enumerate(patterns):
            complaint = check_pattern(pattern)
            if complaint:
                raise ValueError(f"'{pattern}': {complaint}")
            node = self._root
            for word, is_stem in _parts(pattern):
                node = (node.stems if is_stem else node.exact).setdefault(word, _Node())
            node.patterns.append(number)
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            node.finish()
            waiting += (*node.exact.values(), *node.stems.values())

    def find(self, text: Sequence[str]) -> list[Match]:
        """Every match among folded words, in order of the first word; overlapping ones included."""
        found: list[Match] = []
        for first, word in enumerate(text):
            nodes, end = self._root.step(word), first + 1
            while nodes:
                found += (Match(number, first, end) for node in nodes for number in node.patterns)
                if end == len(text):
                    break
                nodes = [child for node in nodes for child in node.step(text[end])]
                end += 1
        return found


def check_pattern(pattern: str) -> str | None:
    """What is wrong with a pattern, as one clause that says what was expected; None where it can be matched."""
    written = pattern.split()
    if any("*" in word.removesuffix("*") for word in written):
        return "expected * only at the end of a word"
    if any(word.endswith("*") and len((words(word) or [""])[-1]) < MIN_STEM for word in written):
        return f"expected at least {MIN_STEM} letters before *, this would match almost everything"
    if not words(pattern):
        return "expected a word, a phrase or a stem with *, this holds no letter or digit"
    return None


def _parts(pattern: str) -> list[tuple[str, bool]]:
    """The folded words of a pattern, each with whether it is a stem: `Zubin Potok*` is zubin, and potok as a stem."""
    parts: list[tuple[str, bool]] = []
    for written in pattern.split():
        *firsts, last = words(written) or [""]
        parts += ((word, False) for word in firsts)
        if last:
            parts.append((last, written.endswith("*")))
    return parts
