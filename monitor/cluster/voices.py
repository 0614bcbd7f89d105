"""Who tells a story in words of its own: copies of one text count once. Knows outlets and texts, not what they say."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

import numpy as np

from monitor.domain import VOICES, Article, Voice
from monitor.text import words

SAMPLES = 16
"""Values of a signature; the share that two have in common estimates the share of word pairs in common."""
COPIED = 10
"""Of SAMPLES: from about two thirds of the word pairs on, a text is a copy. Titles of one event share about a fifth."""
SHORT = 4
"""Titles of fewer words are compared as a whole: two of 'Breaking news' are no copies of each other for that."""
LONG = 12
"""Words from which on a summary alone shows a copy: a shorter one is a standing line of its site as often as a text."""
CREDIT = re.compile(
    # Who took the picture, in what the sites of the region call it; and the agency in brackets after a place.
    r"\b(?:foto|fotografij[ae]|photo|izvor|burimi|source|фото|фотографија|извор)\s*:\s*[^\s.,;]+(?:\s*/\s*[^\s.,;]+)*"
    r"|\(\s*(?:aa|afp|anadolu|ansa|ap|ata|beta|dpa|epa|fena|fonet|hina|kosovapress|mia|mina|onasa|reuters|srna|tanjug"
    r"|xinhua|бета|миа|срна|танјуг|фонет|хина)\s*\)",
    re.IGNORECASE,
)
TEXTS = 8
"""Texts that are remembered of an outlet."""


def signature(title: str, summary: str) -> str:
    """A text as 'title.summary' in hexadecimal, each 16 values of 16 bits; empty for a part without words.

    A short summary stands with its title before it; credits of pictures and agencies are left out.
    """
    named, told = words(title), words(CREDIT.sub(" ", summary))
    return f"{_sketch(named)}.{_sketch(told if len(told) >= LONG or not told else named + told)}"


def _sketch(told: Sequence[str]) -> str:
    """The least hash of the word pairs under each of SAMPLES functions."""
    if not told:
        return ""
    pairs = {" ".join(told[i : i + 2]) for i in range(len(told) - 1)} if len(told) >= SHORT else {" ".join(told)}
    hashes = [np.frombuffer(blake2b(pair.encode(), digest_size=2 * SAMPLES).digest(), "<u2") for pair in pairs]
    least = np.min(np.stack(hashes), axis=0)
    return bytes(least.astype("<u2")).hex()


def copied(one: str, other: str) -> bool:
    """Whether two signatures are of one text: a near-identical title, or what else is told is near-identical."""
    return any(_alike(a, b) for a, b in zip(one.split("."), other.split("."), strict=True))


def _alike(one: str, other: str) -> bool:
    if not one or not other:
        return False
    return sum(one[i : i + 4] == other[i : i + 4] for i in range(0, 4 * SAMPLES, 4)) >= COPIED


def heard(voices: tuple[Voice, ...], article: Article) -> tuple[Voice, ...]:
    """The voices after the article: a new one if a new outlet tells in its own words, or a further text of an old one.

    A copy adds nothing. The first to bring a text has it, which may be a client of the agency that wrote it. Where no
    room is left, the first of a camp takes the place of the last whose camp has another.
    """
    text = signature(article.title, article.summary)
    if any(copied(text, known) for voice in voices for known in voice.texts):
        return voices
    for i, voice in enumerate(voices):
        if voice.outlet == article.outlet:
            grown = replace(voice, texts=(*voice.texts, text)[:TEXTS])
            return (*voices[:i], grown, *voices[i + 1 :])
    return _fitting((*voices, Voice(article.outlet, article.camp, (text,))))


def _fitting(voices: tuple[Voice, ...]) -> tuple[Voice, ...]:
    """At most VOICES, so that no camp goes unheard where another has two."""
    if len(voices) <= VOICES:
        return voices
    camps = Counter(voice.camp for voice in voices)
    spare = max((i for i, voice in enumerate(voices) if camps[voice.camp] > 1), default=VOICES)
    return (*voices[:spare], *voices[spare + 1 :])
