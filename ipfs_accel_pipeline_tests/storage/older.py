"""Databases that an older package left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from ipfs_accel_pipeline.storage.schema import known_migrations
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes


def older_database(path: Path, before: int, rows: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
    """A database with a row in each of four tables, migrated by a package that lacked all from version `before` on."""
    connection = duckdb.connect(str(path))
    connection.execute(
        "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, "
        "applied_at TIMESTAMPTZ NOT NULL DEFAULT current_timestamp)"
    )
    for migration in known_migrations():
        if migration.version < before:
            connection.execute(migration.sql)
            connection.execute("INSERT INTO schema_migrations (version, name) VALUES (?, 'x')", [migration.version])
    whole = {
        "hardware_platforms": fakes.hardware_row(),
        "models": fakes.model_row(),
        "test_results": fakes.test_row(),
        "performance_results": fakes.performance_row(),
    }
    for table, row in (whole | dict(rows or {})).items():
        known = {name for (name, *_) in connection.execute(f"DESCRIBE {table}").fetchall()}
        write_rows(connection, table, pd.DataFrame([{k: v for k, v in asdict(row).items() if k in known}]))
    return connection
