"""CSV dumps and DuckDB files of the original as documents, so that the same readers, pointers and rules serve them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from ipfs_accel_pipeline.storage.legacy_json.documents import Refused

DUCKDB_MAGIC = (8, b"DUCK")
_MOST_ROWS = 1_000_000
_RESULT_TABLES = ("performance_results", "test_results", "hardware_compatibility", "power_metrics")
_NAMES = {"models": "model_name", "hardware_platforms": "hardware_type"}
# A key column in the order of the generations of the original's schema.
_KEYS = {"models": ("model_id", "id"), "hardware_platforms": ("hardware_id", "id")}


def is_duckdb(start: bytes) -> bool:
    offset, magic = DUCKDB_MAGIC
    return start[offset : offset + len(magic)] == magic


def csv_document(data: bytes) -> dict[str, Any]:
    """`{"columns": [...], "rows": [{...}]}`; numbers become numbers, empty cells unknown."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        rows = [{str(key): _cell(value) for key, value in row.items()} for row in reader]
    except csv.Error as error:
        raise Refused(f"broken CSV in line {reader.line_num}: {error}") from error
    columns = list(reader.fieldnames or ())
    if len(columns) < 2:
        raise Refused("no CSV: fewer than two columns")
    return {"columns": columns, "rows": rows}


def _cell(text: Any) -> Any:
    if not isinstance(text, str) or text.strip() == "":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.strip().casefold(), text)


def duckdb_document(path: Path) -> dict[str, Any]:
    """Every result table with the names of model and hardware put in place of their numbers."""
    try:
        connection = duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"})
    except duckdb.Error as error:
        raise Refused(f"DuckDB cannot open it: {str(error).splitlines()[0]}") from error
    try:
        tables = _tables(connection)
        if "schema_migrations" in tables and "imported_files" in tables:
            raise Refused("this is a database of this package, not of the original: nothing to migrate")
        document: dict[str, Any] = {"duckdb_tables": sorted(tables)}
        for table in ("hardware_platforms", *_RESULT_TABLES):
            if table in tables:
                document[table] = list(_rows(connection, table, tables))
        return document
    except duckdb.Error as error:
        raise Refused(f"DuckDB cannot read it: {str(error).splitlines()[0]}") from error
    finally:
        connection.close()


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    query = (
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() WHERE NOT internal GROUP BY 1"
    )
    return dict(connection.execute(query).fetchall())


def _rows(connection: duckdb.DuckDBPyConnection, table: str, tables: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    count = connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
    if count > _MOST_ROWS:
        raise Refused(f"{table} has {count} rows; {_MOST_ROWS} is the most that is read at once")
    columns, joins = ["t.*"], ""
    for parent, name in _NAMES.items():
        own = (
            next((key for key in ("model_id", "model") if key in tables[table]), None)
            if parent == "models"
            else ("hardware_id" if "hardware_id" in tables[table] else None)
        )
        key = next((key for key in _KEYS[parent] if key in tables.get(parent, ())), None)
        if parent == table or own is None or key is None or name in tables[table]:
            continue
        joins += f' LEFT JOIN {parent} ON {parent}."{key}" = t."{own}"'
        columns.append(f'{parent}."{name}" AS "{name}"')
        if parent == "hardware_platforms" and "device_name" in tables[parent]:
            columns.append(f'{parent}."device_name" AS "device_name"')
    result = connection.execute(f"SELECT {', '.join(columns)} FROM {table} AS t{joins} ORDER BY t.rowid")
    names = [column[0] for column in result.description]
    for row in result.fetchall():
        yield {name: _plain(value) for name, value in zip(names, row, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
