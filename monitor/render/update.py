"""What is told of a story that was told before: what changed, in a few lines; and several stories in one message."""

from collections.abc import Sequence, Set
from html import escape

from monitor.domain import Judged, Mark, Story, Text, Told
from monitor.render.alert import heading, spots, where
from monitor.render.language import Words
from monitor.render.wording import (
    CAMPS,
    LIMIT,
    MARKS,
    NAME,
    TITLE,
    Line,
    Reader,
    anchor,
    bold,
    clip,
    flag,
    joined,
    link,
    listed,
    moment,
    named,
    plain,
    tellers,
    units,
)

MOST = 12
"""Stories that a summary tells; of the others it gives the number."""
SHORT_TITLE, SHORT_BY, SHORT_PLACE = 140, 72, 32
"""The most UTF-16 units of a title, of who tells it and of the places, so that MOST of them fit."""


def update(story: Story, judged: Judged, before: Told, marks: Set[Mark], reader: Reader) -> Text:
    """What changed since `before`, and where; `marks` is what was said since then, as by this article."""
    article, words = judged.article, reader.words
    told, href = clip(article.outlet, NAME) or words.source, link(article.url)
    title = clip(article.title, TITLE) or words.untitled
    when = moment(article.published, reader)
    head, place = heading(story.severity, story, words), where(story, judged.score, words)
    lines = [
        Line(f"{head.html} · {escape(place)}", f"{head.plain} · {place}") if place else head,
        *(bold(change) for change in changes(story, judged, before, marks, words)),
        plain(title),
        Line(f"{anchor(told, href)} · {escape(when)}", f"{told} · {when}" + (f"\n{href}" if href else "")),
        plain(tellers(story, words)),
    ]
    return joined(line for line in lines if line)


def changes(story: Story, judged: Judged, before: Told, marks: Set[Mark], words: Words) -> list[str]:
    """What changed, the gravest first, in words such as 'graver: serious, was tension'."""
    by = f"{clip(judged.article.outlet, NAME) or words.source} ({named(judged.article.camp, words)})"
    found = []
    if story.severity > before.severity:
        now, was = words.severities[story.severity].lower(), words.severities[before.severity].lower()
        found.append(words.graver.format(now=now, before=was))
    if Mark.FLARED in marks:
        found.append(words.flared.format(by=by))
    if Mark.DENIED in marks:
        found.append(words.denied.format(by=by))
    if Mark.EASED in marks:
        found.append(words.eased.format(by=by))
    if Mark.CONFIRMED in marks:
        found.append(words.confirmed.format(by=by))
    camps = [named(camp, words) for camp in story.camps if camp not in before.camps]
    if camps:
        found.append(words.joined.format(camps=listed(camps, CAMPS, words)))
    return found


def summary(told: Sequence[tuple[Story, Judged]], reader: Reader) -> Text:
    """What happened while a chat was not to be disturbed: a few lines for each story, in the order given."""
    words = reader.words
    head = words.quiet.format(stories=words.count(words.stories, len(told)))
    lines = [Line(f"🌙 <b>{escape(head)}</b>", f"🌙 {head}")]
    for number, (story, judged) in enumerate(told[:MOST], 1):
        lines += [Line("", ""), *_entry(number, story, judged, reader)]
    if len(told) > MOST:
        more = f"{words.more.format(n=len(told) - MOST)}: balkan-monitor alerts"
        lines += [Line("", ""), Line(escape(more), more)]
    return _addressed(lines, [link(judged.article.url) for _, judged in told[:MOST]])


def _entry(number: int, story: Story, judged: Judged, reader: Reader) -> list[Line]:
    """Three lines: how grave, where and which story, the title, and who tells it. The buttons go by the number."""
    article, words = judged.article, reader.words
    title, href = clip(article.title, SHORT_TITLE) or words.untitled, link(article.url)
    mark, word = MARKS[story.severity], words.severities[story.severity]
    flags = "".join(flag(code) for code in story.countries[:4])
    places = clip(", ".join(name for _, name in spots(story, judged.score)), SHORT_PLACE)
    about = " · ".join(filter(None, (f"{flags} {places}".strip(), f"s{story.id}")))
    by = clip(tellers(story, words), SHORT_BY) or clip(article.outlet, NAME) or words.source
    told = f"{by} · {moment(article.published, reader)}"
    return [
        Line(
            f"{number}. {mark} <b>{escape(word)}</b> {escape(about)}",
            f"{number}. {mark} {word} {about}",
        ),
        Line(anchor(title, href), title),
        Line(escape(told), told),
    ]


def _addressed(lines: Sequence[Line], hrefs: Sequence[str]) -> Text:
    """The summary; its plain form has the addresses below the titles, as many as fit."""
    shown = [line.plain for line in lines]
    room = LIMIT - units("\n".join(shown))
    for number, href in enumerate(hrefs):
        room -= units(href) + 1
        if href and room >= 0:
            shown[4 * number + 3] += f"\n{href}"
    return Text("\n".join(line.html for line in lines), "\n".join(shown))
