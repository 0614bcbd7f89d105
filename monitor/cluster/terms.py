"""The words, names and numbers by which two texts are seen to tell one event, and how rare each is. No meaning."""

import math
from collections.abc import Iterable

from monitor.domain import Judged
from monitor.text import words

STEM = 5
"""Letters of a word that are compared, so that its endings do not matter: Rašković, Raškovića, Рашковићу."""
SHORTEST = 4
"""Shorter words are mostly grammar."""
NAME, SPOT = "@", "#"
"""Begin a name of the gazetteer, which has one form in all languages and scripts: `#` is a town or smaller place."""
SPOTS = frozenset({"town", "place"})
TELLING = range(3, 1900)
"""One and two are said of everything, and from here on numbers are mostly years."""

# The names and stems that many events of the seeds share, as `bench/grouping.py --common` lists them: in at least a
# tenth of the events, in at least one of 25, in at least one of 50. Counted over all languages: a word of a small
# language seems rarer than it is, which matters little, as few texts share it.
OFTEN_NAMES = """
#Belgrade, @KFOR, @Kosovo, @Serbia, @Serbs
"""
OFTEN_WORDS = """
after kfor kosov minis napad polic prist said serb serbi
"""
USUAL_NAMES = """
@Bosnia and Herzegovina, #Mitrovica, #Pristina, #Sarajevo
"""
USUAL_WORDS = """
alban armed army attac autom barik belgr beogr bosni croat force from grupa kamen kerko mitro naoru nato near north
offic oruzj over patro posle povre pozva preds prote saraj serbe serbs sever soldi speci srbij srpsk stran that trazi
troop vojni vojsk vozil were with
"""
COMMON_NAMES = """
@Albania, @Albanians, @Aleksandar Vučić, #Banja Luka, @Bosnian Serbs, @Croatia, @EUFOR, @Italy, @Kosovo Police,
#Leposavić, @Milorad Dodik, @Montenegro, @North Macedonia, #Preševo, #Raška, @Republika Srpska, @Serbian forces and
institutions, #Skopje, #Tirana, @United States, #Zvečan, @institutions of Bosnia
"""
COMMON_WORDS = """
acros ambas armat armou arres autob back banja barri befor bomba borde bosnj both calle comma cross crowd dead defen
dodik drejt dvoji ekspl entit eshte eufor fire fired four gener gotov gradj grana grani grena group grupe guard held
home hours hrvat hurt incid inter into ispre itali jedan jedin kaze kazu kerce kfora kille kolon koman kontr kufit
leade leave lepos line linij ljudi luka maced march maske maski mesta milit missi mladi munic nakon napus nese night
njesi odgov oklop opsti parti patru peace peopl plago pojac polit poruc povra povri povuc povuk poziv pred prema premi
prese presi prije pripa pripr prive prona pull ranje razbi rebel reser retur rezer rifle says shqip shtep sjeve skopj
solda sprem state stone sukob sumnj terhe teror they three tiran town traga tvrdi ubije uhaps uklon unifo upozo ushta
vehic veri veriu villa vucic weapo will wire would wound zanda zapal zbog zgrad zveca
"""


def _shares() -> dict[str, float]:
    groups = (
        (0.15, OFTEN_NAMES, OFTEN_WORDS),
        (0.06, USUAL_NAMES, USUAL_WORDS),
        (0.03, COMMON_NAMES, COMMON_WORDS),
    )
    shares: dict[str, float] = {}
    for share, names, stems in groups:
        listed = (" ".join(name.split()) for name in names.split(","))
        shares |= dict.fromkeys([*filter(None, listed), *stems.split()], share)
    return shares


RARE = 0.002
"""The share of events that have a term which is not among the common ones."""
TELLS = {term: math.log(share) ** 2 for term, share in _shares().items()}
MOST = math.log(RARE) ** 2


def mass(terms: Iterable[str]) -> float:
    """How much terms tell: the sum of the squares of their rarity, the logarithm of the share of events that have them.

    Exact to the last bit in any order, so that sets of strings, whose order changes from run to run, change nothing.
    """
    return math.fsum(TELLS.get(term, MOST) for term in terms)


def terms(judged: Judged) -> tuple[str, ...]:
    """The article's stems, numbers and names, each once, in order: those of the title first."""
    article = judged.article
    told = (_term(word) for word in (*words(article.title), *words(article.summary)))
    names = ((SPOT if hit.kind in SPOTS else NAME) + hit.name for hit in judged.score.places)
    return tuple(dict.fromkeys((*names, *filter(None, told))))


def _term(word: str) -> str:
    if word.isdecimal():
        return word if len(word) <= 4 and int(word) in TELLING else ""
    return word[:STEM] if len(word) >= SHORTEST else ""
