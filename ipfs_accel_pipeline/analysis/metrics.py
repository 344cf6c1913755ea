"""What is followed over time, which way is worse, and how much of it matters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


def _as_they_are(values: np.ndarray) -> np.ndarray:
    return values


def _distance_from_one(cosines: np.ndarray) -> np.ndarray:
    """1 - cosine, above a floor: below a thousandth lies the rounding of runtimes, not their correctness."""
    return np.maximum(1.0 - cosines, 0.0) + 1e-3


@dataclass(frozen=True)
class Metric:
    """`name` is a column of performance_results, or parity_cosine or success of test_results; `title` is for people."""

    name: str
    title: str
    unit: str
    lower_is_better: bool
    least_effect: float | None = None  # relative; None: the general one of the settings
    as_positive: Callable[[np.ndarray], np.ndarray] = _as_they_are  # what change points are looked for in

    def is_worse(self, relative_change: float) -> bool:
        return relative_change != 0 and (relative_change > 0) == self.lower_is_better


SUCCESS = Metric("success", "Passing", "", lower_is_better=False)

METRICS = {
    metric.name: metric
    for metric in (
        Metric("p50_latency_ms", "p50 latency", "ms", lower_is_better=True),
        # The tail is restless by nature: a tenth is what a service would notice.
        Metric("p99_latency_ms", "p99 latency", "ms", lower_is_better=True, least_effect=0.1),
        Metric("throughput_items_per_second", "Throughput", "items/s", lower_is_better=False),
        Metric("time_to_first_token_ms", "Time to first token", "ms", lower_is_better=True),
        Metric("tokens_per_second", "Tokens per second", "tokens/s", lower_is_better=False),
        Metric("memory_peak_mb", "Peak memory", "MiB", lower_is_better=True),
        # One number per process, without repeats within it.
        Metric("first_inference_ms", "First inference", "ms", lower_is_better=True, least_effect=0.1),
        Metric("energy_efficiency_items_per_joule", "Energy efficiency", "items/J", lower_is_better=False),
        # A cosine has no scale of its own: of its distance from 1, a half is what counts.
        Metric(
            "parity_cosine",
            "Parity (cosine)",
            "",
            lower_is_better=False,
            least_effect=0.5,
            as_positive=_distance_from_one,
        ),
        SUCCESS,
    )
}
