"""The language of an article as a BCP 47 tag: what is configured where the script agrees, else what the text shows."""

import functools
import re
from typing import Any

BOTH_SCRIPTS = frozenset({"sr", "bs", "cnr"})
# One language by every measure but its name.
ALIKE = frozenset({"sr", "bs", "hr", "cnr"})
COUNTRIES = {"HR": "hr", "BA": "bs", "ME": "cnr"}
CYRILLIC = frozenset({"mk", "bg", "ru", "uk", "be"})
GREEK = frozenset({"el"})
# Tags that name no single language.
VAGUE = frozenset({"mul", "und", "any", "mis", "zxx"})
# What detection may answer for Latin letters: what the classifier and the gazetteer know, and where it is certain the
# languages of more of Europe. Other answers are errors on short texts.
KNOWN = frozenset("sq bs hr sr sl en de fr it es nl hu ro tr".split())
OTHERS = frozenset("pt sv no da fi pl cs sk".split())
# Letters that only one of the Cyrillic alphabets has.
ALPHABETS = (
    ("sr", re.compile("[ђћ]")),
    ("mk", re.compile("[ѓќѕ]")),
    ("uk", re.compile("[іїєґ]")),
    ("ru", re.compile("[ыэё]")),
    ("bg", re.compile("[ъ]")),
)
SLAVIC_LETTERS = re.compile("[šđčćž]")
SERBIAN_LETTERS = re.compile("[ćđ]")
# Small words of headlines that the other languages hardly have.
ENGLISH_WORDS = re.compile(
    r"\b(?:the|of|and|as|at|for|with|to|by|after|near|from|says|into|its|that|out|up|two|three|four|five"
    r"|who|outside|before|against)\b|[’']s\b"
)
# Those of Serbian and its kin, and among them those that Slovene has not.
SLAVIC_WORDS = re.compile(r"\b(?:u|sa|su|kod|zbog|bez|nije|posle|nakon|protiv|ispred|uz|na|za|je|iz)\b")
SERBIAN_WORDS = re.compile(r"\b(?:u|sa|su|kod|zbog|bez|nije|posle|nakon|protiv|ispred|uz)\b")
ALBANIAN_LETTERS = re.compile("ë")
SAMPLE = 600
SURE = 0.5
CERTAIN = 0.95
LONG = 80
"""Letters from which a language that is seldom met here may be meant."""


def language(text: str, configured: str | None, declared: str | None = None, country: str | None = None) -> str:
    """The tag of a text. `configured` is the source's; `declared` (the feed's) and `country` help where it is vague."""
    text = text[:SAMPLE].lower()
    script = script_of(text)
    base = _base(configured)
    if base is None or not _fits(base, script):
        base = _detected(text, script, _base(declared), country)
    if base in BOTH_SCRIPTS and (base == "sr" or script == "Cyrl"):
        return f"{base}-{'Cyrl' if script == 'Cyrl' else 'Latn'}"
    return base


def script_of(text: str) -> str:
    """ISO 15924 code of the script that most letters belong to: Latn, Cyrl, Grek or Zyyy."""
    counts = {"Latn": 0, "Cyrl": 0, "Grek": 0, "Zyyy": 0}
    for character in text:
        if character.isalpha():
            counts[_script(character)] += 1
    best = max(counts, key=lambda script: counts[script])
    return best if counts[best] else "Zyyy"


def _script(character: str) -> str:
    if character < "\u0250" or "\u1e00" <= character <= "\u1eff":
        return "Latn"
    if "\u0400" <= character <= "\u052f":
        return "Cyrl"
    return "Grek" if "\u0370" <= character <= "\u03ff" or "\u1f00" <= character <= "\u1fff" else "Zyyy"


def _base(tag: str | None) -> str | None:
    base = re.split("[-_]", tag.strip())[0].lower() if tag else ""
    return base if base and base not in VAGUE else None


def _fits(base: str, script: str) -> bool:
    """Whether a language is written in a script; a text without letters contradicts nothing."""
    if script == "Zyyy" or base in BOTH_SCRIPTS:
        return script != "Grek"
    home = "Cyrl" if base in CYRILLIC else "Grek" if base in GREEK else "Latn"
    return script == home


def _detected(text: str, script: str, declared: str | None, country: str | None) -> str:
    """The language that the text shows; among those that a text cannot show, what the feed says, or its country.

    What shows nothing is what the feed says, else English where its letters are plain Latin ones.
    """
    declared = declared if declared and _fits(declared, script) else None
    found = _detect(text, script) or declared or ("en" if script == "Latn" and text.isascii() else "und")
    if found not in ALIKE or script == "Cyrl":
        return found
    return declared if declared in ALIKE else COUNTRIES.get(country or "", "sr")


def _detect(text: str, script: str) -> str | None:
    if script == "Cyrl":
        return _cyrillic(text)
    if script == "Latn":
        return _latin(text)
    return "el" if script == "Grek" else None


def _cyrillic(text: str) -> str:
    """By the letters that set the alphabets apart, which short titles show more surely than statistics do."""
    for name, letters in ALPHABETS:
        if letters.search(text):
            return name
    guess = _identify(text)[0]
    return guess if guess in CYRILLIC else "sr"


def _latin(text: str) -> str | None:
    """By statistics where they are sure; else by small words and letters, which short titles show more surely."""
    guess, probability = _identify(text)
    english, slavic = len(ENGLISH_WORDS.findall(text)), len(SLAVIC_WORDS.findall(text))
    sure = _sure(guess, probability, text)
    if english > slavic and (english > 1 or probability < CERTAIN or not sure):
        return "en"
    if sure:
        return guess
    if SLAVIC_LETTERS.search(text) or slavic:
        return "sr"
    if ALBANIAN_LETTERS.search(text):
        return "sq"
    # An unsure guess at plain letters is more often wrong than English is; see _detected.
    return guess if guess in ALIKE or (guess in KNOWN and not text.isascii()) else None


def _sure(guess: str, probability: float, text: str) -> bool:
    if guess == "sl" and (SERBIAN_LETTERS.search(text) or SERBIAN_WORDS.search(text)):
        return False
    if guess in OTHERS:
        return probability >= CERTAIN and len(text) >= LONG
    return guess in KNOWN and probability >= SURE


def _identify(text: str) -> tuple[str, float]:
    found = _identifier().FindLanguage(text)
    return str(found.language), float(found.probability)


@functools.cache
def _identifier() -> Any:
    """Compact Language Detector 3: a network of 1 MB inside the library."""
    import gcld3  # type: ignore[import-untyped]  # ships no types; needed only where no language is configured

    return gcld3.NNetLanguageIdentifier(0, SAMPLE)
