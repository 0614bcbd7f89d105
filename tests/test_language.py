"""The words of messages: each language has all of them, and counts as people do."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest
import yaml

from monitor.config import Chat
from monitor.domain import REGION, EventType, Failure, Reason, Severity
from monitor.render import LANGUAGES, Words

SOURCES = Path(__file__).parent.parent / "config" / "sources.yaml"
ENGLISH = LANGUAGES["en"]
KEYS = [field.name for field in fields(Words) if field.name != "plural"]


def texts(value: Any) -> dict[Any, str]:
    """The texts of a key, by what tells them apart."""
    if isinstance(value, Mapping):
        return dict(value)
    return dict(enumerate(value)) if isinstance(value, tuple) else {"": value}


def slots(text: str) -> set[str]:
    """What is put into a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_each_language_has_each_word(language: str, key: str) -> None:
    """None is empty, and each takes what the English one takes."""
    words, english = texts(getattr(LANGUAGES[language], key)), texts(getattr(ENGLISH, key))
    assert all(words.values())
    if key in {"outlets", "articles", "messages", "stories", "days", "hours"}:
        assert len(words) == 1 + max(map(LANGUAGES[language].plural, range(200)))
    else:
        assert words.keys() == english.keys()
        assert {name: slots(text) for name, text in words.items()} == {n: slots(t) for n, t in english.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_term_has_a_word(language: str) -> None:
    """Severities, types, countries, failures, reasons of a near miss, and the camps of the packaged feeds."""
    words = LANGUAGES[language]
    assert set(words.severities) == set(Severity)
    assert set(words.types) == set(EventType)
    assert set(words.countries) == set(REGION)
    assert set(words.failures) == set(Failure)
    missed = {Reason.IRRELEVANT, Reason.MUTED, Reason.NOT_REQUIRED, Reason.OUT_OF_REGION}
    assert set(words.reasons) == missed | {Reason.STALE, Reason.UNCORROBORATED}
    assert (len(words.months), len(words.levels)) == (12, 4)
    sources = yaml.safe_load(SOURCES.read_text("utf-8"))["sources"]
    assert {source.get("camp", "other") for source in sources} <= set(words.camps)


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_nothing_is_left_in_english(language: str) -> None:
    """No label of more than one word, and no type, is the English one."""
    for key in KEYS:
        english = texts(getattr(ENGLISH, key))
        for name, text in texts(getattr(LANGUAGES[language], key)).items():
            assert text != english.get(name) or len(text.split()) < 2 or key in {"date", "camps", "model"}, (key, text)
    assert not set(LANGUAGES[language].types.values()) & set(ENGLISH.types.values())


@pytest.mark.parametrize("language", ["sr-Cyrl", "mk"])
def test_cyrillic_has_no_latin_letters(language: str) -> None:
    """But for the program's name and what is put in."""
    for key in KEYS:
        for text in texts(getattr(LANGUAGES[language], key)).values():
            bare = "".join(part for part, *_ in Formatter().parse(text)).replace("Balkan Monitor", "")
            assert not [letter for letter in bare if letter.isalpha() and letter.lower() <= "ž"], (key, text)


COUNTS = [0, 1, 2, 4, 5, 10, 11, 12, 14, 15, 20, 21, 22, 24, 25, 100, 101, 104, 111, 112, 121]
SLAVIC = "članaka članak članka članka članaka članaka članaka članaka članaka članaka članaka članak članka članka "
SLAVIC += "članaka članaka članak članka članaka članaka članak"
TWO = [n != 1 for n in COUNTS]


@pytest.mark.parametrize(
    ("language", "key", "forms"),
    [
        ("en", "articles", ["articles" if many else "article" for many in TWO]),
        ("sq", "articles", ["artikuj" if many else "artikull" for many in TWO]),
        ("sr", "articles", SLAVIC.split()),
        ("bs", "articles", SLAVIC.split()),
        ("hr", "articles", SLAVIC.split()),
        ("sr-Cyrl", "messages", "порука порука поруке поруке порука порука порука порука порука порука порука порука "
         "поруке поруке порука порука порука поруке порука порука порука".split()),
        ("mk", "articles", ["статија" if n in {1, 21, 101, 121} else "статии" for n in COUNTS]),
    ],
)  # fmt: skip
def test_nouns_are_counted_right(language: str, key: str, forms: list[str]) -> None:
    """On each boundary of the language's forms."""
    words = LANGUAGES[language]
    assert [words.count(getattr(words, key), n) for n in COUNTS] == [
        f"{n} {form}" for n, form in zip(COUNTS, forms, strict=True)
    ]


@pytest.mark.parametrize(("language", "shown"), [("en", "12,345 0.50"), ("sr", "12.345 0,50"), ("sq", "12.345 0,50")])
def test_numbers_are_written_as_people_do(language: str, shown: str) -> None:
    """Thousands and decimals."""
    words = LANGUAGES[language]
    assert f"{words.number(12345)} {words.decimal(0.5, 2)}" == shown


def test_a_chat_may_have_each_language() -> None:
    """What the configuration takes is what there are words for."""
    assert set(get_args(Chat.model_fields["language"].annotation)) == set(LANGUAGES)
