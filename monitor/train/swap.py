"""Other wars made of our own seeds: the same sentences with the region's names exchanged for those of places far away.

Only where the danger lies in the region does an item count. Written seeds of other wars say so in their own words;
these say so in the very words of the relevant ones, so that nothing but the place can tell them apart. Sentences need
not be elegant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from monitor.domain import REGION
from monitor.places import Gazetteer
from monitor.seeds import Seed
from monitor.train.augment import latin
from monitor.train.vocabulary import cyrillic

CYRILLIC_LANGUAGES = {"sr-Cyrl", "mk", "bg", "ru"}
SLAVIC = {"sr-Latn", "bs", "hr", "cnr", "sl", *CYRILLIC_LANGUAGES}
ENDINGS = {
    "slavic": re.compile(r"(?:ovom|om|ima|ama|a|e|i|o|u)$"),
    "sq": re.compile(r"(?:ës|ën|ë|as|a|it|in|i|ut|un|u)$"),
}


@dataclass(frozen=True, slots=True)
class Theatre:
    """A war elsewhere: stems of countries and towns, of the people before 'sk' in Slavic languages, and in English."""

    countries: tuple[str, ...]
    towns: tuple[str, ...]
    adjective: str
    people: str


THEATRES = (
    Theatre(("Ukrain", "Rus"), ("Donjeck", "Harkiv", "Herson", "Luhansk"), "ukrajin", "Ukrainian"),
    Theatre(("Palestin", "Liban"), ("Hebron", "Haifa", "Rafah", "Nablus"), "izrael", "Israeli"),
    Theatre(("Armen", "Azerbejdžan"), ("Stepanakert", "Goris", "Gandža"), "jermen", "Armenian"),
    Theatre(("Sirij", "Irak"), ("Alep", "Mosul", "Homs", "Idlib"), "sirij", "Syrian"),
    Theatre(("Sudan", "Čad"), ("Kartum", "Omdurman", "Darfur"), "sudan", "Sudanese"),
    Theatre(("Pakistan", "Indij"), ("Kašmir", "Lahor", "Amricar"), "pakistan", "Pakistani"),
)
NAMES = {
    "Ukrain": "Ukraine", "Rus": "Russia", "Palestin": "Palestine", "Liban": "Lebanon", "Armen": "Armenia",
    "Azerbejdžan": "Azerbaijan", "Sirij": "Syria", "Irak": "Iraq", "Sudan": "Sudan", "Čad": "Chad",
    "Pakistan": "Pakistan", "Indij": "India", "Donjeck": "Donetsk", "Harkiv": "Kharkiv", "Herson": "Kherson",
    "Alep": "Aleppo", "Gandža": "Ganja", "Kartum": "Khartoum", "Kašmir": "Kashmir", "Lahor": "Lahore",
    "Amricar": "Amritsar",
}  # fmt: skip
COUNTRY = re.compile(
    r"^(kos+ov|srb|serb|bosn|bih|hrvat|croat|cro|alban|shqip|crn|monten|mal|maked|maqed|maced|north)", re.I
)
PEOPLE = re.compile(r"(ian|ians|serb|serbs|kosovar|kosovars|croat|croats|bosniak|bosniaks)$", re.I)


def elsewhere(seeds: Sequence[Seed], gazetteer: Gazetteer, share: float, random: Random) -> list[Seed]:
    """Irrelevant seeds made of a share of the relevant ones; those whose places do not all go are left out."""
    chosen = [seed for seed in seeds if seed.relevant and random.random() < share]
    moved = (_move(seed, gazetteer, random) for seed in chosen)
    return [seed for seed in moved if seed is not None]


def _move(seed: Seed, gazetteer: Gazetteer, random: Random) -> Seed | None:
    theatre = random.choice(THEATRES)
    found = sorted({hit.found for hit in gazetteer.find(seed.title, seed.summary)}, key=len, reverse=True)
    if not found:
        return None
    names: dict[str, str] = {}
    for word in found:
        names[word] = _other(word, seed.lang, theatre, len(names))
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, found)) + r")(?!\w)")
    title, summary = (pattern.sub(lambda m: names[m.group()], text) for text in (seed.title, seed.summary))
    left = {hit.country for hit in gazetteer.find(title, summary)}
    if left & set(REGION) or title == seed.title:
        return None
    note = "hard: other-war, places exchanged"
    return replace(
        seed,
        id=f"{seed.id}-x",
        title=title,
        summary=summary,
        relevant=False,
        types=(),
        severity=0,
        places=(),
        event=None,
        note=note,
    )


def _other(word: str, lang: str, theatre: Theatre, number: int) -> str:
    """What stands in a word's place, with the word's own ending where the language has them."""
    if lang in CYRILLIC_LANGUAGES:
        return cyrillic(_other(latin(word), "sr-Latn", theatre, number))
    if lang in SLAVIC and "sk" in word:
        new = theatre.adjective + word[word.index("sk") :]
        return new.capitalize() if word[0].isupper() else new
    pool = theatre.countries if COUNTRY.match(word) else theatre.towns
    stem = pool[number % len(pool)]
    endings = ENDINGS["slavic" if lang in SLAVIC else lang] if lang in SLAVIC or lang in ENDINGS else None
    if endings is None:
        return theatre.people if PEOPLE.search(word) else NAMES.get(stem, stem)
    ending = endings.search(word)
    return stem + ("" if ending is None else re.sub("^o$", "a", ending.group()))
