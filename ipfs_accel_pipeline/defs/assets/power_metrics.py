"""The table power_metrics, from the shards that are not in it yet."""

from collections import Counter

import dagster as dg

from ipfs_accel_pipeline.defs.assets.test_results import test_results
from ipfs_accel_pipeline.defs.partitions import hardware_partitions
from ipfs_accel_pipeline.pipeline.loading import pending_rows
from ipfs_accel_pipeline.records import PowerMetrics
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database


@dg.asset(
    group_name="benchmarks",
    kinds={"duckdb"},
    owners=["team:benchmarks"],
    partitions_def=hardware_partitions,
    deps=[test_results],
)
def power_metrics(context: dg.AssetExecutionContext) -> list[PowerMetrics]:
    """Power, energy and temperature of every measured case that passed; NULL with the reason where unmeasurable."""
    settings = load_settings()
    with open_database(settings.database) as connection:
        rows = pending_rows(connection, settings, "power_metrics", context.partition_key, context.log.error)
    context.add_output_metadata({f"source/{source}": n for source, n in Counter(row.source for row in rows).items()})
    return rows
