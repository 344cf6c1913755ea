"""The rows of the API as its OpenAPI document describes them. Units are in the names; unknown is null, never zero."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())


class Problem(_Row):
    detail: str = Field(description="What is wrong, and what to do next.")


class Counts(_Row):
    """Of the cases that meet the filters: one case is one model, hardware, endpoint, precision and shape."""

    cases: int
    passed: int = Field(description="Of the measured cases: an imported or emulated pass is nobody's test here.")
    not_tried: int = Field(description="Measured ones, unsupported or skipped: a missing runtime is no failure.")
    with_result: int
    models: int
    platforms: int
    measured: int
    imported: int
    emulated: int
    repeated: int = Field(description="Measured cases with an older result, which their newest test is judged by.")
    tested_models: int = Field(description="With a measured case that could be tried, as are tested_pairs.")
    tested_pairs: int
    passed_pairs: int = Field(description="With a measured case that passed; others of the pair may not.")


class Choice(_Row):
    filter: str
    value: str
    cases: int


class ModelRow(_Row):
    model_id: str
    model_name: str
    model_family: str
    model_type: str
    model_size: str | None
    parameters_million: float | None
    source: str
    task: str | None
    modality: str | None
    license: str | None
    cases: int
    measured: int
    passed: int = Field(description="Of the measured cases.")
    platforms: int


class PlatformRow(_Row):
    hardware_id: str
    hardware_type: str
    device_name: str
    available: bool
    unavailable_reason: str | None
    acceleration: str | None = Field(description="hardware, software or emulated")
    compute_units: int | None
    memory_capacity_mb: float | None = Field(validation_alias="memory_capacity")
    driver_version: str | None
    supported_precisions: list[str] | None
    hostname: str
    detected_at: datetime
    cases: int
    measured: int
    passed: int = Field(description="Of the measured cases.")
    models: int


class CaseRow(_Row):
    """The newest test and the newest numbers of one case. Compare only rows whose `not_ranked_reason` is null."""

    test_id: str
    run_id: str
    tested_at: datetime
    status: str
    error_message: str | None
    provenance: str = Field(description="measured, imported or emulated")
    model_id: str
    model_family: str
    model_type: str
    parameters_million: float | None
    hardware_id: str
    hardware_type: str
    acceleration: str | None
    endpoint_type: str
    precision: str | None
    batch_size: int | None
    sequence_length: int | None
    backend: str | None
    backend_version: str | None
    requested_device: str | None
    actual_device: str | None
    weights: str | None
    threads: int | None
    result_test_id: str | None = Field(description="The test that the numbers are of: older if the newest failed.")
    result_at: datetime | None
    p50_latency_ms: float | None
    ci95_low_ms: float | None
    ci95_high_ms: float | None
    p90_latency_ms: float | None
    p99_latency_ms: float | None
    throughput_items_per_second: float | None
    memory_peak_mb: float | None
    model_load_ms: float | None = Field(description="Compiling included where compile_ms is null.")
    compile_ms: float | None
    first_inference_ms: float | None
    time_to_first_token_ms: float | None
    time_per_output_token_ms: float | None
    tokens_per_second: float | None = Field(description="Of the whole batch while it writes, without the prompt.")
    new_tokens: int | None = Field(description="Of each text; compare only texts of the same length.")
    no_generation_reason: str | None = Field(description="Why a model that writes text wrote none.")
    iterations: int | None
    rounds: int | None
    slow_rounds: int | None
    host_slowdown: float | None = Field(description="Where every round was slow: of the quietest, by its worse sign.")
    is_noisy: bool | None
    energy_efficiency_items_per_joule: float | None
    power_watts_avg: float | None
    power_source: str | None
    power_kind: str | None = Field(description="measured or modelled")
    power_reason: str | None = Field(description="Why there is no power.")
    rank: str = Field(description="fastest, tied, slower, only or not_ranked")
    not_ranked_reason: str | None
    p50_ratio_to_fastest: float | None


class TestRow(_Row):
    __test__ = False  # not a test class for pytest

    test_id: str
    run_id: str
    tested_at: datetime
    model_id: str
    hardware_id: str
    hardware_type: str
    acceleration: str | None
    endpoint_type: str
    precision: str | None
    batch_size: int | None
    sequence_length: int | None
    status: str
    provenance: str
    error_message: str | None
    execution_time_s: float | None
    backend: str | None
    backend_version: str | None


class OneTest(TestRow):
    """One test with its numbers and the environment they were taken in."""

    test_type: str
    requested_device: str | None
    actual_device: str | None
    weights: str | None
    parity_cosine: float | None
    parity_max_abs: float | None
    average_latency_ms: float | None
    p50_latency_ms: float | None
    ci95_low_ms: float | None
    ci95_high_ms: float | None
    p90_latency_ms: float | None
    p99_latency_ms: float | None
    throughput_items_per_second: float | None
    memory_peak_mb: float | None
    time_to_first_token_ms: float | None
    time_per_output_token_ms: float | None
    tokens_per_second: float | None
    new_tokens: int | None
    iterations: int | None
    rounds: int | None
    slow_rounds: int | None
    is_noisy: bool | None
    power_watts_avg: float | None
    power_kind: str | None = Field(description="measured or modelled (an estimate)")
    power_reason: str | None
    details: dict[str, Any] | None
    environment: dict[str, Any] | None
    dagster_run: str | None = Field(description="Address of the run in Dagster's UI.")


class Samples(_Row):
    test_id: str
    latencies_ms: list[list[float]] = Field(description="Timed latencies, one list per round.")
    missing_reason: str | None = Field(description="Why there are none.")


class SeriesPoint(_Row):
    test_id: str
    run_id: str
    tested_at: datetime
    p50_latency_ms: float | None
    ci95_low_ms: float | None
    ci95_high_ms: float | None
    p90_latency_ms: float | None
    p99_latency_ms: float | None
    throughput_items_per_second: float | None
    memory_peak_mb: float | None
    is_noisy: bool | None
    provenance: str
    backend: str | None
    backend_version: str | None


class ComparedCase(_Row):
    """One case on both sides. The ratio is b over a: below 1, b is faster."""

    model_id: str
    precision: str | None
    batch_size: int | None
    sequence_length: int | None
    a_test_id: str | None
    a_hardware_id: str | None
    a_endpoint_type: str | None
    a_p50_latency_ms: float | None
    b_test_id: str | None
    b_hardware_id: str | None
    b_endpoint_type: str | None
    b_p50_latency_ms: float | None
    p50_ratio_b_to_a: float | None
    verdict: str
    reason: str | None


class RunRow(_Row):
    run_id: str
    started_at: datetime
    ended_at: datetime
    tests: int
    passed: int
    not_tried: int
    models: int
    hardware: list[str]
    provenances: list[str]
