"""How a latency series is asked for and what comes back: plain data, shared by the measuring core and the runtimes.

Nothing here times or judges; the rules are in `benchmark.protocol`.
"""

from __future__ import annotations

from dataclasses import dataclass


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
    # That a model which writes text appends to its prompt; 0: none are measured. The same in every profile: a token
    # takes longer the more there are before it.
    new_tokens: int = 32


@dataclass(frozen=True)
class RawSeries:
    """Timed iterations in order, in milliseconds, as they were taken where the model runs."""

    latencies_ms: tuple[float, ...]
    warmup_iterations: int | None  # None where the runtime warms up without saying how often


@dataclass(frozen=True)
class LatencySeries:
    """One round's timed iterations, in order. Milliseconds."""

    latencies_ms: tuple[float, ...]
    cpu_times_ms: tuple[float, ...]  # empty where the work is done by another process or machine
    warmup_iterations: int | None
    interval_target_met: bool


@dataclass(frozen=True)
class MemoryUse:
    """Memory in MiB that a model takes where it runs; None where that cannot be known, and then the reason."""

    baseline_mb: float | None = None  # resident before the model was loaded
    peak_mb: float | None = None  # above the baseline
    anonymous_mb: float | None = None  # above the baseline after timing, without mapped files
    unknown_reason: str | None = None
