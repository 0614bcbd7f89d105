"""What judging leads to: the judgement, the story, the decisions and the outbox rows, written together."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.domain import Alerted, Severity, Story
from monitor.schema import articles, decisions, messages, stories
from monitor.store.rows import chunks, score_parts, storable, story, story_values
from monitor.store.values import Outcome, Status, Verdict

ONCE = [decisions.c.article_id, decisions.c.fingerprint, decisions.c.chat]
DECIDE = {
    # ON CONFLICT is not in SQLAlchemy's common language, though both databases spell it alike.
    "sqlite": sqlite.insert(decisions).on_conflict_do_nothing(index_elements=ONCE).returning(*ONCE, decisions.c.id),
    "postgresql": postgresql.insert(decisions)
    .on_conflict_do_nothing(index_elements=ONCE)
    .returning(*ONCE, decisions.c.id),
}

_JUDGED = ("relevance", "severity", "score", "model", "reason", "story_id", "judged_at")
_JUDGE = (
    update(articles)
    .where(articles.c.id == bindparam("_id"))
    .values({name: bindparam(f"_{name}", type_=articles.c[name].type) for name in _JUDGED})
)
_STORY = tuple(c.name for c in stories.c if c.name != "id")
_GROW = (
    update(stories)
    .where(stories.c.id == bindparam("_id"))
    .values({name: bindparam(f"_{name}", type_=stories.c[name].type) for name in _STORY})
)


def open_stories(connection: Connection, since: datetime) -> list[Story]:
    """The stories that grew since then, the oldest first."""
    rows = connection.execute(select(stories).where(stories.c.updated >= since))
    return sorted(map(story, rows), key=lambda told: told.id)


def alerted(connection: Connection, ids: Collection[int]) -> dict[tuple[int, str], Alerted]:
    """What each chat was last told of each story, by (story, chat); `message` is the outbox row."""
    columns = messages.c.story_id, messages.c.chat, messages.c.id, messages.c.severity, messages.c.created
    told: dict[tuple[int, str], Alerted] = {}
    for chunk in chunks(ids):
        rows = connection.execute(select(*columns).where(messages.c.story_id.in_(chunk)).order_by(messages.c.id))
        told |= {(r.story_id, r.chat): Alerted(r.created, Severity(r.severity or 0), r.id) for r in rows}
    return told


def commit(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> dict[int, int]:
    """Write the outcomes; returns the ids that new stories with a negative id were given.

    An outcome is passed over if its article was judged meanwhile, or edited so that it must be judged again.
    """
    taken = _take(connection, outcomes)
    given, ids = _save_stories(connection, taken)
    if taken:
        connection.execute(_JUDGE, [_judgement(outcome, ids[i], now) for i, outcome in enumerate(taken)])
    verdicts = [(outcome, ids[i], verdict) for i, outcome in enumerate(taken) for verdict in outcome.verdicts]
    made = _decide(connection, verdicts, now)
    queued = [
        _message(outcome, story_id, verdict, made[_key(outcome, verdict)], now)
        for outcome, story_id, verdict in verdicts
        if verdict.decision.send and _key(outcome, verdict) in made
    ]
    if queued:
        connection.execute(insert(messages), queued)
    return given


def _take(connection: Connection, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes whose articles still wait for just this judgement, each article once."""
    waiting: dict[int, str] = {}
    for chunk in chunks({outcome.judged.article.id for outcome in outcomes}):
        open_ = select(articles.c.id, articles.c.fingerprint).where(
            articles.c.id.in_(chunk), articles.c.judged_at.is_(None)
        )
        waiting |= {row.id: row.fingerprint for row in connection.execute(open_.with_for_update())}
    taken = []
    for outcome in outcomes:
        article = outcome.judged.article
        if article.id in waiting and waiting[article.id] == article.fingerprint:
            del waiting[article.id]
            taken.append(outcome)
    return taken


def _save_stories(connection: Connection, taken: Sequence[Outcome]) -> tuple[dict[int, int], list[int | None]]:
    """Insert and update the stories; returns the numbers given to negative ids, and each outcome's story id."""
    told = [outcome.story for outcome in taken]
    known = {s.id: s for s in told if s and s.id > 0}
    shared = {s.id: s for s in told if s and s.id < 0}
    single = {i: s for i, s in enumerate(told) if s and s.id == 0}
    if known:
        rows = [{f"_{k}": v for k, v in ({"id": s.id} | story_values(s)).items()} for s in known.values()]
        connection.execute(_GROW, rows)
    given = dict(zip((*shared, *single), _insert(connection, [*shared.values(), *single.values()]), strict=True))
    # The keys of `shared` are negative and those of `single` are not, so that they cannot meet in one mapping.
    ids = [None if s is None else s.id if s.id > 0 else given[s.id if s.id < 0 else i] for i, s in enumerate(told)]
    return {key: id for key, id in given.items() if key < 0}, ids


def _insert(connection: Connection, new: Sequence[Story]) -> list[int]:
    if not new:
        return []
    statement = insert(stories).returning(stories.c.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, [story_values(s) for s in new]))


def _judgement(outcome: Outcome, story_id: int | None, now: datetime) -> dict[str, Any]:
    score = outcome.judged.score
    return {
        "_id": outcome.judged.article.id,
        "_relevance": float(score.relevance),
        "_severity": int(score.severity),
        "_score": score_parts(score),
        "_model": outcome.model,
        "_reason": outcome.reason.value,
        "_story_id": story_id,
        "_judged_at": now,
    }


def _key(outcome: Outcome, verdict: Verdict) -> tuple[int | None, str, str]:
    return outcome.judged.article.id, outcome.judged.article.fingerprint, verdict.chat


def _decide(
    connection: Connection, verdicts: Sequence[tuple[Outcome, int | None, Verdict]], now: datetime
) -> Mapping[tuple[int | None, str, str], int]:
    """Insert the decisions; returns the ids of those that were not there yet."""
    if not verdicts:
        return {}
    made = [_decision(outcome, story_id, verdict, now) for outcome, story_id, verdict in verdicts]
    rows = connection.execute(DECIDE[connection.dialect.name], made)
    return {(row.article_id, row.fingerprint, row.chat): row.id for row in rows}


def _decision(outcome: Outcome, story_id: int | None, verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "article_id": outcome.judged.article.id,
        "fingerprint": outcome.judged.article.fingerprint,
        "chat": verdict.chat,
        "story_id": story_id,
        "send": verdict.decision.send,
        "reason": verdict.decision.reason.value,
        "detail": storable(verdict.decision.detail),
        "decided_at": now,
    }


def _message(
    outcome: Outcome, story_id: int | None, verdict: Verdict, decision_id: int, now: datetime
) -> dict[str, Any]:
    if verdict.text is None:
        raise ValueError(f"article {outcome.judged.article.id}: a decision to send needs a text")
    return {
        "decision_id": decision_id,
        "chat": verdict.chat,
        "kind": verdict.kind.value,
        "story_id": story_id,
        "severity": int(outcome.story.severity if outcome.story else outcome.judged.score.severity),
        "html": storable(verdict.text.html),
        "plain": storable(verdict.text.plain),
        "silent": verdict.silent,
        "thread": verdict.thread,
        "status": Status.PENDING.value,
        "due": now,
        "attempts": 0,
        "error": "",
        "created": now,
        "queued": now,
    }
