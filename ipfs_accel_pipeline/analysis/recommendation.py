"""Which hardware for this model? Judges the candidates of one model at one precision and shape, and says why.

Ruled out: what failed, was emulated or imported, is stale, or is outside a limit, an unknown number included. The rest
is ordered by the chance of being best, given how much repeated runs differ; a lead that chance could explain is a tie.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from ipfs_accel_pipeline.analysis.change_points import find_change_points
from ipfs_accel_pipeline.analysis.slow_hosts import least_share
from ipfs_accel_pipeline.records import Provenance, Status

PREFERENCES = ("latency", "throughput", "energy", "cost")
# Below this chance of being better a lead is no lead.
_CERTAIN = 0.95
# How much the median of one case differs from run to run (log scale), until the runs at hand say it better: seen on
# shared machines. It counts as much as this many differences between runs.
_USUAL_SPREAD = 0.04
_WEIGHT_OF_THE_USUAL = 4
_DRAWS = 4000


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


@dataclass(frozen=True)
class Judged:
    """One candidate and what is said of it. `runs` are those that count: the newest level of its history."""

    runs: tuple[Run, ...]
    verdict: str  # recommended | tie | behind | dominated | ruled_out
    reason: str
    place: int | None = None
    probability_best: float | None = None

    @property
    def newest(self) -> Run:
        return self.runs[-1]

    @property
    def identified(self) -> Run:
        """The newest run that knows its weights and threads: a failure often knows neither."""
        return next((run for run in reversed(self.runs) if run.weights_digest), self.newest)

    def median(self, name: str) -> float | None:
        """Median over the runs that have this number."""
        return _median(self.runs, name)


def judge(runs: Iterable[Run], wish: Wish, now: datetime) -> list[Judged]:
    """All candidates of one group, best first, the ruled out ones last."""
    candidates = _candidates(runs)
    if not candidates:
        return []
    digest = _newest_weights(candidates)
    reasons = [_why_not(one, wish, digest, now) for one in candidates]
    eligible = [_current_level(one) for one, reason in zip(candidates, reasons, strict=True) if reason is None]
    ruled_out = [
        Judged(tuple(one), "ruled_out", reason)
        for one, reason in zip(candidates, reasons, strict=True)
        if reason is not None
    ]
    return [*_ordered(eligible, wish), *ruled_out]


def groups(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs by what is decided at once, in a steady order."""
    found: dict[tuple[str, str, int, int], list[Run]] = {}
    for run in runs:
        found.setdefault(run.group, []).append(run)
    return [found[key] for key in sorted(found)]


def _candidates(runs: Iterable[Run]) -> list[list[Run]]:
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


def _newest_weights(candidates: Sequence[Sequence[Run]]) -> str | None:
    """The weights that were measured last: numbers of other weights are of another model."""
    measured = [
        run
        for one in candidates
        for run in one
        if run.provenance == Provenance.MEASURED and run.status == Status.PASSED and run.weights_digest
    ]
    return max(measured, key=lambda run: (run.timestamp, run.weights_digest)).weights_digest if measured else None


def _why_not(runs: Sequence[Run], wish: Wish, digest: str | None, now: datetime) -> str | None:
    newest = runs[-1]
    if newest.provenance != Provenance.MEASURED:
        return f"{newest.provenance}, not measured here"
    if newest.acceleration != "hardware":
        return f"{newest.acceleration or 'unknown'} acceleration, no hardware"
    if newest.status != Status.PASSED:
        message = (newest.error_message or "no reason stored").partition("\n")[0][:200]
        return f"its newest test ended: {newest.status}: {message}"
    if digest is not None and newest.weights_digest != digest:
        return "measured with other weights than the newest"
    level = _current_level(runs) or runs
    if now - level[-1].timestamp > timedelta(days=wish.max_age_days):
        return f"stale: last measured on {_day(level[-1].timestamp)}, {wish.max_age_days:g} days are allowed"
    return _beyond_limit(level, wish)


def _beyond_limit(runs: Sequence[Run], wish: Wish) -> str | None:
    limits = wish.limits
    for limit, name, unit, is_upper in (
        (limits.max_latency_ms, "p50_latency_ms", "ms", True),
        (limits.max_p99_ms, "p99_latency_ms", "ms", True),
        (limits.max_memory_mb, "memory_peak_mb", "MiB", True),
        (limits.max_watts, "power_watts", "W", True),
        (limits.min_throughput, "throughput_items_per_second", "items/s", False),
        (limits.min_parity, "parity_cosine", "", False),
    ):
        if limit is None:
            continue
        value = _median(runs, name)
        if value is None:
            return f"{name} was not measured, so the limit of {limit:g} {unit}".rstrip() + " cannot be checked"
        if value > limit if is_upper else value < limit:
            return f"{name} is {value:.4g} {unit}".rstrip() + f", beyond the limit of {limit:g} {unit}".rstrip()
    return _without_preference(runs, wish)


def _without_preference(runs: Sequence[Run], wish: Wish) -> str | None:
    hardware = runs[-1].hardware_id
    if wish.prefer == "cost" and hardware not in wish.prices:
        return f"no price is known: add --price {hardware}=..."
    if not _objectives(runs, wish):
        return "its energy was not measured" if wish.prefer == "energy" else f"it has no number for {wish.prefer}"
    return None


def _current_level(runs: Sequence[Run]) -> list[Run]:
    """The passed runs since the level last changed: older ones tell of another state, disturbed ones of neighbours."""
    passed = [run for run in runs if run.status == Status.PASSED and run.p50_latency_ms]
    passed = [run for run in passed if not run.is_disturbed] or passed
    changes = find_change_points([run.p50_latency_ms or math.nan for run in passed])
    return passed[changes[-1].index :] if changes else passed


def _objectives(runs: Iterable[Run], wish: Wish) -> list[float]:
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


def _ordered(eligible: list[list[Run]], wish: Wish) -> list[Judged]:
    if not eligible:
        return []
    centres, errors = _estimates(eligible, wish)
    # One fixed set of draws: the same evidence always gets the same answer, and more of it a surer one.
    generator = np.random.default_rng(0)
    draws = centres + errors * generator.standard_normal((_DRAWS, len(eligible)))
    draws -= np.array([_hidden_speed(one) for one in eligible]) * generator.random(draws.shape)
    chances = np.bincount(draws.argmin(axis=1), minlength=len(eligible)) / _DRAWS
    dominated = [_dominated_by(one, eligible, wish) for one in eligible]
    # A dominated candidate never leads, however its luck: something else is at least as good in everything known.
    order = sorted(range(len(eligible)), key=lambda i: (dominated[i] is not None, -chances[i], centres[i]))
    leader = order[0]
    beats_leader = [float((draws[:, i] < draws[:, leader]).mean()) for i in range(len(eligible))]
    tied = [i for i in order[1:] if beats_leader[i] > 1 - _CERTAIN]
    verdicts = {i: _verdict(i, leader, tied, dominated[i] is not None) for i in order}
    return [
        Judged(
            tuple(eligible[i]),
            verdicts[i],
            _reason(i, order, tied, eligible, dominated, wish),
            place,
            float(chances[i]),
        )
        for place, i in enumerate(order, 1)
    ]


def _verdict(index: int, leader: int, tied: Sequence[int], is_dominated: bool) -> str:
    if index == leader:
        return "tie" if tied else "recommended"
    if index in tied:
        return "tie"
    return "dominated" if is_dominated else "behind"


def _estimates(eligible: Sequence[Sequence[Run]], wish: Wish) -> tuple[np.ndarray, np.ndarray]:
    """Median of each candidate's objective and its standard error, on the log scale.

    The spread between runs is a candidate's own as far as its runs tell it, drawn towards that of all candidates, and
    this one towards the usual one: a candidate with one run is not taken for exact.
    """
    values = [np.array(_objectives(one, wish)) for one in eligible]
    squares = [float(((one - np.median(one)) ** 2).sum()) for one in values]
    prior = _WEIGHT_OF_THE_USUAL
    common = (prior * _USUAL_SPREAD**2 + sum(squares)) / (prior + sum(one.size - 1 for one in values))
    errors = [
        math.sqrt((prior * common + square) / (prior + one.size - 1) / one.size + _within(runs) / one.size)
        for one, square, runs in zip(values, squares, eligible, strict=True)
    ]
    return np.array([np.median(one) for one in values]), np.array(errors)


def _hidden_speed(runs: Sequence[Run]) -> float:
    """How much better it may be on a quiet host, on the log scale; 0 where a quiet round counts."""
    return -math.log(max(least_share(run.host_slowdown) for run in runs))


def _within(runs: Sequence[Run]) -> float:
    """Variance of a run's own median, from its interval; the mean over the runs."""
    widths = [
        ((run.ci95_high_ms - run.ci95_low_ms) / 2 / 1.96 / run.p50_latency_ms) ** 2
        for run in runs
        if run.p50_latency_ms and run.ci95_low_ms is not None and run.ci95_high_ms is not None
    ]
    return float(np.mean(widths)) if widths else 0.0


_COMPARED = (  # what makes one candidate dominate another; True: more is better
    ("p50_latency_ms", False),
    ("throughput_items_per_second", True),
    ("memory_peak_mb", False),
    ("energy_efficiency_items_per_joule", True),
)


def _dominated_by(one: Sequence[Run], eligible: Sequence[Sequence[Run]], wish: Wish) -> int | None:
    """Index of the best candidate that is at least as good in all that both were measured in, and better somewhere.

    None where only disturbed runs tell of this one: it may be better than they say.
    """
    if one[-1].is_disturbed:
        return None
    others = [i for i, other in enumerate(eligible) if other is not one and _dominates(other, one, wish)]
    return min(others, key=lambda i: float(np.median(_objectives(eligible[i], wish))), default=None)


def _dominates(one: Sequence[Run], other: Sequence[Run], wish: Wish) -> bool:
    # What is asked for counts too: a cheaper device is not dominated by a faster one.
    gains = [float(np.median(_objectives(other, wish)) - np.median(_objectives(one, wish)))]
    for name, more_is_better in _COMPARED:
        mine, theirs = _median(one, name), _median(other, name)
        if mine is not None and theirs is not None:
            gains.append((mine - theirs) * (1 if more_is_better else -1))
    return min(gains) >= 0 and max(gains) > 0


def _reason(
    index: int,
    order: Sequence[int],
    tied: Sequence[int],
    eligible: Sequence[Sequence[Run]],
    dominated: Sequence[int | None],
    wish: Wish,
) -> str:
    own = f"{_shown(eligible[index], wish)} ({_evidence(eligible[index])})"
    leader = eligible[order[0]]
    if index == order[0]:
        if tied:
            return f"{own}; cannot be told apart from {', '.join(_name(eligible[i]) for i in tied)}"
        if len(order) == 1:
            return f"{own}; nothing else was left to compare"
        return f"{own}; next best: {_name(eligible[order[1]])} with {_shown(eligible[order[1]], wish)}"
    if index in tied:
        return f"{own}; cannot be told apart from {_name(leader)} with {_shown(leader, wish)}"
    better = dominated[index]
    if better is not None:
        return f"{own}; {_name(eligible[better])} is at least as good in everything measured"
    return f"{own}; {_name(leader)} has {_shown(leader, wish)}"


def _shown(runs: Sequence[Run], wish: Wish) -> str:
    # Of the numbers themselves: of their logarithms, the median of two would be another mean.
    value = float(np.median(np.exp(_objectives(runs, wish))))
    if wish.prefer == "latency":
        return f"median latency {value:.4g} ms"
    if wish.prefer == "throughput":
        return f"{1 / value:.4g} items/s"
    return f"{1 / value:.4g} items/J" if wish.prefer == "energy" else f"cost {value:.4g} per million items"


def _evidence(runs: Sequence[Run]) -> str:
    count = f"{len(runs)} run" if len(runs) == 1 else f"{len(runs)} runs"
    disturbed = ", every round in a slow phase of the host" if runs[-1].is_disturbed else ""
    return f"{count}, newest of {_day(runs[-1].timestamp)}{disturbed}"


def _day(moment: datetime) -> str:
    """And no age: the sentence is stored, and read for as long as the rows stand."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def _name(runs: Sequence[Run]) -> str:
    run = runs[-1]
    threads = f", {run.threads} thread{'' if run.threads == 1 else 's'}" if run.threads else ""
    return f"{run.hardware_id} ({run.endpoint_type}{threads})".replace(", 1 threads", ", 1 thread")


def _median(runs: Iterable[Run], name: str) -> float | None:
    known = [
        value for run in runs if run.status == Status.PASSED for value in [getattr(run, name)] if value is not None
    ]
    return float(np.median(known)) if known else None
