"""Decisions that waited, made again when their time has come: uncorroborated, in a cooldown, held by quiet hours."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from monitor.config import Config
from monitor.domain import Kind, Reason, Severity, Waiting
from monitor.pipeline.judging import Judge
from monitor.pipeline.telling import Teller, addressed, by_chat, reader
from monitor.render import summary
from monitor.store import Reconsidered, Store, Summary

log = structlog.get_logger(__name__)
AT_ONCE = 1000
"""Decisions looked at together: more than a chat has waiting on any morning, so that it gets one summary."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking again led to: the decisions made, and how many messages that people are shown."""

    made: tuple[Reconsidered, ...] = ()
    messages: int = 0


async def reconsider(store: Store, judge: Judge, config: Config, now: datetime) -> Looked:
    """Make the decisions again whose time has come; nothing is lost if this is killed, and nothing happens twice.

    Must not run beside `process` on the same database: both decide what a chat is told of a story.
    """
    return await asyncio.to_thread(_look, store, judge, config, now)


def _look(store: Store, judge: Judge, config: Config, now: datetime) -> Looked:
    waits = store.due_waits(now, AT_ONCE)
    if not waits:
        return Looked()
    found, gone = _again(store, waits, judge, config, now)
    single, summaries = _gathered(found, config)
    made = tuple(store.commit_waits(single, summaries, gone, now))
    for item in made:
        decision = item.verdict.decision
        log.info("decided again", story=item.story.id, chat=item.verdict.chat, reason=decision.reason.value)
    told = sum(i.verdict.text is not None and i.verdict.decision.kind is not Kind.EDIT for i in made)
    return Looked(made, told + len(summaries))


def _again(
    store: Store, waits: Sequence[Waiting], judge: Judge, config: Config, now: datetime
) -> tuple[list[Reconsidered], list[Waiting]]:
    stories = store.stories([waiting.story for waiting in waits])
    articles = store.judged([waiting.article for waiting in waits])
    to = by_chat(addressed(config, judge.threshold, store.people.thresholds(), store.people.mutes(now)))
    teller = Teller(store, now)
    teller.know(stories)
    made, gone = [], []
    for waiting in waits:
        story, judged, whom = stories.get(waiting.story), articles.get(waiting.article), to.get(waiting.chat)
        if story is None or judged is None or whom is None:
            gone.append(waiting)
        else:
            made.append(Reconsidered(waiting, story, judged, teller.again(waiting, story, judged, whom, config)))
    return made, gone


def _gathered(found: Iterable[Reconsidered], config: Config) -> tuple[list[Reconsidered], list[Summary]]:
    """What is told by itself, and what the quiet hours held of several stories, as one message a chat."""
    held: dict[tuple[str, int | None], list[Reconsidered]] = {}
    single = []
    for item in found:
        told = item.verdict.decision.send and item.verdict.decision.kind is not Kind.EDIT
        if told and item.waiting.reason is Reason.QUIET:
            held.setdefault((item.verdict.chat, item.verdict.thread), []).append(item)
        else:
            single.append(item)
    summaries = []
    for (chat, thread), items in held.items():
        if len(items) == 1:
            single += items
            continue
        items.sort(key=lambda item: -item.story.severity)
        text = summary([(item.story, item.judged) for item in items], reader(config, chat))
        told_by = tuple(replace(item, verdict=replace(item.verdict, text=None)) for item in items)
        summaries.append(Summary(chat, text, Severity(items[0].story.severity), told_by, thread))
    return single, summaries
