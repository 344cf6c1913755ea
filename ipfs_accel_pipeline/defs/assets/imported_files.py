"""The table imported_files: legacy result files that were put into the data folder, imported once each."""

import dagster as dg

from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.pipeline.migration.report import OUTCOMES, as_markdown
from ipfs_accel_pipeline.pipeline.migration.run import MigrationOptions, migrate
from ipfs_accel_pipeline.settings import load_settings

_LONGEST_REPORT = 200_000  # characters
_MOST_LOGGED = 200  # each is an event of the run; all of them are in the table


@dg.asset(group_name="imports", kinds={"json", "duckdb"}, owners=["team:benchmarks"])
def imported_files(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Everything in the folder `legacy` of the data folder: found, understood, imported or refused with a reason.

    Run configuration names no paths; whoever may put files there decides what is imported.
    """
    settings = load_settings()
    settings.legacy.mkdir(parents=True, exist_ok=True)
    report = migrate(settings, [str(settings.legacy)], MigrationOptions())
    for refusal in report.refusals[:_MOST_LOGGED]:
        context.log.info(f"{refusal.path} {refusal.pointer}: {refusal.reason}")
    return dg.MaterializeResult(
        metadata={
            "folder": dg.MetadataValue.path(settings.legacy),
            "files": report.files,
            "seen_before": report.seen_before,
            **{f"rows/{table}": count for table, count in report.rows.items()},
            "shapes": markdown_table(
                ["shape", *OUTCOMES],
                [(shape, *(counts[name] for name in OUTCOMES)) for shape, counts in sorted(report.by_shape.items())],
            ),
            "report": dg.MetadataValue.md(as_markdown(report)[:_LONGEST_REPORT]),
        }
    )
