"""What judging leads to: the judgement, the story, the decisions and the outbox rows, written together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.domain import Story
from monitor.schema import articles, decisions, stories
from monitor.store import index
from monitor.store.queue import Queued, queue
from monitor.store.rows import chunks, score_parts, storable, story, story_values
from monitor.store.tellings import Tellings
from monitor.store.values import Outcome, Verdict

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


def commit(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> dict[int, int]:
    """Write the outcomes; returns the ids that new stories with a negative id were given.

    An outcome is passed over if its article was judged meanwhile, or edited so that it must be judged again.
    """
    taken = _take(connection, outcomes)
    given, ids = _save_stories(connection, taken)
    index.record(connection, taken, ids, now)
    if taken:
        connection.execute(_JUDGE, [_judgement(outcome, ids[i], now) for i, outcome in enumerate(taken)])
    verdicts = [(outcome, ids[i], verdict) for i, outcome in enumerate(taken) for verdict in outcome.verdicts]
    made = _decide(connection, verdicts, now)
    _tell(connection, [(o, id, v, made[_key(o, v)]) for o, id, v in verdicts if _key(o, v) in made], now)
    return given


def _tell(connection: Connection, verdicts: Sequence[tuple[Outcome, int | None, Verdict, int]], now: datetime) -> None:
    """Queue what the new decisions send, and remember what the chats know and what waits."""
    told = [(replace(o.story, id=id), o.judged, v, n) for o, id, v, n in verdicts if o.story and id is not None]
    known = Tellings(connection, {(about.id, v.chat) for about, _, v, _ in told})
    for about, judged, verdict, _ in told:
        known.note(about, verdict, judged.article.id, now)
    wanted = [
        Queued(n, id, o.story.severity if o.story else o.judged.score.severity, v)
        for o, id, v, n in verdicts
        if v.decision.send or v.text is not None
    ]
    for message, item in queue(connection, wanted, now):
        if item.story is not None:
            known.root(item.story, item.verdict.chat, message)
    known.write()


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
        "again": verdict.decision.again,
    }
