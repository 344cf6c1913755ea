"""From the observations of one shard to the rows of test_results, performance_results and power_metrics.

Only passed cases get performance and power rows. Ids follow from the run and the case, so the rows can be made again
from the shards at any time and are the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

import numpy as np

from ipfs_accel_pipeline.benchmark.statistics import Summary, noise_reasons, summarize
from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.records import (
    GENERATION_FAILURE,
    Case,
    Generation,
    Observation,
    PerformanceResult,
    PowerMetrics,
    PowerReading,
    Provenance,
    Status,
    TestResult,
    rounds_that_count,
)

_NO_READING = PowerReading("unavailable", "the round recorded no power reading")
_EVERY_ROUND_SLOW = "every round fell into a slow phase of the host"


@dataclass(frozen=True)
class Rows:
    """The table rows of one shard."""

    test_results: list[TestResult]
    performance_results: list[PerformanceResult]
    power_metrics: list[PowerMetrics]


def aggregate(
    observations: Iterable[Observation],
    run_id: str,
    shard_id: str | None,
    model_versions: dict[str, str],
    provenance: Provenance,
    circumstances: dict[str, Any] | None = None,
) -> Rows:
    """Rows of all cases in `observations`. `model_versions` maps model ids to the version that was measured.

    `circumstances` are facts of the whole shard (driver, profile) that go into the details of each test.
    """
    cases: dict[Case, list[Observation]] = {}
    for observation in observations:
        cases.setdefault(observation.case, []).append(observation)
    groups = [_Group(case, rounds, run_id) for case, rounds in cases.items()]
    timed = [group for group in groups if group.passed] if provenance is not Provenance.EMULATED else []
    return Rows(
        [
            _test_result(group, shard_id, model_versions.get(group.case.model_id), provenance, circumstances or {})
            for group in groups
        ],
        [_performance_result(group, provenance) for group in timed],
        [_power_metrics(group) for group in timed],
    )


class _Group:
    """The rounds of one case."""

    def __init__(self, case: Case, rounds: Sequence[Observation], run_id: str) -> None:
        self.case = case
        self.rounds = sorted(rounds, key=lambda one: one.round_index)
        self.run_id = run_id
        self.test_id = row_id("test", run_id, *asdict(case).values())
        self.failure = next((one for one in self.rounds if one.status is not Status.PASSED), None)
        self.passed = self.failure is None
        self.all_slow = all(one.is_slow_phase for one in self.rounds)
        self.used = rounds_that_count(self.rounds)
        self.first = self.rounds[0]
        self.decisive = self.failure or self.first

    @cached_property
    def summary(self) -> Summary:
        return summarize([one.latencies_ms for one in self.used])

    @cached_property
    def noise(self) -> list[str]:
        """Why the numbers are to be taken with care."""
        series = [one.latencies_ms for one in self.used]
        reasons = noise_reasons(series, [one.interval_target_met for one in self.used], self.summary)
        return reasons + ([_EVERY_ROUND_SLOW] if self.all_slow else [])

    @property
    def memory_peak_mb(self) -> float | None:
        """Device memory where the device has its own, else the process's peak above its baseline."""
        device = _largest(one.device_memory_peak_mb for one in self.rounds)
        return device if device is not None else _largest(one.memory_peak_mb for one in self.rounds)

    @cached_property
    def generations(self) -> list[Generation]:
        """Of the rounds that count; none if one of all the rounds has a reason not to."""
        found = [one.generation for one in self.rounds if one.generation is not None]
        counted = [one.generation for one in self.used if one.generation is not None]
        return [] if any(one.reason for one in found) else counted

    @cached_property
    def generation_noise(self) -> list[str]:
        """Why the times of written text are to be taken with care, by the rules for latencies."""
        series = [[one for text in written.later_token_ms for one in text] for written in self.generations]
        targets = [written.interval_target_met for written in self.generations]
        reasons = noise_reasons(series, targets, summarize(series)) if series else []
        return reasons + ([_EVERY_ROUND_SLOW] if series and self.all_slow else [])

    @property
    def time_to_first_token_ms(self) -> float | None:
        return _median_of_medians(one.first_token_ms for one in self.generations)

    @property
    def time_per_output_token_ms(self) -> float | None:
        """The mean within a text, the median over the texts of a round and over the rounds."""
        return _median_of_medians([fmean(text) for text in one.later_token_ms] for one in self.generations)

    @property
    def tokens_per_second(self) -> float | None:
        """Of the whole batch while it writes: reading the prompt is no part of it."""
        per_token_ms = self.time_per_output_token_ms
        return self.case.batch_size / per_token_ms * 1e3 if per_token_ms else None


def _test_result(
    group: _Group,
    shard_id: str | None,
    model_version_id: str | None,
    provenance: Provenance,
    circumstances: dict[str, Any],
) -> TestResult:
    decisive = group.decisive
    return TestResult(
        id=group.test_id,
        timestamp=group.first.started_at,
        test_date=group.first.started_at.date().isoformat(),
        status=str(decisive.status),
        test_type="benchmark",
        success=group.passed,
        error_message=_error_message(group),
        execution_time=_sum(one.execution_time_s for one in group.rounds),
        memory_usage=group.memory_peak_mb,
        details={**circumstances, **_details(group)},
        run_id=group.run_id,
        provenance=str(provenance),
        requested_device=decisive.requested_device,
        actual_device=decisive.actual_device,
        backend=decisive.backend,
        backend_version=decisive.backend_version,
        weights=decisive.weights,
        parity_cosine=_smallest(parity.cosine for parity in decisive.parity),
        parity_max_abs=_largest(parity.max_abs for parity in decisive.parity),
        model_version_id=model_version_id,
        shard_id=shard_id,
        **asdict(group.case),
    )


def _error_message(group: _Group) -> str | None:
    if group.failure is None:
        return None
    message = group.failure.error_message or f"{group.failure.status} without a reason"
    if len(group.rounds) == 1:
        return message
    return f"round {group.failure.round_index + 1}, after {len(group.rounds) - 1} that passed: {message}"


def _details(group: _Group) -> dict[str, Any]:
    decisive = group.decisive
    return {
        "rounds": [_round_details(one) for one in group.rounds],
        "parity": [asdict(parity) for parity in decisive.parity],
        "device_proof": decisive.device_proof,
        "effective_precision": decisive.effective_precision,
        "weights_digest": decisive.weights_digest,
        "generation": _generation_details(group),
        "noise": group.noise if group.passed and group.first.latencies_ms else None,
        # A passed case has it in its performance row.
        "environment": None if group.passed else decisive.environment,
        **{name: value for name, value in decisive.details.items() if name != GENERATION_FAILURE},
    }


def _generation_details(group: _Group) -> dict[str, Any] | None:
    """None for a model that was not asked to write text."""
    rounds = [one for one in group.rounds if one.generation is not None]
    if not rounds:
        return None
    decisive = next((one for one in rounds if one.generation and one.generation.reason), rounds[0])
    assert decisive.generation is not None
    return {
        "reason": decisive.generation.reason,
        "failure": decisive.details.get(GENERATION_FAILURE),
        "texts": sum(len(one.first_token_ms) for one in group.generations),
        "noise": group.generation_noise,
        "parity": [asdict(parity) for parity in decisive.generation.parity],
        "actual_device": decisive.generation.actual_device,
        "device_proof": decisive.generation.device_proof,
    }


def _round_details(one: Observation) -> dict[str, Any]:
    return {
        "round": one.round_index,
        "status": str(one.status),
        "started_at": one.started_at.isoformat(),
        "iterations": len(one.latencies_ms),
        "p50_latency_ms": float(np.median(one.latencies_ms)) if one.latencies_ms else None,
        "canary_slowdown": one.canary_slowdown,
        "contention_slowdown": one.contention_slowdown,
        "is_slow_phase": one.is_slow_phase,
        "memory_anonymous_mb": one.memory_anonymous_mb,
    }


def _performance_result(group: _Group, provenance: Provenance) -> PerformanceResult:
    summary = group.summary
    case, used = group.case, group.used
    throughput = case.batch_size / summary.average_ms * 1e3
    watts = _measured_watts(used)
    return PerformanceResult(
        id=row_id("performance", group.test_id),
        average_latency_ms=summary.average_ms,
        p50_latency_ms=summary.p50_ms,
        p90_latency_ms=summary.p90_ms,
        p99_latency_ms=summary.p99_ms,
        throughput_items_per_second=throughput,
        memory_peak_mb=group.memory_peak_mb,
        power_watts=watts,
        energy_efficiency_items_per_joule=throughput / watts if watts else None,
        test_timestamp=group.first.started_at,
        test_id=group.test_id,
        run_id=group.run_id,
        provenance=str(provenance),
        iterations=summary.iterations,
        warmup_iterations=_rounded_mean(one.warmup_iterations for one in used),
        rounds=len(group.rounds),
        slow_rounds=sum(bool(one.is_slow_phase) for one in group.rounds),
        min_latency_ms=summary.min_ms,
        max_latency_ms=summary.max_ms,
        std_latency_ms=summary.std_ms,
        ci95_low_ms=summary.ci95_low_ms,
        ci95_high_ms=summary.ci95_high_ms,
        coefficient_of_variation=summary.coefficient_of_variation,
        cpu_p50_ms=_median_of_medians(one.cpu_times_ms for one in used),
        canary_slowdown=_largest(one.canary_slowdown for one in used),
        is_noisy=bool(group.noise),
        model_load_ms=_median(one.model_load_ms for one in used),
        compile_ms=_median(one.compile_ms for one in used),
        first_inference_ms=_median(one.first_inference_ms for one in used),
        time_to_first_token_ms=group.time_to_first_token_ms,
        time_per_output_token_ms=group.time_per_output_token_ms,
        tokens_per_second=group.tokens_per_second,
        new_tokens=next((one.new_tokens for one in group.generations), None),
        environment=group.used[0].environment,
        host_slowdown=_host_slowdown(group.rounds),
        **asdict(case),
    )


def _host_slowdown(rounds: Sequence[Observation]) -> float | None:
    """Of the quietest round the worse sign, where all were in a slow phase: as much, at least, may be the host's."""
    if not all(one.is_slow_phase for one in rounds):
        return None
    return _smallest(_largest((one.canary_slowdown, one.contention_slowdown)) for one in rounds)


def _measured_watts(rounds: Sequence[Observation]) -> float | None:
    """Average power over the timed windows of all these rounds; None if one of them lacks it, or it is an estimate.

    The latencies are of all rounds, so that efficiency over some of them would be of another window.
    """
    readings = [one.power for one in rounds]
    if any(reading is None or reading.kind != "measured" for reading in readings):
        return None
    return _average_watts([reading for reading in readings if reading])


def _average_watts(readings: Sequence[PowerReading]) -> float | None:
    """Weighted by the length of the windows; None if one of them has no average."""
    weighted = [(one.power_watts_avg, one.duration_seconds or 0.0) for one in readings]
    known = [(watts, seconds) for watts, seconds in weighted if watts is not None]
    total = sum(seconds for _, seconds in known)
    if not known or len(known) < len(weighted):
        return None
    return sum(watts * seconds for watts, seconds in known) / total if total else _mean(watts for watts, _ in known)


def _power_metrics(group: _Group) -> PowerMetrics:
    readings = [one.power or _NO_READING for one in group.used]
    kinds = {reading.kind for reading in readings if reading.power_watts_avg is not None}
    lacking = [reading for reading in readings if reading.power_watts_avg is None]
    shown = next((reading for reading in readings if reading.power_watts_avg is not None), readings[0])
    watts = _average_watts(readings) if len(kinds) == 1 else None
    return PowerMetrics(
        id=row_id("power", group.test_id),
        test_id=group.test_id,
        model_id=group.case.model_id,
        hardware_id=group.case.hardware_id,
        power_watts_avg=watts,
        power_watts_peak=_largest(reading.power_watts_peak for reading in readings) if watts is not None else None,
        temperature_celsius_avg=_mean(reading.temperature_celsius_avg for reading in readings),
        temperature_celsius_peak=_largest(reading.temperature_celsius_peak for reading in readings),
        battery_impact_mah=_sum(reading.battery_impact_mah for reading in readings),
        test_duration_seconds=_sum(reading.duration_seconds for reading in readings),
        estimated_runtime_hours=_mean(reading.estimated_runtime_hours for reading in readings),
        test_timestamp=group.first.started_at,
        run_id=group.run_id,
        source=shown.source,
        kind=shown.kind,
        scope=shown.scope,
        n_samples=sum(reading.n_samples for reading in readings),
        reason=_power_reason(readings, lacking) if len(kinds) < 2 else "some rounds were measured, others estimated",
    )


def _power_reason(readings: Sequence[PowerReading], lacking: Sequence[PowerReading]) -> str | None:
    """Why there is no average, or what else a reader should know of the readings."""
    if not lacking:
        return next((reading.reason for reading in readings if reading.reason), None)
    why = lacking[0].reason or "no reason was recorded"
    return why if len(lacking) == len(readings) else f"{len(lacking)} of {len(readings)} rounds have no power: {why}"


Values = Iterable[float | None]


def _known(values: Values) -> list[float]:
    return [value for value in values if value is not None]


def _largest(values: Values) -> float | None:
    return max(_known(values), default=None)


def _smallest(values: Values) -> float | None:
    return min(_known(values), default=None)


def _mean(values: Values) -> float | None:
    return fmean(known) if (known := _known(values)) else None


def _sum(values: Values) -> float | None:
    return sum(known) if (known := _known(values)) else None


def _median(values: Values) -> float | None:
    return float(np.median(known)) if (known := _known(values)) else None


def _rounded_mean(values: Values) -> int | None:
    return round(mean) if (mean := _mean(values)) is not None else None


def _median_of_medians(rounds: Iterable[Sequence[float]]) -> float | None:
    return _median(float(np.median(one)) for one in rounds if one)
