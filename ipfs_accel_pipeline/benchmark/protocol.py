"""How one latency series is taken: untimed warm-up, then timed iterations until the median is known well enough.

Knows nothing of models, runtimes or storage: it is given a call to time and two clocks. Where iterations are timed
elsewhere (in a browser's page), it says how many to take and judges what comes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from ipfs_accel_pipeline.benchmark.statistics import median_interval
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.timing import LatencySeries, Protocol, RawSeries

Clock = Callable[[], float]

# Sorting the series to judge its interval costs more than a fast inference: judge every tenth.
_JUDGE_EVERY = 10
# Even where one iteration takes longer than the whole budget, fewer than three say nothing about spread.
_FEWEST_ITERATIONS = 3


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


class SlicedTiming:
    """The same protocol for iterations that are timed elsewhere: handed to a session that times itself."""

    def __init__(
        self, protocol: Protocol, before_timing: Callable[[], None] = lambda: None, clock: Clock = time.perf_counter
    ) -> None:
        self.protocol = protocol
        self._before_timing = before_timing
        self._clock = clock

    def begin(self) -> None:
        """To be called between the warm-up and the first timed iteration, for the meters to start."""
        self._before_timing()

    def in_slices(self, time_slice: Callable[[int], Sequence[float]]) -> RawSeries:
        """Warm up and time. `time_slice(n)` runs n iterations and returns their milliseconds."""
        slices = _checked(time_slice)
        warmups = _warm_up_windows(lambda: slices(self.protocol.warmup_iterations), self.protocol, self._clock)
        self.begin()
        latencies: list[float] = []
        started = self._clock()
        while not _is_done(latencies, elapsed_s := self._clock() - started, self.protocol):
            latencies += slices(_slice_size(len(latencies), elapsed_s, self.protocol))
        return RawSeries(tuple(latencies), warmups)


def judge_series(raw: RawSeries, protocol: Protocol) -> LatencySeries:
    """A series that was timed elsewhere, judged as our own are."""
    met = relative_half_width(list(raw.latencies_ms)) <= protocol.interval_target
    return LatencySeries(raw.latencies_ms, (), raw.warmup_iterations, met)


def relative_half_width(latencies_ms: list[float]) -> float:
    """Half the width of the median's 95 % interval over the median; infinite where the series is too short to tell."""
    interval = median_interval(latencies_ms)
    return np.inf if interval is None else (interval[1] - interval[0]) / 2 / float(np.median(latencies_ms))


def _warm_up(run_once: Callable[[], object], protocol: Protocol, clock: Clock) -> int:
    """Run windows of `warmup_iterations` until two in a row agree or the time is up; returns the number of calls."""

    def window() -> list[float]:
        durations = []
        for _ in range(protocol.warmup_iterations):
            before = clock()
            run_once()
            durations.append(clock() - before)
        return durations

    return _warm_up_windows(window, protocol, clock)


def _warm_up_windows(run_window: Callable[[], Sequence[float]], protocol: Protocol, clock: Clock) -> int:
    started = clock()
    previous: float | None = None
    calls = 0
    while protocol.warmup_iterations:
        window = run_window()
        calls += len(window)
        current = float(np.median(window))
        agreed = previous is not None and abs(current - previous) <= protocol.warmup_agreement * previous
        if agreed or clock() - started >= protocol.max_warmup_s:
            break
        previous = current
    return calls


def _slice_size(n: int, elapsed_s: float, protocol: Protocol) -> int:
    """Up to where the series is judged next, or fewer where the time or the iterations end before."""
    if n < _FEWEST_ITERATIONS:
        return _FEWEST_ITERATIONS - n
    affordable = int((protocol.max_duration_s / max(elapsed_s, 1e-9) - 1) * n)
    return max(1, min(_JUDGE_EVERY - n % _JUDGE_EVERY, affordable, protocol.max_iterations - n))


def _checked(time_slice: Callable[[int], Sequence[float]]) -> Callable[[int], list[float]]:
    """A slice that comes back short would be asked for again for ever, or pass for a full one."""

    def checked(count: int) -> list[float]:
        latencies = [float(value) for value in time_slice(count)]
        if len(latencies) != count or not all(np.isfinite(value) and value >= 0 for value in latencies):
            raise ValueError(f"asked for {count} iterations, the runtime returned these milliseconds: {latencies}")
        return latencies

    return checked


def _is_done(latencies: list[float], elapsed_s: float, protocol: Protocol) -> bool:
    n = len(latencies)
    if n < _FEWEST_ITERATIONS:
        return False
    if n >= protocol.max_iterations or elapsed_s >= protocol.max_duration_s:
        return True
    if n < protocol.min_iterations or elapsed_s < protocol.min_duration_s or n % _JUDGE_EVERY:
        return False
    return relative_half_width(latencies) <= protocol.interval_target
