"""Values that the tests of storing and delivering share."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from monitor.domain import (
    Article,
    Decision,
    EventType,
    Judged,
    KeywordHit,
    PlaceHit,
    Reason,
    Score,
    Severity,
    Source,
    Story,
    Text,
)
from monitor.store import Outcome, Poll, Store, Verdict

NOW = datetime(2023, 9, 29, 16, 40, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEASE = timedelta(minutes=2)
SOURCE = Source("Glas", "https://glas.example/rss")


def article(n: int = 1, **changes: Any) -> Article:
    """The nth article of the feed Glas."""
    made = Article(
        keys=(f"Glas\x1fguid-{n}", f"https://glas.example/{n}"),
        source="Glas",
        outlet="glas.example",
        camp="belgrade",
        country="RS",
        url=f"https://glas.example/{n}",
        title=f"Army units near Raška, report {n}",
        summary="Columns of vehicles were seen on the road on Friday evening. The ministry gave no comment.",
        lang="en",
        published=NOW - 5 * MINUTE,
        seen=NOW,
        fingerprint=f"print-{n}",
    )
    return replace(made, **changes)


def score(**changes: Any) -> Score:
    """A grave deployment that a boost and a place led to."""
    made = Score(
        relevance=0.97,
        model=0.93,
        types=(EventType.DEPLOYMENT,),
        severity=Severity.SERIOUS,
        countries=("XK", "RS"),
        keywords=(KeywordHit("boost", "razmeštanj*", "Размештање", "title", 1.5),),
        places=(PlaceHit("RS", "Raška", "Raška"),),
        type_probabilities={EventType.DEPLOYMENT: 0.9},
    )
    return replace(made, **changes)


def story(id: int = -1, **changes: Any) -> Story:
    """A story of one article."""
    made = Story(
        id=id,
        opened=NOW,
        updated=NOW,
        title="Army units near Raška",
        severity=Severity.SERIOUS,
        types=(EventType.DEPLOYMENT,),
        countries=("XK", "RS"),
        outlets=("glas.example",),
        camps=("belgrade",),
        articles=1,
        centroid=np.full(384, 384**-0.5, dtype=np.float32),
        places=("Raška",),
    )
    return replace(made, **changes)


def verdict(chat: str = "1", send: bool = True, **changes: Any) -> Verdict:
    """A chat's first alert, or the decision that there is nothing new."""
    decision = Decision(send, Reason.FIRST if send else Reason.NOTHING_NEW, "because")
    made = Verdict(chat, decision, Text("<b>alert</b>", "alert") if send else None)
    return replace(made, **changes)


def outcome(told: Article, *verdicts: Verdict, about: Story | None = None, reason: Reason = Reason.FIRST) -> Outcome:
    """What judging an article led to."""
    judged = Judged(told, score(), np.full(384, 384**-0.5, dtype=np.float32))
    return Outcome(judged, "model-1", reason, about, verdicts)


def poll(store: Store, *articles: Article, at: datetime = NOW, **changes: Any) -> tuple[int, int]:
    """Record a poll of Glas that listed the articles; returns how many were new and how many edited."""
    states = {feed.state.name: feed.state for feed in store.feeds()}
    claimed = states["Glas"]
    counts = store.record_polls([Poll(claimed, replace(claimed, next_check=at + MINUTE, **changes), articles)], at)
    return counts[0].new, counts[0].edited


def filled(store: Store, count: int) -> list[Article]:
    """Make a migrated store know Glas and so many unjudged articles of it; returns them."""
    store.migrate()
    store.sync_feeds([SOURCE], NOW)
    poll(store, *(article(n) for n in range(1, count + 1)))
    return store.unjudged(count)
