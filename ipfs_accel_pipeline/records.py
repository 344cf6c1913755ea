"""The vocabulary of the project: one frozen dataclass per row of a table, and the raw observation behind them.

Field names are column names. Units are in the names; where the seed's column has none, the docstring
says it. Unknown is None, never zero. Nothing here computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class HardwareType(StrEnum):
    CPU = "CPU"
    CUDA = "CUDA"
    ROCM = "ROCm"
    MPS = "MPS"
    OPENVINO = "OpenVINO"
    QUALCOMM = "Qualcomm"
    WEBNN = "WebNN"
    WEBGPU = "WebGPU"


class Status(StrEnum):
    """How one benchmark ended. Only `passed` may have performance numbers."""

    PASSED = "passed"
    FAILED = "failed"  # it ran, and the output is wrong
    ERROR = "error"  # an exception
    CRASHED = "crashed"  # the process died of a signal
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    UNSUPPORTED = "unsupported"  # the runtime, model or precision is not available here
    SKIPPED = "skipped"


class Provenance(StrEnum):
    """Where a row's numbers come from; only `measured` rows are ever ranked."""

    MEASURED = "measured"
    IMPORTED = "imported"
    EMULATED = "emulated"


# int8 is weights and activations in 8 bits; int8_a16 keeps activations in 16, as NPUs do (W8A16). A word of its own,
# because the two differ in speed and in agreement, and a row has one precision.
PRECISIONS = ("fp32", "fp16", "bf16", "int8", "int8_a16")


@dataclass(frozen=True)
class HardwarePlatform:
    """One device of this machine, or one hardware type that is absent, with the reason."""

    hardware_id: str
    hardware_type: str
    device_name: str
    compute_units: int | None  # physical cores, streaming multiprocessors, execution units
    memory_capacity: float | None  # MiB
    driver_version: str | None
    supported_precisions: tuple[str, ...] | None
    max_batch_size: int | None  # not a property of a device: the largest batch that passed, NULL until then
    detected_at: datetime
    available: bool
    unavailable_reason: str | None
    acceleration: str | None  # hardware | software | emulated
    hostname: str
    runtime: dict[str, Any] = field(
        default_factory=dict
    )  # "device": what a backend is asked for ("cpu", "cuda:0", "GPU.1"); "source"; versions


@dataclass(frozen=True)
class Model:
    """A row of `models`."""

    model_id: str
    model_name: str
    model_family: str
    model_type: str  # text_encoder | text_decoder | text_encoder_decoder | vision | audio | multimodal | custom
    model_size: str | None  # tiny | small | base | large | xlarge, by parameter count
    parameters_million: float | None
    added_at: datetime
    source: str  # catalogue | user_catalogue | hub | folder | onnx | openvino
    revision: str | None
    task: str | None
    modality: str | None  # text | image | audio | image+text | audio+text | ...
    license: str | None


@dataclass(frozen=True)
class Case:
    """What is measured: the identity of one benchmark within a run."""

    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str
    batch_size: int
    sequence_length: int | None  # tokens; None for models without a token axis


@dataclass(frozen=True)
class ParityResult:
    """One output of a backend against the fp32 torch CPU reference, at one shape (worst output of the model)."""

    batch_size: int
    sequence_length: int | None
    cosine: float | None  # None where the outputs cannot be compared: missing, another shape, NaN
    max_abs: float | None
    relative_error: float | None  # max |difference| / max |reference|
    passed: bool
    reason: str | None  # why not, or that the reference is degenerate


@dataclass(frozen=True)
class PowerReading:
    """Power, energy and temperature over the timed window; None where nothing can be measured, with the reason."""

    source: str  # nvml | rapl | ... | unavailable
    reason: str | None = None
    kind: str | None = None  # measured | modelled
    scope: str | None = None  # gpu_board | cpu_package+dram | device
    duration_seconds: float | None = None
    energy_joules: float | None = None
    power_watts_avg: float | None = None
    power_watts_peak: float | None = None
    temperature_celsius_avg: float | None = None
    temperature_celsius_peak: float | None = None
    battery_impact_mah: float | None = None
    estimated_runtime_hours: float | None = None
    n_samples: int = 0


GENERATION_FAILURE = "generation_failure"  # in the details of an observation: last words of a process that died writing


@dataclass(frozen=True)
class Generation:
    """Text that a model wrote token by token after its prompt in one round, in milliseconds; or why it wrote none.

    Of each text the first token, from handing over the prompt, and each later one. The batch writes them together.
    """

    new_tokens: int | None = None  # of each item
    first_token_ms: tuple[float, ...] = ()
    later_token_ms: tuple[tuple[float, ...], ...] = ()
    interval_target_met: bool | None = None  # by the later tokens of all texts
    parity: tuple[ParityResult, ...] = ()  # of the logits, told token by token
    actual_device: str | None = None
    device_proof: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class Observation:
    """One round of one case, as it happened in one child process: the raw material of every table row.

    Latencies are milliseconds, memory is MiB, times are UTC.
    """

    case: Case
    round_index: int  # 0-based; a repeated round gets the next free number
    status: Status
    error_message: str | None
    started_at: datetime
    execution_time_s: float | None  # wall time of the whole child process; None where none was started
    requested_device: str
    actual_device: str | None = None
    device_proof: dict[str, Any] = field(default_factory=dict)
    backend: str | None = None
    backend_version: str | None = None
    weights: str | None = None  # pretrained | random
    weights_digest: str | None = None
    effective_precision: str | None = None
    parity: tuple[ParityResult, ...] = ()
    latencies_ms: tuple[float, ...] = ()  # wall clock, timed iterations only
    cpu_times_ms: tuple[float, ...] = ()  # CPU time of the child per timed iteration
    warmup_iterations: int | None = None
    interval_target_met: bool | None = None
    model_load_ms: float | None = None
    compile_ms: float | None = None
    first_inference_ms: float | None = None
    memory_baseline_mb: float | None = None  # resident before the model was loaded
    memory_peak_mb: float | None = None  # peak resident above the baseline
    memory_anonymous_mb: float | None = None  # resident above the baseline after timing, without mapped files (weights)
    device_memory_peak_mb: float | None = None
    power: PowerReading | None = None
    generation: Generation | None = None  # None for models that do not write text
    canary_before_ms: float | None = None
    canary_after_ms: float | None = None
    canary_slowdown: float | None = None  # worse of before and after, against the host's best
    contention_slowdown: float | None = None  # of the timed window, by its threads' waiting for a CPU
    is_slow_phase: bool | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)  # traceback, stderr tail, exit code


def rounds_that_count(rounds: Sequence[Observation]) -> list[Observation]:
    """Those outside of slow phases of the host; all of them where there is no other."""
    return [one for one in rounds if not one.is_slow_phase] or list(rounds)


@dataclass(frozen=True)
class TestResult:
    """A row of `test_results`: the outcome of one case over all its rounds."""

    __test__ = False  # not a test class for pytest

    id: str
    timestamp: datetime
    test_date: str  # ISO date, UTC
    status: str
    test_type: str  # benchmark | import
    model_id: str
    hardware_id: str
    endpoint_type: str
    success: bool
    error_message: str | None
    execution_time: float | None  # seconds, all rounds
    memory_usage: float | None  # MiB, peak above baseline
    details: dict[str, Any]
    run_id: str
    provenance: str
    requested_device: str | None
    actual_device: str | None
    backend: str | None
    backend_version: str | None
    precision: str
    batch_size: int
    sequence_length: int | None
    weights: str | None
    parity_cosine: float | None
    parity_max_abs: float | None
    model_version_id: str | None
    shard_id: str | None


@dataclass(frozen=True)
class PerformanceResult:
    """A row of `performance_results`: a passed, measured case.

    Each percentile is the median over the rounds of the round's own percentile.
    """

    id: str
    model_id: str
    hardware_id: str
    batch_size: int
    sequence_length: int | None
    average_latency_ms: float
    p50_latency_ms: float
    p90_latency_ms: float
    p99_latency_ms: float
    throughput_items_per_second: float  # batch_size / average latency
    memory_peak_mb: float | None
    power_watts: float | None
    energy_efficiency_items_per_joule: float | None
    test_timestamp: datetime
    test_id: str
    run_id: str
    provenance: str
    endpoint_type: str
    precision: str
    iterations: int
    warmup_iterations: int | None
    rounds: int
    slow_rounds: int
    min_latency_ms: float
    max_latency_ms: float
    std_latency_ms: float
    ci95_low_ms: float
    ci95_high_ms: float
    coefficient_of_variation: float
    cpu_p50_ms: float | None
    canary_slowdown: float | None
    is_noisy: bool
    model_load_ms: float | None
    compile_ms: float | None
    first_inference_ms: float | None
    time_to_first_token_ms: float | None
    time_per_output_token_ms: float | None
    tokens_per_second: float | None
    environment: dict[str, Any]
    new_tokens: int | None  # of each text
    host_slowdown: float | None  # of the quietest round, by its worse sign; None where one was in no slow phase


@dataclass(frozen=True)
class HardwareCompatibility:
    """A row of `hardware_compatibility`: does this model run on this hardware, by its latest tests?"""

    id: str
    model_id: str
    hardware_id: str
    compatibility_status: str  # compatible | partial | incompatible
    compatibility_score: float | None  # share of the latest cases that passed, 0..1
    recommended: bool | None  # None until recommendations exist
    last_tested: datetime
    reason: str | None


@dataclass(frozen=True)
class PowerMetrics:
    """A row of `power_metrics`: one passed case; every number NULL with the reason where nothing can be measured."""

    id: str
    test_id: str
    model_id: str
    hardware_id: str
    power_watts_avg: float | None
    power_watts_peak: float | None
    temperature_celsius_avg: float | None
    temperature_celsius_peak: float | None
    battery_impact_mah: float | None
    test_duration_seconds: float | None
    estimated_runtime_hours: float | None
    test_timestamp: datetime
    run_id: str
    source: str
    kind: str | None
    scope: str | None
    n_samples: int
    reason: str | None


@dataclass(frozen=True)
class ModelVersion:
    """A row of `model_versions`: what exactly was measured under a model's name."""

    model_version_id: str
    model_id: str
    source: str  # catalogue | user_catalogue | hub | folder | onnx | openvino | mlflow
    repository: str | None  # hub repository, folder or file name, name in a registry
    revision: str | None  # commit of the hub, sha256 of files, version in a registry
    weights: str | None  # pretrained | random
    weights_digest: str | None
    precision: str | None  # of the weights as they came; a test's own is in test_results
    config_digest: str | None
    first_seen_at: datetime
    details: dict[str, Any] = field(default_factory=dict)  # aliases and tags of a registry, library versions


@dataclass(frozen=True)
class PerformanceChange:
    """A row of `performance_changes`: where the level of one series changed, or that a series is too restless to say.

    The values are medians of the two levels in the unit of `metric`; an unstable series has none, but a reason.
    """

    id: str
    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str
    batch_size: int
    sequence_length: int | None
    metric: str
    kind: str  # regression | improvement | unstable
    last_before_at: datetime
    changed_at: datetime
    test_id_before: str
    test_id_after: str
    value_before: float | None
    value_after: float | None
    relative_change: float | None
    relative_change_low: float | None
    relative_change_high: float | None
    confidence: float | None  # 1 - the p-value adjusted for the number of comparisons
    points_before: int
    points_after: int
    what_changed: list[dict[str, Any]]  # [{"what", "before", "after"}]
    reason: str | None
    found_at: datetime
    still_found: bool
    recovered_at: datetime | None
    status: str  # new | acknowledged | expected | fixed
    note: str | None
    reviewed_at: datetime | None
    notified_at: datetime | None


@dataclass(frozen=True)
class Recommendation:
    """A row of `recommendations`: one candidate for one model at one precision and shape, by one preference."""

    id: str
    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str
    batch_size: int
    sequence_length: int | None
    threads: int | None
    weights: str | None
    prefer: str  # latency | throughput | energy | cost
    verdict: str  # recommended | tie | behind | dominated | ruled_out
    place: int | None  # 1 is the best
    probability_best: float | None
    p50_latency_ms: float | None
    p99_latency_ms: float | None
    throughput_items_per_second: float | None
    memory_peak_mb: float | None
    power_watts: float | None
    energy_efficiency_items_per_joule: float | None
    evidence_runs: int
    newest_evidence_at: datetime | None
    reason: str
    decided_at: datetime


@dataclass(frozen=True)
class ImportedFile:
    """A row of `imported_files`: one legacy file, and what became of it."""

    id: str  # SHA-256 of the content; where the model is known by the file's name only, of that and the model
    path: str
    size_bytes: int
    shape: str | None
    outcome: str  # imported | duplicate | left_out | ignored | unknown | refused
    reason: str | None
    test_rows: int
    performance_rows: int
    model_rows: int
    hardware_rows: int
    duplicate_rows: int
    refusals: list[dict[str, str]]
    tool_version: str
    imported_at: datetime
    claims_accepted: bool | None = None  # figures that it only claims have performance rows too; None: older import
