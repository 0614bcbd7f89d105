"""The database's tables, and the append-only migrations that make them. Runs nothing by itself.

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
    Column("queued", Instant, nullable=False, comment="created, or when it was last taken back from the dead"),
    Column("sent_at", Instant),
    Column("telegram_id", BigInteger),
    Column("whole_html", Text, comment="of an update: what a first message would say now, where none was shown yet"),
    Column("whole_plain", Text),
    Column("revised", Boolean, comment="of an edit: got another text while it was under way, and is due again"),
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

DIALECT = {
    "sqlite": {
        "id": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
        "blob": "BLOB",
        "real": "DOUBLE",
        "rowless": "WITHOUT ROWID",
    },
    "postgresql": {"id": "BIGSERIAL PRIMARY KEY", "blob": "BYTEA", "real": "DOUBLE PRECISION", "rowless": ""},
}
"""What the migrations write differently in each database."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE beats (name TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL)",
        """CREATE TABLE feeds (
            name TEXT NOT NULL PRIMARY KEY, configured TEXT NOT NULL, url TEXT NOT NULL, etag TEXT, last_modified TEXT,
            body_hash TEXT, interval BIGINT, next_check BIGINT, due BIGINT, last_checked BIGINT, last_success BIGINT,
            last_new BIGINT, last_body BIGINT, failures INTEGER NOT NULL, failure TEXT,
            failure_detail TEXT NOT NULL)""",
        "CREATE INDEX feeds_due ON feeds (due)",
        """CREATE TABLE articles (
            id {id}, source TEXT NOT NULL, outlet TEXT NOT NULL, camp TEXT NOT NULL, country TEXT, url TEXT NOT NULL,
            title TEXT NOT NULL, summary TEXT NOT NULL, lang TEXT NOT NULL, published BIGINT NOT NULL,
            seen BIGINT NOT NULL, listed BIGINT NOT NULL, fingerprint TEXT NOT NULL, story_id BIGINT,
            relevance {real}, severity INTEGER, score JSON, model TEXT, reason TEXT, judged_at BIGINT)""",
        "CREATE INDEX articles_unjudged ON articles (id) WHERE judged_at IS NULL",
        "CREATE INDEX articles_story ON articles (story_id)",
        "CREATE INDEX articles_seen ON articles (seen)",
        "CREATE TABLE article_keys (key TEXT NOT NULL PRIMARY KEY, article_id BIGINT NOT NULL) {rowless}",
        "CREATE INDEX article_keys_article ON article_keys (article_id)",
        """CREATE TABLE stories (
            id {id}, opened BIGINT NOT NULL, updated BIGINT NOT NULL, title TEXT NOT NULL, severity INTEGER NOT NULL,
            types JSON NOT NULL, countries JSON NOT NULL, outlets JSON NOT NULL, camps JSON NOT NULL,
            places JSON NOT NULL, articles INTEGER NOT NULL, centroid {blob} NOT NULL)""",
        "CREATE INDEX stories_updated ON stories (updated)",
        """CREATE TABLE decisions (
            id {id}, article_id BIGINT NOT NULL, fingerprint TEXT NOT NULL, chat TEXT NOT NULL, story_id BIGINT,
            send BOOLEAN NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, decided_at BIGINT NOT NULL,
            CONSTRAINT decisions_once UNIQUE (article_id, fingerprint, chat))""",
        "CREATE INDEX decisions_story ON decisions (story_id)",
        """CREATE TABLE messages (
            id {id}, decision_id BIGINT, chat TEXT NOT NULL, kind TEXT NOT NULL, story_id BIGINT, severity INTEGER,
            html TEXT NOT NULL, plain TEXT NOT NULL, silent BOOLEAN NOT NULL, thread BIGINT, status TEXT NOT NULL,
            due BIGINT, owner TEXT, attempts INTEGER NOT NULL, error TEXT NOT NULL, created BIGINT NOT NULL,
            queued BIGINT NOT NULL, sent_at BIGINT, telegram_id BIGINT,
            CONSTRAINT messages_once UNIQUE (decision_id))""",
        "CREATE INDEX messages_queue ON messages (status, chat, id)",
        "CREATE INDEX messages_status ON messages (status, id)",
        "CREATE INDEX messages_story ON messages (story_id, chat, id)",
        "CREATE INDEX messages_sent ON messages (sent_at)",
    ),
    (
        "CREATE INDEX articles_fresh ON articles (published DESC, id) WHERE judged_at IS NULL",
        "ALTER TABLE feeds ADD COLUMN owner TEXT",
    ),
    (
        "ALTER TABLE decisions ADD COLUMN again BIGINT",
        "ALTER TABLE messages ADD COLUMN whole_html TEXT",
        "ALTER TABLE messages ADD COLUMN whole_plain TEXT",
        "ALTER TABLE messages ADD COLUMN revised BOOLEAN",
        "CREATE UNIQUE INDEX messages_one_edit ON messages (story_id, chat) WHERE kind = 'edit' AND status = 'pending'",
        """CREATE TABLE tellings (
            story_id BIGINT NOT NULL, chat TEXT NOT NULL, told_at BIGINT, severity INTEGER, camps JSON NOT NULL,
            marks JSON NOT NULL, shown INTEGER, outlets JSON NOT NULL, base JSON, root BIGINT, article_id BIGINT,
            again BIGINT, since BIGINT, waiting TEXT, waiting_article BIGINT, waiting_marks JSON NOT NULL,
            PRIMARY KEY (story_id, chat))""",
        "CREATE INDEX tellings_again ON tellings (again)",
        # What was told before is known by its messages: the story's state stands for how it was told.
        """INSERT INTO tellings (
            story_id, chat, told_at, severity, camps, marks, shown, outlets, root, article_id, waiting_marks)
            SELECT told.story_id, told.chat, told.at, told.severity, stories.camps, '[]', told.severity,
                stories.outlets, told.root, decisions.article_id, '[]'
            FROM (SELECT story_id, chat, MAX(created) AS at, MAX(severity) AS severity, MIN(id) AS root
                FROM messages WHERE story_id IS NOT NULL GROUP BY story_id, chat) AS told
            JOIN stories ON stories.id = told.story_id
            JOIN messages ON messages.id = told.root
            LEFT JOIN decisions ON decisions.id = messages.decision_id""",
    ),
    (
        "CREATE TABLE volumes (day DATE NOT NULL, outlet TEXT NOT NULL, articles INTEGER NOT NULL, "
        "PRIMARY KEY (day, outlet))",
        """CREATE TABLE mentions (
            article_id BIGINT NOT NULL PRIMARY KEY, day DATE NOT NULL, outlet TEXT NOT NULL, camp TEXT NOT NULL,
            story_id BIGINT NOT NULL, severity INTEGER NOT NULL, countries JSON NOT NULL, eased BOOLEAN NOT NULL)""",
        "CREATE INDEX mentions_day ON mentions (day)",
        "CREATE TABLE levels (subject TEXT NOT NULL PRIMARY KEY, level INTEGER NOT NULL)",
        "CREATE INDEX decisions_at ON decisions (decided_at)",
        "CREATE TABLE announced (what TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL)",
    ),
    (
        "ALTER TABLE stories ADD COLUMN cohesion {real} NOT NULL DEFAULT 1",
        "ALTER TABLE stories ADD COLUMN terms JSON NOT NULL DEFAULT '[]'",
        "ALTER TABLE stories ADD COLUMN langs JSON NOT NULL DEFAULT '[]'",
        "ALTER TABLE stories ADD COLUMN voices JSON NOT NULL DEFAULT '[]'",
    ),
)
"""Each element takes a database from version N to N + 1. Never changed once released: add another one."""
