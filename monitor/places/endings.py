"""The usual endings of a name in the region's languages. Knows endings, not words: it makes more forms than exist.

Slavic cases in the singular (and the plural of plural names), and Albanian ones with and without article, all folded:
`Priština` gives pristine, pristini, pristinu, pristinom; `Prishtinë` gives prishtina, prishtines, prishtinen. The
vocatives are left out: `Nin` would take English Nine, and `Čair` Cairo.
"""

from monitor.text import words

FROM_A = ("a", "e", "i", "u", "om", "oj", "es", "en")
FROM_O = ("o", "a", "u", "om", "os", "on", "es", "en")
FROM_E = ("e", "a", "i", "u", "em", "ama", "ima", "es", "en")
FROM_I = ("i", "a", "e", "u", "ima", "ju", "ja", "t", "it", "in")
FROM_CONSONANT = ("", "a", "i", "u", "om", "em", "it", "in", "ut", "un")
SHORT = 4


def inflected(name: str) -> list[str]:
    """Patterns for a name with its endings: the last word in each form, the words before it as stems.

    A short first word is kept whole unless it ends in a vowel, so that `Han Pijesak` is not any word in han-.
    """
    *heads, last = words(name)
    before = "".join(f"{_head(head)} " for head in heads)
    return [before + form for form in _forms(last)]


def _head(word: str) -> str:
    if word[-1] in "aeiou" and len(word) > SHORT - 1:
        return word[:-1] + "*"
    return word if len(word) <= SHORT else word + "*"


def _forms(word: str) -> list[str]:
    stem = word[:-1]
    if len(stem) < 2:
        return [word]
    match word[-1]:
        case "a":
            softened = [stem[:-1] + "ci"] if stem.endswith("k") else []
            forms = [stem + ending for ending in FROM_A] + softened
        case "o":
            forms = [stem + ending for ending in FROM_O]
        case "e":
            forms = [stem + ending for ending in FROM_E]
        case "i":
            genitive = [stem[:-1] + "aca"] if stem.endswith("c") else []
            forms = [stem + ending for ending in FROM_I] + genitive
        case _:
            forms = [word + ending for ending in FROM_CONSONANT]
    return forms + _without_the_fleeting_vowel(word)


def _without_the_fleeting_vowel(word: str) -> list[str]:
    """Kragujevac, Kragujevca; Vrbovec, Vrbovca; Sisak, Siska."""
    if len(word) > SHORT and word.endswith(("ac", "ec", "ak")):
        return [word[:-2] + word[-1] + ending for ending in ("a", "e", "i", "u", "om", "em")]
    return []
