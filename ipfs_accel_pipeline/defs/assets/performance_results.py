"""The table performance_results, from the shards that are not in it yet."""

import dagster as dg

from ipfs_accel_pipeline.defs.assets.test_results import test_results
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.defs.partitions import hardware_partitions
from ipfs_accel_pipeline.defs.plots import latency_plot
from ipfs_accel_pipeline.pipeline.loading import pending_rows
from ipfs_accel_pipeline.records import PerformanceResult
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database


@dg.asset(
    group_name="benchmarks",
    kinds={"duckdb"},
    owners=["team:benchmarks"],
    partitions_def=hardware_partitions,
    deps=[test_results],
)
def performance_results(context: dg.AssetExecutionContext) -> list[PerformanceResult]:
    """Latency, throughput and memory of every measured case that passed. Emulated cases never get here."""
    settings = load_settings()
    with open_database(settings.database) as connection:
        rows = pending_rows(connection, settings, "performance_results", context.partition_key, context.log.error)
    context.add_output_metadata(
        {
            "noisy": sum(row.is_noisy for row in rows),
            "latency": latency_plot(rows),
            "results": markdown_table(
                ["model", "endpoint", "precision", "batch", "p50 ms", "95 % interval", "items/s", "peak MiB", "noisy"],
                [
                    (
                        r.model_id,
                        r.endpoint_type,
                        r.precision,
                        r.batch_size,
                        r.p50_latency_ms,
                        f"{r.ci95_low_ms:.3g}–{r.ci95_high_ms:.3g}",
                        r.throughput_items_per_second,
                        r.memory_peak_mb,
                        r.is_noisy,
                    )
                    for r in rows
                ],
            ),
        }
    )
    return rows
