"""Two runs, two versions of a runtime or two platforms side by side, case by case.

What may be compared and what is a tie is said once, in sql/dashboard/compared_case.sql.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import duckdb

from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.queries import query_rows, query_text

By = Literal["run", "version", "platform"]
_FILTERS = ("models", "hardware", "families", "precisions", "batch_sizes")


def compared_cases(
    connection: duckdb.DuckDBPyConnection,
    by: By,
    a: str,
    b: str,
    filters: Mapping[str, Sequence[Any]],
    count: int | None = None,
    number: int | None = None,
) -> list[dict[str, Any]]:
    """The first `count` cases and the one of `number`, counted from 0, the largest change first.

    `a` and `b` of a row are the results of each side, None where it has none; `p50_ratio` is b over a; `verdicts` is
    the same in every row and counts all cases. `filters` are models, hardware, families, precisions and batch_sizes;
    an empty one lets everything pass. Platforms need a connection of a `PreparedSnapshot`.
    """
    chosen = {name: list(filters.get(name) or ()) or None for name in _FILTERS}
    with as_storage_errors(f"Cannot compare two {by}s"):
        side = query_text(f"dashboard/side_of_{by}")
        connection.execute(f"CREATE OR REPLACE TEMP MACRO side_result(side) AS TABLE {side}")
    return query_rows(connection, "dashboard/compared_case", a=a, b=b, filters=chosen, count=count, number=number)
