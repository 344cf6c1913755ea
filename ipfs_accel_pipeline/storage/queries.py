"""Runs the named queries of sql/: one file per question, whose first line says what one row of the answer is.

Those in sql/dashboard/ read what prepared.py makes of a snapshot, and are named with their folder: "dashboard/run".
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
import pandas as pd

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.reading import as_dicts, as_frame

_FOLDER = "sql"
_PREPARED = "dashboard"


def query_names(subfolder: str | None = None) -> list[str]:
    folder = files("ipfs_accel_pipeline.storage") / _FOLDER / (subfolder or "")
    prefix = f"{subfolder}/" if subfolder else ""
    return sorted(prefix + entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql"))


@cache
def query_text(name: str) -> str:
    """The SQL of a query."""
    known = query_names() + query_names(_PREPARED)
    if name not in known:
        raise StorageError(f"There is no query {name!r}. Queries: {', '.join(known)}.")
    return (files("ipfs_accel_pipeline.storage") / _FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def run_query(connection: duckdb.DuckDBPyConnection, name: str, **params: Any) -> pd.DataFrame:
    """The answer as a frame. A parameter that is left out is NULL, which every query reads as "all"."""
    with as_storage_errors(f"The query {name} failed"):
        return as_frame(_execute(connection, name, params))


def query_rows(connection: duckdb.DuckDBPyConnection, name: str, **params: Any) -> list[dict[str, Any]]:
    """The answer as plain rows, unknown as None: ten times quicker than a frame where a page shows a few hundred."""
    with as_storage_errors(f"The query {name} failed"):
        return as_dicts(_execute(connection, name, params))


def _execute(connection: duckdb.DuckDBPyConnection, name: str, params: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    sql = query_text(name)
    (statement,) = connection.extract_statements(sql)
    unknown = sorted(set(params) - set(statement.named_parameters))
    if unknown:
        known = ", ".join(sorted(statement.named_parameters)) or "none"
        raise StorageError(f"The query {name} has no parameter {', '.join(unknown)}. Its parameters: {known}.")
    values = dict.fromkeys(statement.named_parameters) | params
    return connection.execute(sql, values)
