"""How long does it take to analyse a million stored results? (Promised: under 60 s on two cores.)

Writes invented rows into a database in a temporary folder, then times what a run does after measuring: reading the
history, looking for changes in every series, and writing what was found.

    .venv/bin/python -m benchmarks.history_at_scale [--series 18000] [--points 56]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from ipfs_accel_pipeline.pipeline.changes import refresh_changes
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.analysis.histories import history

METRIC = "p50_latency_ms"


def invented(series: int, points: int) -> pd.DataFrame:
    """One row per test: one in ten series has a step of ten per cent in its middle."""
    rng = np.random.default_rng(0)
    steps = [[(points // 2, 0.1)] if number % 10 == 0 else [] for number in range(series)]
    values = np.concatenate([history(rng, points, 0.03, some).values for some in steps])
    return pd.DataFrame(
        {
            "id": [f"test-{number}" for number in range(series * points)],
            "batch_size": np.repeat(np.arange(1, series + 1), points),
            "day": np.tile(np.arange(points), series),
            METRIC: values,
        }
    )


def fill(connection: object, rows: pd.DataFrame) -> None:
    """The same template for every row, so that only what the analysis reads differs."""
    write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
    write_rows(connection, "models", [fakes.model_row()])
    moments = pd.Series(fakes.NOON + rows["day"] * timedelta(days=1))
    test = vars(fakes.test_row()) | {"details": "{}", "parity_cosine": None}
    result = {name: None for name in vars(fakes.performance_row())}
    result |= {
        name: getattr(fakes.performance_row(), name)
        for name in ("model_id", "hardware_id", "run_id", "endpoint_type", "precision", "sequence_length", "iterations",
                     "rounds", "slow_rounds", "is_noisy", "coefficient_of_variation", "std_latency_ms", "provenance")
    }  # fmt: skip
    latency = {name: rows[METRIC] for name in ("average_latency_ms", "p90_latency_ms", "p99_latency_ms", METRIC,
               "min_latency_ms", "max_latency_ms", "ci95_low_ms", "ci95_high_ms")}  # fmt: skip
    rate = 1000 * rows["batch_size"] / rows[METRIC]
    shape = {"batch_size": rows["batch_size"]}
    tests = rows[["id"]].assign(**test | {"id": rows["id"], "timestamp": moments} | shape)
    results = rows[["id"]].assign(
        **result | latency | shape | {"id": rows["id"], "test_id": rows["id"], "test_timestamp": moments,
        "throughput_items_per_second": rate, "environment": "{}"})  # fmt: skip
    write_rows(connection, "test_results", tests)
    write_rows(connection, "performance_results", results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=18000)
    parser.add_argument("--points", type=int, default=56)
    chosen = parser.parse_args()
    rows = invented(chosen.series, chosen.points)
    with tempfile.TemporaryDirectory() as folder, open_database(Path(folder) / "benchmark.duckdb") as connection:
        fill(connection, rows)
        begun, cpu = time.perf_counter(), time.process_time()
        found = refresh_changes(connection)
        seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu
    right = {row.batch_size for row in found if row.metric == METRIC and row.kind == "regression"}
    true = set(range(1, chosen.series + 1, 10))
    print(
        f"{len(rows)} tests, {chosen.series} cases, four followed metrics each: {seconds:.1f} s ({cpu_seconds:.1f} CPU)"
    )
    print(f"{len(right & true)} of {len(true)} steps found, {len(right - true)} false regressions of {METRIC}")


if __name__ == "__main__":
    main()
