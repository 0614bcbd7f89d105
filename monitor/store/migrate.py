"""Brings a database to the program's version, in one transaction. Never changes one that is newer."""

from sqlalchemy import Connection, func, insert, inspect, select

from monitor.errors import StoreError
from monitor.schema import schema_version
from monitor.schema.migrations import DIALECT, MIGRATIONS

LOCK = 7_225_526_001
"""Any constant will do: it keeps two starting processes from migrating a PostgreSQL database at once."""


def migrate(connection: Connection, shown: str) -> int:
    """Run the missing migrations; returns how many ran. `shown` names the database in errors."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    version = _version(connection, shown)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"the database {shown} was written by a newer balkan-monitor (schema {version}, this one knows "
            f"{len(MIGRATIONS)}): update the program, or name another database in storage.url"
        )
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        for statement in statements:
            connection.exec_driver_sql(statement.format(**DIALECT[dialect]))
        connection.execute(insert(schema_version).values(version=number))
    return len(MIGRATIONS) - version


def _version(connection: Connection, shown: str) -> int:
    tables = set(inspect(connection).get_table_names())
    if schema_version.name in tables:
        return connection.scalar(select(func.max(schema_version.c.version))) or 0
    if tables:
        raise StoreError(f"the database {shown} belongs to another program: it has the table '{min(tables)}'")
    schema_version.create(connection)
    return 0
