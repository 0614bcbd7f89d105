"""The append-only statements that make the tables, from one version to the next. Runs nothing by itself."""

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
    (
        """CREATE TABLE feedback (
            article_id BIGINT NOT NULL, chat TEXT NOT NULL, user_id BIGINT NOT NULL, user_name TEXT NOT NULL,
            story_id BIGINT, opinion TEXT NOT NULL, score {real} NOT NULL, threshold {real} NOT NULL,
            model TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (article_id, chat, user_id))""",
        "CREATE INDEX feedback_at ON feedback (at)",
        """CREATE TABLE mutes (
            id {id}, chat TEXT NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL, severity INTEGER NOT NULL,
            until BIGINT, user_id BIGINT NOT NULL, user_name TEXT NOT NULL, at BIGINT NOT NULL, lifted BIGINT)""",
        "CREATE TABLE thresholds (chat TEXT NOT NULL PRIMARY KEY, value {real} NOT NULL, at BIGINT NOT NULL)",
        """CREATE TABLE changes (
            id {id}, chat TEXT NOT NULL, user_id BIGINT NOT NULL, user_name TEXT NOT NULL, at BIGINT NOT NULL,
            key TEXT NOT NULL, old TEXT, new TEXT, request BIGINT NOT NULL, undone BIGINT, undone_by BIGINT,
            undone_request BIGINT)""",
        "CREATE INDEX changes_request ON changes (request)",
    ),
    (
        "CREATE TABLE chats (chat TEXT NOT NULL PRIMARY KEY, parked BIGINT, why TEXT NOT NULL, probe BIGINT, "
        "moved_to TEXT)",
        "CREATE TABLE troubles (what TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL, since BIGINT NOT NULL)",
        "ALTER TABLE feeds ADD COLUMN pause BIGINT",
    ),
    ("ALTER TABLE messages ADD COLUMN told JSON",),
)
"""Each element takes a database from version N to N + 1. Never changed once released: add another one."""
