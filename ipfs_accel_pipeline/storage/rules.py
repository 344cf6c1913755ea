"""The rules of a table, read from the database and asked of the staged rows, so that a refusal names row and remedy."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.staging import STAGED, Rule, check
from ipfs_accel_pipeline.storage.tables import Table, WritePolicy


class Constraint(NamedTuple):
    kind: str  # PRIMARY KEY | UNIQUE | FOREIGN KEY | CHECK | NOT NULL
    columns: list[str]
    expression: str | None
    parent: str | None
    parent_columns: list[str]


def constraints_of(connection: duckdb.DuckDBPyConnection, table: Table) -> list[Constraint]:
    query = (
        "SELECT constraint_type, constraint_column_names, expression, referenced_table, referenced_column_names "
        "FROM duckdb_constraints() WHERE table_name = ? AND database_name = current_database() "
        "ORDER BY constraint_index"
    )
    return [Constraint(*row) for row in connection.execute(query, [table.name]).fetchall()]


def check_rules(connection: duckdb.DuckDBPyConnection, table: Table, constraints: list[Constraint]) -> None:
    """StorageError about the first staged row that the table would refuse."""
    check(connection, table, STAGED, [_not_null(c) for c in constraints if c.kind == "NOT NULL"])
    check(connection, table, STAGED, [_holds(c) for c in constraints if c.kind == "CHECK"])
    for constraint in constraints:
        if constraint.kind in ("PRIMARY KEY", "UNIQUE"):
            _check_unique(connection, table, constraint)
        if constraint.kind == "FOREIGN KEY":
            _check_parent(connection, table, constraint)
    # A table that is replaced loses its old rows anyway.
    if table.policy is not WritePolicy.REPLACE:
        _check_fixed(connection, table, constraints)


def indexed_columns(constraints: list[Constraint]) -> set[str]:
    """Columns that an update must not set: DuckDB makes that a delete and an insert, which foreign keys refuse."""
    kinds = ("PRIMARY KEY", "UNIQUE", "FOREIGN KEY")
    return {name for constraint in constraints if constraint.kind in kinds for name in constraint.columns}


def _not_null(constraint: Constraint) -> Rule:
    (name,) = constraint.columns
    return Rule(f'"{name}" IS NULL', [], f"{name} is missing, and no row may be without it. Nothing was written.")


def _holds(constraint: Constraint) -> Rule:
    says = f"breaks the rule {constraint.expression}. Correct what computed it. Nothing was written."
    return Rule(f"NOT {constraint.expression}", constraint.columns, says)


def _check_unique(connection: duckdb.DuckDBPyConnection, table: Table, constraint: Constraint) -> None:
    keys = ", ".join(f'"{name}"' for name in constraint.columns)
    query = f"SELECT {keys}, count(*) FROM {STAGED} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
    for *key, count in connection.execute(query).fetchall():
        raise StorageError(
            f"{table.name}: {count} rows of one write have the same {', '.join(constraint.columns)} "
            f"({', '.join(map(repr, key))}). Keep one of them. Nothing was written."
        )


def _check_parent(connection: duckdb.DuckDBPyConnection, table: Table, constraint: Constraint) -> None:
    (column,), (parent_column,) = constraint.columns, constraint.parent_columns
    query = (
        f'SELECT "{table.primary_key}", "{column}" FROM {STAGED} WHERE "{column}" IS NOT NULL '
        f'AND "{column}" NOT IN (SELECT "{parent_column}" FROM {constraint.parent}) LIMIT 1'
    )
    for key, value in connection.execute(query).fetchall():
        raise StorageError(
            f"{table.name} row {key!r}: {column} {value!r} is not in {constraint.parent}. "
            f"Load it first: materialize the asset {constraint.parent}. Nothing was written."
        )


def _check_fixed(connection: duckdb.DuckDBPyConnection, table: Table, constraints: list[Constraint]) -> None:
    """A stored row keeps what it is about: the same id with another model or hardware is two things with one name."""
    fixed = [c.columns[0] for c in constraints if c.kind == "FOREIGN KEY"]
    if not fixed:
        return
    moved = " OR ".join(f'new."{name}" <> old."{name}"' for name in fixed)
    query = f'SELECT new."{table.primary_key}" FROM {STAGED} new JOIN {table.name} old USING ("{table.primary_key}") '
    for (key,) in connection.execute(f"{query} WHERE {moved} LIMIT 1").fetchall():
        raise StorageError(
            f"{table.name} row {key!r} is stored already with another {' or '.join(fixed)}. "
            "Make the id from all that names the row (identity.row_id). Nothing was written."
        )
