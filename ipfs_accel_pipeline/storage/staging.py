"""Incoming rows wait in a temporary table until every rule of their target was checked.

DuckDB's own refusal names neither the row nor the remedy and aborts the transaction; the same rules asked as
questions beforehand name both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import duckdb
import pyarrow as pa

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.tables import Table

STAGED = "staged_rows"
_INCOMING = "incoming_rows"


class Column(NamedTuple):
    name: str
    type: str
    nullable: bool
    comment: str | None


class Rule(NamedTuple):
    """A condition that no staged row may meet, and what to say of the row that does."""

    broken_when: str
    columns: list[str]  # whose values the message shows
    says: str


def columns_of(connection: duckdb.DuckDBPyConnection, table: Table) -> list[Column]:
    """The columns as the database has them, in its order."""
    query = (
        "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() WHERE table_name = ? "
        "AND database_name = current_database() ORDER BY column_index"
    )
    return [Column(*row) for row in connection.execute(query, [table.name]).fetchall()]


@contextmanager
def staged(connection: duckdb.DuckDBPyConnection, table: Table, incoming: pa.Table) -> Iterator[None]:
    """A temporary table STAGED with every column of `table`, in its types; what was not given is NULL."""
    columns = columns_of(connection, table)
    given = set(incoming.column_names)
    connection.register(_INCOMING, incoming)
    try:
        check(connection, table, _INCOMING, [_castable(c, incoming) for c in columns if c.name in given])
        select = ", ".join(
            f"CAST({_quoted(c.name) if c.name in given else 'NULL'} AS {c.type}) AS {_quoted(c.name)}" for c in columns
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {STAGED} AS SELECT {select} FROM {_INCOMING}")
    finally:
        connection.unregister(_INCOMING)
    yield
    connection.execute(f"DROP TABLE IF EXISTS {STAGED}")


def check(connection: duckdb.DuckDBPyConnection, table: Table, source: str, rules: list[Rule]) -> None:
    """StorageError about the first row that breaks a rule; one scan for all of them."""
    if not rules:
        return
    counts = ", ".join(f"count(*) FILTER (WHERE {rule.broken_when})" for rule in rules)
    broken = connection.execute(f"SELECT {counts} FROM {source}").fetchall()[0]
    for rule, count in zip(rules, broken, strict=True):
        if count:
            raise StorageError(f"{table.name} {_first_row(connection, table, source, rule)}: {rule.says}")


def _first_row(connection: duckdb.DuckDBPyConnection, table: Table, source: str, rule: Rule) -> str:
    """Key and values of the first offender, so that the reader can find it."""
    found = connection.execute(f"SELECT * FROM {source} WHERE {rule.broken_when} LIMIT 1")
    row = dict(zip([column[0] for column in found.description], found.fetchall()[0], strict=True))
    named = [f"{name}={row[name]!r}" for name in rule.columns if name != table.primary_key]
    return f"row {row.get(table.primary_key)!r}" + (f" ({', '.join(named)})" if named else "")


def _castable(column: Column, incoming: pa.Table) -> Rule:
    name = _quoted(column.name)
    broken = f"{name} IS NOT NULL AND TRY_CAST({name} AS {column.type}) IS NULL"
    if column.type == "INTEGER" and pa.types.is_floating(incoming.schema.field(column.name).type):
        # DuckDB would round 1.5 to 2 without a word.
        broken = f"{name} IS NOT NULL AND (TRY_CAST({name} AS INTEGER) IS NULL OR {name} <> trunc({name}))"
    return Rule(broken, [column.name], f"{column.name} is no {column.type}. Nothing was written.")


def _quoted(name: str) -> str:
    return f'"{name}"'
