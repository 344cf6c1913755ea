"""How many times longer does a case take beside a busy neighbour, and what do the signs of a slow host say of it?

Measures the cases quietly, then beside each neighbour, then quietly again, and prints by case and neighbour: the
median over the quiet one, the sign of the quietest round, and the most that `least_share` makes of that sign. The first
must not exceed the last: nothing may be called slower that only its host made so.
Usage: what_a_neighbour_takes.py [MODELS] (by comma)
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.neighbours import neighbours
from ipfs_accel_pipeline.analysis.slow_hosts import least_share
from ipfs_accel_pipeline.hardware.detect import detect_hardware
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.loading import rows_of
from ipfs_accel_pipeline.pipeline.measuring import measure_platform
from ipfs_accel_pipeline.pipeline.preparation import needed_artefacts, prepare_bundles
from ipfs_accel_pipeline.records import HardwarePlatform
from ipfs_accel_pipeline.settings import Settings, load_settings

ALL = os.cpu_count() or 1
NEIGHBOURS = {"none": (0, 1.0), "one, a tenth of the time": (1, 0.1), "one": (1, 1.0), "one per CPU": (ALL, 1.0)}
PERIOD_S = 0.01
CONFIG = RunConfig(profile="quick", new_tokens=0)
Medians = dict[tuple[str, str], tuple[float, float | None]]  # model and endpoint -> milliseconds, sign


def burn(share: float) -> None:
    while True:
        until = time.monotonic() + PERIOD_S * share
        while time.monotonic() < until:
            pass
        time.sleep(PERIOD_S * (1 - share))


def medians(settings: Settings, platforms: list[HardwarePlatform], specs: list, name: str) -> Medians:  # type: ignore[type-arg]
    found: Medians = {}
    for platform in platforms:
        for row in rows_of(measure_platform(platform, specs, CONFIG, settings, name)).performance_results:
            found[row.model_id, row.endpoint_type] = (row.p50_latency_ms, row.host_slowdown)
    return found


def main(models: str = "resnet-18,bert-tiny") -> None:
    os.environ.setdefault("BENCHMARK_BROWSER", "none")
    shared = load_settings()
    catalogue = load_catalogue(shared.user_catalogue)
    specs = [find_model(model, catalogue) for model in models.split(",")]
    platforms = [one for one in detect_hardware() if one.available and one.hardware_type in ("CPU", "OpenVINO")]
    for one in prepare_bundles(specs, needed_artefacts(platforms, CONFIG), CONFIG, shared.bundles):
        assert one.outcome.ok or one.outcome.status == "unsupported", one.outcome
    with TemporaryDirectory() as folder:
        (Path(folder) / "bundles").symlink_to(shared.bundles)
        settings = replace(shared, data=Path(folder), database=Path(folder) / "benchmark.duckdb")
        found = {}
        for number, name in enumerate([*NEIGHBOURS, "none"]):
            count, share = NEIGHBOURS[name]
            with neighbours(count, burn, share):
                found[number] = medians(settings, platforms, specs, f"neighbour-{number}")
        quiet, again = found.pop(0), found.pop(len(NEIGHBOURS))
    print(f"{'model':24} {'endpoint':12} {'neighbour':26} {'times':>7} {'sign':>6} {'at most':>8}")
    for case, (before, _) in quiet.items():
        middle = (before + again[case][0]) / 2
        print(f"{case[0]:24} {case[1]:12} {'none':26} {again[case][0] / before:7.2f}")
        for name, one in zip([name for name in NEIGHBOURS if name != "none"], found.values(), strict=True):
            median, sign = one[case]
            told = "quiet" if sign is None else f"{sign:.2f}"
            print(f"{'':24} {'':12} {name:26} {median / middle:7.2f} {told:>6} {1 / least_share(sign):8.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
