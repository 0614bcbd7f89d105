"""Bosnian: Serbian in Latin letters where both say the same, and its own words where they do not."""

from dataclasses import replace

from monitor.domain import EventType, Failure, Reason, Severity
from monitor.render.language.serbian import LATIN

BOSNIAN = replace(
    LATIN,
    months=tuple("jan feb mar apr maj jun jul aug sep okt nov dec".split()),
    severities={**LATIN.severities, Severity.NONE: "BILJEŠKA"},
    types={**LATIN.types, EventType.THREAT: "prijetnja"},
    countries={**LATIN.countries, "MK": "Sjeverna Makedonija"},
    failures={
        **LATIN.failures,
        Failure.TIMEOUT: "isteklo vrijeme",
        Failure.REDIRECTS: "previše preusmjeravanja",
    },
    reasons={**LATIN.reasons, Reason.NOT_REQUIRED: "bez obavezne riječi", Reason.STALE: "zastarjelo"},
    first="prva vijest",
    always="pravilo uvijek javlja",
    places="mjesta: {names}",
    noted_relevant="Zabilježeno: relevantno. Hvala.",
    noted_not_relevant="Zabilježeno: nije relevantno. Hvala.",
    noted_missed="Zabilježeno: ovo je trebalo javiti. Hvala.",
    forged="Ovo dugme ovdje ne važi.",
    not_here="Dugmad u kanalu smiju pritiskati samo oni koje navodi {setting}.",
)
