"""What is judged: the runs of each candidate, what is asked for, and the numbers that count.

Candidates of one group do the same work: one model at one precision and shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ipfs_accel_pipeline.analysis.change_points import find_change_points
from ipfs_accel_pipeline.records import Status


@dataclass(frozen=True)
class Run:
    """One test of a candidate; numbers only where it passed."""

    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str
    batch_size: int
    sequence_length: int | None
    threads: int | None
    weights: str | None
    weights_digest: str | None
    provenance: str
    acceleration: str | None
    status: str
    error_message: str | None
    timestamp: datetime
    p50_latency_ms: float | None = None
    p99_latency_ms: float | None = None
    throughput_items_per_second: float | None = None
    memory_peak_mb: float | None = None
    power_watts: float | None = None
    energy_efficiency_items_per_joule: float | None = None
    ci95_low_ms: float | None = None
    ci95_high_ms: float | None = None
    parity_cosine: float | None = None
    is_disturbed: bool = False  # every round fell into a slow phase of the host
    host_slowdown: float | None = None  # then, by its signs

    @property
    def group(self) -> tuple[str, str, int, int]:
        """What is decided at once: candidates of one group do the same work."""
        return (self.model_id, self.precision, self.batch_size, self.sequence_length or 0)

    @property
    def candidate(self) -> tuple[str, str, int]:
        return (self.hardware_id, self.endpoint_type, self.threads or 0)


@dataclass(frozen=True)
class Limits:
    """What a candidate must keep; None does not matter. A number that nobody measured keeps no limit."""

    max_latency_ms: float | None = None  # median
    max_p99_ms: float | None = None
    max_memory_mb: float | None = None
    max_watts: float | None = None
    min_throughput: float | None = None  # items per second
    min_parity: float | None = None  # cosine against the fp32 reference


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    prefer: str = "latency"
    limits: Limits = field(default_factory=Limits)
    prices: Mapping[str, float] = field(default_factory=dict)  # per hour, by hardware id
    max_age_days: float = 90.0


def groups(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs by what is decided at once, in a steady order."""
    found: dict[tuple[str, str, int, int], list[Run]] = {}
    for run in runs:
        found.setdefault(run.group, []).append(run)
    return [found[key] for key in sorted(found)]


def candidates_of(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs of each candidate, oldest first. What was imported or emulated is a candidate of its own."""
    found: dict[tuple[object, ...], list[Run]] = {}
    for run in sorted(runs, key=lambda one: one.timestamp):
        found.setdefault((*run.candidate, run.provenance, run.weights_digest or ""), []).append(run)
    return [_joined_failures(found, key) for key in sorted(found, key=str) if _is_own(found, key)]


def _is_own(found: Mapping[tuple[object, ...], list[Run]], key: tuple[object, ...]) -> bool:
    """A failure often knows no weights and no threads: it then belongs to the candidate of the same endpoint."""
    return bool(key[-1]) or not _same_endpoint(found, key)


def _same_endpoint(found: Mapping[tuple[object, ...], list[Run]], key: tuple[object, ...]) -> list[tuple[object, ...]]:
    hardware, endpoint, threads, provenance, _ = key
    return [
        other
        for other in found
        if other != key
        and (other[0], other[1], other[3]) == (hardware, endpoint, provenance)
        and other[-1]
        and (not threads or other[2] == threads)
    ]


def _joined_failures(found: Mapping[tuple[object, ...], list[Run]], key: tuple[object, ...]) -> list[Run]:
    stray = [run for other in found if not other[-1] and key in _same_endpoint(found, other) for run in found[other]]
    return sorted([*found[key], *stray], key=lambda one: one.timestamp)


def current_level(runs: Sequence[Run]) -> list[Run]:
    """The passed runs since the level last changed: older ones tell of another state, disturbed ones of neighbours."""
    passed = [run for run in runs if run.status == Status.PASSED and run.p50_latency_ms]
    passed = [run for run in passed if not run.is_disturbed] or passed
    changes = find_change_points([run.p50_latency_ms or math.nan for run in passed])
    return passed[changes[-1].index :] if changes else passed


def median_of(runs: Iterable[Run], name: str) -> float | None:
    """Median over the passed runs that have this number; None if none has it."""
    known = [
        value for run in runs if run.status == Status.PASSED for value in [getattr(run, name)] if value is not None
    ]
    return float(np.median(known)) if known else None


def objectives(runs: Iterable[Run], wish: Wish) -> list[float]:
    """What is to be small, on the log scale, one number per run that has it."""
    return [math.log(value) for run in runs for value in [_OBJECTIVES[wish.prefer](run, wish)] if value]


def _cost(run: Run, wish: Wish) -> float | None:
    """Per million items, in the currency of the prices."""
    price = wish.prices.get(run.hardware_id)
    rate = run.throughput_items_per_second
    return price / (rate * 3600) * 1e6 if price and rate else None


def _inverse(value: float | None) -> float | None:
    return 1 / value if value else None


_OBJECTIVES: dict[str, Callable[[Run, Wish], float | None]] = {
    "latency": lambda run, wish: run.p50_latency_ms,
    "throughput": lambda run, wish: _inverse(run.throughput_items_per_second),
    "energy": lambda run, wish: _inverse(run.energy_efficiency_items_per_joule),
    "cost": _cost,
}
PREFERENCES = tuple(_OBJECTIVES)
