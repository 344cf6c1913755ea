"""What only imports need of the database: which rows are there already, and taking back what proved false."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa

from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.queries import run_query
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.tables import table_named
from ipfs_accel_pipeline.storage.transactions import transaction
from ipfs_accel_pipeline.storage.writing import write_rows

_ASKED = "asked_keys"


def present(connection: duckdb.DuckDBPyConnection, table: str, keys: pa.Array | pa.ChunkedArray) -> set[str]:
    """Those of the keys that the table has."""
    target = table_named(table)
    query = f"SELECT {target.primary_key} FROM {target.name} WHERE {target.primary_key} IN (SELECT key FROM {_ASKED})"
    with as_storage_errors(f"Cannot look into {table}"):
        # Bound as a list, each key would be a Python value to DuckDB, for twenty times as long.
        connection.register(_ASKED, pa.table({"key": keys.cast(pa.string())}))
        try:
            return {key for (key,) in connection.execute(query).fetchall()}
        finally:
            connection.unregister(_ASKED)


def known_files(
    connection: duckdb.DuckDBPyConnection,
    tool_version: str,
    accept_claimed: bool,
    among: Iterable[str] | None = None,
) -> set[str]:
    """Ids of the files (`among` these, or all) that need not be read again."""
    ids = None if among is None else list(among)
    known = run_query(
        connection, "imported_file_known", tool_version=tool_version, accept_claimed=accept_claimed, ids=ids
    )
    return set(known["id"])


def claims_without_figures(connection: duckdb.DuckDBPyConnection, among: Iterable[str]) -> set[str]:
    """Ids of the tests whose claimed figures were not taken, and may be."""
    return set(run_query(connection, "imported_claim", ids=list(among))["id"])


def note_claims(connection: duckdb.DuckDBPyConnection, files: Mapping[str, int]) -> None:
    """That the claims of these files were accepted, and how many performance rows each gave."""
    with as_storage_errors("Cannot write imported_files"):
        connection.execute(
            "UPDATE imported_files SET performance_rows = performance_rows + new.rows, claims_accepted = TRUE "
            "FROM (SELECT unnest($ids::VARCHAR[]) AS id, unnest($rows::INTEGER[]) AS rows) AS new "
            "WHERE imported_files.id = new.id",
            {"ids": list(files), "rows": list(files.values())},
        )


def disproved(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Test ids whose figures all imported rows together disprove, with the reasons."""
    found: dict[str, list[str]] = {}
    for query in ("imported_constant", "imported_relabelled"):
        for test_id, reason in run_query(connection, query).itertuples(index=False):
            found.setdefault(test_id, []).append(reason)
    return found


def withdraw(connection: duckdb.DuckDBPyConnection, reasons: dict[str, list[str]], grade: str) -> Sequence[Any]:
    """Takes the performance rows of these tests away and lowers their evidence; the tests stay, with the reason.

    Returns the tests as they were.
    """
    if not reasons:
        return []
    with as_storage_errors("Cannot withdraw imported figures"), transaction(connection):
        tests = read_rows(connection, "test_results", {"id": list(reasons)})
        taken = connection.execute(
            "DELETE FROM performance_results WHERE provenance = 'imported' AND test_id IN (SELECT unnest($ids)) "
            "RETURNING test_id, average_latency_ms",
            {"ids": list(reasons)},
        ).fetchall()
        figures = dict(taken)
        lowered = [
            replace(
                test,
                details=test.details
                | {
                    "evidence": grade,
                    "evidence_reasons": [*reasons[test.id], *test.details["evidence_reasons"]],
                    # A later import is judged by it too.
                    "withdrawn_average_latency_ms": figures[test.id],
                },
            )
            for test in tests
        ]
        write_rows(connection, "test_results", lowered)
        _count_off(connection, Counter(test.run_id for test in tests))
    return tests


def _count_off(connection: duckdb.DuckDBPyConnection, runs: Mapping[str, int]) -> None:
    """From the performance rows that the files of these runs gave."""
    connection.execute(
        "UPDATE imported_files SET performance_rows = greatest(performance_rows - taken.rows, 0) "
        "FROM (SELECT unnest($ids::VARCHAR[]) AS id, unnest($rows::INTEGER[]) AS rows) AS taken "
        "WHERE 'import-' || imported_files.id[:12] = taken.id",
        {"ids": list(runs), "rows": list(runs.values())},
    )
