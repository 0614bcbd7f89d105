"""Words that stand only in articles of one kind: only in noise, or only in what is relevant."""

from collections import Counter
from collections.abc import Collection, Sequence

from monitor.store import Traced
from monitor.text import spans, words

SHORTEST = 4
"""Letters of a word that may mean something by itself."""


def one_sided(
    articles: Sequence[tuple[Traced, bool]], known: Collection[str], least: int
) -> list[tuple[str, tuple[int, ...]]]:
    """Words of at least `least` articles that are all relevant or all not, with as many of the other kind without.

    Each is as it is most often written, with the indices of its articles; the most frequent first. `known` are folded
    words that rules name already.
    """
    kinds = Counter(relevant for _, relevant in articles)
    if min(kinds[True], kinds[False]) < least:
        return []
    holders: dict[str, list[int]] = {}
    for index, (traced, _) in enumerate(articles):
        for word in set(words(_text(traced))):
            holders.setdefault(word, []).append(index)
    found = [
        (word, tuple(held))
        for word, held in holders.items()
        if len(held) >= least and len({articles[index][1] for index in held}) == 1 and _tells(word, known)
    ]
    found.sort(key=lambda pair: (-len(pair[1]), -len(pair[0]), pair[0]))
    return [(_written(word, [articles[index][0] for index in held]), held) for word, held in found]


def _tells(word: str, known: Collection[str]) -> bool:
    return len(word) >= SHORTEST and word.isalpha() and word not in known


def _written(word: str, within: Sequence[Traced]) -> str:
    """The word as these articles write it, in small letters."""
    forms: Counter[str] = Counter()
    for text in map(_text, within):
        for folded, (start, end) in zip(words(text), spans(text), strict=True):
            if folded == word:
                forms[text[start:end].lower()] += 1
    return max(sorted(forms), key=lambda form: forms[form])


def _text(traced: Traced) -> str:
    return f"{traced.article.title} {traced.article.summary}"
