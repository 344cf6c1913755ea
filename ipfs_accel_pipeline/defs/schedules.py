"""The nightly run over every known device."""

import dagster as dg

from ipfs_accel_pipeline.defs.jobs import benchmark_job
from ipfs_accel_pipeline.defs.partitions import HARDWARE


@dg.schedule(
    job=benchmark_job,
    cron_schedule="0 2 * * *",
    description="Measure the default models on every known device at 02:00 UTC. Off until you turn it on.",
)
def nightly_benchmarks(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    night = context.scheduled_execution_time.date().isoformat()
    hardware = sorted(context.instance.get_dynamic_partitions(HARDWARE))
    if not hardware:
        return dg.SkipReason("No hardware is known yet: run the job `detect` once.")
    return [
        dg.RunRequest(run_key=f"nightly-{night}-{key}", partition_key=key, tags={"bench/night": night})
        for key in hardware
    ]
