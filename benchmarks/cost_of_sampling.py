"""Does the power sampler change what it watches? The same inference with and without it, in alternating slices.

Reports the median of the pairwise ratios of p50 (with / without) and its spread, for each kind of probe: RAPL on a
tree of files, temperatures through psutil, and a probe whose reading takes a millisecond, as a slow driver's does.
`--period` shows what sampling more often would cost.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from ipfs_accel_pipeline.benchmark.power.machine import ThermometerProbe
from ipfs_accel_pipeline.benchmark.power.probe import NoQuantity, Probe
from ipfs_accel_pipeline.benchmark.power.rapl import RaplProbe
from ipfs_accel_pipeline.benchmark.power.sampler import PowerSampler


class SlowProbe(NoQuantity):
    source, kind, scope, period_s = "slow", "measured", "device", 0.05

    def watts(self) -> float:
        time.sleep(0.001)
        return 1.0


def rapl_tree(folder: Path) -> Path:
    zone = folder / "intel-rapl" / "intel-rapl:0"
    zone.mkdir(parents=True)
    for name, text in (("name", "package-0"), ("max_energy_range_uj", "262143328850"), ("energy_uj", "1000000")):
        (zone / name).write_text(text)
    return folder / "intel-rapl"


def inference(size: int) -> Callable[[], object]:
    """A matrix product, as most of an inference is; `size` 256 takes well below a millisecond."""
    left, right = (np.random.default_rng(seed).standard_normal((size, size), np.float32) for seed in (0, 1))
    return lambda: left @ right


def p50_ms(run: Callable[[], object], seconds: float) -> float:
    latencies, end = [], time.perf_counter() + seconds
    while (before := time.perf_counter()) < end:
        run()
        latencies.append(time.perf_counter() - before)
    return statistics.median(latencies) * 1e3


def pair(run: Callable[[], object], probe: Probe, seconds: float, sampled_first: bool) -> tuple[float, float]:
    """p50 without and with the sampler; the order alternates, so that a drift of the host cancels."""

    def sampled() -> float:
        meter = PowerSampler([probe], [], time.perf_counter)
        meter.start()
        try:
            return p50_ms(run, seconds)
        finally:
            meter.stop()

    if sampled_first:
        with_sampler = sampled()
        return p50_ms(run, seconds), with_sampler
    without = p50_ms(run, seconds)
    return without, sampled()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of one slice")
    parser.add_argument("--period", type=float, help="seconds between samples; default: each probe's own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        probes: list[Probe] = [RaplProbe([rapl_tree(Path(folder))]), ThermometerProbe(psutil), SlowProbe()]
        print(f"{'probe':8} {'size':>5} {'p50 ms':>8} {'with/without':>13} {'quartiles':>16}")
        for probe in probes:
            if options.period:
                probe.period_s = options.period
            for size in (256, 1024):
                run = inference(size)
                p50_ms(run, options.seconds)  # warm up
                pairs = [pair(run, probe, options.seconds, bool(index % 2)) for index in range(options.pairs)]
                ratios = [sampled / without for without, sampled in pairs]
                low, middle, high = statistics.quantiles(ratios, n=4)
                plain = statistics.median(without for without, _ in pairs)
                print(f"{probe.source:8} {size:5} {plain:8.3f} {middle:13.4f} {low:7.4f}–{high:.4f}")


if __name__ == "__main__":
    main()
