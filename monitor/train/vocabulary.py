"""Cuts the base's vocabulary down to what news in Latin, Cyrillic and Greek letters uses.

Changes no scores and no rules.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.errors import ModelError

SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")
SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
MASK = "<mask>"
SPACE = "▁"
WORDS_A_LANGUAGE = 40_000
SEED_WEIGHT = 3e-5
MAIN = ("sh", "mk", "en", "bg", "el", "tr", "sl", "ro", "de", "fr", "it", "ru", "hu", "nl")
OTHERS = ("es", "pt", "pl", "cs", "sk", "sv", "da", "nb", "uk", "fi")
CYRILLIC = dict(
    zip(
        "abvgdđežzijklmnoprstćufhcčš",
        "абвгдђежзијклмнопрстћуфхцчш",
        strict=True,
    )
)
DIGRAPHS = {"lj": "љ", "nj": "њ", "dž": "џ"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The pieces that were kept: their ids in the base, in the order of the new ids."""

    base_ids: tuple[int, ...]


def cyrillic(text: str) -> str:
    """Serbian Latin text in Cyrillic letters; what has no counterpart stays."""
    out: list[str] = []
    position = 0
    while position < len(text):
        pair = DIGRAPHS.get(text[position : position + 2].lower())
        letter = pair or CYRILLIC.get(text[position].lower(), text[position])
        out.append(letter.upper() if text[position].isupper() else letter)
        position += 2 if pair else 1
    return "".join(out)


def allowed(piece: str) -> bool:
    """Whether every letter of a piece is Latin, Cyrillic or Greek; digits, signs and emoji pass."""
    return all(_script(char) for char in piece if unicodedata.category(char)[0] in "LM")


def _script(char: str) -> bool:
    name = unicodedata.name(char, "")
    return name.startswith((*SCRIPTS, "COMBINING", "FEMININE", "MASCULINE", "MODIFIER", "VARIATION"))


def spellings(word: str) -> Iterator[tuple[str, float]]:
    """The ways in which news writes a word, each with its share."""
    yield word, 0.7
    yield word.capitalize(), 0.25
    yield word.upper(), 0.05


def words() -> Iterator[tuple[str, float]]:
    """Words of the languages that matter with their weights: a frequency, shared out over scripts and cases."""
    from simplemma.strategies import DefaultDictionaryFactory
    from wordfreq import get_frequency_dict

    for language in (*MAIN, *OTHERS):
        share = 1.0 if language in MAIN else 0.1
        for word, frequency in list(get_frequency_dict(language).items())[:WORDS_A_LANGUAGE]:
            yield word, share * frequency
            if language == "sh":
                yield cyrillic(word), share * frequency
    albanian = sorted(_text(word) for word in DefaultDictionaryFactory().get_dictionary("sq"))
    yield from ((word, 2 / len(albanian)) for word in albanian)


def _text(word: str | bytes) -> str:
    return word.decode("utf-8") if isinstance(word, bytes) else word


def uses(tokenizer: Any, weighted: Iterable[tuple[str, float]], texts: Iterable[str]) -> Counter[int]:
    """How much each piece of a `tokenizers.Tokenizer` is used by the weighted words and by the texts."""
    counts: Counter[int] = Counter()
    forms = [(form, weight * part) for word, weight in weighted for form, part in spellings(word)]
    for encoding, (_, weight) in zip(_encode(tokenizer, [form for form, _ in forms]), forms, strict=True):
        for piece in encoding:
            counts[piece] += weight  # type: ignore[assignment]  # a Counter of floats
    for encoding in _encode(tokenizer, list(texts)):
        for piece in encoding:
            counts[piece] += SEED_WEIGHT  # type: ignore[assignment]  # a Counter of floats
    return counts


def _encode(tokenizer: Any, texts: list[str]) -> Iterator[list[int]]:
    for start in range(0, len(texts), 10_000):
        for encoding in tokenizer.encode_batch_fast(texts[start : start + 10_000], add_special_tokens=False):
            yield encoding.ids


def choose(pieces: list[tuple[str, float]], counts: Mapping[int, float], size: int) -> Vocabulary:
    """The `size` pieces to keep.

    The specials, every single letter of the scripts, then those most used, then the likeliest.
    """
    names = [name for name, _ in pieces]
    if tuple(names[:4]) != SPECIALS or names[-1] != MASK:
        raise ModelError("the base's tokenizer has other special pieces than expected")
    ordinary = [i for i in range(len(SPECIALS), len(names) - 1) if allowed(names[i])]
    must = {i for i in ordinary if len(names[i].removeprefix(SPACE)) <= 1}
    ranked = sorted(ordinary, key=lambda i: (i not in must, -counts.get(i, 0.0), -pieces[i][1]))
    kept = sorted(ranked[: size - len(SPECIALS) - 1])
    return Vocabulary((*range(len(SPECIALS)), *kept, len(names) - 1))


def cut(tokenizer: Path, vocabulary: Vocabulary, target: Path) -> None:
    """Writes the base's tokenizer.json with only the kept pieces, renumbered."""
    document = json.loads(tokenizer.read_text("utf-8"))
    new = {old: position for position, old in enumerate(vocabulary.base_ids)}
    document["model"]["vocab"] = [document["model"]["vocab"][i] for i in vocabulary.base_ids]
    document["added_tokens"] = [{**token, "id": new[token["id"]]} for token in document["added_tokens"]]
    target.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), "utf-8")


def build(tokenizer: Path, texts: Iterable[str], size: int, target: Path) -> Vocabulary:
    """Chooses `size` pieces by use and writes the smaller tokenizer.json to `target`."""
    from tokenizers import Tokenizer

    pieces = [tuple(pair) for pair in json.loads(tokenizer.read_text("utf-8"))["model"]["vocab"]]
    counts = uses(Tokenizer.from_file(str(tokenizer)), words(), texts)
    vocabulary = choose(pieces, counts, size)
    cut(tokenizer, vocabulary, target)
    return vocabulary
