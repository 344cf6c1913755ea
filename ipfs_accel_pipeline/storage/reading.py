"""Reads tables back: as a frame for computing, or as the dataclass rows that were written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.tables import Table, table_named

Conditions = Mapping[str, Any]  # column -> value, or a list of values of which one must match


def read_table(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    where: Conditions | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Rows in the order of their key; JSON decoded, whole numbers whole (Int64), unknown as NaN, NaT, NA or None."""
    target = table_named(table)
    with as_storage_errors(f"Cannot read {table}"):
        return as_frame(_select(connection, target, columns or target.columns, where or {}))


def read_rows(connection: duckdb.DuckDBPyConnection, table: str, where: Conditions | None = None) -> list[Any]:
    """The rows as their dataclass, unknown as None: equal to what was written."""
    target = table_named(table)
    with as_storage_errors(f"Cannot read {table}"):
        found = _select(connection, target, target.columns, where or {}).fetchall()
    decoders = [_decoder(target, name) for name in target.columns]
    return [target.record(*(decode(value) for decode, value in zip(decoders, row, strict=True))) for row in found]


def as_frame(result: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The frame of an executed query."""
    types = {name: str(type_) for name, type_, *_ in result.description}
    frame = result.df()
    for name, type_ in types.items():
        if type_ == "JSON":
            frame[name] = pd.Series([_from_json(text) for text in frame[name]], dtype=object, index=frame.index)
        elif type_ in ("INTEGER", "BIGINT", "HUGEINT"):
            frame[name] = frame[name].astype("Int64")  # else one unknown makes 128 to 128.0
    return frame


def as_dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of an executed query by column name; JSON decoded, unknown as None."""
    names = [column[0] for column in result.description]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    for name in (column[0] for column in result.description if str(column[1]) == "JSON"):
        for row in rows:
            row[name] = _from_json(row[name])
    return rows


def _select(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[str], where: Conditions
) -> duckdb.DuckDBPyConnection:
    unknown = [name for name in (*columns, *where) if name not in table.columns]
    if unknown:
        raise StorageError(f"{table.name} has no column {', '.join(unknown)}. Its columns: {', '.join(table.columns)}.")
    names = ", ".join(f'"{name}"' for name in columns)
    inside, values = conditions(where)
    return connection.execute(f"SELECT {names} FROM {table.name} WHERE {inside} ORDER BY {table.primary_key}", values)


def conditions(where: Conditions) -> tuple[str, dict[str, list[Any]]]:
    """SQL that is true of the rows that meet all of them, and its parameters."""
    sql = " AND ".join(f'list_contains(${name}, "{name}")' for name in where) or "TRUE"
    return sql, {name: _as_list(value) for name, value in where.items()}


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _decoder(table: Table, name: str) -> Callable[[Any], Any]:
    if name == "supported_precisions":
        return lambda text: None if text is None else tuple(json.loads(text))
    if name in table.json_columns:
        return _from_json
    return lambda value: value.isoformat() if type(value) is date else value


def _from_json(text: Any) -> Any:
    return json.loads(text) if isinstance(text, str) else None
