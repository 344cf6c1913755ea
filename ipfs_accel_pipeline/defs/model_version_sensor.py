"""Notices another version of a model that was measured before, and asks for its benchmark where the old one ran."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.defs.assets.performance_results import performance_results
from ipfs_accel_pipeline.defs.jobs import benchmark_job
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.defs.partitions import HARDWARE
from ipfs_accel_pipeline.defs.sensors import PARTITION_TAG, PATIENCE_S, is_running
from ipfs_accel_pipeline.pipeline.comparing import DEFAULT_EFFECT, compare_sides
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.queries import run_query
from ipfs_accel_pipeline.storage.snapshot import open_snapshot

PREDECESSOR_TAG = "bench/predecessor"


@dg.sensor(
    job=benchmark_job,
    minimum_interval_seconds=600,
    description="Every ten minutes: a changed folder or file, or another version in the registry, of a model that the "
    "catalogue names by `path` and that was measured before, is measured on the same platforms, once a day until that "
    "succeeds. Off until turned on.",
)
def new_model_versions(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """A place that was never measured has no predecessor, and so asks for nothing."""
    now = _current_revisions()
    with open_database(load_settings().database, lock_timeout_s=PATIENCE_S) as connection:
        measured = run_query(connection, "measured_revision").to_dict("records")
    changed = [row for row in measured if now.get(row["model_id"]) not in (None, _as_read(row))]
    # A device may be known to the command line only, or its partition deleted: one such key would fail the whole tick.
    partitions = set(context.instance.get_dynamic_partitions(HARDWARE))
    requests = [
        _request(row, hardware, now[row["model_id"]])
        for row in changed
        for hardware in row["hardware_ids"]
        if hardware in partitions and not is_running(context.instance, _tags(row) | {PARTITION_TAG: hardware})
    ]
    if requests:
        return dg.SensorResult(run_requests=requests)
    return dg.SensorResult(skip_reason=dg.SkipReason(_why_none(changed, now, partitions)))


def _why_none(changed: list[Any], named: Mapping[str, str], partitions: set[str]) -> str:
    if not changed:
        return f"no other version among {', '.join(named) or 'no named places'}"
    missing = sorted({hardware for row in changed for hardware in row["hardware_ids"]} - partitions)
    told = f"; no partition: {', '.join(missing)}. Run the job `detect` where they are" if missing else ""
    return f"being measured: {', '.join(row['model_id'] for row in changed)}{told}"


def _request(row: Any, hardware_id: str, revision: str) -> dg.RunRequest:
    return dg.RunRequest(
        # A version that was there before is measured again when it comes back, and a run that failed the next day.
        run_key=f"version-{row['model_id']}-{revision}-{hardware_id}-after-{row['tested_at']}-{datetime.now(UTC):%Y-%m-%d}",
        partition_key=hardware_id,
        run_config={"resources": {"benchmark": {"config": {"models": [row["model_id"]]}}}},
        tags=_tags(row),
    )


def _tags(row: Any) -> dict[str, str]:
    """Read by version_comparison."""
    return {PREDECESSOR_TAG: row["model_version_id"]}


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[benchmark_job],
    description="After the benchmark of a new model version: compare it with the one before, and show the verdicts as "
    "an observation of performance_results. Off until you turn it on.",
)
def version_comparison(context: dg.RunStatusSensorContext) -> dg.SkipReason:
    """Case by case, on raw samples."""
    run = context.dagster_run
    predecessor = run.tags.get(PREDECESSOR_TAG)
    if predecessor is None:
        return dg.SkipReason("this run measured no new model version")
    settings = load_settings()
    sides = f"version:{predecessor}", f"run:{run.root_run_id or run.run_id}"
    # The snapshot, which this run published and nobody holds: Dagster does not ask again about the same run.
    with open_snapshot(settings.snapshot) as connection:
        report = compare_sides(connection, settings.shards, *sides, minimum_effect=DEFAULT_EFFECT)
    verdicts = Counter(one.result.verdict for one in report.compared)
    context.instance.report_runless_asset_event(
        dg.AssetObservation(
            performance_results.key,
            partition=run.tags.get(PARTITION_TAG),
            metadata={
                "predecessor": predecessor,
                "run": run.run_id,
                **{f"verdict/{verdict}": count for verdict, count in sorted(verdicts.items())},
                "comparison": markdown_table(
                    ["model", "case", "verdict", "before ms", "now ms", "change", "note"],
                    [
                        (one.model_id, one.case, one.result.verdict, one.result.p50_a_ms, one.result.p50_b_ms,
                         one.result.change, one.result.reason)
                        for one in report.compared
                    ],
                ),
            },
        )
    )  # fmt: skip
    return dg.SkipReason(f"compared {len(report.compared)} cases with version {predecessor}")


def _as_read(row: Any) -> str:
    """A stored revision as `current_revision` says it: of a registry with the name."""
    return f"mlflow:{row['repository']}/{row['revision']}" if row["source"] == "mlflow" else str(row["revision"])


def _current_revisions() -> dict[str, str]:
    """In a process of its own: reading configurations imports transformers, which the code server must not."""
    catalogue = load_settings().user_catalogue
    with Launcher() as launcher:
        job = Job(
            "ipfs_accel_pipeline.models.watching:current_revisions",
            {"user_catalogue": str(catalogue) if catalogue else None},
            timeout_s=300,
        )
        outcome = launcher.run(job)
    if outcome.status is not Status.PASSED:
        raise RuntimeError(f"looking at the named models ended with {outcome.status}: {outcome.message}")
    found: dict[str, str] = outcome.value
    return found
