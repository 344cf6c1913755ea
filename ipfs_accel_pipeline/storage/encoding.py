"""Rows and frames become an Arrow table with DuckDB's idea of unknown: NaN, NaT and NA are NULL, dicts are JSON text.

Arrow, because DuckDB guesses the type of a pandas object column from a sample, and a column that begins with
unknown values then refuses the known ones.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import orjson
import pandas as pd
import pyarrow as pa

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.json_values import as_null, json_ready
from ipfs_accel_pipeline.storage.tables import Table

_JSON_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


Rows: TypeAlias = Sequence[Any] | pd.DataFrame | Mapping[str, Sequence[Any]] | pa.Table


def as_arrow(table: Table, rows: Rows) -> pa.Table:
    """Dataclass rows of `table`, or some of its columns as a frame or by name; what is Arrow already stays so."""
    if isinstance(rows, pa.Table):
        _refuse_strange(table, rows.column_names)
        return rows
    return pa.table({name: _as_array(table, name, values) for name, values in _columns(table, rows).items()})


def _columns(table: Table, rows: Any) -> Mapping[str, Any]:
    if isinstance(rows, Mapping):
        _refuse_strange(table, rows)
        return rows
    # pandas' frame of no rows often has no columns either, and DuckDB wants one.
    is_frame = isinstance(rows, pd.DataFrame) and len(rows.columns) > 0
    return _frame_columns(table, rows) if is_frame else _record_columns(table, list(rows))


def _refuse_strange(table: Table, names: Iterable[Any]) -> None:
    unknown = [str(name) for name in names if name not in table.columns]
    if unknown:
        raise StorageError(
            f"{table.name} has no column {', '.join(unknown)}. Its columns: {', '.join(table.columns)}. "
            "Rename it, or add a migration and a field in records.py."
        )


def _frame_columns(table: Table, frame: Any) -> Mapping[str, Any]:
    _refuse_strange(table, frame.columns)
    if frame.columns.has_duplicates:
        raise StorageError(f"{table.name}: the frame has a column twice: {', '.join(map(str, frame.columns))}.")
    return {str(name): frame[name] for name in frame.columns}


def _record_columns(table: Table, rows: Sequence[Any]) -> Mapping[str, Any]:
    strangers = {type(row).__name__ for row in rows if not isinstance(row, table.record)}
    if strangers:
        raise StorageError(f"{table.name} takes {table.record.__name__} rows, not {', '.join(sorted(strangers))}.")
    # Row by row: column by column takes three times as long.
    values = zip(*map(attrgetter(*table.columns), rows), strict=True) if rows else ([] for _ in table.columns)
    return dict(zip(table.columns, values, strict=True))


def _as_array(table: Table, name: str, values: Any) -> pa.Array:
    if name in table.json_columns:
        values = [json_text(value) for value in values]
    try:
        return _array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise StorageError(f"{table.name}.{name}: values that do not go into one column: {error}") from error


def _array(values: Any) -> pa.Array:
    array = _inferred(values)
    # Arrow takes the zone of the first time for all.
    return array.cast(pa.timestamp("us", "UTC")) if pa.types.is_timestamp(array.type) and array.type.tz else array


def _inferred(values: Any) -> pa.Array:
    try:
        return pa.array(values, from_pandas=True)
    except UnicodeEncodeError:  # error messages of crashed processes hold bytes that are no text
        return pa.array([_printable(value) for value in values], from_pandas=True)


def _printable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def json_text(value: Any) -> str | None:
    """JSON of a dict, list or number; text is taken as JSON already. Numbers that JSON lacks (NaN) become null."""
    if _is_unknown(value):
        return None
    if isinstance(value, str):
        return _printable(value)
    try:
        return orjson.dumps(value, option=_JSON_OPTIONS).decode()
    except TypeError:  # whole numbers of more than 64 bits, sets, broken text: rare, and slower
        pass
    return _printable(json.dumps(json_ready(value, as_null), sort_keys=True, ensure_ascii=False, allow_nan=False))


def _is_unknown(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
