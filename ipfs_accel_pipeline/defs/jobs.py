"""The jobs a person launches: look at the hardware, measure one partition, publish again, import legacy results."""

import dagster as dg

from ipfs_accel_pipeline.defs.partitions import hardware_partitions
from ipfs_accel_pipeline.defs.runs import partition_tags

detect_job = dg.define_asset_job(
    name="detect",
    selection=["hardware_platforms", "models"],
    description="Find the hardware of this machine and add its partitions. Measures nothing.",
)

benchmark_job = dg.define_asset_job(
    name="benchmark",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets("imported_files"),
    description="The main job: measure the chosen models on one device, store the results, publish the reports.",
    config=dg.PartitionedConfig(
        partitions_def=hardware_partitions,
        run_config_for_partition_key_fn=lambda hardware_id: {},
        tags_for_partition_key_fn=partition_tags,
    ),
    # A benchmark isolates itself; a Dagster process for each step would cost seconds of imports and gain nothing.
    executor_def=dg.in_process_executor,
)

publish_job = dg.define_asset_job(
    name="publish",
    # With the history, which a backfill from the asset graph leaves behind where one of its devices failed.
    selection=["performance_changes", "recommendations", "snapshot", "reports"],
    description="Look for changes, recommend, publish the snapshot and write the reports, all from what is stored.",
)

migrate_job = dg.define_asset_job(
    name="migrate",
    selection=["imported_files"],
    description="Import the legacy result files in the folder `legacy` of the data folder, each once.",
)
