"""The published copy of the database."""

import dagster as dg

from ipfs_accel_pipeline.defs.assets.hardware_compatibility import hardware_compatibility
from ipfs_accel_pipeline.defs.assets.performance_changes import performance_changes
from ipfs_accel_pipeline.defs.assets.recommendations import recommendations
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot


@dg.asset(
    group_name="results",
    kinds={"duckdb", "file"},
    owners=["team:benchmarks"],
    deps=[hardware_compatibility, performance_changes, recommendations],
)
def snapshot() -> dg.MaterializeResult:
    """The read-only copy of the database that reports, dashboard and notebooks open."""
    settings = load_settings()
    path = publish_snapshot(settings.database, settings.snapshot)
    size_mb = path.stat().st_size / 2**20
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(path), "size_mb": size_mb})
