"""Valid rows of every table and one valid observation, for tests only: every number here is invented.

Each builder takes changes by field name. All builders fit together: the default rows may be written in the
order hardware, model, test, performance, power, compatibility without breaking a key.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from ipfs_accel_pipeline.records import (
    Case,
    HardwareCompatibility,
    HardwarePlatform,
    Model,
    ModelVersion,
    Observation,
    ParityResult,
    PerformanceChange,
    PerformanceResult,
    PowerMetrics,
    PowerReading,
    Recommendation,
    Status,
    TestResult,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HARDWARE_ID = "cpu-fake-9000"
MODEL_ID = "fake-bert-tiny"
RUN_ID = "run-1"
TEST_ID = "test-1"

_CASE_FIELDS = {f.name for f in fields(Case)}


def hardware_row(**changes: Any) -> HardwarePlatform:
    row = HardwarePlatform(
        hardware_id=HARDWARE_ID,
        hardware_type="CPU",
        device_name="Fake CPU 9000",
        compute_units=4,
        memory_capacity=16384.0,
        driver_version=None,
        supported_precisions=("fp32", "int8"),
        max_batch_size=None,
        detected_at=NOON,
        available=True,
        unavailable_reason=None,
        acceleration="hardware",
        hostname="fake-host",
        runtime={"device": "cpu", "source": "fakes"},
    )
    return replace(row, **changes)


def absent_hardware_row(**changes: Any) -> HardwarePlatform:
    """A hardware type that this machine lacks, with the reason."""
    absent = {
        "hardware_id": "cuda-absent",
        "hardware_type": "CUDA",
        "device_name": "none found",
        "compute_units": None,
        "memory_capacity": None,
        "supported_precisions": None,
        "available": False,
        "unavailable_reason": "no NVIDIA driver",
        "acceleration": None,
        "runtime": {},
    }
    return hardware_row(**(absent | changes))


def model_row(**changes: Any) -> Model:
    row = Model(
        model_id=MODEL_ID,
        model_name="fake/bert-tiny",
        model_family="bert",
        model_type="text_encoder",
        model_size="tiny",
        parameters_million=4.4,
        added_at=NOON,
        source="catalogue",
        revision=None,
        task="feature-extraction",
        modality="text",
        license="apache-2.0",
    )
    return replace(row, **changes)


def test_row(**changes: Any) -> TestResult:
    row = TestResult(
        id=TEST_ID,
        timestamp=NOON,
        test_date="2026-03-01",
        status="passed",
        test_type="benchmark",
        model_id=MODEL_ID,
        hardware_id=HARDWARE_ID,
        endpoint_type="pytorch",
        success=True,
        error_message=None,
        execution_time=12.5,
        memory_usage=150.0,
        details={"rounds": 3},
        run_id=RUN_ID,
        provenance="measured",
        requested_device="cpu",
        actual_device="cpu",
        backend="pytorch",
        backend_version="2.10.0",
        precision="fp32",
        batch_size=1,
        sequence_length=128,
        weights="random",
        parity_cosine=1.0,
        parity_max_abs=0.0,
        model_version_id=None,
        shard_id="shard-1",
    )
    return replace(row, **changes)


test_row.__test__ = False  # type: ignore[attr-defined]  # a builder, not a test for pytest


def failed_test_row(**changes: Any) -> TestResult:
    failed = {
        "id": "test-failed",
        "status": "error",
        "success": False,
        "error_message": "RuntimeError: fake failure",
        "memory_usage": None,
        "actual_device": None,
        "parity_cosine": None,
        "parity_max_abs": None,
    }
    return test_row(**(failed | changes))


def performance_row(**changes: Any) -> PerformanceResult:
    row = PerformanceResult(
        id="performance-1",
        model_id=MODEL_ID,
        hardware_id=HARDWARE_ID,
        batch_size=1,
        sequence_length=128,
        average_latency_ms=10.0,
        p50_latency_ms=9.5,
        p90_latency_ms=11.0,
        p99_latency_ms=14.0,
        throughput_items_per_second=100.0,
        memory_peak_mb=150.0,
        power_watts=None,
        energy_efficiency_items_per_joule=None,
        test_timestamp=NOON,
        test_id=TEST_ID,
        run_id=RUN_ID,
        provenance="measured",
        endpoint_type="pytorch",
        precision="fp32",
        iterations=90,
        warmup_iterations=3,
        rounds=3,
        slow_rounds=0,
        min_latency_ms=9.0,
        max_latency_ms=15.0,
        std_latency_ms=0.5,
        ci95_low_ms=9.4,
        ci95_high_ms=9.6,
        coefficient_of_variation=0.05,
        cpu_p50_ms=9.1,
        canary_slowdown=1.01,
        is_noisy=False,
        model_load_ms=300.0,
        compile_ms=None,
        first_inference_ms=25.0,
        time_to_first_token_ms=None,
        time_per_output_token_ms=None,
        tokens_per_second=None,
        new_tokens=None,
        host_slowdown=None,
        environment={"threads": 2},
    )
    return replace(row, **changes)


def compatibility_row(**changes: Any) -> HardwareCompatibility:
    row = HardwareCompatibility(
        id="compatibility-1",
        model_id=MODEL_ID,
        hardware_id=HARDWARE_ID,
        compatibility_status="compatible",
        compatibility_score=1.0,
        recommended=None,
        last_tested=NOON,
        reason=None,
    )
    return replace(row, **changes)


def power_row(**changes: Any) -> PowerMetrics:
    row = PowerMetrics(
        id="power-1",
        test_id=TEST_ID,
        model_id=MODEL_ID,
        hardware_id=HARDWARE_ID,
        power_watts_avg=None,
        power_watts_peak=None,
        temperature_celsius_avg=None,
        temperature_celsius_peak=None,
        battery_impact_mah=None,
        test_duration_seconds=1.0,
        estimated_runtime_hours=None,
        test_timestamp=NOON,
        run_id=RUN_ID,
        source="unavailable",
        kind=None,
        scope=None,
        n_samples=0,
        reason="no power sensor on the fake host",
    )
    return replace(row, **changes)


def model_version_row(**changes: Any) -> ModelVersion:
    row = ModelVersion(
        model_version_id="version-1",
        model_id=MODEL_ID,
        source="catalogue",
        repository=MODEL_ID,
        revision=None,
        weights="random",
        weights_digest="0" * 64,
        precision="fp32",
        config_digest="1" * 64,
        first_seen_at=NOON,
        details={},
    )
    return replace(row, **changes)


def change_row(**changes: Any) -> PerformanceChange:
    row = PerformanceChange(
        id="change-1",
        model_id=MODEL_ID,
        hardware_id=HARDWARE_ID,
        endpoint_type="pytorch",
        precision="fp32",
        batch_size=1,
        sequence_length=128,
        metric="p50_latency_ms",
        kind="regression",
        last_before_at=NOON,
        changed_at=NOON,
        test_id_before=TEST_ID,
        test_id_after="test-2",
        value_before=10.0,
        value_after=12.0,
        relative_change=0.2,
        relative_change_low=0.18,
        relative_change_high=0.22,
        confidence=0.9999,
        points_before=8,
        points_after=4,
        what_changed=[{"what": "threads", "before": 2, "after": 1}],
        reason=None,
        found_at=NOON,
        still_found=True,
        recovered_at=None,
        status="new",
        note=None,
        reviewed_at=None,
        notified_at=None,
    )
    return replace(row, **changes)


def recommendation_row(**changes: Any) -> Recommendation:
    row = Recommendation(
        id="recommendation-1",
        model_id=MODEL_ID,
        hardware_id=HARDWARE_ID,
        endpoint_type="pytorch",
        precision="fp32",
        batch_size=1,
        sequence_length=128,
        threads=2,
        weights="random",
        prefer="latency",
        verdict="recommended",
        place=1,
        probability_best=0.99,
        p50_latency_ms=9.5,
        p99_latency_ms=14.0,
        throughput_items_per_second=100.0,
        memory_peak_mb=150.0,
        power_watts=None,
        energy_efficiency_items_per_joule=None,
        evidence_runs=3,
        newest_evidence_at=NOON,
        reason="lowest median latency",
        decided_at=NOON,
    )
    return replace(row, **changes)


def case(**changes: Any) -> Case:
    return replace(Case(MODEL_ID, HARDWARE_ID, "pytorch", "fp32", batch_size=1, sequence_length=128), **changes)


def parity(**changes: Any) -> ParityResult:
    row = ParityResult(
        batch_size=1, sequence_length=128, cosine=1.0, max_abs=0.0, relative_error=0.0, passed=True, reason=None
    )
    return replace(row, **changes)


def power_reading(**changes: Any) -> PowerReading:
    return replace(PowerReading(source="unavailable", reason="no power sensor on the fake host"), **changes)


def observation(**changes: Any) -> Observation:
    """A passed round; fields of its Case (model_id, batch_size, ...) may be given directly."""
    in_case = {name: changes.pop(name) for name in _CASE_FIELDS & changes.keys()}
    row = Observation(
        case=case(**in_case),
        round_index=0,
        status=Status.PASSED,
        error_message=None,
        started_at=NOON,
        execution_time_s=4.0,
        requested_device="cpu",
        actual_device="cpu",
        device_proof={"tensor": "cpu"},
        backend="pytorch",
        backend_version="2.10.0",
        weights="random",
        weights_digest="0" * 64,
        effective_precision="fp32",
        parity=(parity(), parity(batch_size=2, sequence_length=64)),
        latencies_ms=(9.0, 9.5, 10.0, 10.5, 11.0),
        cpu_times_ms=(8.9, 9.4, 9.9, 10.4, 10.9),
        warmup_iterations=3,
        interval_target_met=True,
        model_load_ms=300.0,
        first_inference_ms=25.0,
        memory_baseline_mb=220.0,
        memory_peak_mb=150.0,
        memory_anonymous_mb=120.0,
        power=power_reading(),
        canary_before_ms=5.0,
        canary_after_ms=5.05,
        canary_slowdown=1.01,
        contention_slowdown=1.02,
        is_slow_phase=False,
        environment={"threads": 2},
    )
    return replace(row, **changes)


def failed_observation(**changes: Any) -> Observation:
    """A round that raised: no latencies, no parity, no power."""
    failed = {
        "status": Status.ERROR,
        "error_message": "RuntimeError: fake failure",
        "parity": (),
        "latencies_ms": (),
        "cpu_times_ms": (),
        "memory_peak_mb": None,
        "power": None,
        "details": {"traceback": "Traceback (most recent call last): fake"},
    }
    return observation(**(failed | changes))
