"""The tables and the migrations that make them."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect

from monitor.errors import StoreError
from monitor.schema import metadata
from monitor.schema.migrations import MIGRATIONS
from monitor.store import Store


def shape(engine: Engine) -> dict[str, Any]:
    """All that distinguishes one database's tables from another's."""
    look = inspect(engine)
    return {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(table)],
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "unique": [(u["name"], u["column_names"]) for u in look.get_unique_constraints(table)],
            "indexes": [
                (i["name"], i["column_names"], i["unique"], {k: str(v) for k, v in i["dialect_options"].items()})
                for i in look.get_indexes(table)
                if not i.get("duplicates_constraint")
            ],
            "options": {k: v for k, v in look.get_table_options(table).items() if k in {"sqlite_with_rowid"}},
        }
        for table in look.get_table_names()
    }


def test_migrations_give_the_tables(url: str) -> None:
    """A migrated database has exactly the tables that the program's statements are written for."""
    store = Store(url)
    store.migrate()
    store.close()
    engine = create_engine(url)
    migrated = shape(engine)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    assert migrated == shape(engine)
    engine.dispose()


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    """Tables whose rows are named by number elsewhere use AUTOINCREMENT, which the reflection above cannot see."""
    Store(f"sqlite:///{tmp_path}/m.db").migrate()
    tables = dict(sqlite3.connect(tmp_path / "m.db").execute("select name, sql from sqlite_master where type='table'"))
    for name in ("articles", "stories", "decisions", "messages"):
        assert "AUTOINCREMENT" in tables[name]
    assert "WITHOUT ROWID" in tables["article_keys"]


def test_migrating_again_does_nothing(url: str) -> None:
    """Each migration runs once."""
    store = Store(url)
    assert (store.migrate(), store.migrate()) == (len(MIGRATIONS), 0)
    store.close()


def test_a_newer_database_is_refused(url: str) -> None:
    """A program older than its database says so in one sentence and changes nothing."""
    store = Store(url)
    store.migrate()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"insert into schema_version values ({len(MIGRATIONS) + 1})")
    engine.dispose()
    with pytest.raises(StoreError, match=r"newer balkan-monitor .*update the program") as refused:
        store.migrate()
    assert refused.value.permanent
    assert "\n" not in str(refused.value)
    store.close()


def test_a_failed_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations are one transaction: after a mistake in the last statement the database is as before."""
    monkeypatch.setattr("monitor.store.migrate.MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE one (a INTEGER)", "oops")))
    store = Store(f"sqlite:///{tmp_path}/m.db")
    with pytest.raises(StoreError, match="syntax error"):
        store.migrate()
    assert inspect(create_engine(f"sqlite:///{tmp_path}/m.db")).get_table_names() == []
