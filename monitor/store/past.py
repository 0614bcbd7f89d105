"""What was judged before, for those who ask what other settings would have made of it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from monitor.schema import articles
from monitor.store.rows import article, chunks
from monitor.store.trail import judgement
from monitor.store.values import Traced


def past(connection: Connection, ids: Collection[int], since: datetime | None, least: float) -> list[Traced]:
    """The judged articles of `ids`, and those first read since then of at least that relevance, by their numbers.

    They are without their keys: nothing that is asked of many articles needs those.
    """
    judged = select(articles).where(articles.c.judged_at.is_not(None), articles.c.score.is_not(None))
    queries = [judged.where(articles.c.id.in_(chunk)) for chunk in chunks(ids)]
    if since is not None:
        queries.append(judged.where(articles.c.seen >= since, articles.c.relevance >= least))
    found = {row.id: row for query in queries for row in connection.execute(query)}
    return [Traced(article(found[id], ()), judgement(found[id])) for id in sorted(found)]
