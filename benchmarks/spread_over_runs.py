"""How far apart are repeated pipeline runs of one case, with and without the rounds and the canary?

Every run is a whole one (standard profile: three rounds, slow ones repeated). Without means: its first round alone,
which is what a tool that measures once would have reported at the same moment. With `disturbed` a neighbour takes
all CPUs for 15 s every minute or so: a quiet machine has little to gain. In brackets behind each round's median: its
slowdown by the canary, and by waiting for a CPU.
Usage: spread_over_runs.py [MODEL] [HARDWARE_TYPE] [RUNS] [disturbed]
"""

from __future__ import annotations

import hashlib
import os
import random
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.neighbours import neighbours
from ipfs_accel_pipeline.hardware.detect import detect_hardware
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.loading import rows_of
from ipfs_accel_pipeline.pipeline.measuring import measure_platform
from ipfs_accel_pipeline.pipeline.preparation import needed_artefacts, prepare_bundles
from ipfs_accel_pipeline.records import Observation
from ipfs_accel_pipeline.settings import Settings, load_settings

BUSY_S, PAUSE_S = 15.0, 45.0  # of the neighbour; the pause is the mean of random ones, which keep no step with ours


def burn(seed: int) -> None:
    moments = random.Random(seed)
    while True:
        time.sleep(moments.expovariate(1 / PAUSE_S))
        until = time.monotonic() + BUSY_S
        while time.monotonic() < until:
            hashlib.sha256(bytes(1 << 20))


def spread(name: str, values: list[float]) -> None:
    middle = statistics.median(values)
    width = (max(values) - min(values)) / middle
    lower, _, upper = statistics.quantiles(values, n=4)
    variation = statistics.stdev(values) / statistics.fmean(values)
    print(
        f"{name}: median {middle:.3f} ms, max-min {width:.1%} of it, interquartile range "
        f"{(upper - lower) / middle:.1%}, coefficient of variation {variation:.1%}; "
        + " ".join(f"{value:.3f}" for value in values)
    )


def one_run(settings: Settings, platform, spec, index: int) -> tuple[float, float, str]:  # type: ignore[no-untyped-def]
    shard = measure_platform(platform, [spec], RunConfig(), settings, f"spread-{index}")
    row = rows_of(shard).performance_results[0]
    rounds = [one for one in shard.observations if one.case.endpoint_type == row.endpoint_type]
    medians = [statistics.median(one.latencies_ms) for one in rounds]
    return row.p50_latency_ms, medians[0], ", ".join(map(told, medians, rounds))


def told(median_ms: float, one: Observation) -> str:
    signs = [one.canary_slowdown, one.contention_slowdown]
    signs_told = "/".join("unknown" if sign is None else f"{sign:.2f}" for sign in signs)
    return f"{median_ms:.1f} ({'slow ' * bool(one.is_slow_phase)}{signs_told})"


def main(model: str = "resnet-18", hardware_type: str = "OpenVINO", runs: str = "10", host: str = "as it is") -> None:
    shared = load_settings()
    spec = find_model(model, load_catalogue(shared.user_catalogue))
    platform = next(one for one in detect_hardware() if one.hardware_type == hardware_type and one.available)
    for one in prepare_bundles([spec], needed_artefacts([platform], RunConfig()), RunConfig(), shared.bundles):
        assert one.outcome.ok, one.outcome
    # One process per CPU, all busy at the same moments.
    count = (os.cpu_count() or 1) if host == "disturbed" else 0
    with TemporaryDirectory() as folder, neighbours(count, burn, 1):
        (Path(folder) / "bundles").symlink_to(shared.bundles)
        settings = replace(shared, data=Path(folder), database=Path(folder) / "benchmark.duckdb")
        found = []
        for index in range(int(runs)):
            found.append(one_run(settings, platform, spec, index))
            whole, alone, rounds = found[-1]
            print(f"  run {index + 1}: {whole:.3f} ms, first round alone {alone:.3f} ms; {rounds}", flush=True)
    spread("with rounds and canary ", [whole for whole, _, _ in found])
    spread("one round, as it came  ", [alone for _, alone, _ in found])


if __name__ == "__main__":
    main(*sys.argv[1:])
