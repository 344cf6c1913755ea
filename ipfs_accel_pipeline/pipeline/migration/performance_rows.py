"""A row of performance_results where a finding has times. What needs runs is NULL where there is only an average."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ipfs_accel_pipeline.benchmark.statistics import Summary, noise_reasons, summarize
from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.pipeline.migration.numbers import positive, whole
from ipfs_accel_pipeline.pipeline.migration.outcome_rows import OutcomeRow
from ipfs_accel_pipeline.pipeline.migration.refusals import Refusals
from ipfs_accel_pipeline.storage.legacy_json.findings import Finding, Grade, LeftOut

# Numbers that a file may state itself.
_STATED = ("min_latency_ms", "max_latency_ms", "model_load_ms", "first_inference_ms", "memory_peak_mb")


class PerformanceRow(NamedTuple):
    """The columns of performance_results that a finding may know, without those that all imports share."""

    id: str
    model_id: str
    hardware_id: str
    batch_size: int | None
    sequence_length: int | None
    average_latency_ms: float
    throughput_items_per_second: float | None
    memory_peak_mb: float | None
    test_timestamp: datetime
    test_id: str
    endpoint_type: str
    precision: str | None
    iterations: int | None
    is_noisy: bool | None
    model_load_ms: float | None
    first_inference_ms: float | None
    environment: dict[str, Any]
    min_latency_ms: float | None
    max_latency_ms: float | None
    p50_latency_ms: float | None = None
    p90_latency_ms: float | None = None
    p99_latency_ms: float | None = None
    std_latency_ms: float | None = None
    ci95_low_ms: float | None = None
    ci95_high_ms: float | None = None
    coefficient_of_variation: float | None = None


def performance_row(finding: Finding, test: OutcomeRow, verdict: Grade, refusals: Refusals) -> PerformanceRow | None:
    summary = summarize([finding.latencies.value]) if finding.latencies and min(finding.latencies.value) > 0 else None
    average = summary.average_ms if summary else positive(finding, "average_latency_ms", refusals)
    if average is None:
        return None
    stated = {name: positive(finding, name, refusals) for name in _STATED}
    if summary is None and not _in_order(stated["min_latency_ms"], average, stated["max_latency_ms"]):
        refusals.append(LeftOut(finding.pointer, "the average lies outside of minimum and maximum"))
        return None
    return PerformanceRow(
        id=row_id("performance", test.id),
        model_id=test.model_id,
        hardware_id=test.hardware_id,
        batch_size=test.batch_size,
        sequence_length=test.sequence_length,
        average_latency_ms=average,
        throughput_items_per_second=positive(finding, "throughput_items_per_second", refusals),
        memory_peak_mb=stated["memory_peak_mb"],
        test_timestamp=test.timestamp,
        test_id=test.id,
        endpoint_type=test.endpoint_type,
        precision=test.precision,
        iterations=summary.iterations if summary else _iterations(finding, refusals),
        is_noisy=bool(noise_reasons([finding.latencies.value], [True], summary))
        if summary and finding.latencies
        else None,
        model_load_ms=stated["model_load_ms"],
        first_inference_ms=stated["first_inference_ms"],
        environment={"evidence": str(verdict), "hostname": finding.hostname},
        **_distribution(summary, stated),
    )


def _distribution(summary: Summary | None, stated: Mapping[str, float | None]) -> dict[str, float | None]:
    """The columns that need the runs; an average alone has no percentile."""
    if summary is None:
        return {name: stated[name] for name in ("min_latency_ms", "max_latency_ms")}
    return {
        "p50_latency_ms": summary.p50_ms,
        "p90_latency_ms": summary.p90_ms,
        "p99_latency_ms": summary.p99_ms,
        "min_latency_ms": summary.min_ms,
        "max_latency_ms": summary.max_ms,
        "std_latency_ms": summary.std_ms,
        "ci95_low_ms": summary.ci95_low_ms,
        "ci95_high_ms": summary.ci95_high_ms,
        "coefficient_of_variation": summary.coefficient_of_variation,
    }


def _iterations(finding: Finding, refusals: Refusals) -> int | None:
    stated = whole(finding, "iterations", refusals)
    return stated if stated is not None else finding.notes.get("iterations")


def _in_order(low: float | None, middle: float, high: float | None) -> bool:
    return (low is None or low <= middle) and (high is None or middle <= high)
