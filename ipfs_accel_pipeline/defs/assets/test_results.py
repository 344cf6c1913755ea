"""The table test_results, from the shards that are not in it yet."""

import dagster as dg

from ipfs_accel_pipeline.defs.assets.measurements import measurements
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.defs.partitions import hardware_partitions
from ipfs_accel_pipeline.pipeline.loading import acceptable_rows, pending_shards, register_parents
from ipfs_accel_pipeline.pipeline.recovery import recover_abandoned
from ipfs_accel_pipeline.records import TestResult
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database


@dg.asset(
    group_name="benchmarks",
    kinds={"duckdb"},
    owners=["team:benchmarks"],
    partitions_def=hardware_partitions,
    deps=[measurements],
)
def test_results(context: dg.AssetExecutionContext) -> list[TestResult]:
    """The outcome of every case on this hardware, failures with their reason included."""
    settings = load_settings()
    recover_abandoned(settings, context.log.warning, context.partition_key)
    with open_database(settings.database) as connection:
        shards = pending_shards(connection, settings, "test_results", context.partition_key, context.log.error)
        register_parents(connection, shards)
        rows = acceptable_rows(connection, "test_results", shards, context.log.error)
    context.add_output_metadata(
        {
            "shards": len(shards),
            "passed": sum(row.success for row in rows),
            "not_passed": sum(not row.success for row in rows),
            "results": markdown_table(
                ["model", "endpoint", "precision", "batch", "status", "reason"],
                [(r.model_id, r.endpoint_type, r.precision, r.batch_size, r.status, r.error_message) for r in rows],
            ),
        }
    )
    return rows
