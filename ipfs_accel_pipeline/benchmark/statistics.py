"""Summaries of latency series: percentiles, intervals, noise. Pure functions over numbers in milliseconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

import numpy as np
import numpy.typing as npt

_Z95 = 1.959964
# Two halves of a steady series have medians closer than this; the figure is the protocol's warm-up agreement.
_HALVES_AGREE_WITHIN = 0.05
# The interval over rounds includes the spread between processes, which is wider than that within one.
_STEADY_HALF_WIDTH = 0.05

# Series of so few values are many (imports): what is drawn for one depends on its length alone and is kept.
_SHORT = 64

Series = Sequence[float]
_Values = npt.NDArray[np.float64]
_Indexes = npt.NDArray[np.int64]


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
    p50, p90, p99 = _median_of_rows(np.array([_quantiles(a, (0.5, 0.9, 0.99)) for a in arrays]).T)
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
    draw = _drawn_before if sum(len(series) for series in rounds) <= _SHORT else _draw
    drawn, middles = draw(tuple(len(series) for series in rounds), resamples, seed)
    medians = np.empty(drawn.shape)
    for index, series in enumerate(rounds):
        ordered = np.sort(np.asarray(series, dtype=float))
        low, high = middles[index]
        medians[drawn == index] = (ordered[low] + ordered[high]) / 2
    tail = (1 - confidence) / 2
    low_ms, high_ms = _quantiles(_median_of_rows(medians), (tail, 1 - tail))
    return low_ms, high_ms


def _draw(lengths: tuple[int, ...], resamples: int, seed: int) -> tuple[_Indexes, list[tuple[_Indexes, _Indexes]]]:
    """For each resample the rounds, and for each time that a round was drawn the ranks of its two middle iterations.

    Iterations are drawn by rank, so that no series has to be sorted for each of its resamples.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(lengths), size=(resamples, len(lengths)))
    middles = []
    for index, n in enumerate(lengths):
        below, above = (n - 1) // 2, n // 2
        picks = np.partition(rng.integers(n, size=(int((drawn == index).sum()), n)), (below, above), axis=1)
        middles.append((picks[:, below].copy(), picks[:, above].copy()))
    return drawn, middles


_drawn_before = lru_cache(_SHORT)(_draw)


def _quantiles(values: _Values, shares: Sequence[float]) -> list[float]:
    """As np.quantile to the last digit, without its 100 microseconds of preparation."""
    ordered = np.sort(values)
    found = []
    for share in shares:
        place = (ordered.size - 1) * share
        low = math.floor(place)
        before, after = float(ordered[low]), float(ordered[min(low + 1, ordered.size - 1)])
        part, step = place - low, after - before
        found.append(after - step * (1 - part) if part >= 0.5 else before + step * part)
    return found


def _median_of_rows(rows: _Values) -> _Values:
    """As np.median(rows, axis=1), which takes three times as long for short rows."""
    length = rows.shape[1]
    if length == 1:
        return rows[:, 0]
    if length > _SHORT:
        return np.asarray(np.median(rows, axis=1))
    ordered = np.sort(rows, axis=1)
    return (ordered[:, (length - 1) // 2] + ordered[:, length // 2]) / 2


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
    first, second = float(median(series[:half])), float(median(series[half:]))
    return abs(second - first) > _HALVES_AGREE_WITHIN * first
