"""Notices hardware that was plugged in, makes it a partition and asks for its first benchmark."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg

from ipfs_accel_pipeline.defs.assets.measurements import measurements
from ipfs_accel_pipeline.defs.detection import detect_apart
from ipfs_accel_pipeline.defs.jobs import benchmark_job
from ipfs_accel_pipeline.defs.partitions import HARDWARE, hardware_partitions
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.queries import run_query

PARTITION_TAG = "dagster/partition"
PATIENCE_S = 30  # a sensor must not wait for a long writer: it comes again
_UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


@dg.sensor(
    job=benchmark_job,
    minimum_interval_seconds=600,
    description="Every ten minutes: detect; a device without a partition gets one, and one that was never measured is "
    "measured, once a day until that succeeds. Off until you turn it on.",
)
def new_hardware(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """A device is new until it was measured: a partition alone may come from the job `detect`.

    One whose run fails is asked for again the next day: Dagster never starts a second run of one key. An emulator is
    no device, and is left to whoever chooses its partition.
    """
    measured = context.instance.get_materialized_partitions(measurements.key) | _with_a_stored_test()
    found = [platform for platform in detect_apart() if platform.available]
    here = [platform.hardware_id for platform in found]
    new = [one.hardware_id for one in found if one.hardware_id not in measured and one.acceleration != "emulated"]
    due = [key for key in new if not is_running(context.instance, {PARTITION_TAG: key})]
    # Also what was measured before: its partition was deleted while it was unplugged.
    unknown = sorted(set(here) - set(context.instance.get_dynamic_partitions(HARDWARE)))
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=f"new-{key}-{datetime.now(UTC):%Y-%m-%d}", partition_key=key) for key in due
        ],
        dynamic_partitions_requests=[hardware_partitions.build_add_request(unknown)] if unknown else [],
        skip_reason=None if due else dg.SkipReason(_why_none(new, here)),
    )


def _with_a_stored_test() -> set[str]:
    """Dagster has no event of what the command line measured."""
    database = load_settings().database
    if not database.exists():
        return set()
    with open_database(database, lock_timeout_s=PATIENCE_S) as connection:
        return set(run_query(connection, "measured_hardware")["hardware_id"])


def _why_none(running: Sequence[str], here: Sequence[str]) -> str:
    if running:
        return f"being measured: {', '.join(running)}"
    return f"nothing new; measured before: {', '.join(here) or 'none'}"


def is_running(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> bool:
    """Whether a benchmark with these tags waits or runs: one beyond midnight is not to be asked for again."""
    unfinished = dg.RunsFilter(job_name=benchmark_job.name, tags=dict(tags), statuses=list(_UNFINISHED))
    return instance.get_runs_count(unfinished) > 0
