"""Keyword rules compiled once and matched in one pass over an article. Decides nothing about what a match means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.config import KeywordRule, Keywords
from monitor.domain import Article, KeywordHit
from monitor.errors import ConfigError
from monitor.text import Matcher, check_pattern, spans, words

LISTS = ("boost", "mute", "always", "require")


@dataclass(frozen=True, slots=True)
class Rules:
    """Compiled rules: each with the name of its list, in the order of the matcher's patterns."""

    matcher: Matcher
    rules: tuple[tuple[str, KeywordRule], ...]
    fields: tuple[str, ...]

    @property
    def has_require(self) -> bool:
        """Whether there are `require` rules, so that an article without a match of one is not wanted."""
        return any(name == "require" for name, _ in self.rules)

    def match(self, article: Article, countries: Sequence[str]) -> tuple[KeywordHit, ...]:
        """The rules that hold for an article about these countries, in their order.

        A rule gives one hit however often it matches: the first, title before summary before address. Only boosts have
        a weight, in log-odds.
        """
        hits: dict[int, KeywordHit] = {}
        for number, field, found in self._found(article):
            name, rule = self.rules[number]
            if number not in hits and field in rule.fields and applies(rule, article, countries):
                hits[number] = KeywordHit(name, rule.match, found, field, rule.weight if name == "boost" else 0.0)
        return tuple(hits[number] for number in sorted(hits))

    def _found(self, article: Article) -> Iterator[tuple[int, str, str]]:
        """Every pattern found: its number, the field, and the words as written."""
        for field in self.fields:
            text: str = getattr(article, field)
            matches = self.matcher.find(words(text))
            places = spans(text) if matches else []
            for number, first, end in matches:
                yield number, field, text[places[first][0] : places[end - 1][1]]


def compile_rules(keywords: Keywords) -> Rules:
    """Compile the rules of all lists. Raises ConfigError naming the list, the position (from 0) and the match."""
    rules = [(name, rule) for name in LISTS for rule in getattr(keywords, name)]
    for name in LISTS:
        for index, rule in enumerate(getattr(keywords, name)):
            complaint = check_pattern(rule.match)
            if complaint:
                raise ConfigError(f"keywords.yaml: {name}[{index}].match: {complaint}, found '{rule.match}'")
    used = {field for _, rule in rules for field in rule.fields}
    fields = tuple(field for field in ("title", "summary", "url") if field in used)
    return Rules(Matcher(rule.match for _, rule in rules), tuple(rules), fields)


def applies(rule: KeywordRule, article: Article, countries: Sequence[str]) -> bool:
    """Whether a rule's limits admit an article. Languages match by BCP 47 prefix: `sr` admits `sr-Latn`."""
    if rule.languages and not any(_within(article.lang, wanted) for wanted in rule.languages):
        return False
    if rule.countries and not set(rule.countries) & set(countries):
        return False
    return not rule.sources or article.source in rule.sources


def _within(lang: str, wanted: str) -> bool:
    lang, wanted = lang.casefold(), wanted.casefold()
    return lang == wanted or lang.startswith(wanted + "-")
