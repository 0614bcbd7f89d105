"""Croatian: Bosnian where both say the same, and its own words where they do not."""

from dataclasses import replace

from monitor.domain import EventType, Failure, Reason
from monitor.render.language.bosnian import BOSNIAN

CROATIAN = replace(
    BOSNIAN,
    date="{day}. {month} {year}., {time}",
    months=tuple("sij velj ožu tra svi lip srp kol ruj lis stu pro".split()),
    types={**BOSNIAN.types, EventType.DEPLOYMENT: "razmještaj snaga"},
    camps={**BOSNIAN.camps, "official": "službeni"},
    failures={
        **BOSNIAN.failures,
        Failure.TLS: "greška šifrirane veze",
        Failure.HTTP: "greška poslužitelja",
    },
    reasons={**BOSNIAN.reasons, Reason.OUT_OF_REGION: "izvan regije"},
    denied="demantirano ili povučeno, javlja {by}",
    flared="ponovno se rasplamsava, javlja {by}",
    quiet="{stories} tijekom mirnih sati",
    test_text="Balkan Monitor je stigao do ovog razgovora; u regiji se ništa nije dogodilo.",
    test_why="zatražena je proba",
    done="pročitano: {articles}, poslano: {messages}",
    forged="Ovaj gumb ovdje ne vrijedi.",
    not_here="Gumbe u kanalu smiju pritiskati samo oni koje navodi {setting}.",
    pruned="Taj članak više nije spremljen.",
    no_story="Takav događaj nije spremljen.",
    index_young="Indeks: treba {days} čitanja, dosad {has}",
)
