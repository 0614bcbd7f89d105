"""Everything the program remembers; every SQL statement is in this package. Decides nothing.

Synchronous and safe for use from several threads; an event loop calls it in a thread. Each method is one transaction.
What the database refuses is a StoreError, `permanent` where trying again cannot help.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from monitor.domain import Alerted, Article, FeedState, Headline, Judged, Kind, Message, Source, Story, Text, Waiting
from monitor.errors import InputError
from monitor.misses import Refused
from monitor.store import (
    articles,
    feeds,
    index,
    migrate,
    outbox,
    past,
    reconsider,
    refusals,
    stories,
    tellings,
    trail,
    troubles,
)
from monitor.store.chats import Chats, Parked
from monitor.store.engine import Database
from monitor.store.leases import is_dead, this_process
from monitor.store.people import People
from monitor.store.values import (
    EVERYONE,
    Alert,
    Counts,
    Decided,
    Judgement,
    KnownFeed,
    Notice,
    Outcome,
    Poll,
    Reconsidered,
    Standing,
    Status,
    Summary,
    Totals,
    Traced,
    Trail,
    Verdict,
)
from monitor.trend import Mention, Volume

__all__ = [
    "EVERYONE",
    "Alert",
    "Chats",
    "Counts",
    "Decided",
    "Judgement",
    "Kind",
    "KnownFeed",
    "Notice",
    "Outcome",
    "Parked",
    "People",
    "Poll",
    "Reconsidered",
    "Standing",
    "Status",
    "Store",
    "Summary",
    "Totals",
    "Traced",
    "Trail",
    "Verdict",
    "this_process",
]

MAX_AGE = timedelta(hours=12)
PRUNED_AT_ONCE = 500
"""Articles a transaction, so that pruning never keeps the writers waiting for long."""
INDEX_KEPT = timedelta(days=400)
"""How long the days of the escalation index are kept: its baseline, and a year to look back on."""
TRAILS = {"a": trail.article_trail, "s": trail.story_trail, "m": trail.message_trail}


class Store:
    """The database at an SQLAlchemy URL; `migrate` must run before anything else.

    `people` is what people wrote, `chats` how chats stand to the bot.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self.people = People(self._database)
        self.chats = Chats(self._database)

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

    def due_feeds(self, now: datetime, limit: int, lease: timedelta, owner: str | None = None) -> list[FeedState]:
        """Claim up to `limit` due feeds, the longest due first; unrecorded ones are due again when the lease ends."""
        with self._database.write() as tx:
            return feeds.due(tx, now, limit, lease, owner)

    def release(self, owner: str, now: datetime) -> int:
        """End the leases that `owner` holds, for it is gone; returns how many. What it had under way is due now."""
        with self._database.write() as tx:
            return feeds.release(tx, owner, now) + outbox.release(tx, owner, now)

    def release_dead(self, me: str, now: datetime) -> int:
        """End the leases of this host's processes that died, seen from the process `me`; returns how many."""
        with self._database.read() as tx:
            holders = feeds.holders(tx) | outbox.holders(tx)
        return sum(self.release(holder, now) for holder in sorted(holders) if is_dead(holder, me))

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
            counts = articles.record(tx, polls, now, max_age)
            feeds.save(tx, polls, [count.new > 0 for count in counts], now)
            return counts

    def unjudged(self, limit: int) -> list[Article]:
        """Up to `limit` articles that wait to be judged: most are the latest published, some wait longest."""
        with self._database.read() as tx:
            return articles.unjudged(tx, limit)

    def open_stories(self, since: datetime) -> list[Story]:
        """The stories that grew since then, the oldest first."""
        with self._database.read() as tx:
            return stories.open_stories(tx, since)

    def alerted(self, ids: Collection[int]) -> Mapping[tuple[int, str], Alerted]:
        """What each chat was last told of each of these stories, by (story, chat)."""
        with self._database.read() as tx:
            return tellings.alerted(tx, ids)

    def waits(self, ids: Collection[int]) -> Mapping[tuple[int, str], Waiting]:
        """The decisions on these stories that wait for their time, by (story, chat)."""
        with self._database.read() as tx:
            return tellings.waiting(tx, ids)

    def due_waits(self, now: datetime, limit: int) -> list[Waiting]:
        """Up to `limit` decisions whose time to be looked at again has come, the earliest first."""
        with self._database.read() as tx:
            return tellings.due(tx, now, limit)

    def next_wait(self) -> datetime | None:
        """When the next decision is to be looked at again; None if none waits."""
        with self._database.read() as tx:
            return tellings.next_due(tx)

    def judged(self, ids: Sequence[int]) -> Mapping[int, Judged]:
        """Stored articles of stories with their scores, by number, where not pruned; embeddings are the stories'."""
        with self._database.read() as tx:
            return reconsider.judged(tx, ids)

    def stories(self, ids: Sequence[int]) -> Mapping[int, Story]:
        """Stories by number."""
        with self._database.read() as tx:
            return reconsider.of(tx, ids)

    def commit_waits(
        self, made: Sequence[Reconsidered], summaries: Sequence[Summary], gone: Sequence[Waiting], now: datetime
    ) -> list[Reconsidered]:
        """Write decisions that were made again and their messages in one transaction, each at most once.

        Returns those that still waited as they were read; the others were made meanwhile. `gone` no longer wait.
        """
        with self._database.write() as tx:
            reconsider.drop(tx, gone, now)
            return reconsider.commit(tx, made, summaries, now)

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

    def requeue(self, now: datetime, ids: Collection[int] | None = None) -> int:
        """Try dead letters again, all of them by default; returns how many."""
        with self._database.write() as tx:
            return outbox.requeue(tx, ids, now)

    def sends(self, since: datetime) -> list[tuple[str, datetime]]:
        """The chats and times of the messages sent since then, in order."""
        with self._database.read() as tx:
            return outbox.sends(tx, since)

    def tries(self, since: datetime, now: datetime) -> list[tuple[str, datetime]]:
        """The chats and times of attempts to send since then, in order; what is under way counts as of now."""
        with self._database.read() as tx:
            return outbox.tries(tx, since, now)

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
        """Forget articles first seen before then that no feed lists and nobody judged; decisions and messages stay."""
        with self._database.write() as tx:
            index.prune(tx, (before - INDEX_KEPT).astimezone(UTC).date())
        pruned = 0
        while True:
            with self._database.write() as tx:
                count = articles.prune(tx, before, PRUNED_AT_ONCE)
            pruned += count
            if count < PRUNED_AT_ONCE:
                return pruned

    def history(self, since: date) -> tuple[list[Volume], list[Mention]]:
        """What was read and what told of danger from that day (UTC) on: what the escalation index is made of."""
        with self._database.read() as tx:
            return index.history(tx, since)

    def levels(self) -> Mapping[str, int]:
        """The level that each subject's index was last seen at; absent: normal."""
        with self._database.read() as tx:
            return index.standing(tx)

    def announced(self, what: Collection[str]) -> set[str]:
        """Which of these things that are told once were told."""
        with self._database.read() as tx:
            return index.known(tx, what)

    def announce(
        self, what: Sequence[str], notices: Sequence[Notice], now: datetime, levels: Mapping[str, int] | None = None
    ) -> bool:
        """Queue notices and remember levels in one transaction, unless any of `what` was announced; whether it did."""
        with self._database.write() as tx:
            return index.announce(tx, what, notices, now, levels or {})

    def refused(self, since: datetime, limit: int = 2000, chat: str | None = None) -> list[Refused]:
        """The newest refusals since then, of all or also in a chat, the newest first; each article once, as it is."""
        with self._database.read() as tx:
            return refusals.refused(tx, since, limit, chat)

    def past(self, ids: Collection[int], since: datetime | None = None, least: float = 0.0) -> list[Traced]:
        """Judged articles: those of `ids`, and those first read since then of at least that relevance; without keys."""
        with self._database.read() as tx:
            return past.past(tx, ids, since, least)

    def links(self, stories: Collection[int]) -> Mapping[int, tuple[str, str]]:
        """The title of each of the stories, and the address of its first article ('' once that was pruned)."""
        with self._database.read() as tx:
            return refusals.links(tx, stories)

    def headline(self, story: int, langs: Collection[str]) -> Headline | None:
        """The title of the story's first article in one of these languages, by primary tags."""
        with self._database.read() as tx:
            return refusals.headline(tx, story, langs)

    def read_since(self, since: datetime) -> int:
        """How many articles were first read since then."""
        with self._database.read() as tx:
            return refusals.read_since(tx, since)

    def troubles(self) -> Mapping[str, str]:
        """The troubles that admins were told of and that are not over: the words, by what it is."""
        with self._database.read() as tx:
            return troubles.known(tx)

    def note_troubles(
        self, begun: Mapping[str, str], over: Collection[str], notices: Sequence[Notice], now: datetime
    ) -> None:
        """Remember troubles that began, forget those that are over, and queue what is told of it, all or nothing."""
        with self._database.write() as tx:
            troubles.note(tx, begun, over, notices, now)

    def counts(self) -> Totals:
        """How much there is of everything."""
        with self._database.read() as tx:
            return trail.totals(tx)
