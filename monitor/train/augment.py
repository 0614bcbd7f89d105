"""Other ways in which a desk could have set the same item.

Script, case, diacritics, wrappings, a shorter summary. Labels stay.
"""

import unicodedata
from dataclasses import dataclass
from random import Random

from monitor.seeds import Seed
from monitor.train.vocabulary import CYRILLIC, DIGRAPHS, cyrillic

LATIN = {theirs: ours for ours, theirs in (*CYRILLIC.items(), *DIGRAPHS.items())}
PREFIXES = {
    "sr-Latn": ("VIDEO:", "(FOTO)", "UŽIVO:", "VIDEO/FOTO", "NAJNOVIJE:", "UZNEMIRUJUĆE:"),
    "sr-Cyrl": ("ВИДЕО:", "(ФОТО)", "УЖИВО:", "НАЈНОВИЈЕ:"),
    "sq": ("LAJM I FUNDIT:", "VIDEO:", "(FOTO)", "E fundit:", "LIVE:"),
    "mk": ("ВИДЕО:", "(ФОТО)", "ВО ЖИВО:", "НАЈНОВО:"),
    "en": ("BREAKING:", "VIDEO:", "LIVE:", "UPDATE 1-", "Watch:"),
}
OTHER_PREFIXES = ("VIDEO:", "(FOTO)", "+++", "LIVE:")
OUTLETS = (
    "Reuters", "BBC News", "Balkan Insight", "Kosovo Online", "Telegraf.rs", "KoSSev", "Gazeta", "Euronews", "N1",
    "Al Jazeera", "The Guardian", "Vijesti", "Dnevnik", "Anadolu Agency", "Radio Slobodna Evropa", "Koha", "DW", "AFP",
    "Politika", "Express", "Sky News", "24sata", "Sportal", "Euractiv", "Corriere", "Le Monde", "Spiegel",
    "Kathimerini", "Novosti", "Kurir", "Tanjug", "Beta", "Hina", "MIA",
)  # fmt: skip
SOUTH_SLAVIC = {"sr-Latn", "cnr", "bs", "hr"}


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each change is made."""

    script: float = 0.3
    plain: float = 0.12
    upper: float = 0.06
    lower: float = 0.04
    prefix: float = 0.06
    outlet: float = 0.1
    drop_summary: float = 0.3
    cut_summary: float = 0.2


def augment(seed: Seed, rates: Rates, random: Random) -> tuple[str, str]:
    """A title and a summary that say what the seed says, set differently."""
    title, summary = _shortened(seed.title, seed.summary, rates, random)
    if random.random() < rates.script:
        title, summary = other_script(title, seed.lang), other_script(summary, seed.lang)
    if random.random() < rates.plain:
        title, summary = plain(title), plain(summary)
    draw = random.random()
    if draw < rates.upper:
        title = title.upper()
    elif draw < rates.upper + rates.lower:
        title, summary = title.lower(), summary.lower()
    return _wrapped(title, seed.lang, rates, random), summary


def _shortened(title: str, summary: str, rates: Rates, random: Random) -> tuple[str, str]:
    draw = random.random()
    if summary and draw < rates.drop_summary:
        return title, ""
    parts = summary.split()
    if len(parts) > 8 and draw < rates.drop_summary + rates.cut_summary:
        return title, " ".join(parts[: random.randrange(6, len(parts))]) + random.choice(("...", "…", ""))
    return title, summary


def _wrapped(title: str, lang: str, rates: Rates, random: Random) -> str:
    if random.random() < rates.prefix:
        title = f"{random.choice(PREFIXES.get(lang, OTHER_PREFIXES))} {title}"
    if random.random() < rates.outlet:
        title = f"{title}{random.choice((' - ', ' | ', ' – '))}{random.choice(OUTLETS)}"
    return title


def other_script(text: str, lang: str) -> str:
    """Serbian or Montenegrin text in its other script; anything else as it is."""
    if lang in ("sr-Latn", "cnr"):
        return cyrillic(text)
    return latin(text) if lang == "sr-Cyrl" else text


def latin(text: str) -> str:
    """Serbian Cyrillic text in Latin letters."""
    letters = (LATIN.get(char.lower(), char) for char in text)
    return "".join(new.capitalize() if old.isupper() else new for old, new in zip(text, letters, strict=True))


def plain(text: str) -> str:
    """Text as typed on a bare keyboard: without diacritics, and đ as dj. Cyrillic and Greek letters stay whole."""
    return "".join(_bare(char) for char in text.replace("đ", "dj").replace("Đ", "Dj").replace("ı", "i"))


def _bare(char: str) -> str:
    decomposed = unicodedata.normalize("NFD", char)
    return decomposed[0] if decomposed[0].isascii() else char
