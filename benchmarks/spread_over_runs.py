"""How far apart are repeated pipeline runs of one case, with and without the rounds and the canary?

Every run is a whole one (standard profile: three rounds, slow ones repeated). Without means: its first round alone,
which is what a tool that measures once would have reported at the same moment.
Usage: spread_over_runs.py [MODEL] [HARDWARE_TYPE] [RUNS]
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ipfs_accel_pipeline.hardware.detect import detect_hardware
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.loading import rows_of
from ipfs_accel_pipeline.pipeline.measuring import measure_platform
from ipfs_accel_pipeline.pipeline.preparation import needed_artefacts, prepare_bundles
from ipfs_accel_pipeline.settings import Settings, load_settings


def spread(name: str, values: list[float]) -> None:
    middle = statistics.median(values)
    width = (max(values) - min(values)) / middle
    variation = statistics.stdev(values) / statistics.fmean(values)
    print(
        f"{name}: median {middle:.3f} ms, max-min {width:.1%} of it, coefficient of variation {variation:.1%}; "
        + " ".join(f"{value:.3f}" for value in values)
    )


def one_run(settings: Settings, platform, spec, index: int) -> tuple[float, float, int]:  # type: ignore[no-untyped-def]
    shard = measure_platform(platform, [spec], RunConfig(), settings, f"spread-{index}")
    row = rows_of(shard).performance_results[0]
    first = next(one for one in shard.observations if one.case.endpoint_type == row.endpoint_type)
    alone = statistics.median(first.latencies_ms)
    return row.p50_latency_ms, alone, row.slow_rounds


def main(model: str = "resnet-18", hardware_type: str = "OpenVINO", runs: str = "10") -> None:
    shared = load_settings()
    spec = find_model(model, load_catalogue(shared.user_catalogue))
    platform = next(one for one in detect_hardware() if one.hardware_type == hardware_type and one.available)
    for one in prepare_bundles([spec], needed_artefacts([platform], ["fp32"]), RunConfig(), shared.bundles):
        assert one.outcome.ok, one.outcome
    with TemporaryDirectory() as folder:
        (Path(folder) / "bundles").symlink_to(shared.bundles)
        settings = replace(shared, data=Path(folder), database=Path(folder) / "benchmark.duckdb")
        found = []
        for index in range(int(runs)):
            found.append(one_run(settings, platform, spec, index))
            whole, alone, slow = found[-1]
            print(
                f"  run {index + 1}: {whole:.3f} ms, first round alone {alone:.3f} ms, {slow} slow rounds", flush=True
            )
    spread("with rounds and canary ", [whole for whole, _, _ in found])
    spread("one round, as it came  ", [alone for _, alone, _ in found])


if __name__ == "__main__":
    main(*sys.argv[1:])
