"""What the bot answers to commands and presses: to presses, `/latest` and `/story` in the chat's language."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape

from monitor.config import format_duration
from monitor.domain import Change, Mute, MuteKind, Opinion, Severity, Story, Text
from monitor.render.index import name
from monitor.render.language import ENGLISH, Words
from monitor.render.wording import LIMIT, MARKS, NAME, Line, Reader, bold, clip, flag, link, moment, units

FIT = LIMIT - 100
TITLE = 140
LISTED = 15
"""The most feeds, rules or mutes in one answer."""

NO_STORY = ENGLISH.no_story
ADMINS_ONLY = "Only those whom telegram.admins names may change this."
TROUBLE = "Something went wrong here; the log says what."
NOTHING_TO_UNDO = "There is nothing of yours to undo."
UNCHANGED = ENGLISH.unchanged
NO_PICTURE = "The picture could not be sent; perhaps this chat takes none."
TEST_SENT = "A test alert is on its way."
SCORING = "not relevant"


def page(lines: Iterable[Line | None]) -> Text:
    """The lines that fit into one message; that there were more is said."""
    kept: list[Line] = []
    size = 0
    for line in lines:
        if line is None:
            continue
        size += units(line.plain) + 1
        if size > FIT:
            kept.append(line_of("… and more"))
            break
        kept.append(line)
    return Text("\n".join(line.html for line in kept), "\n".join(line.plain for line in kept))


def line_of(text: str) -> Line:
    """A line without markup; unlike an alert's it may be empty."""
    return Line(escape(text), text)


def said(text: str) -> Text:
    """One sentence."""
    return page([line_of(clip(text, FIT))])


def told(lines: Iterable[str]) -> Text:
    """Lines of plain text, such as a trail, each cleaned."""
    return page(line_of(("  " if line.startswith(" ") else "") + clip(line, 600)) for line in lines)


def help_text(purposes: Mapping[str, str]) -> Text:
    """The commands."""
    return page(Line(f"/{word}: {escape(purpose)}", f"/{word}: {purpose}") for word, purpose in purposes.items())


def status(
    feeds: tuple[int, int],
    judging: tuple[int, timedelta],
    sending: tuple[int, timedelta, int, int],
    last: str,
    model: str,
    took: tuple[timedelta, timedelta] | None = None,
) -> Text:
    """How it goes: (feeds, failing), (articles that wait, how long), and messages.

    Of these: those that wait, how long, those that wait in parked chats, and those that died; `took` is how long the
    last ones took, the median and the longest.
    """
    count, failing = feeds
    unjudged, behind = judging
    waits = _waits(unjudged, "article", behind)
    pending, late, parked, dead = sending
    queue = [_waits(pending, "message", late)] if pending or not parked else []
    queue += [shut_out(parked)] if parked else []
    queue += [f"{dead} could not be delivered"] if dead else []
    queue += [lag(*took)] if took else []
    return page(
        [
            bold("Balkan Monitor is running"),
            line_of(f"Feeds: {count} read, {failing} failing" if failing else f"Feeds: {count} read, all well"),
            line_of(f"Judging: {waits}"),
            line_of(f"Delivery: {'; '.join(queue)}"),
            line_of(f"Last alert: {last}"),
            line_of(f"Model: {model}"),
        ]
    )


def lag(usual: timedelta, most: timedelta) -> str:
    """How long the last messages took from their decision to the chat."""
    return f"the last ones took {usual.total_seconds():.0f} s, at most {most.total_seconds():.0f} s"


def shut_out(parked: int) -> str:
    """How many messages wait in parked chats."""
    return f"{_many(parked, 'message')} {'waits' if parked == 1 else 'wait'} in chats that shut the bot out"


def noted(opinion: Opinion, words: Words) -> str:
    """That somebody's word was kept."""
    kept = {Opinion.RELEVANT: words.noted_relevant, Opinion.NOT_RELEVANT: words.noted_not_relevant}
    return kept.get(opinion, words.noted_missed)


def not_here(words: Words) -> str:
    """Who may press buttons in a channel."""
    return words.not_here.format(setting="telegram.admins")


def of_story(told: str, story: int) -> str:
    """What is told of a change that is about a story, with the place for how it is taken back."""
    return told.format(story=f"s{story}", undo="{undo}")


def latest(stories: Sequence[tuple[Story, datetime]], reader: Reader) -> Text:
    """The latest alerts."""
    words = reader.words
    if not stories:
        return said(words.nothing_yet)
    lines = [
        _headline(story, f"{words.told_at.format(time=moment(at, reader))} · {_asking(story)}", words)
        for story, at in stories
    ]
    return page([bold(words.latest), *(line for pair in lines for line in pair)])


def story(about: Story, articles: Sequence[tuple[str, str, str, datetime]], reader: Reader) -> Text:
    """A story with its articles, each (title, address, outlet, published), the newest first."""
    words, opened, updated = reader.words, moment(about.opened, reader), moment(about.updated, reader)
    times = opened if opened == updated else words.from_to.format(first=opened, last=updated)
    first, second = _headline(about, f"{times} · {_asking(about)}", words)
    types = ", ".join(words.types[kind] for kind in about.types)
    outlets = told_by(about.articles, len(about.outlets), words)
    lines: list[Line | None] = [first, second, line_of(f"{types}; {outlets}" if types else outlets)]
    for title, url, outlet, at in articles:
        shown, href = clip(title, TITLE) or words.untitled, link(url)
        anchor = f'<a href="{escape(href)}">{escape(shown)}</a>' if href else escape(shown)
        by = f" · {clip(outlet, NAME)} · {moment(at, reader)}"
        lines.append(Line(f"• {anchor}{escape(by)}", f"• {shown}{by}"))
    return page(lines)


def several(stories: Sequence[Story], command: str, words: Words) -> Text:
    """The stories that one message tells, and how a command names each."""
    lines = (line for about in stories for line in _headline(about, f"/{command} {about.id}", words))
    return page([bold(words.several), *lines])


def misses(found: Sequence[tuple[int, str, str, float, str]]) -> Text:
    """Near misses: (article, title, outlet, relevance, the setting that would have told it)."""
    if not found:
        return said("Nothing was just below the line in the last 24 hours.")
    lines = [bold("Just below the line in the last 24 hours")]
    for number, (id, title, outlet, relevance, setting) in enumerate(found, 1):
        lines.append(line_of(f"{number}. {clip(title, TITLE)} ({clip(outlet, NAME)})"))
        lines.append(line_of(f"    {relevance:.2f}; would be told by {clip(setting, TITLE)}; /why a{id}"))
    return page([*lines, line_of("Should one of them have been told? Press its number.")])


def feeds(rows: Sequence[tuple[str, str, str]], counts: tuple[int, int, int], most: int | None) -> Text:
    """Feeds, trouble first: (name, trouble or '', last news), and how many fail, are silent, are well."""
    failing, silent, well = counts
    lines = [bold(f"{_many(failing, 'feed')} in trouble, {silent} silent, {well} well")]
    shown = rows[:most]
    lines += [line_of(f"• {clip(feed, NAME)}: {clip(', '.join(filter(None, said)), 160)}") for feed, *said in shown]
    left = len(rows) - len(shown)
    return page([*lines, line_of(f"and {left} more; /feeds all lists them") if left else None])


def trend_caption(subject: str | None, days: int) -> str:
    """What a picture of the index shows."""
    return f"Escalation index, {name(subject) if subject else 'all subjects'}, {days} days"


def mutes(held: Sequence[Mute], reader: Reader) -> Text:
    """The mutes in force."""
    if not held:
        return said("Nothing is muted here. /mute 2h, /mute story 12, /mute keyword WORDS, /mute source NAME")
    lines = [line_of(f"{mute.id}. {muted(mute, reader)}, by {clip(mute.by.name, NAME)}") for mute in held[:LISTED]]
    return page([bold("Muted in this chat"), *lines, line_of("/unmute and a number ends one, /unmute all ends all.")])


def muted(mute: Mute, reader: Reader) -> str:
    """What a mute holds, and until when."""
    return f"{held(mute)} until {moment(mute.until, reader) if mute.until else 'it is unmuted'}"


def held(mute: Mute) -> str:
    """What a mute holds."""
    return {
        MuteKind.ALL: "everything but critical stories",
        MuteKind.STORY: f"story s{mute.what}",
        MuteKind.KEYWORD: f"the keyword '{clip(mute.what, NAME)}'",
        MuteKind.SOURCE: f"the source '{clip(mute.what, NAME)}'",
    }[mute.kind]


def threshold(value: float, configured: float, set_here: bool, own: int) -> Text:
    """The chat's threshold, what it would be by configuration, and how many of its rules name their own."""
    origin = f"set here by command; by configuration {configured:.3f}" if set_here else "by configuration"
    rules = f" {own} rules of this chat name their own, which they keep." if own else ""
    return said(f"The threshold of this chat is {value:.3f} ({origin}).{rules}")


def keywords(lists: Mapping[str, Sequence[tuple[str, float]]]) -> Text:
    """The rules of keywords.yaml by list: (match, weight)."""
    lines: list[Line] = []
    for kind, rules in lists.items():
        shown = [f"{match} {weight:+g}" if kind == "boost" else match for match, weight in rules]
        lines += [bold(f"{kind} ({len(rules)})"), line_of(clip("; ".join(shown) or "none", 900))]
    return page(lines)


def score(relevant: bool, reason: str, lines: Iterable[str]) -> Text:
    """What would be made of a text."""
    head = bold("relevant" if relevant else SCORING)
    return page([head, line_of(clip(reason, 200)) if reason else None, *(line_of(clip(line, 300)) for line in lines)])


def unwritten(file: str, why: str | None) -> str:
    """That a file was not changed; `why` None: it is read-only for the bot."""
    if why:
        return f"{file} cannot be written ({why}); nothing was changed."
    mend = "Edit the file where the bot runs, or let the bot write there: docs/operations.md, 'Changes from the chat'."
    return f"The configuration is read-only for the bot; nothing was changed. {mend}"


def changed(change: Change, what: str) -> str:
    """That something was changed, and how to take it back."""
    return f"{what} {undoing(change)} takes it back."


def undoing(change: Change) -> str:
    """The command that takes it back."""
    return f"/undo {change.id}"


def reported(change: Change, what: str) -> str:
    """The same for the admins."""
    return f"{clip(change.by.name, NAME)} ({change.by.id}) in chat {change.chat}: {changed(change, what)}"


def told_by(articles: int, outlets: int, words: Words = ENGLISH) -> str:
    """So many articles of so many outlets."""
    return words.carried.format(
        articles=words.count(words.articles, articles), outlets=words.count(words.outlets, outlets)
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _waits(count: int, what: str, oldest: timedelta) -> str:
    if not count:
        return "nothing waits"
    verb, which = ("waits", "for") if count == 1 else ("wait", "the oldest for")
    return f"{_many(count, what)} {verb}, {which} {span_of(oldest)}"


def _headline(about: Story, rest: str, words: Words) -> tuple[Line, Line]:
    flags = "".join(flag(code) for code in about.countries[:4])
    severity = Severity(about.severity)
    mark = f"{MARKS[severity]} {words.severities[severity]}"
    title = clip(about.title, TITLE) or words.untitled
    return (
        Line(f"{mark} {flags} <b>{escape(title)}</b>", f"{mark} {flags} {title}"),
        line_of(f"    {rest}"),
    )


def _asking(about: Story) -> str:
    return f"/story {about.id} · /why {about.id}"


def span_of(span: timedelta) -> str:
    """A time as people say it, to two digits or so: 90s, 5m, 3h, 2d."""
    seconds = int(span.total_seconds())
    size = next((size for size in (86400, 3600, 60) if seconds >= 2 * size), 1)
    return format_duration(timedelta(seconds=seconds // size * size))
