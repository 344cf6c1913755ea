"""DuckDB and SQLite files of the original as documents: every table is read, or named with the reason why not.

A table is known by its columns, not by its name or by the generation of the schema: whatever says of a model on some
hardware how it ended or how fast it was holds results. Numbers of models, platforms and runs become their names.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ipfs_accel_pipeline.storage.database import SESSION
from ipfs_accel_pipeline.storage.legacy_json.columns import (
    DEVICE_NAMES,
    MODEL_NAMES,
    belongs_to_another,
    is_derived,
    names_results,
)
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused
from ipfs_accel_pipeline.storage.legacy_json.tabular import MOST_ROWS, plain_row

TABLES = "duckdb_tables"  # every table of the file with its columns; also that of SQLite
NOT_READ = "not read"  # table or view -> its number of rows, and the reason
_DUCKDB_MAGIC = (8, b"DUCK")
_SQLITE_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True)
class _Parent:
    """Where a number leads, and what of the row there belongs into the row that has the number."""

    key: str
    tables: tuple[str, ...]
    take: tuple[tuple[str, tuple[str, ...]], ...]  # our column -> theirs


# Runs first: their row may be the one that has the number of the model.
_PARENTS = (
    _Parent(
        "run_id",
        ("test_runs", "benchmark_runs"),
        (
            ("model_id", ("model_id",)),
            ("model_name", ("model_name",)),
            ("hardware", ("hardware", "device")),
            ("precision", ("precision",)),
            ("run_started_at", ("started_at", "timestamp", "created_at")),
        ),
    ),
    _Parent("model_id", ("models",), (("model_name", ("model_name", "name")),)),
    _Parent("model", ("models",), (("model_name", ("model_name", "name")),)),
    _Parent(
        "hardware_id",
        ("hardware_platforms",),
        (("hardware_type", ("hardware_type", "type", "name")), ("device_name", DEVICE_NAMES)),
    ),
)
_DEVICES, _MODELS = frozenset(DEVICE_NAMES), frozenset(MODEL_NAMES)
_FLAGS = ("is_simulated", "simulation_mode", "simulation_warning")
_Row = dict[str, Any]


@dataclass
class _Database:
    connection: Any
    columns: dict[str, list[str]]
    views: list[str]

    def count(self, table: str) -> int:
        return int(self.connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])

    def rows(self, table: str) -> Iterator[_Row]:
        result = self.connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid')
        while some := result.fetchmany(1000):
            for row in some:
                yield plain_row(dict(zip(self.columns[table], row, strict=True)))


def is_duckdb(start: bytes) -> bool:
    offset, magic = _DUCKDB_MAGIC
    return start[offset : offset + len(magic)] == magic


def is_sqlite(start: bytes) -> bool:
    return start.startswith(_SQLITE_MAGIC)


def duckdb_document(path: Path) -> _Row:
    """What a DuckDB file holds. Changes that lie in the log beside it are part of it."""
    try:
        connection = _open_duckdb(path)
    except duckdb.Error as error:
        raise Refused(f"DuckDB cannot open it: {_first_line(error)}") from error
    with closing(connection):
        try:
            query = "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
            names = dict(connection.execute(query + "WHERE NOT internal GROUP BY 1").fetchall())
            views = [
                name
                for (name,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
            ]
            tables = {name: columns for name, columns in names.items() if name not in views}
            return _document(_Database(connection, tables, views))
        except duckdb.Error as error:
            raise Refused(f"DuckDB cannot read it: {_first_line(error)}") from error


def locked(path: Path) -> str | None:
    """Why a DuckDB file cannot be read now, though it may be later: another process writes to it."""
    try:
        _open_duckdb(path).close()
    except duckdb.IOException as error:
        return f"another process has it open for writing: {_first_line(error)}" if "lock" in str(error) else None
    except duckdb.Error:
        return None
    return None


def sqlite_document(data: bytes) -> _Row:
    """What an SQLite file holds, read from memory."""
    # The header may ask for a log file, which memory has not; the caller has seen that there is none.
    data = data[:18] + b"\1\1" + data[20:]
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(data)
            kinds = connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
            columns = {
                name: [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
                for kind, name in kinds
                if kind == "table"
            }
            return _document(_Database(connection, columns, [name for kind, name in kinds if kind == "view"]))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise Refused(f"SQLite cannot read it: {error}") from error


def _open_duckdb(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"})
    connection.execute(SESSION)
    return connection


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _document(database: _Database) -> _Row:
    if {"schema_migrations", "imported_files"} <= database.columns.keys():
        raise Refused("this is a database of this package, not of the original: nothing to migrate")
    document: _Row = {TABLES: dict(sorted(database.columns.items())), NOT_READ: _not_read_views(database)}
    parents = list(_parents(database))
    total = 0
    for table, columns in document[TABLES].items():
        rows = database.count(table)
        reason = None if rows and is_platforms(columns) else _why_not(table, _with_names(columns, parents), rows)
        if reason is not None:
            document[NOT_READ][table] = [rows, reason]
            continue
        total += rows
        if total > MOST_ROWS:
            raise Refused(f"more than {MOST_ROWS} rows of results, the most that is read at once: split it")
        document[table] = [_named(row, parents) for row in database.rows(table)]
    return document


def is_known(document: _Row) -> bool:
    """Whether any of its tables is one of the original's: a database of something else is none of ours."""
    tables: dict[str, list[str]] = document[TABLES]
    lookups = {table for parent in _PARENTS for table in parent.tables}
    return not tables or any(table in document or table in lookups for table in tables) or _is_empty(document)


def _is_empty(document: _Row) -> bool:
    return all(document[NOT_READ].get(table) == [0, _NO_ROWS] for table in document[TABLES])


_NO_ROWS = "no rows"


def is_platforms(columns: list[str]) -> bool:
    """Rows that describe devices."""
    names = frozenset(columns)
    return "hardware_type" in names and bool(names & _DEVICES) and not names & _MODELS


def _why_not(table: str, columns: list[str], rows: int) -> str | None:
    if not rows:
        return _NO_ROWS
    if names_results(columns):
        return None
    if any(table in parent.tables for parent in _PARENTS):
        return "names of models, platforms or runs, no results"
    if is_derived(columns):
        return "predictions, advice or comparisons, which are derived from results"
    if belongs_to_another(columns):
        return "they belong to rows of another table, and name no model and platform themselves"
    return f"an unknown table; its columns: {', '.join(columns)}"


def _not_read_views(database: _Database) -> _Row:
    return {view: [None, "a view: it repeats what tables hold"] for view in sorted(database.views)}


@dataclass
class _Lookup:
    parent: _Parent
    rows: dict[str, _Row]

    def columns(self, columns: list[str]) -> list[str]:
        if self.parent.key not in columns or not self.rows:
            return []
        there = next(iter(self.rows.values()))
        return [
            name for name, theirs in self.parent.take if name not in columns and any(one in there for one in theirs)
        ]


def _parents(database: _Database) -> Iterator[_Lookup]:
    for parent in _PARENTS:
        rows: dict[str, _Row] = {}
        for table in parent.tables:
            keys = ("id", parent.key) if parent.key not in database.columns.get(table, ()) else (parent.key,)
            key = next((key for key in keys if key in database.columns.get(table, ())), None)
            if key is not None:
                for row in database.rows(table):
                    rows.setdefault(str(row[key]), row)
        yield _Lookup(parent, rows)


def _with_names(columns: list[str], parents: list[_Lookup]) -> list[str]:
    for lookup in parents:
        columns = columns + lookup.columns(columns)
    return columns


def _named(row: _Row, parents: list[_Lookup]) -> _Row:
    """The row with what its numbers lead to; a number that leads nowhere stays one."""
    for lookup in parents:
        found = lookup.rows.get(str(row.get(lookup.parent.key)))
        if found is None:
            continue
        for name, theirs in lookup.parent.take:
            value = next((found[one] for one in theirs if found.get(one) is not None), None)
            if row.get(name) is None and value is not None:
                row[name] = value
        for flag in _FLAGS:
            if found.get(flag):
                row.setdefault(f"{lookup.parent.key.removesuffix('_id')}_{flag}", found[flag])
    return row
