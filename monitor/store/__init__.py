"""Everything the program remembers; every SQL statement is in this package. Decides nothing.

Synchronous and safe for use from several threads; an event loop calls it in a thread. Each method is one transaction.
What the database refuses is a StoreError, `permanent` where trying again cannot help.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.domain import Alerted, Article, FeedState, Message, Source, Story, Text
from monitor.errors import InputError
from monitor.store import articles, feeds, migrate, outbox, stories, trail
from monitor.store.engine import Database
from monitor.store.values import (
    Alert,
    Counts,
    Decided,
    Judgement,
    Kind,
    KnownFeed,
    Outcome,
    Poll,
    Status,
    Totals,
    Traced,
    Trail,
    Verdict,
)

__all__ = [
    "Alert",
    "Counts",
    "Decided",
    "Judgement",
    "Kind",
    "KnownFeed",
    "Outcome",
    "Poll",
    "Status",
    "Store",
    "Totals",
    "Traced",
    "Trail",
    "Verdict",
]

MAX_AGE = timedelta(hours=12)
PRUNED_AT_ONCE = 500
"""Articles a transaction, so that pruning never keeps the writers waiting for long."""
TRAILS = {"a": trail.article_trail, "s": trail.story_trail, "m": trail.message_trail}


class Store:
    """The database at an SQLAlchemy URL; `migrate` must run before anything else."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def migrate(self) -> int:
        """Bring the tables to the program's version; returns how many migrations ran. Refuses a newer database."""
        with self._database.write() as tx:
            return migrate.migrate(tx, self._database.shown)

    def close(self) -> None:
        """Release files and connections."""
        self._database.close()

    def sync_feeds(self, sources: Sequence[Source], now: datetime) -> None:
        """Follow the configuration: new feeds are due at once, a changed address forgets what the old one said.

        Disabled and removed feeds are no longer due and keep their history.
        """
        with self._database.write() as tx:
            feeds.sync(tx, sources, now)

    def due_feeds(self, now: datetime, limit: int, lease: timedelta) -> list[FeedState]:
        """Claim up to `limit` due feeds, the longest due first; unrecorded ones are due again when the lease ends."""
        with self._database.write() as tx:
            return feeds.due(tx, now, limit, lease)

    def feeds(self) -> list[KnownFeed]:
        """Every feed that was ever configured, by name."""
        with self._database.read() as tx:
            return feeds.known(tx)

    def beat(self, now: datetime) -> None:
        """Note that the daemon lives."""
        with self._database.write() as tx:
            feeds.beat(tx, now)

    def last_beat(self) -> datetime | None:
        """When the daemon last said that it lives; None if it never did."""
        with self._database.read() as tx:
            return feeds.last_beat(tx)

    def record_polls(self, polls: Sequence[Poll], now: datetime, max_age: timedelta = MAX_AGE) -> list[Counts]:
        """Store finished polls in one transaction; returns what each brought.

        An article that shares any key with a known one is an edit of it, and is judged again if its text changed
        within `max_age` of its first sight. A later date than the one known is not believed.
        """
        with self._database.write() as tx:
            feeds.save(tx, polls, now)
            return articles.record(tx, polls, now, max_age)

    def unjudged(self, limit: int) -> list[Article]:
        """Up to `limit` articles that wait to be judged, in the order of their arrival."""
        with self._database.read() as tx:
            return articles.unjudged(tx, limit)

    def open_stories(self, since: datetime) -> list[Story]:
        """The stories that grew since then, the oldest first."""
        with self._database.read() as tx:
            return stories.open_stories(tx, since)

    def alerted(self, ids: Collection[int]) -> Mapping[tuple[int, str], Alerted]:
        """What each chat was last told of each of these stories, by (story, chat)."""
        with self._database.read() as tx:
            return stories.alerted(tx, ids)

    def commit(self, outcomes: Sequence[Outcome], now: datetime) -> Mapping[int, int]:
        """Write judgements, stories, decisions and messages in one transaction, each at most once.

        Returns the id that each new story with a negative id was given. An outcome is passed over whole if its article
        was judged meanwhile, or edited so that it waits for another judgement.
        """
        with self._database.write() as tx:
            return stories.commit(tx, outcomes, now)

    def enqueue(
        self, chats: Sequence[str], text: Text, now: datetime, silent: bool = False, thread: int | None = None
    ) -> list[int]:
        """Queue a message that no article led to, such as a test or a notice; returns the messages' ids."""
        with self._database.write() as tx:
            return outbox.enqueue(tx, chats, text, now, silent, thread)

    def claim_messages(
        self, now: datetime, owner: str, lease: timedelta, limit: int, resting: Collection[str] = ()
    ) -> list[Message]:
        """Claim due messages for delivery: of each chat only its oldest undelivered one, of `resting` chats none."""
        with self._database.write() as tx:
            return outbox.claim(tx, now, owner, lease, limit, resting)

    def waiting(self) -> Mapping[str, datetime]:
        """When each chat's oldest undelivered message is to be tried; chats without one are absent."""
        with self._database.read() as tx:
            return outbox.waiting(tx)

    def record_sent(self, id: int, telegram_id: int | None, now: datetime) -> None:
        """The message was accepted."""
        with self._database.write() as tx:
            outbox.sent(tx, id, telegram_id, now)

    def record_failed(self, id: int, error: str, retry_at: datetime | None, attempts: int) -> None:
        """The message was not accepted: try again at `retry_at`, or keep it as a dead letter if that is None."""
        with self._database.write() as tx:
            outbox.failed(tx, id, error, retry_at, attempts)

    def renew(self, ids: Collection[int], owner: str, until: datetime) -> None:
        """Lengthen the leases that `owner` holds."""
        with self._database.write() as tx:
            outbox.renew(tx, ids, owner, until)

    def requeue(self, now: datetime, ids: Collection[int] | None = None) -> int:
        """Try dead letters again, all of them by default; returns how many."""
        with self._database.write() as tx:
            return outbox.requeue(tx, ids, now)

    def sends(self, since: datetime) -> list[tuple[str, datetime]]:
        """The chats and times of the messages sent since then, in order."""
        with self._database.read() as tx:
            return outbox.sends(tx, since)

    def alerts(self, limit: int = 50, status: Status | None = None) -> list[Alert]:
        """The newest messages, the newest first."""
        with self._database.read() as tx:
            return outbox.alerts(tx, limit, status)

    def trail(self, id: str) -> Trail | None:
        """Everything about an article (`12` or `a12`), a story (`s12`) or a message (`m12`); None if unknown.

        Raises InputError for what is not such an id.
        """
        kind, number = (id[:1].lower(), id[1:]) if id[:1].isalpha() else ("a", id)
        if kind not in TRAILS or not (number.isascii() and number.isdigit() and len(number) < 19):
            raise InputError(f"'{id}' is no id: expected a number, or a, s or m and a number (article, story, message)")
        with self._database.read() as tx:
            return TRAILS[kind](tx, int(number))

    def prune(self, before: datetime) -> int:
        """Forget articles first seen before then that no feed lists any more; decisions and messages stay."""
        pruned = 0
        while True:
            with self._database.write() as tx:
                count = articles.prune(tx, before, PRUNED_AT_ONCE)
            pruned += count
            if count < PRUNED_AT_ONCE:
                return pruned

    def counts(self) -> Totals:
        """How much there is of everything."""
        with self._database.read() as tx:
            return trail.totals(tx)
