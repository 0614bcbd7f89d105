"""What is told of a story that was told before: what changed, in a few lines; and several stories in one message."""

from collections.abc import Sequence, Set
from datetime import tzinfo
from html import escape

from monitor.domain import Judged, Mark, Severity, Story, Text, Told
from monitor.render.wording import (
    NAME,
    SEVERITIES,
    TITLE,
    TYPES,
    Line,
    bold,
    clip,
    flag,
    joined,
    link,
    moment,
    named,
    plain,
    tellers,
)

MOST = 12
"""Stories that a summary tells; of the others it gives the number."""
SHORT_TITLE = 180


def update(story: Story, judged: Judged, before: Told, marks: Set[Mark], zone: tzinfo) -> Text:
    """What changed since `before`; `marks` is what was said since then, as by this article."""
    article = judged.article
    told, href = clip(article.outlet, NAME) or "source", link(article.url)
    title = clip(article.title, TITLE) or "(no title)"
    when = moment(article.published, zone)
    anchor = f'<a href="{escape(href)}">{escape(told)}</a>' if href else escape(told)
    lines = [
        _heading(story),
        *(bold(change) for change in changes(story, judged, before, marks)),
        plain(title),
        Line(f"{anchor} · {escape(when)}", f"{told} · {when}" + (f"\n{href}" if href else "")),
        plain(tellers(story)),
    ]
    return joined(line for line in lines if line)


def changes(story: Story, judged: Judged, before: Told, marks: Set[Mark]) -> list[str]:
    """What changed, the gravest first, in words such as 'graver: serious, was tension'."""
    by = f"{clip(judged.article.outlet, NAME) or 'source'} ({named(judged.article.camp)})"
    found = []
    if story.severity > before.severity:
        found.append(f"graver: {_word(story.severity)}, was {_word(before.severity)}")
    if Mark.DENIED in marks:
        found.append(f"denied or retracted, as told by {by}")
    if Mark.EASED in marks:
        found.append(f"it eases, as told by {by}")
    if Mark.CONFIRMED in marks:
        found.append(f"confirmed, as told by {by}")
    camps = [named(camp) for camp in story.camps if camp not in before.camps]
    if camps:
        found.append(f"now also told by {', '.join(camps)}")
    return found


def summary(told: Sequence[tuple[Story, Judged]], zone: tzinfo) -> Text:
    """What happened while a chat was not to be disturbed: a few lines for each story, in the order given."""
    head = f"{len(told)} stories while it was quiet"
    lines: list[Line | None] = [Line(f"🌙 <b>{head}</b>", f"🌙 {head}")]
    for story, judged in told[:MOST]:
        lines += [Line("", ""), *_entry(story, judged, zone)]
    if len(told) > MOST:
        lines += [Line("", ""), plain(f"and {len(told) - MOST} more: balkan-monitor alerts")]
    return joined(line for line in lines if line)


def _entry(story: Story, judged: Judged, zone: tzinfo) -> list[Line | None]:
    article = judged.article
    title, href = clip(article.title, SHORT_TITLE) or "(no title)", link(article.url)
    mark, word = SEVERITIES[story.severity].split(" ")
    flags = "".join(flag(code) for code in story.countries[:4])
    anchor = f'<a href="{escape(href)}">{escape(title)}</a>' if href else escape(title)
    by = tellers(story) or clip(article.outlet, NAME)
    when = moment(article.published, zone)
    return [
        Line(f"{mark} <b>{word}</b> {flags}", f"{mark} {word} {flags}"),
        Line(anchor, title + (f"\n{href}" if href else "")),
        plain(f"{by} · {when}"),
    ]


def _heading(story: Story) -> Line:
    mark, word = SEVERITIES[story.severity].split(" ")
    types = ", ".join(TYPES[kind] for kind in story.types)
    rest = f" · {types}" if types else ""
    return Line(f"{mark} <b>{word}</b>{rest}", f"{mark} {word}{rest}")


def _word(severity: Severity) -> str:
    return severity.name.lower()
