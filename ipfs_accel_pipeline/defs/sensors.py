"""Notices hardware that was plugged in, makes it a partition and asks for its first benchmark."""

import dagster as dg

from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.defs.jobs import benchmark_job
from ipfs_accel_pipeline.defs.partitions import HARDWARE, hardware_partitions
from ipfs_accel_pipeline.records import Status

_DETECT = Job("ipfs_accel_pipeline.hardware.detect:detect_hardware", {}, timeout_s=50)


@dg.sensor(
    job=benchmark_job,
    minimum_interval_seconds=600,
    description="Every ten minutes: detect; a device that is new becomes a partition and is measured. "
    "Off until you turn it on.",
)
def new_hardware(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Detection runs in a process of its own: a driver that crashes must not take the code server with it."""
    with Launcher() as launcher:
        outcome = launcher.run(_DETECT)
    if outcome.status is not Status.PASSED:
        raise RuntimeError(f"detection ended with {outcome.status}: {outcome.message}")
    known = set(context.instance.get_dynamic_partitions(HARDWARE))
    new = [
        platform.hardware_id for platform in outcome.value if platform.available and platform.hardware_id not in known
    ]
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"new-{key}", partition_key=key) for key in new],
        dynamic_partitions_requests=[hardware_partitions.build_add_request(new)] if new else [],
        skip_reason=None if new else dg.SkipReason(f"nothing new; known: {', '.join(sorted(known)) or 'none'}"),
    )
