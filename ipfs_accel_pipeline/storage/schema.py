"""Brings a database to the schema of this package, one numbered file in migrations/ after the other.

A released migration is never edited: a change is a new file.
"""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

import duckdb

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.transactions import transaction

_JOURNAL = """CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT current_timestamp)"""


class Migration(NamedTuple):
    version: int
    name: str
    sql: str


def known_migrations() -> list[Migration]:
    """What this package can apply, oldest first."""
    folder = files("ipfs_accel_pipeline.storage") / "migrations"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return sorted(
        Migration(int(entry.name[:4]), entry.name[5:-4], entry.read_text(encoding="utf-8")) for entry in found
    )


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Number of the newest migration in this database; 0 for an empty one."""
    return max(_applied_versions(connection), default=0)


def _applied_versions(connection: duckdb.DuckDBPyConnection) -> set[int]:
    exists = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_migrations' AND NOT temporary"
    if not connection.execute(exists).fetchall()[0][0]:
        return set()
    return {version for (version,) in connection.execute("SELECT version FROM schema_migrations").fetchall()}


def migrate(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Applies what is missing and returns the versions applied; each is all or nothing."""
    refuse_newer(schema_version(connection))
    # By number, not by the newest: the parts of the package number their migrations apart, and one may arrive late.
    applied = _applied_versions(connection)
    missing = [migration for migration in known_migrations() if migration.version not in applied]
    for migration in missing:
        _apply(connection, migration)
    return [migration.version for migration in missing]


def refuse_newer(version: int) -> None:
    newest = known_migrations()[-1].version
    if version > newest:
        raise StorageError(
            f"The database has schema version {version}, this package knows up to {newest}. "
            "Upgrade ipfs-accel-pipeline, or point BENCHMARK_DB_PATH (--db-path) at another file."
        )


def refuse_older(version: int) -> None:
    newest = known_migrations()[-1].version
    if version < newest:
        raise StorageError(
            f"The database has schema version {version}, this package needs {newest}, and it was opened read-only. "
            "`ipfs-accel snapshot` upgrades the database and publishes it again; so does every run."
        )


def _apply(connection: duckdb.DuckDBPyConnection, migration: Migration) -> None:
    try:
        with transaction(connection):
            connection.execute(_JOURNAL)
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migrations (version, name) VALUES (?, ?)", [migration.version, migration.name]
            )
    except duckdb.CatalogException as error:
        raise StorageError(
            f"Migration {migration.version} ({migration.name}) does not fit this database: {error}. "
            "It holds tables that this package did not make: choose another file with BENCHMARK_DB_PATH (--db-path)."
        ) from error
