"""The alert about a story, and the messages that the program sends about itself."""

from collections.abc import Iterator
from datetime import datetime
from html import escape

from monitor.domain import Decision, Headline, Judged, Reason, Score, Severity, Story, Text
from monitor.render.language import Words
from monitor.render.wording import (
    MARKS,
    NAME,
    TITLE,
    Line,
    Reader,
    anchor,
    bold,
    clip,
    country,
    flag,
    italic,
    joined,
    link,
    listed,
    moment,
    plain,
    sentence,
    tellers,
)
from monitor.text import language

COUNTRIES = 7
"""The most countries that are named."""
SPOTS = 2
"""The most towns and places that are named."""
CAPITALS = {"Tirana", "Sarajevo", "Zagreb", "Pristina", "Podgorica", "Skopje", "Belgrade"}
"""As the gazetteer has them."""
OUTLETS = 4
"""The most outlets that are named beside the one that tells it; the others are counted."""

REASONING = 280
"""The most UTF-16 units of why it was sent."""


def render(story: Story, judged: Judged, decision: Decision, reader: Reader, also: Headline | None = None) -> Text:
    """The alert about a story that a chat is sent, told by the article that just joined it.

    `also` is how an outlet titles it in the reader's language, shown where the article's is another. A severity up to
    'watch' is a few plain lines; 'critical' is bold, with the news set off.
    """
    severity = Severity(max(story.severity, judged.score.severity))
    other = also if also and not reads(reader, judged.article.lang) else None
    if severity <= Severity.WATCH:
        return joined(_small(story, judged, decision, reader, other, severity))
    return joined(_full(story, judged, decision, reader, other, severity))


def reads(reader: Reader, tag: str) -> bool:
    """Whether a reader of the chat's language reads the tag's language, too."""
    return language(reader.language) == language(tag)


def test_alert(now: datetime, reader: Reader) -> Text:
    """A message that proves that alerts arrive."""
    words = reader.words
    lines = [
        Line(f"⚪ <b>{escape(words.test)}</b> · {escape(words.test_event)}", f"⚪ {words.test} · {words.test_event}"),
        bold(words.test_title),
        plain(words.test_text),
        plain(f"Balkan Monitor · {moment(now, reader)}"),
        italic(words.why.format(why=words.test_why)),
    ]
    return joined(lines)


def notice(text: str) -> Text:
    """A message from the program itself, such as that a configuration was refused."""
    told = clip(text, 3000)
    return joined([plain(f"⚙️ {told}")])


def heading(severity: Severity, story: Story, words: Words) -> Line:
    """How grave, and what: a message's first line."""
    mark, word = MARKS[severity], words.severities[severity]
    types = ", ".join(words.types[kind] for kind in story.types)
    rest = f" · {types}" if types else ""
    loud = f"<b>{escape(word + rest)}</b>" if severity >= Severity.CRITICAL else f"<b>{escape(word)}</b>{escape(rest)}"
    return Line(f"{mark} {loud}", f"{mark} {word}{rest}")


def where(story: Story, score: Score, words: Words) -> str:
    """The countries, each with the towns and places there that the news names: '🇽🇰 Kosovo: Leposavić'."""
    near: dict[str, list[str]] = {}
    for code, name in spots(story, score):
        near.setdefault(code, []).append(name)
    told = []
    for code in story.countries[:COUNTRIES]:
        names = ", ".join(near.pop(code, ()))
        told.append(f"{flag(code)} {country(code, words)}" + (f": {names}" if names else ""))
    return " · ".join(told)


def spots(story: Story, score: Score) -> list[tuple[str, str]]:
    """The first SPOTS towns and places in the story's countries, each (country, name): of the title, else the summary.

    A capital often stands for its government: it counts where nothing else is named.
    """
    about = story.countries[:COUNTRIES]
    hits = [hit for hit in score.places if hit.kind in {"town", "place"} and hit.country in about]
    for near in (
        [hit for hit in hits if hit.field == "title" and hit.name not in CAPITALS],
        [hit for hit in hits if hit.name not in CAPITALS],
        hits,
    ):
        if near:
            return list(dict.fromkeys((hit.country, clip(hit.name, NAME)) for hit in near))[:SPOTS]
    return []


def _full(
    story: Story, judged: Judged, decision: Decision, reader: Reader, other: Headline | None, severity: Severity
) -> Iterator[Line | None]:
    article, words = judged.article, reader.words
    places = where(story, judged.score, words)
    grave = severity >= Severity.CRITICAL
    yield heading(severity, story, words)
    yield bold(places) if grave and places else plain(places)
    title = _title(judged, words)
    news = [bold(title), plain(sentence(article.summary, title)), _other(other)]
    if grave:
        told = joined(news)
        yield Line(f"<blockquote>{told.html}</blockquote>", told.plain)
    else:
        yield from news
    yield plain(tellers(story, words))
    yield _who(story, judged, reader)
    yield italic(_why(judged.score, decision, words))


def _small(
    story: Story, judged: Judged, decision: Decision, reader: Reader, other: Headline | None, severity: Severity
) -> Iterator[Line | None]:
    article, words = judged.article, reader.words
    types = ", ".join(words.types[kind] for kind in story.types)
    places = where(story, judged.score, words)
    yield plain(f"{MARKS[severity]} " + " · ".join(filter(None, (words.severities[severity], types, places))))
    title, href = _title(judged, words), link(article.url)
    yield Line(anchor(title, href), title)
    yield _other(other)
    by = tellers(story, words) or clip(article.outlet, NAME) or words.source
    told = f"{by} · {moment(article.published, reader)}"
    yield Line(escape(told), told + (f"\n{href}" if href else ""))
    yield italic(_why(judged.score, decision, words))


def _title(judged: Judged, words: Words) -> str:
    return clip(judged.article.title, TITLE) or clip(judged.article.url, TITLE) or words.untitled


def _other(headline: Headline | None) -> Line | None:
    """The same news in the reader's language."""
    title = clip(headline.title, TITLE) if headline else ""
    if headline is None or not title:
        return None
    outlet = clip(headline.outlet, NAME)
    rest = f" · {outlet}" if outlet else ""
    return Line(f"↳ {anchor(title, link(headline.url))}{escape(rest)}", f"↳ {title}{rest}")


def _who(story: Story, judged: Judged, reader: Reader) -> Line:
    article, words = judged.article, reader.words
    told, href, when = clip(article.outlet, NAME) or words.source, link(article.url), moment(article.published, reader)
    others = [known for name in story.outlets if name != article.outlet and (known := clip(name, NAME))]
    rest = (f", {listed(others, OUTLETS, words)}" if others else "") + f" · {when}"
    return Line(f"{anchor(told, href)}{escape(rest)}", f"{told}{rest}" + (f"\n{href}" if href else ""))


def _why(score: Score, decision: Decision, words: Words) -> str:
    """What led to the message, in words: the reason, the score, the rules and places that matched."""
    why = [words.always if decision.reason is Reason.ALWAYS else words.first]
    boosted = abs(score.relevance - score.model) >= 0.005
    relevance = words.relevance.format(value=words.decimal(score.relevance, 2))
    why.append(relevance + (words.model.format(value=words.decimal(score.model, 2)) if boosted else ""))
    for hit in score.keywords[:3]:
        why.append(words.hit.format(list=hit.list, match=clip(hit.match, NAME), found=clip(hit.found, NAME)))
    names = list(dict.fromkeys(name for hit in score.places if (name := clip(hit.found, NAME))))
    if names:
        why.append(words.places.format(names=", ".join(names[:4])))
    return words.why.format(why=clip("; ".join(why), REASONING))
