"""Takes one power reading in a child process, as a benchmark does. Called by the launcher in tests."""

import time

from ipfs_accel_pipeline.benchmark.power import open_power_meter


def measure_window(hardware_type, runtime, seconds):
    meter = open_power_meter(hardware_type, time.perf_counter, runtime)
    meter.start()
    time.sleep(seconds)
    return meter.stop()
