"""Runs a migration and looks at what it stored."""

from __future__ import annotations

from ipfs_accel_pipeline.pipeline.migration.run import MigrationOptions, migrate
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows


def run(settings, *paths, **options):
    return migrate(settings, [str(path) for path in paths], MigrationOptions(**options))


def stored(settings, sql):
    with open_database(settings.database) as connection:
        return connection.execute(sql).fetchall()


def rows(settings, table):
    with open_database(settings.database) as connection:
        return read_rows(connection, table)
