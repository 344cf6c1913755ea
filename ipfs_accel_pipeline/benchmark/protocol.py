"""How one latency series is taken: untimed warm-up, then timed iterations until the median is known well enough.

Knows nothing of models, runtimes or storage: it is given a call to time and two clocks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ipfs_accel_pipeline.benchmark.statistics import median_interval
from ipfs_accel_pipeline.errors import UsageError

Clock = Callable[[], float]

# Sorting the series to judge its interval costs more than a fast inference: judge every tenth.
_JUDGE_EVERY = 10
# Even where one iteration takes longer than the whole budget, fewer than three say nothing about spread.
_FEWEST_ITERATIONS = 3


@dataclass(frozen=True)
class Protocol:
    """When to stop warming up and when to stop timing. Durations are seconds."""

    rounds: int = 3
    warmup_iterations: int = 3
    warmup_agreement: float = 0.05  # relative difference of the medians of two successive windows
    max_warmup_s: float = 5.0
    min_iterations: int = 30
    min_duration_s: float = 1.0
    max_iterations: int = 1000
    max_duration_s: float = 10.0
    interval_target: float = 0.02  # half width of the median's 95 % interval, relative to the median
    max_repeats: int = 2  # further rounds to replace those that fell into a slow phase of the host
    case_timeout_s: float = 600.0


PROFILES: dict[str, Protocol] = {
    "smoke": Protocol(
        rounds=1,
        max_warmup_s=1.0,
        min_iterations=5,
        min_duration_s=0.1,
        max_duration_s=1.0,
        max_repeats=0,
        case_timeout_s=300.0,
    ),
    "quick": Protocol(
        max_warmup_s=0.3, min_iterations=10, min_duration_s=0.3, max_duration_s=0.7, max_repeats=0, case_timeout_s=300.0
    ),
    "standard": Protocol(),
    "thorough": Protocol(rounds=5, max_duration_s=30.0, max_iterations=5000, interval_target=0.01, max_repeats=5),
}


@dataclass(frozen=True)
class LatencySeries:
    """One round's timed iterations, in order. Milliseconds."""

    latencies_ms: tuple[float, ...]
    cpu_times_ms: tuple[float, ...]
    warmup_iterations: int
    interval_target_met: bool


def find_profile(name: str) -> Protocol:
    try:
        return PROFILES[name]
    except KeyError:
        raise UsageError(f"There is no profile {name!r}. Choose one of: {', '.join(PROFILES)}.") from None


def measure_latencies(
    run_once: Callable[[], object],
    protocol: Protocol,
    clock: Clock = time.perf_counter,
    cpu_clock: Clock = time.process_time,
    before_timing: Callable[[], None] = lambda: None,
) -> LatencySeries:
    """Warm up, then time single calls of `run_once` until the protocol is satisfied."""
    warmups = _warm_up(run_once, protocol, clock)
    before_timing()
    latencies: list[float] = []
    cpu_times: list[float] = []
    started = clock()
    while not _is_done(latencies, clock() - started, protocol):
        cpu_before, before = cpu_clock(), clock()
        run_once()
        after, cpu_after = clock(), cpu_clock()
        latencies.append((after - before) * 1e3)
        cpu_times.append((cpu_after - cpu_before) * 1e3)
    met = relative_half_width(latencies) <= protocol.interval_target
    return LatencySeries(tuple(latencies), tuple(cpu_times), warmups, met)


def relative_half_width(latencies_ms: list[float]) -> float:
    """Half the width of the median's 95 % interval over the median; infinite where the series is too short to tell."""
    interval = median_interval(latencies_ms)
    return np.inf if interval is None else (interval[1] - interval[0]) / 2 / float(np.median(latencies_ms))


def _warm_up(run_once: Callable[[], object], protocol: Protocol, clock: Clock) -> int:
    """Run windows of `warmup_iterations` until two in a row agree or the time is up; returns the number of calls."""
    started = clock()
    previous: float | None = None
    calls = 0
    while True:
        window = []
        for _ in range(protocol.warmup_iterations):
            before = clock()
            run_once()
            window.append(clock() - before)
        calls += len(window)
        current = float(np.median(window)) if window else 0.0
        agreed = previous is not None and abs(current - previous) <= protocol.warmup_agreement * previous
        if not window or agreed or clock() - started >= protocol.max_warmup_s:
            return calls
        previous = current


def _is_done(latencies: list[float], elapsed_s: float, protocol: Protocol) -> bool:
    n = len(latencies)
    if n < _FEWEST_ITERATIONS:
        return False
    if n >= protocol.max_iterations or elapsed_s >= protocol.max_duration_s:
        return True
    if n < protocol.min_iterations or elapsed_s < protocol.min_duration_s or n % _JUDGE_EVERY:
        return False
    return relative_half_width(latencies) <= protocol.interval_target
