"""The table performance_changes: where performance changed for good, and what else changed there."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg

from ipfs_accel_pipeline.defs.assets.performance_results import performance_results
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.pipeline.changes import chosen_sensitivity, current_changes, explained
from ipfs_accel_pipeline.records import PerformanceChange
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database


@dg.asset(group_name="history", kinds={"duckdb"}, owners=["team:benchmarks"], deps=[performance_results])
def performance_changes(context: dg.AssetExecutionContext) -> list[PerformanceChange]:
    """Lasting changes of latency, throughput, memory, energy, parity and success over all stored tests.

    What a person said of a change (acknowledged, expected, fixed) stays.
    """
    with open_database(load_settings().database) as connection:
        rows = current_changes(connection, chosen_sensitivity(), datetime.now(UTC))
    kinds = Counter(row.kind for row in rows if row.still_found)
    context.add_output_metadata(
        {f"changes/{kind}": count for kind, count in sorted(kinds.items())}
        | {"changes": changes_table(row for row in rows if row.still_found)}
    )
    return rows


def changes_table(rows: Iterable[PerformanceChange]) -> dg.MarkdownMetadataValue:
    """One line per change, for the metadata panel."""
    return markdown_table(
        ["changed", "model", "hardware", "endpoint", "metric", "kind", "change", "what else changed", "status"],
        [
            (
                f"{row.changed_at:%Y-%m-%d %H:%M}",
                row.model_id,
                row.hardware_id,
                row.endpoint_type,
                row.metric,
                row.kind,
                None if row.relative_change is None else f"{row.relative_change:+.1%}",
                explained(row),
                row.status,
            )
            for row in rows
        ],
    )
