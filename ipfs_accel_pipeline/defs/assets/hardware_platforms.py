"""The table hardware_platforms: what this machine has, and the partitions that follow from it."""

import dagster as dg

from ipfs_accel_pipeline.defs.detection import detect_apart
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.defs.partitions import HARDWARE
from ipfs_accel_pipeline.pipeline.vanished import with_vanished
from ipfs_accel_pipeline.records import HardwarePlatform
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows


@dg.asset(group_name="platforms", kinds={"python", "duckdb"}, owners=["team:benchmarks"])
def hardware_platforms(context: dg.AssetExecutionContext) -> list[HardwarePlatform]:
    """Every device of this machine, those it had before, and a row with the reason for every absent hardware type.

    Available devices become partitions of the assets that measure.
    """
    found = detect_apart()
    with open_database(load_settings().database) as connection:
        platforms = with_vanished(found, read_rows(connection, "hardware_platforms"))
    available = [platform.hardware_id for platform in platforms if platform.available]
    context.instance.add_dynamic_partitions(HARDWARE, available)
    context.add_output_metadata(
        {
            "available": len(available),
            "platforms": markdown_table(
                ["hardware", "type", "device", "available", "why not"],
                [(p.hardware_id, p.hardware_type, p.device_name, p.available, p.unavailable_reason) for p in platforms],
            ),
        }
    )
    return platforms
