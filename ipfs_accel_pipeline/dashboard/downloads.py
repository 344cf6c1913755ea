"""The rows of a screen as a file: CSV, Parquet or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = list[dict[str, Any]]

# A spreadsheet runs a cell that begins like this as a formula; names and errors are text that others wrote.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    if rows:
        writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def as_json(rows: Rows) -> bytes:
    return json.dumps(rows, ensure_ascii=False, allow_nan=False, default=_plain).encode()


def as_parquet(rows: Rows) -> bytes:
    """Columns of lists and objects are JSON text, so that each column has one type."""
    plain = [{name: _plain(v) if isinstance(v, dict | list) else v for name, v in row.items()} for row in rows]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(plain), file)
    return file.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return _plain(value) if isinstance(value, datetime | dict | list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


FORMATS: dict[str, tuple[str, Callable[[Rows], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "parquet": ("application/vnd.apache.parquet", as_parquet),
    "json": ("application/json", as_json),
}
