"""Detection in a process of its own: a driver that crashes must not take a code server or a run with it."""

from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.records import HardwarePlatform, Status

DETECT = Job("ipfs_accel_pipeline.hardware.detect:detect_hardware", {}, timeout_s=55)


def detect_apart() -> list[HardwarePlatform]:
    """The hardware of this machine; RuntimeError with the reason if the detection died."""
    with Launcher() as launcher:
        outcome = launcher.run(DETECT)
    if outcome.status is not Status.PASSED:
        raise RuntimeError(f"detection ended with {outcome.status}: {outcome.message}")
    found: list[HardwarePlatform] = outcome.value
    return found
