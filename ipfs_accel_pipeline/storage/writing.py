"""Writes rows into one table by its policy, in one transaction: all of them, or none and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.encoding import Rows, as_arrow
from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.reading import Conditions, conditions
from ipfs_accel_pipeline.storage.rules import check_rules, constraints_of, indexed_columns
from ipfs_accel_pipeline.storage.staging import STAGED, staged
from ipfs_accel_pipeline.storage.tables import Table, WritePolicy, table_named
from ipfs_accel_pipeline.storage.transactions import transaction


@dataclass(frozen=True)
class WriteCounts:
    """What a write did. `rows` = `added` + `rewritten`."""

    rows: int
    added: int
    rewritten: int
    table_rows: int  # in the table afterwards
    removed: int = 0  # only of a REPLACE table: rows of the slice that were not written again


def write_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rows: Rows,
    *,
    replace_slice: Conditions | None = None,
    within: Conditions | None = None,
) -> WriteCounts:
    """Writes dataclass rows, or (some of) the table's columns as a frame, by name or in Arrow.

    Missing columns stay as they are in stored rows and are NULL in new ones. A REPLACE table needs
    `replace_slice`: {"hardware_id": "cpu-0"}, or a list of such values, or {} for the whole table. Rows outside of
    it, or of `within`, are refused: they belong to somebody else's partition.
    """
    target = table_named(table)
    _check_slice(target, replace_slice)
    incoming = as_arrow(target, rows)
    with as_storage_errors(f"Cannot write {table}"), transaction(connection), staged(connection, target, incoming):
        constraints = constraints_of(connection, target)
        # Before anything changes: inside a caller's transaction a refusal must leave nothing to roll back.
        check_rules(connection, target, constraints)
        _check_inside(connection, target, {**(within or {}), **(replace_slice or {})})
        before = _count(connection, target.name)
        rewritten = _count(connection, f"{STAGED} JOIN {target.name} USING ({target.primary_key})")
        if replace_slice is not None:
            _delete_slice(connection, target, replace_slice)
        _insert(connection, target, incoming.column_names, indexed_columns(constraints))
        after = _count(connection, target.name)
    added = incoming.num_rows - rewritten
    return WriteCounts(incoming.num_rows, added, rewritten, after, removed=before + added - after)


def refuse_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> None:
    """StorageError about the first row that breaks a rule of the table. Writes nothing."""
    target = table_named(table)
    incoming = as_arrow(target, rows)
    with as_storage_errors(f"Cannot write {table}"), transaction(connection), staged(connection, target, incoming):
        check_rules(connection, target, constraints_of(connection, target))


def _check_slice(table: Table, replace_slice: Conditions | None) -> None:
    replaces = table.policy is WritePolicy.REPLACE
    if replaces and replace_slice is None:
        raise StorageError(
            f"{table.name} is replaced slice by slice: pass replace_slice, "
            f"such as {{{table.slice_column!r}: ...}}, or {{}} for the whole table."
        )
    if not replaces and replace_slice is not None:
        raise StorageError(f"{table.name} keeps its history ({table.policy}): nothing of it may be replaced.")


def _check_inside(connection: duckdb.DuckDBPyConnection, table: Table, where: Conditions) -> None:
    unknown = set(where) - set(table.columns)
    if unknown:
        raise StorageError(f"{table.name} has no column {', '.join(sorted(unknown))} to choose rows by.")
    inside, values = conditions(where)
    query = f"SELECT {table.primary_key} FROM {STAGED} WHERE ({inside}) IS NOT TRUE LIMIT 1"
    for (key,) in connection.execute(query, values).fetchall():
        raise StorageError(f"{table.name} row {key!r} lies outside of {dict(where)}. Nothing was written.")


def _delete_slice(connection: duckdb.DuckDBPyConnection, table: Table, replace_slice: Conditions) -> None:
    inside, values = conditions(replace_slice)
    connection.execute(f"DELETE FROM {table.name} WHERE {inside}", values)


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, given: Sequence[str], indexed: set[str]) -> None:
    updates = _updates(table, [name for name in given if name not in indexed])
    action = f"DO UPDATE SET {updates}" if updates else "DO NOTHING"
    columns = ", ".join(f'"{name}"' for name in given)
    connection.execute(
        f"INSERT INTO {table.name} BY NAME SELECT {columns} FROM {STAGED} ON CONFLICT ({table.primary_key}) {action}"
    )


def _updates(table: Table, columns: Sequence[str]) -> str:
    """The SET list for a row that is stored already."""
    return ", ".join(
        f'"{name}" = coalesce(excluded."{name}", {table.name}."{name}")'
        if name in table.keep_known
        else f'"{name}" = excluded."{name}"'
        for name in columns
        if name not in table.keep_first
    )


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    return connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
