"""Reports over the published snapshot."""

import dagster as dg

from ipfs_accel_pipeline.defs.assets.snapshot import snapshot
from ipfs_accel_pipeline.pipeline.reporting import make_report, write_all_reports
from ipfs_accel_pipeline.settings import load_settings


@dg.asset(group_name="results", kinds={"markdown", "html", "json"}, owners=["team:benchmarks"], deps=[snapshot])
def reports() -> dg.MaterializeResult:
    """The report over everything stored, as Markdown, HTML and JSON."""
    settings = load_settings()
    paths = write_all_reports(settings)
    return dg.MaterializeResult(
        metadata={format: dg.MetadataValue.path(path) for format, path in paths.items()}
        | {"report": dg.MetadataValue.md(make_report(settings, "markdown"))}
    )
