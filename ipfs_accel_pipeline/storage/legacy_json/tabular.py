"""CSV and Parquet dumps of the original as documents, so that the same readers, pointers and rules serve them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet

from ipfs_accel_pipeline.storage.legacy_json.documents import Refused

# The original's largest has 129 rows; a row takes some kilobytes until it is written.
MOST_ROWS = 200_000
_MOST_BYTES = 2**30
_DELIMITERS = ",;\t|"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_PARQUET_MAGIC = b"PAR1"


def is_parquet(start: bytes) -> bool:
    return start.startswith(_PARQUET_MAGIC)


def csv_document(data: bytes) -> dict[str, Any]:
    """`{"columns": [...], "rows": [{...}]}`; numbers become numbers, empty cells unknown."""
    text = _text(data)
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        columns = list(reader.fieldnames or ())
        _refuse_columns(columns)
        rows = [
            {name: _cell(value) for name, value in row.items() if name is not None}
            for row in islice(reader, MOST_ROWS + 1)
        ]
    except csv.Error as error:
        raise Refused(f"broken CSV in line {reader.line_num}: {error}") from error
    _refuse_long("the table", len(rows))
    return {"columns": columns, "rows": rows}


def parquet_document(data: bytes) -> dict[str, Any]:
    """The same form; what says how large it is unpacked is asked before anything is unpacked."""
    try:
        file = pa.parquet.ParquetFile(io.BytesIO(data))
        _refuse_long("the table", file.metadata.num_rows)
        size = sum(file.metadata.row_group(index).total_byte_size for index in range(file.metadata.num_row_groups))
        if size > _MOST_BYTES:
            raise Refused(f"unpacks to {size / 2**20:.0f} MiB; {_MOST_BYTES / 2**20:.0f} MiB is the most for a table")
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise Refused(f"broken Parquet: {str(error).splitlines()[0]}") from error
    _refuse_columns(table.column_names)
    return {"columns": table.column_names, "rows": [plain_row(row) for row in table.to_pylist()]}


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a database calls a value, as JSON would; JSON in a text is opened, so that a pointer can lead into it."""
    return {name: _plain(value) for name, value in row.items()}


def _refuse_columns(columns: Sequence[str]) -> None:
    if len(columns) < 2:
        raise Refused("no table: fewer than two columns")
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise Refused(f"two columns are called {twice[0]!r}: which one is meant cannot be known")


def _refuse_long(what: str, rows: int) -> None:
    if rows > MOST_ROWS:
        raise Refused(f"{what} has more than {MOST_ROWS} rows, the most that is read at once: split it")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-16" if data[:2] in _UTF16 else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _cell(text: Any) -> Any:
    if not isinstance(text, str) or text.strip() in ("", "N/A"):
        return None
    for kind in (int, float):
        try:
            return text if "_" in text else kind(text)  # `1_000` is a number to Python only
        except ValueError:
            continue
    known = {"true": True, "false": False}.get(text.strip().casefold())
    return _opened(text) if known is None else known


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if abs(value) < 2**63 else float(value)
        case str():
            return _opened(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case bytes():
            return f"{len(value)} bytes"
    return _of_time(value)


def _of_time(value: Any) -> Any:
    """Or of whatever else a database knows and JSON does not."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value) if isinstance(value, Decimal) else str(value)


def _opened(text: str) -> Any:
    if not text.startswith("{"):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
