"""Runs the named queries of sql/: one file per question, whose first line says what one row of the answer is."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
import pandas as pd

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.reading import as_frame

_FOLDER = "sql"


def query_names() -> list[str]:
    folder = files("ipfs_accel_pipeline.storage") / _FOLDER
    return sorted(entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql"))


@cache
def query_text(name: str) -> str:
    """The SQL of a query."""
    if name not in query_names():
        raise StorageError(f"There is no query {name!r}. Queries: {', '.join(query_names())}.")
    return (files("ipfs_accel_pipeline.storage") / _FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def run_query(connection: duckdb.DuckDBPyConnection, name: str, **params: Any) -> pd.DataFrame:
    """The answer as a frame. A parameter that is left out is NULL, which every query reads as "all"."""
    with as_storage_errors(f"The query {name} failed"):
        return as_frame(_execute(connection, name, params))


def _execute(connection: duckdb.DuckDBPyConnection, name: str, params: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    sql = query_text(name)
    (statement,) = connection.extract_statements(sql)
    unknown = sorted(set(params) - set(statement.named_parameters))
    if unknown:
        known = ", ".join(sorted(statement.named_parameters)) or "none"
        raise StorageError(f"The query {name} has no parameter {', '.join(unknown)}. Its parameters: {known}.")
    values = dict.fromkeys(statement.named_parameters) | params
    return connection.execute(sql, values)
