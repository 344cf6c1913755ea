"""Summaries of latency series: percentiles, intervals, noise. Pure functions over numbers in milliseconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_Z95 = 1.959964
# Two halves of a steady series have medians closer than this; the figure is the protocol's warm-up agreement.
_HALVES_AGREE_WITHIN = 0.05
# The interval over rounds includes the spread between processes, which is wider than that within one.
_STEADY_HALF_WIDTH = 0.05

Series = Sequence[float]


@dataclass(frozen=True)
class Summary:
    """What is known of one case's latency over its rounds. Milliseconds unless named otherwise.

    Every percentile is the median over the rounds of the percentile within the round, so that one process in a
    slow mode does not move it; `average_ms` is the mean of the rounds' means.
    """

    average_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    min_ms: float
    max_ms: float
    std_ms: float
    ci95_low_ms: float
    ci95_high_ms: float
    coefficient_of_variation: float
    iterations: int


def summarize(rounds: Sequence[Series], seed: int = 0) -> Summary:
    """Summary of one or more non-empty rounds. Percentiles by linear interpolation, as numpy does."""
    if not rounds or any(len(r) == 0 for r in rounds):
        raise ValueError("summarize needs at least one round, and no empty round")
    arrays = [np.asarray(r, dtype=float) for r in rounds]
    pooled = np.concatenate(arrays)
    average = float(np.mean([a.mean() for a in arrays]))
    p50, p90, p99 = np.median([np.percentile(a, [50, 90, 99]) for a in arrays], axis=0)
    low, high = bootstrap_median_interval(rounds, seed=seed)
    std = float(pooled.std(ddof=1)) if pooled.size > 1 else 0.0
    return Summary(
        average_ms=average,
        p50_ms=float(p50),
        p90_ms=float(p90),
        p99_ms=float(p99),
        min_ms=float(pooled.min()),
        max_ms=float(pooled.max()),
        std_ms=std,
        ci95_low_ms=low,
        ci95_high_ms=high,
        coefficient_of_variation=std / average,
        iterations=int(pooled.size),
    )


def median_interval(values: Series) -> tuple[float, float] | None:
    """Distribution-free 95 % interval of the median from order statistics, or None below six values.

    Source: Hahn and Meeker, Statistical Intervals, section 5.2 (normal approximation of the binomial ranks).
    """
    n = len(values)
    if n < 6:  # the widest interval of five values covers only 93.75 %
        return None
    ordered = np.sort(np.asarray(values, dtype=float))
    half = _Z95 * math.sqrt(n) / 2
    low = max(math.floor(n / 2 - half), 1)
    high = min(math.ceil(n / 2 + half) + 1, n)
    return float(ordered[low - 1]), float(ordered[high - 1])


def bootstrap_median_interval(
    rounds: Sequence[Series], resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Interval of the median over rounds of the medians within them.

    Two-level percentile bootstrap: rounds are drawn first, then iterations within each drawn round, since
    iterations of one process are not independent evidence. Source: Kalibera and Jones, Rigorous Benchmarking in
    Reasonable Time (ISMM 2013).
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(rounds), size=(resamples, len(rounds)))
    medians = np.empty(drawn.shape)
    for index, series in enumerate(rounds):
        chosen = drawn == index
        values = np.asarray(series, dtype=float)
        picks = rng.integers(values.size, size=(int(chosen.sum()), values.size))
        medians[chosen] = np.median(values[picks], axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.median(medians, axis=1), [tail, 1 - tail])
    return float(low), float(high)


def noise_reasons(rounds: Sequence[Series], targets_met: Sequence[bool | None], summary: Summary) -> list[str]:
    """Why the summary is to be taken with care; empty for a quiet measurement."""
    reasons = []
    if not all(targets_met):
        reasons.append("a round missed its interval target")
    if any(_halves_disagree(r) for r in rounds):
        reasons.append("first and second half of a round disagree")
    if (summary.ci95_high_ms - summary.ci95_low_ms) / 2 > _STEADY_HALF_WIDTH * summary.p50_ms:
        reasons.append("the rounds disagree")
    return reasons


def _halves_disagree(series: Series) -> bool:
    half = len(series) // 2
    if half == 0:
        return False
    first, second = float(np.median(series[:half])), float(np.median(series[half:]))
    return abs(second - first) > _HALVES_AGREE_WITHIN * first
