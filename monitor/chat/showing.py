"""Answers to the commands that only ask. Changes nothing."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, timedelta

from monitor.chart import draw
from monitor.chat.labels import marked
from monitor.chat.values import Reply, Room, Visitor
from monitor.commands import PURPOSES, Judge, Show, Trend
from monitor.domain import FeedState, Text
from monitor.pipeline import chat_misses, judge_for, measured, recipient
from monitor.render import answers, called
from monitor.store import EVERYONE, Trail
from monitor.trail import score_lines
from monitor.trail.brief import brief_lines
from monitor.trend import SUBJECTS, subject_of
from monitor.watch import silence

LATEST, MISSES, ARTICLES = 5, 10, 12
DAY = timedelta(days=1)


def status(room: Room, who: Visitor) -> Reply:
    """How feeds, judging and delivery are doing."""
    now = room.store.people.standing(room.now)
    last = f"{answers.span_of(room.now - now.last)} ago" if now.last else "none yet"
    model = f"{room.judge.classifier.version}, threshold {room.threshold(who.chat):.3f}"
    feeds, sending = (now.feeds, now.failing), (now.pending, now.late, now.parked, now.dead)
    took = None if now.usual is None or now.most is None else (now.usual, now.most)
    return Reply(answers.status(feeds, (now.unjudged, now.behind), sending, last, model, took))


def latest(room: Room, who: Visitor) -> Reply:
    """The latest alerts of the chat."""
    return Reply(answers.latest(room.store.people.latest(who.chat, LATEST), room.spoken(who.chat)))


def misses(room: Room, who: Visitor) -> Reply:
    """What was just below the line here, each with a button to say that it should have been told."""
    found = chat_misses(room.store, room.config, room.judge.threshold, room.now - DAY, who.chat)[:MISSES]
    rows = [
        (a.id or 0, a.title, a.outlet, miss.refused.score.relevance, miss.setting)
        for miss in found
        for a in (miss.refused.article,)
    ]
    return Reply(answers.misses(rows), marked(room, who.chat, [row[0] for row in rows]))


def feeds(room: Room, who: Visitor, most: int | None = answers.LISTED) -> Reply:
    """The feeds, trouble first: those that fail, those that are silent, those that are well; `most` None: all."""
    read = {source.name for source in room.config.sources if source.enabled}
    states = [feed.state for feed in room.store.feeds() if feed.state.name in read]
    failing = sorted((s for s in states if s.failure), key=lambda s: (-s.failures, s.name))
    spans = {s.name: silence(s, room.now) for s in states if not s.failure}
    quiet = sorted((s for s in states if spans.get(s.name)), key=lambda s: (-(spans[s.name] or DAY), s.name))
    never = room.now - DAY * 10_000
    well = [s for s in states if not s.failure and not spans[s.name]]
    well.sort(key=lambda s: (s.last_new or never, s.name))
    rows = [(s.name, _trouble(room, s), _news(room, s)) for s in failing]
    rows += [(s.name, "silent", _news(room, s)) for s in quiet]
    rows += [(s.name, "", _news(room, s)) for s in well]
    return Reply(answers.feeds(rows, (len(failing), len(quiet), len(well)), most))


def all_feeds(room: Room, who: Visitor) -> Reply:
    """The same, as many as fit into a message."""
    return feeds(room, who, None)


def mutes(room: Room, who: Visitor) -> Reply:
    """The mutes in force in the chat."""
    return Reply(answers.mutes(room.store.people.mutes(room.now, who.chat), room.reader))


def keywords(room: Room, who: Visitor) -> Reply:
    """The rules of keywords.yaml."""
    rules = room.config.keywords
    lists = {"boost": rules.boost, "mute": rules.mute, "always": rules.always, "require": rules.require}
    return Reply(answers.keywords({kind: [(r.match, r.weight) for r in found] for kind, found in lists.items()}))


def commands(room: Room, who: Visitor) -> Reply:
    """The commands."""
    return Reply(answers.help_text(PURPOSES))


def threshold(room: Room, who: Visitor) -> Reply:
    """The chat's threshold."""
    rules = next((chat.rules for chat in room.config.telegram.chats if str(chat.id) == who.chat), ())
    own = sum(rule.threshold is not None for rule in rules or room.config.alerts.rules)
    chosen = room.store.people.thresholds().get(who.chat)
    configured = room.judge.threshold
    return Reply(answers.threshold(configured if chosen is None else chosen, configured, chosen is not None, own))


def show(room: Room, who: Visitor, command: Show, replied: int | None) -> Reply:
    """A story, or why it was told; `replied` is the message that was replied to, which may say which."""
    id = command.id
    if not id and replied is not None:
        found = room.store.people.stories_of(who.chat, replied)
        if len(found) > 1:
            return several(room, who, found, command.what)
        id = f"s{found[0]}" if found else ""
    if not id:
        return Reply(answers.said(f"Give a story's number, such as /{command.what} 12, or reply to an alert."))
    trail = room.store.trail(id)
    if trail is None:
        return Reply(answers.said(answers.NO_STORY))
    if command.what == "why":
        return Reply(why(room, who, trail))
    if trail.story is None:
        return Reply(answers.said(answers.NO_STORY))
    articles = [traced.article for traced in reversed(trail.articles)][:ARTICLES]
    told = [(a.title, a.url, a.outlet, a.published) for a in articles]
    return Reply(answers.story(trail.story, told, room.spoken(who.chat)))


def several(room: Room, who: Visitor, stories: Sequence[int], command: str) -> Reply:
    """Which of the stories that one message tells may be meant."""
    known = room.store.stories(stories)
    return Reply(answers.several([known[id] for id in stories if id in known], command, room.spoken(who.chat).words))


def why(room: Room, who: Visitor, trail: Trail) -> Text:
    """A trail as far as it is the chat's own."""
    mine = {who.chat, EVERYONE}
    own = replace(
        trail,
        decisions=tuple(d for d in trail.decisions if d.chat in mine),
        alerts=tuple(a for a in trail.alerts if a.chat in mine),
        waiting=tuple(w for w in trail.waiting if w.chat in mine),
    )
    return answers.told(brief_lines(own, room.config.display.zone))


def trend(room: Room, who: Visitor, command: Trend) -> Reply:
    """The escalation index as a picture. Raises InputError for what has none."""
    subjects = (subject_of(called(command.subject)),) if command.subject else SUBJECTS
    today = room.now.astimezone(UTC).date()
    days = [today - back * DAY for back in reversed(range(command.days))]
    picture = io.BytesIO()
    draw(measured(room.store, days, subjects), picture)
    subject = subjects[0] if command.subject else None
    return Reply(answers.said(answers.trend_caption(subject, command.days)), picture=picture.getvalue())


def score(room: Room, who: Visitor, command: Judge) -> Reply:
    """What would be made of a text in this chat."""
    to = recipient(room.store, room.config, room.judge.threshold, who.chat)
    judged, missed, line = judge_for(room.judge, room.config, room.now, command.text, to)
    reason = f"{missed.refused.reason}: {missed.refused.detail}" if missed else ""
    if missed and missed.setting:
        reason += f"; would be told by {missed.setting}"
    return Reply(answers.score(missed is None, reason, score_lines(judged.score, line)))


def _trouble(room: Room, state: FeedState) -> str:
    read = f"last read {answers.span_of(room.now - state.last_success)} ago" if state.last_success else "never read"
    failure = state.failure.value if state.failure else ""
    return failure + (f" ({state.failure_detail})" if state.failure_detail else "") + f", {read}"


def _news(room: Room, state: FeedState) -> str:
    return f"last news {answers.span_of(room.now - state.last_new)} ago" if state.last_new else "no news yet"


PLAIN: dict[str, Callable[[Room, Visitor], Reply]] = {
    "status": status,
    "latest": latest,
    "misses": misses,
    "feeds": feeds,
    "feeds all": all_feeds,
    "mutes": mutes,
    "keywords": keywords,
    "help": commands,
}
"""The commands that take nothing, but `test`."""
