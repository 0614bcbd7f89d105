"""The database's tables; `migrations` makes them. Runs nothing by itself.

Times are BIGINT microseconds since 1970 UTC, so that SQLite and PostgreSQL compare and index them alike. There are no
foreign keys: articles are pruned while the decisions and messages about them stay.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To microseconds; a naive datetime is a mistake of the caller (TypeError)."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """To an aware datetime in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Span(TypeDecorator[timedelta]):
    """A duration, kept as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """To microseconds."""
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """To a timedelta."""
        return None if value is None else timedelta(microseconds=value)


metadata = MetaData()


def _id() -> Column[int]:
    """A number that is never given twice, also not after the newest row was deleted."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
)

beats = Table(
    "beats",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False, comment="when this part of the program last showed that it lives"),
)

chats = Table(
    "chats",
    metadata,
    Column("chat", Text, primary_key=True, comment="one that refused the bot, or moved; others are not here"),
    Column("parked", Instant, comment="since when it refuses all; NULL: it does not"),
    Column("why", Text, nullable=False),
    Column("probe", Instant, comment="when it is tried again though nobody there asked for it"),
    Column("moved_to", Text, comment="the supergroup that the group became"),
)

troubles = Table(
    "troubles",
    metadata,
    Column("what", Text, primary_key=True, comment="what the admins were told and what is not over"),
    Column("text", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

feeds = Table(
    "feeds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("configured", Text, nullable=False, comment="the address in sources.yaml"),
    Column("url", Text, nullable=False, comment="where it is fetched now"),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", Text),
    Column("interval", Span),
    Column("next_check", Instant),
    Column("due", Instant, comment="next_check, or the end of a lease while it is polled; NULL: not polled"),
    Column("last_checked", Instant),
    Column("last_success", Instant),
    Column("last_new", Instant),
    Column("last_body", Instant, comment="when it last listed its articles"),
    Column("failures", Integer, nullable=False),
    Column("failure", Text),
    Column("failure_detail", Text, nullable=False),
    Column("owner", Text, comment="who holds the lease"),
    Column("pause", Span, comment="its longest time without news, of late"),
    Index("feeds_due", "due"),
)

articles = Table(
    "articles",
    metadata,
    _id(),
    Column("source", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("camp", Text, nullable=False),
    Column("country", Text),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("published", Instant, nullable=False),
    Column("seen", Instant, nullable=False, comment="when it was first read"),
    Column("listed", Instant, nullable=False, comment="when a feed last listed it, to the day"),
    Column("fingerprint", Text, nullable=False),
    Column("story_id", BigInteger),
    Column("relevance", Double),
    Column("severity", Integer),
    Column("score", JSON(none_as_null=True)),
    Column("model", Text),
    Column("reason", Text),
    Column("judged_at", Instant, comment="NULL: waits to be judged"),
    sqlite_autoincrement=True,
)
Index(
    "articles_unjudged",
    articles.c.id,
    sqlite_where=articles.c.judged_at.is_(None),
    postgresql_where=articles.c.judged_at.is_(None),
)
Index(
    "articles_fresh",
    articles.c.published.desc(),
    articles.c.id,
    sqlite_where=articles.c.judged_at.is_(None),
    postgresql_where=articles.c.judged_at.is_(None),
)
Index("articles_story", articles.c.story_id)
Index("articles_seen", articles.c.seen)

article_keys = Table(
    "article_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("article_id", BigInteger, nullable=False),
    Index("article_keys_article", "article_id"),
    sqlite_with_rowid=False,
)

stories = Table(
    "stories",
    metadata,
    _id(),
    Column("opened", Instant, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("types", JSON, nullable=False),
    Column("countries", JSON, nullable=False),
    Column("outlets", JSON, nullable=False),
    Column("camps", JSON, nullable=False),
    Column("places", JSON, nullable=False),
    Column("articles", Integer, nullable=False),
    Column("centroid", LargeBinary, nullable=False, comment="float32, little-endian"),
    Column("cohesion", Double, nullable=False, server_default="1"),
    Column("terms", JSON, nullable=False, server_default="[]"),
    Column("langs", JSON, nullable=False, server_default="[]"),
    Column("voices", JSON, nullable=False, server_default="[]", comment="[[outlet, camp, [text signature]]]"),
    Index("stories_updated", "updated"),
    sqlite_autoincrement=True,
)

decisions = Table(
    "decisions",
    metadata,
    _id(),
    Column("article_id", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False, comment="the version of the article that was judged"),
    Column("chat", Text, nullable=False),
    Column("story_id", BigInteger),
    Column("send", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("again", Instant, comment="when it is looked at again though nothing comes; NULL: never"),
    UniqueConstraint("article_id", "fingerprint", "chat", name="decisions_once"),
    Index("decisions_story", "story_id"),
    Index("decisions_at", "decided_at"),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    _id(),
    Column("decision_id", BigInteger, comment="NULL: not about an article, such as a test"),
    Column("chat", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("story_id", BigInteger),
    Column("severity", Integer),
    Column("html", Text, nullable=False),
    Column("plain", Text, nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("thread", BigInteger),
    Column("status", Text, nullable=False),
    Column("due", Instant, comment="when to try, or the end of a lease while it is sent; NULL: settled"),
    Column("owner", Text, comment="who holds the lease"),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column(
        "queued", Instant, nullable=False, comment="created, or when it could go again: it was dead, or its chat parked"
    ),
    Column("sent_at", Instant),
    Column("telegram_id", BigInteger),
    Column("whole_html", Text, comment="of an update: what a first message would say now, where none was shown yet"),
    Column("whole_plain", Text),
    Column("revised", Boolean, comment="of an edit: got another text while it was under way, and is due again"),
    Column("told", JSON(none_as_null=True), comment="of a summary: its stories and what tells them, in its order"),
    UniqueConstraint("decision_id", name="messages_once"),
    Index("messages_queue", "status", "chat", "id"),
    Index("messages_status", "status", "id"),
    Index("messages_story", "story_id", "chat", "id"),
    Index("messages_sent", "sent_at"),
    sqlite_autoincrement=True,
)
Index(
    "messages_one_edit",
    messages.c.story_id,
    messages.c.chat,
    unique=True,
    sqlite_where=text("kind = 'edit' AND status = 'pending'"),
    postgresql_where=text("kind = 'edit' AND status = 'pending'"),
)

tellings = Table(
    "tellings",
    metadata,
    Column("story_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat", Text, primary_key=True),
    Column("told_at", Instant, comment="when people were last shown a message; NULL: never"),
    Column("severity", Integer, comment="as that message told it, and so are camps and marks"),
    Column("camps", JSON, nullable=False),
    Column("marks", JSON, nullable=False),
    Column("shown", Integer, comment="the severity in the first message, edits included, and so are outlets"),
    Column("outlets", JSON, nullable=False),
    Column("base", JSON(none_as_null=True), comment="how it stood before the updates that still wait for delivery"),
    Column("root", BigInteger, comment="the first message"),
    Column("article_id", BigInteger, comment="what the first message tells"),
    Column("again", Instant, comment="when a decision that waits is looked at again; NULL: none waits"),
    Column("since", Instant, comment="when that decision was first made"),
    Column("waiting", Text, comment="its reason"),
    Column("waiting_article", BigInteger, comment="what led to it"),
    Column("waiting_marks", JSON, nullable=False),
    Index("tellings_again", "again"),
)

volumes = Table(
    "volumes",
    metadata,
    Column("day", Date, primary_key=True, comment="UTC, of what the articles tell"),
    Column("outlet", Text, primary_key=True),
    Column("articles", Integer, nullable=False, comment="how many were read in time, edits not counted again"),
)

mentions = Table(
    "mentions",
    metadata,
    Column("article_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("camp", Text, nullable=False),
    Column("story_id", BigInteger, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("countries", JSON, nullable=False),
    Column("eased", Boolean, nullable=False, comment="tells only of a step back"),
    Index("mentions_day", "day"),
)

levels = Table(
    "levels",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("level", Integer, nullable=False, comment="of the escalation index"),
)

announced = Table(
    "announced",
    metadata,
    Column("what", Text, primary_key=True, comment="what is told once, such as a day's digest in a chat"),
    Column("at", Instant, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("article_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat", Text, primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_name", Text, nullable=False),
    Column("story_id", BigInteger),
    Column("opinion", Text, nullable=False, comment="the user's last word"),
    Column("score", Double, nullable=False, comment="the relevance that the article had then"),
    Column("threshold", Double, nullable=False, comment="of the chat, then"),
    Column("model", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("feedback_at", "at"),
)

mutes = Table(
    "mutes",
    metadata,
    _id(),
    Column("chat", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("severity", Integer, nullable=False, comment="of the story, when it was muted"),
    Column("until", Instant, comment="NULL: until it is lifted"),
    Column("user_id", BigInteger, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("lifted", Instant, comment="when somebody ended it"),
    sqlite_autoincrement=True,
)

thresholds = Table(
    "thresholds",
    metadata,
    Column("chat", Text, primary_key=True),
    Column("value", Double, nullable=False, comment="in place of alerts.threshold"),
    Column("at", Instant, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    _id(),
    Column("chat", Text, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("key", Text, nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("request", BigInteger, nullable=False, comment="the update that asked for it"),
    Column("undone", Instant, comment="when it was taken back"),
    Column("undone_by", BigInteger, comment="the user who took it back"),
    Column("undone_request", BigInteger, comment="the update that asked for that"),
    Index("changes_request", "request"),
    sqlite_autoincrement=True,
)
