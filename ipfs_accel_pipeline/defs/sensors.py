"""Notices hardware that was plugged in, makes it a partition and asks for its first benchmark."""

import dagster as dg

from ipfs_accel_pipeline.defs.assets.measurements import measurements
from ipfs_accel_pipeline.defs.detection import detect_apart
from ipfs_accel_pipeline.defs.jobs import benchmark_job
from ipfs_accel_pipeline.defs.partitions import HARDWARE, hardware_partitions


@dg.sensor(
    job=benchmark_job,
    minimum_interval_seconds=600,
    description="Every ten minutes: detect; a device that was never measured becomes a partition and is measured. "
    "Off until you turn it on.",
)
def new_hardware(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """A device is new until it was measured: a partition alone may come from the job `detect`."""
    measured = context.instance.get_materialized_partitions(measurements.key)
    here = [platform.hardware_id for platform in detect_apart() if platform.available]
    new = [key for key in here if key not in measured]
    unknown = sorted(set(new) - set(context.instance.get_dynamic_partitions(HARDWARE)))
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"new-{key}", partition_key=key) for key in new],
        dynamic_partitions_requests=[hardware_partitions.build_add_request(unknown)] if unknown else [],
        skip_reason=None if new else dg.SkipReason(f"nothing new; measured before: {', '.join(here) or 'none'}"),
    )
