"""The table hardware_compatibility: derived from the tests, written anew for each device."""

import dagster as dg

from ipfs_accel_pipeline.defs.assets.performance_results import performance_results
from ipfs_accel_pipeline.defs.assets.power_metrics import power_metrics
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.defs.partitions import hardware_partitions
from ipfs_accel_pipeline.pipeline.loading import current_compatibility
from ipfs_accel_pipeline.records import HardwareCompatibility
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.derived import record_largest_batches


@dg.asset(
    group_name="results",
    kinds={"duckdb"},
    owners=["team:benchmarks"],
    partitions_def=hardware_partitions,
    deps=[performance_results, power_metrics],
)
def hardware_compatibility(context: dg.AssetExecutionContext) -> list[HardwareCompatibility]:
    """Does each model run on this hardware? Judged by the latest test of each case."""
    with open_database(load_settings().database) as connection:
        rows = current_compatibility(connection, context.partition_key)
        record_largest_batches(connection)
    context.add_output_metadata(
        {
            "matrix": markdown_table(
                ["model", "status", "score", "reason"],
                [(r.model_id, r.compatibility_status, r.compatibility_score, r.reason) for r in rows],
            )
        }
    )
    return rows
