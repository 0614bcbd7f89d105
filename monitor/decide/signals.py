"""What an article says of an event that is known already: that it is denied, confirmed, or over.

They are read from the title alone, by words of the region's and the world's languages, folded; an end also from the
types. Nouns are left out where they have a life of their own: 'denial' and 'negiranje' are of genocide as a rule.
"""

from collections.abc import Set
from functools import cache

from monitor.domain import Alerted, EventType, Judged, Mark, Severity
from monitor.text import Matcher, words

DENIED = (
    # English, French, Italian, Spanish, German
    *("denies", "denied", "deny", "denying", "refutes", "refuted", "rejects reports", "rejects claims"),
    *(
        "dismisses claims",
        "dismisses reports",
        "false alarm",
        "hoax",
        "fake news",
        "retracts",
        "retracted",
        "no evidence of",
        "not true",
    ),
    *("dément", "démentent", "smentisce", "smentiscono", "smentita", "desmiente", "dementiert", "bestreitet"),
    # Bosnian, Croatian, Montenegrin, Serbian, Slovene
    *("demantuj*", "demantova*", "demantir*", "demanti", "poriče", "poriču", "porekao", "porekla", "porekli", "negira"),
    *("negiraju", "negirao", "negirala", "negirali", "nije tačno", "nije istina", "netačno", "netočno", "lažna uzbuna"),
    *("lažna dojava", "lažne vesti", "lažne vijesti", "lažna vest", "lažna vijest", "zanika", "zanikajo", "opovrgava*"),
    *("opovrgnu*", "odbacuje navode", "odbacuju navode", "odbacio navode", "dezinformacij*"),
    # Macedonian, Bulgarian, Russian
    *("демантира*", "негираат", "негираше", "негираа", "не е точно", "не е вистина", "лажна вест", "лажни вести"),
    *("опроверга*", "отрича", "отричат", "отрече", "отхвърля твърденията", "опровер*", "отрицает", "отрицают"),
    # Albanian, Turkish, Greek, Hungarian, Romanian
    *("mohon", "mohojnë", "mohoi", "mohuan", "përgënjeshtro*", "përgënjeshtrua*", "demento*", "nuk është e vërtetë"),
    *("nuk janë të vërteta", "lajm i rremë", "lajme të rreme", "alarm i rremë", "hedh poshtë pretendimet"),
    *("yalanladı", "yalanlıyor", "διαψεύδ*", "διέψευσ*", "cáfol*", "dezminte", "neagă"),
)
CONFIRMED = (
    *("confirm", "confirms", "confirmed", "confirme", "confirment", "confirma", "conferma", "bestätigt", "bestätigen"),
    *("potvrdi*", "potvrđ*", "potrdi*", "потврд*", "потвърд*", "подтверд*", "konfirmo*", "konfirmua*", "konfirmim*"),
    *("vërteto*", "doğruladı", "επιβεβαιών*", "επιβεβαίωσ*", "megerősít*", "confirmă"),
)


EASED = (
    *("calm returns", "calm returned", "calm restored", "returns to calm", "situation calm", "situation is calm"),
    *("situation stable", "situation calms", "tensions ease", "tensions eased", "tension eases", "barricades removed"),
    *("barricades dismantled", "removes barricades", "remove barricades", "withdraws troops", "troops withdrawn"),
    # Bosnian, Croatian, Montenegrin, Serbian
    *("smirena situacija", "situacija smirena", "situacija mirna", "situacija je mirna", "situacija se smiruje"),
    *("situacija se smirila", "smirila se situacija", "smiruje se situacija", "stanje mirno", "vratio se mir"),
    *("uklonjene barikade", "barikade uklonjene", "uklonjene su barikade", "povukla vojsku", "povlači vojsku"),
    # Macedonian
    *("ситуацијата е мирна", "смирена ситуација*", "ситуацијата се смирува", "ситуацијата се смири"),
    *("отстранети барикад*", "отстранети се барикад*"),
    # Albanian
    *("rikthehet qetësia", "kthehet qetësia", "rikthim i qetësisë", "situata e qetë", "situata është e qetë"),
    *("situatë e qetë", "gjendja e qetë", "gjendja është e qetë", "qetësohet situata", "ulen tensionet"),
    *("largohen barrikadat", "hiqen barrikadat", "hiqen barrikada", "largohen barrikada"),
)
OVER = frozenset({Mark.DENIED, Mark.EASED})
"""What takes the edge off an event: people who were told so look no further."""


@cache
def _matcher() -> Matcher:
    return Matcher((*DENIED, *CONFIRMED, *EASED))


def marks(judged: Judged) -> frozenset[Mark]:
    """What the article says; a denial that is confirmed is a denial.

    An event is over where a title says so, or an article tells of a step back and of nothing graver than that.
    """
    found = {_says(match.pattern) for match in _matcher().find(words(judged.article.title))}
    said = found - {Mark.CONFIRMED} if Mark.DENIED in found else found
    score = judged.score
    calm = EventType.CLASH not in score.types and score.severity <= Severity.WATCH
    if EventType.DEESCALATION in score.types and calm:
        said.add(Mark.EASED)
    return frozenset(said)


def ends(judged: Judged) -> bool:
    """Whether an article says that an event is over or never was: not news by itself, but to who knows the event."""
    return bool(OVER & marks(judged))


def _says(pattern: int) -> Mark:
    if pattern < len(DENIED):
        return Mark.DENIED
    return Mark.CONFIRMED if pattern < len(DENIED) + len(CONFIRMED) else Mark.EASED


def flares(judged: Judged, alerted: Alerted | None) -> bool:
    """Whether an article tells of something serious after people were told that it is over or never was.

    One from before that message is none: reports of what happened first go on for hours.
    """
    if alerted is None or not OVER & set(alerted.marks) or ends(judged):
        return False
    return judged.score.severity >= Severity.SERIOUS and judged.article.published > alerted.at


def fresh(known: Set[Mark], said: Set[Mark]) -> frozenset[Mark]:
    """What is said that people do not know: all of it where it flares up again, as what they know holds no more."""
    return frozenset(said if Mark.FLARED in said else said - known)


def settled(known: Set[Mark], said: Set[Mark]) -> frozenset[Mark]:
    """What people know once they are told what was said; after it flared up again it may ease again."""
    return frozenset((known - OVER if Mark.FLARED in said else known) | said)
