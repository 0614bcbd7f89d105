"""Serbian, in Latin letters, and from those in Cyrillic."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from monitor.domain import EventType, Failure, Reason, Severity
from monitor.render.language.form import Words, slavic

LATIN = Words(
    plural=slavic,
    thousands=".",
    point=",",
    date="{day}. {month} {year}, {time}",
    months=tuple("jan feb mar apr maj jun jul avg sep okt nov dec".split()),
    severities={
        Severity.NONE: "BELEŠKA",
        Severity.WATCH: "PRAĆENJE",
        Severity.TENSION: "NAPETOST",
        Severity.SERIOUS: "OZBILJNO",
        Severity.CRITICAL: "KRITIČNO",
    },
    types={
        EventType.DEPLOYMENT: "raspoređivanje snaga",
        EventType.CLASH: "sukob",
        EventType.WITHDRAWAL_CALL: "poziv na povlačenje",
        EventType.THREAT: "pretnja",
        EventType.UNREST: "neredi",
        EventType.ARMS: "oružje",
        EventType.DEESCALATION: "smirivanje",
    },
    countries={
        "AL": "Albanija",
        "BA": "Bosna i Hercegovina",
        "HR": "Hrvatska",
        "XK": "Kosovo",
        "ME": "Crna Gora",
        "MK": "Severna Makedonija",
        "RS": "Srbija",
    },
    camps={
        "banja-luka": "Banja Luka",
        "belgrade": "Beograd",
        "bosnian-croat": "bosanski Hrvati",
        "international": "međunarodni",
        "kosovo-serb": "kosovski Srbi",
        "ljubljana": "Ljubljana",
        "macedonian-albanian": "makedonski Albanci",
        "official": "zvanični",
        "other": "ostali",
        "podgorica": "Podgorica",
        "presevo-albanian": "preševski Albanci",
        "pristina": "Priština",
        "russian-state": "ruski državni",
        "sarajevo": "Sarajevo",
        "skopje": "Skoplje",
        "sofia": "Sofija",
        "tirana": "Tirana",
        "turkish": "turski",
        "zagreb": "Zagreb",
    },
    failures={
        Failure.TIMEOUT: "isteklo vreme",
        Failure.UNREACHABLE: "nedostupan",
        Failure.TLS: "greška šifrovane veze",
        Failure.HTTP: "greška servera",
        Failure.FORBIDDEN: "zabranjen pristup",
        Failure.GONE: "ukinut",
        Failure.RATE_LIMITED: "previše upita",
        Failure.TOO_LARGE: "prevelik",
        Failure.REDIRECTS: "previše preusmeravanja",
        Failure.PRIVATE_ADDRESS: "privatna adresa",
        Failure.ENCODING: "pogrešno kodiran",
        Failure.NOT_A_FEED: "nije fid",
        Failure.BAD_XML: "neispravan zapis",
        Failure.EMPTY: "prazan",
    },
    reasons={
        Reason.IRRELEVANT: "nije relevantno",
        Reason.MUTED: "utišano",
        Reason.NOT_REQUIRED: "bez obavezne reči",
        Reason.OUT_OF_REGION: "van regiona",
        Reason.STALE: "zastarelo",
        Reason.UNCORROBORATED: "javlja premalo medija",
    },
    levels=("UOBIČAJENO", "POVIŠENO", "VISOKO", "KRAJNJE VISOKO"),
    outlets=("medij", "medija", "medija"),
    articles=("članak", "članka", "članaka"),
    messages=("poruka", "poruke", "poruka"),
    stories=("događaj", "događaja", "događaja"),
    days=("dan", "dana", "dana"),
    hours=("sat", "sata", "sati"),
    many_outlets="{n} ili više medija",
    more="i još {n}",
    untitled="(bez naslova)",
    source="izvor",
    why="Zašto: {why}",
    first="prva vest",
    always="pravilo uvek javlja",
    relevance="relevantnost {value}",
    model=" (model {value})",
    hit="{list} „{match}“ u „{found}“",
    places="mesta: {names}",
    graver="teže: {now}, ranije: {before}",
    denied="demantovano ili povučeno, javlja {by}",
    eased="smiruje se, javlja {by}",
    flared="ponovo se rasplamsava, javlja {by}",
    confirmed="potvrđeno, javlja {by}",
    joined="sada javljaju i: {camps}",
    quiet="{stories} tokom mirnih sati",
    test="PROBA",
    test_event="nema događaja",
    test_title="Ovako će izgledati upozorenje",
    test_text="Balkan Monitor je stigao do ovog razgovora; u regionu se ništa nije dogodilo.",
    test_why="tražena je proba",
    index="indeks eskalacije",
    normal_again="ponovo uobičajeno",
    highest="najviše za {days}, {times}",
    times="{times}× uobičajeno",
    near_nothing="uobičajeno je blizu nule",
    deviations="odstupanje {n} iznad svojih 90 dana",
    came_down="spustio se",
    digest="DNEVNI PREGLED",
    done="pročitano: {articles}, poslato: {messages}",
    told="Događaji ({n})",
    nothing_told="Nema događaja: ništa nije javljeno",
    index_title="Indeks",
    index_calm="Indeks: svuda je uobičajeno",
    index_young="Indeks: treba {days} čitanja, do sada {has}",
    index_times=", {times}× uobičajeno",
    index_before=" (dan ranije {times}×)",
    misses="Tik ispod praga ({n})",
    all_read="Svi izvori se čitaju: {n}",
    troubles="Izvori sa smetnjama ({n} od {all})",
    never_read="nikad pročitan",
    unread="nije čitan {time}",
    relevant="Relevantno",
    not_relevant="Nije relevantno",
    mute_story="Utišaj događaj",
    unmute_story="Ukini utišavanje",
    ask_why="Zašto",
    noted_relevant="Zabeleženo: relevantno. Hvala.",
    noted_not_relevant="Zabeleženo: nije relevantno. Hvala.",
    noted_missed="Zabeleženo: ovo je trebalo javiti. Hvala.",
    story_muted="Utišano: događaj {story}, dok se utišavanje ne ukine. {undo} to poništava.",
    story_unmuted="Više nije utišano: događaj {story}. {undo} to poništava.",
    unchanged="Već je tako.",
    forged="Ovo dugme ovde ne važi.",
    not_here="Dugmad u kanalu smeju da pritiskaju samo oni koje navodi {setting}.",
    pruned="Taj članak više nije sačuvan.",
    no_story="Takav događaj nije sačuvan.",
    latest="Najnovija upozorenja",
    nothing_yet="Ovom razgovoru još ništa nije javljeno.",
    told_at="javljeno {time}",
    from_to="{first} do {last}",
    carried="{articles}, {outlets}",
    several="Ta poruka javlja o više događaja. Na koji mislite?",
)

LETTERS = dict(zip("abvgdđežzijklmnoprstćufhcčš", "абвгдђежзијклмнопрстћуфхцчш", strict=True))
LETTERS |= {"lj": "љ", "nj": "њ", "dž": "џ"}
PIECE = re.compile(r"\{\w+\}|lj|nj|dž|.", re.IGNORECASE | re.DOTALL)


def cyrillic(text: str) -> str:
    """Serbian Latin letters as Cyrillic ones; what stands in braces stays."""
    return PIECE.sub(lambda piece: _letter(piece[0]), text)


def _letter(piece: str) -> str:
    letter = LETTERS.get(piece.lower(), piece)
    return letter.upper() if piece[0].isupper() and letter != piece else letter


def _written(value: Any) -> Any:
    """A text, or each text of several, in Cyrillic; all else as it is."""
    if isinstance(value, str):
        return cyrillic(value)
    if isinstance(value, tuple):
        return tuple(map(cyrillic, value))
    return {key: cyrillic(text) for key, text in value.items()} if isinstance(value, Mapping) else value


CYRILLIC = replace(LATIN, **{field.name: _written(getattr(LATIN, field.name)) for field in fields(LATIN)})
