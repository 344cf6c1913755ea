"""Latency distributions from raw samples: of the results of one case of each model, where the shards are here.

Of the rounds that count, as the numbers beside them are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.records import TestResult
from ipfs_accel_pipeline.reports.rows import Distribution, Performance
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.samples import counted_latencies_ms_of

BINS = 24
_MOST_MEDIANS = 3
_MOST = 100  # a report stays small and quick; the dashboard shows every test


def distributions(connection: Any, shards: Path | None, rows: Sequence[Performance]) -> tuple[Distribution, ...]:
    """One per test whose samples were found; those of one case share their bins, so that they can be compared."""
    if shards is None:
        return ()
    drawn = []
    for group in _first_cases(rows):
        samples = {row.test_id: _samples(connection, shards, row.test_id) for row in group}
        drawn += _binned({test_id: values for test_id, values in samples.items() if values})
        if len(drawn) >= _MOST:
            break
    return tuple(drawn[:_MOST])


def _first_cases(rows: Iterable[Performance]) -> list[list[Performance]]:
    """The ranked results of the first case of each model that has two of them, else of its first case."""
    chosen = []
    ranked = [row for row in rows if row.not_ranked_reason is None]
    for _, of_model in groupby(ranked, key=lambda row: row.model_id):
        cases = [list(group) for _, group in groupby(of_model, key=lambda row: row.case)]
        chosen.append(next((case for case in cases if len(case) > 1), cases[0]))
    return chosen


def _samples(connection: Any, shards: Path, test_id: str) -> list[float]:
    tests: list[TestResult] = read_rows(connection, "test_results", {"id": test_id})
    try:
        return [latency for test in tests for one in counted_latencies_ms_of(shards, test) for latency in one]
    except StorageError:
        return []  # the shard lies on another machine: the section says how many were found


def _binned(samples: dict[str, list[float]]) -> list[Distribution]:
    if not samples:
        return []
    low = min(min(values) for values in samples.values())
    # The far tail or one slow round would squeeze all else into one bin; what lies beyond is counted in the last one.
    high = min(max(map(_p99, samples.values())), _MOST_MEDIANS * max(map(median, samples.values())))
    return [_histogram(test_id, values, low, max(high, low * 1.001)) for test_id, values in samples.items()]


def _p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.99 * len(values)))]


def _histogram(test_id: str, values: list[float], low: float, high: float) -> Distribution:
    counts = [0] * BINS
    for value in values:
        counts[min(BINS - 1, int(BINS * (value - low) / (high - low)))] += 1
    return Distribution(test_id, len(values), low, high, tuple(counts))
