"""From the observations of one shard to the rows of test_results, performance_results and power_metrics.

Only passed cases get performance and power rows. Ids follow from the run and the case, so the rows can be made again
from the shards at any time and are the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ipfs_accel_pipeline.benchmark.case_rounds import CaseRounds
from ipfs_accel_pipeline.benchmark.known_values import largest, median, median_of_medians, rounded_mean, smallest, total
from ipfs_accel_pipeline.benchmark.power_rows import items_per_joule, measured_watts, power_row
from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.records import (
    GENERATION_FAILURE,
    Case,
    Observation,
    PerformanceResult,
    PowerMetrics,
    Provenance,
    TestResult,
)


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
    groups = [CaseRounds(case, rounds, run_id) for case, rounds in cases.items()]
    timed = [group for group in groups if group.passed] if provenance is not Provenance.EMULATED else []
    return Rows(
        [
            _test_result(group, shard_id, model_versions.get(group.case.model_id), provenance, circumstances or {})
            for group in groups
        ],
        [_performance_result(group, provenance) for group in timed],
        [power_row(group) for group in timed],
    )


def _test_result(
    group: CaseRounds,
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
        execution_time=total(one.execution_time_s for one in group.rounds),
        memory_usage=group.memory_peak_mb,
        details={**circumstances, **_details(group)},
        run_id=group.run_id,
        provenance=str(provenance),
        requested_device=decisive.requested_device,
        actual_device=decisive.actual_device,
        backend=decisive.backend,
        backend_version=decisive.backend_version,
        weights=decisive.weights,
        parity_cosine=smallest(parity.cosine for parity in decisive.parity),
        parity_max_abs=largest(parity.max_abs for parity in decisive.parity),
        model_version_id=model_version_id,
        shard_id=shard_id,
        **asdict(group.case),
    )


def _error_message(group: CaseRounds) -> str | None:
    if group.failure is None:
        return None
    message = group.failure.error_message or f"{group.failure.status} without a reason"
    if len(group.rounds) == 1:
        return message
    return f"round {group.failure.round_index + 1}, after {len(group.rounds) - 1} that passed: {message}"


def _details(group: CaseRounds) -> dict[str, Any]:
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


def _generation_details(group: CaseRounds) -> dict[str, Any] | None:
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


def _performance_result(group: CaseRounds, provenance: Provenance) -> PerformanceResult:
    summary = group.summary
    case, used = group.case, group.used
    return PerformanceResult(
        id=row_id("performance", group.test_id),
        average_latency_ms=summary.average_ms,
        p50_latency_ms=summary.p50_ms,
        p90_latency_ms=summary.p90_ms,
        p99_latency_ms=summary.p99_ms,
        throughput_items_per_second=case.batch_size / summary.average_ms * 1e3,
        memory_peak_mb=group.memory_peak_mb,
        power_watts=measured_watts(used),
        energy_efficiency_items_per_joule=items_per_joule(used, case.batch_size),
        test_timestamp=group.first.started_at,
        test_id=group.test_id,
        run_id=group.run_id,
        provenance=str(provenance),
        iterations=summary.iterations,
        warmup_iterations=rounded_mean(one.warmup_iterations for one in used),
        rounds=len(group.rounds),
        slow_rounds=sum(bool(one.is_slow_phase) for one in group.rounds),
        min_latency_ms=summary.min_ms,
        max_latency_ms=summary.max_ms,
        std_latency_ms=summary.std_ms,
        ci95_low_ms=summary.ci95_low_ms,
        ci95_high_ms=summary.ci95_high_ms,
        coefficient_of_variation=summary.coefficient_of_variation,
        cpu_p50_ms=median_of_medians(one.cpu_times_ms for one in used),
        canary_slowdown=largest(one.canary_slowdown for one in used),
        is_noisy=bool(group.noise),
        model_load_ms=median(one.model_load_ms for one in used),
        compile_ms=median(one.compile_ms for one in used),
        first_inference_ms=median(one.first_inference_ms for one in used),
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
    return smallest(largest((one.canary_slowdown, one.contention_slowdown)) for one in rounds)
