"""One folded form for every spelling of a word: Cyrillic to Latin, no diacritics, no case. Does not stem or translate.

The choices, where there was one:

- đ, ђ and the lookalikes ð and ɖ are `dj`, as people type them; a bare `d` for đ is not recognised, because Albanian
  and Slavic words with a true `dj` or `d` would then fall together.
- č, ć, ц, ч, ћ are `c`; š, ш are `s`; ž, ж, з are `z`; џ, ѕ and dž are `dz`; љ and њ are `lj` and `nj`.
- Macedonian ѓ and ќ are `gj` and `kj`, as in Macedonian Latin script; they are not made equal to đ and ć, because
  `gj` is one of the commonest letters of Albanian.
- щ is `st` and ъ is `a` (Bulgarian readings), ь is nothing, й is `j`, ю and я are `ju` and `ja`, ы is `i`, є is `je`.
- ä, ö, ü, ë, ç, ı, İ, ø, ł lose their marks; ß is `ss`, æ is `ae`, œ is `oe`, þ is `th`.
- Greek and other scripts stay, without accents; a final ς is σ.
"""

import re
import unicodedata
from hashlib import blake2b

LETTERS = {
    **dict(zip("абвгдежзијклмнопрстћуфхцчш", "abvgdezzijklmnoprstcufhccs", strict=True)),
    **{"ђ": "dj", "љ": "lj", "њ": "nj", "џ": "dz", "ѓ": "gj", "ќ": "kj", "ѕ": "dz"},
    **{"й": "j", "ѝ": "i", "ю": "ju", "я": "ja", "щ": "st", "ъ": "a", "ь": "", "ы": "i", "э": "e", "ё": "e"},
    **{"ѐ": "e", "і": "i", "ї": "i", "є": "je", "ґ": "g", "ў": "u", "ѣ": "e", "ӣ": "i", "ӯ": "u"},
    **{"đ": "dj", "ð": "dj", "ɖ": "dj", "ø": "o", "ł": "l", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ə": "e"},
    **{"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ς": "σ"},
}
APOSTROPHES = frozenset("ʹʺʻʼʽʾʿˈˊˋ´ʹ")
RUN = re.compile("x+")


def _letter(character: str) -> str:
    """The folded form of a letter or digit: letters and digits only, and stable when folded again."""
    low = character.casefold()
    if low in LETTERS:
        return LETTERS[low]
    parts = unicodedata.normalize("NFKD", low).casefold()
    folded = "".join(LETTERS.get(part, part) for part in parts if _in_words(part))
    return folded if folded in {"", character} else "".join(_letter(part) for part in folded)


def _in_words(character: str) -> bool:
    """Whether a character is a letter or a digit."""
    return unicodedata.category(character)[0] in "LN" and character not in APOSTROPHES


def _separates(character: str) -> bool:
    """Whether a character ends a word. Accents, joiners, soft hyphens and writing directions do not."""
    category = unicodedata.category(character)
    return character in APOSTROPHES or (category[0] not in "LNM" and category != "Cf")


class _Folding(dict[int, str]):
    """A table for str.translate that learns each character when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kept = _letter(character) if _in_words(character) else ""
        self[code] = folded = " " if _separates(character) else kept
        return folded


class _Mask(dict[int, str]):
    """A table for str.translate that writes a word's characters as x and all others as a space, one for one."""

    def __missing__(self, code: int) -> str:
        self[code] = mask = " " if _separates(chr(code)) else "x"
        return mask


FOLDING = _Folding()
MASK = _Mask()


def words(text: str) -> list[str]:
    """The folded words of a text, in order. A word is a run of letters and digits; any punctuation separates."""
    return unicodedata.normalize("NFC", text).translate(FOLDING).split()


def fold(text: str) -> str:
    """The folded words with one space between them. Folding what is folded changes nothing."""
    return " ".join(words(text))


def spans(text: str) -> list[tuple[int, int]]:
    """Where each of `words(text)` stands in the text as written: [start, end) offsets in the same order."""
    runs = [match.span() for match in RUN.finditer(text.translate(MASK))]
    if len(runs) == len(words(text)):
        return runs
    return [(start, end) for start, end in runs if words(text[start:end])]


def fingerprint(text: str) -> str:
    """16 hexadecimal digits that are the same for every spelling of the same words, in any process."""
    return blake2b(fold(text).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
