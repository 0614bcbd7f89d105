"""The words of messages by language; each language has all of them."""

from collections.abc import Mapping

from monitor.render.language.albanian import ALBANIAN
from monitor.render.language.bosnian import BOSNIAN
from monitor.render.language.croatian import CROATIAN
from monitor.render.language.english import ENGLISH
from monitor.render.language.form import Forms, Words
from monitor.render.language.macedonian import MACEDONIAN
from monitor.render.language.serbian import CYRILLIC, LATIN

LANGUAGES: Mapping[str, Words] = {
    "en": ENGLISH,
    "sr": LATIN,
    "sr-Cyrl": CYRILLIC,
    "sq": ALBANIAN,
    "bs": BOSNIAN,
    "hr": CROATIAN,
    "mk": MACEDONIAN,
}

__all__ = ["ENGLISH", "LANGUAGES", "Forms", "Words"]
