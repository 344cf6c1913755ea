"""Fails while there is a regression that nobody has dealt with."""

import dagster as dg

from ipfs_accel_pipeline.defs.assets.performance_changes import changes_table
from ipfs_accel_pipeline.pipeline.changes import is_open
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows


@dg.asset_check(
    asset="performance_changes",
    name="new_regressions",
    description="Holds when every regression that is still seen is acknowledged, expected or fixed.",
)
def new_regressions() -> dg.AssetCheckResult:
    """`ipfs-accel regressions --set expected ID` is how a person answers it."""
    with open_database(load_settings().database) as connection:
        found = [row for row in read_rows(connection, "performance_changes") if is_open(row)]
    return dg.AssetCheckResult(
        passed=not found,
        metadata={"new_regressions": len(found), "regressions": changes_table(found)},
    )
