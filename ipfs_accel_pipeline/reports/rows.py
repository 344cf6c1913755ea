"""The vocabulary of a report: one frozen record per line that a reader sees. Knows no renderer and no database.

These field names are also the keys of the JSON report. Units are in the names (`_ms`, `_s`, `_mb` in MiB, `_watts`,
`_celsius`); a `_rate` is a share from 0 to 1 and a `_ratio` has no unit. Times are UTC. None means "not measured";
where a record has a reason field, the reason stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Summary:
    """Counts over the models and platforms of this report. Only measured tests count as `tests`."""

    models_tested: int  # with a test that could be tried
    models_total: int
    platforms_available: int
    platforms_total: int  # stored platforms, the absent ones included
    tests: int
    passed: int
    not_tried: int  # unsupported or skipped: a missing runtime is no failure
    success_rate: float | None  # passed / (tests - not_tried)
    imported_tests: int
    emulated_tests: int
    newest_test_at: datetime | None  # of the measured ones


@dataclass(frozen=True)
class Platform:
    """One device, or one hardware type that is absent."""

    hardware_id: str | None  # None for a type that was never looked for
    hardware_type: str
    device_name: str | None
    available: bool | None  # None for such a type
    unavailable_reason: str | None
    acceleration: str | None  # hardware | software | emulated
    compute_units: int | None
    memory_capacity_mb: float | None
    driver_version: str | None
    supported_precisions: tuple[str, ...]
    hostname: str | None
    detected_at: datetime | None


@dataclass(frozen=True)
class MatrixCell:
    """One model on one platform. `underived` is tested, but nobody has derived the status yet."""

    hardware_id: str
    status: str  # compatible | partial | incompatible | untested | underived | imported_only
    passed_ratio: float | None  # share of the latest cases that passed
    reason: str | None


@dataclass(frozen=True)
class MatrixRow:
    model_id: str
    cells: tuple[MatrixCell, ...]  # one per column of the matrix, in its order


@dataclass(frozen=True)
class Matrix:
    """Every model against every platform that is available or was ever tested."""

    hardware_ids: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True)
class Performance:
    """The latest result of one case. Only rows without `not_ranked_reason` are compared with each other.

    Measured rows have all numbers but memory and load time; imported rows have what their files had.
    """

    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str | None
    batch_size: int | None
    sequence_length: int | None
    p50_latency_ms: float | None
    ci95_low_ms: float | None
    ci95_high_ms: float | None
    p90_latency_ms: float | None
    p99_latency_ms: float | None
    throughput_items_per_second: float | None
    memory_peak_mb: float | None
    energy_efficiency_items_per_joule: float | None
    model_load_ms: float | None
    compile_ms: float | None  # None: part of loading, where the runtime does not tell it apart
    iterations: int | None
    rounds: int | None
    slow_rounds: int | None  # of them, in a slow phase of the host
    host_slowdown: float | None  # where that is all of them: of the quietest, by its worse sign
    is_noisy: bool | None
    provenance: str
    acceleration: str | None
    weights: str | None
    threads: int | None  # compute threads the runtime was given
    weights_digest: str | None  # two models of one name are told apart by it
    latest_status: str | None  # of the newest test of this case: newer than these numbers if it is not "passed"
    test_timestamp: datetime
    test_id: str
    rank: str = "not_ranked"  # fastest | tied | slower | only | not_ranked
    not_ranked_reason: str | None = None
    p50_ratio_to_fastest: float | None = None

    @property
    def load_and_compile_ms(self) -> float | None:
        """What can be compared between runtimes: some compile while they load."""
        return None if self.model_load_ms is None else self.model_load_ms + (self.compile_ms or 0)

    @property
    def case(self) -> tuple[str, str, int, int, int, str]:
        """What must be equal for two latencies to be comparable, as a sortable key."""
        shape = (self.batch_size or 0, self.sequence_length or 0)
        return (self.model_id, self.precision or "unknown", *shape, self.threads or 0, self.weights_digest or "")


@dataclass(frozen=True)
class RecentTest:
    test_id: str
    timestamp: datetime
    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str | None
    batch_size: int | None
    sequence_length: int | None
    status: str
    error: str | None  # first line, shortened
    provenance: str
    execution_time_s: float | None
    requested_device: str | None
    actual_device: str | None


@dataclass(frozen=True)
class Change:
    """One measured case that differs from the report before: new, another status, or another latency."""

    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str | None
    batch_size: int | None
    sequence_length: int | None
    kind: str  # new | fixed | broken | slower | faster
    status_before: str | None
    status_after: str
    error: str | None  # first line
    p50_before_ms: float | None
    p50_after_ms: float | None
    p50_ratio: float | None  # after / before; only where the 95 % intervals do not overlap
    test_id_before: str | None
    test_id_after: str


@dataclass(frozen=True)
class ComparedCase:
    """One case in two runs. The ratio is b over a: below 1, b is faster."""

    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str | None
    batch_size: int | None
    sequence_length: int | None
    p50_a_ms: float | None
    p50_b_ms: float | None
    p50_ratio: float | None
    verdict: str  # b faster | b slower | tied | only a | only b | not compared
    reason: str | None


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side, the largest change first."""

    run_a: str
    run_b: str
    cases: tuple[ComparedCase, ...]


@dataclass(frozen=True)
class Distribution:
    """The timed latencies of one test, of the rounds that count: their numbers in bins of equal width from `low_ms` to
    `high_ms`.
    """

    test_id: str
    samples: int
    low_ms: float
    high_ms: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class ModelStatistic:
    """Counts are of measured tests; `other_tests` are imported or emulated. The best result is a ranked one."""

    model_id: str
    model_name: str
    model_family: str | None
    task: str | None
    parameters_million: float | None
    tests: int
    passed: int
    not_tried: int
    success_rate: float | None
    other_tests: int
    latest_failure_reason: str | None
    best: Performance | None = None


@dataclass(frozen=True)
class HardwareStatistic:
    """Counts as in `ModelStatistic`. The best result is the lowest measured median on this platform, of any model."""

    hardware_id: str
    hardware_type: str
    tests: int
    passed: int
    not_tried: int
    success_rate: float | None
    other_tests: int
    best: Performance | None = None


@dataclass(frozen=True)
class PowerRow:
    """Latest power and temperature of one case; only cases with at least one reading."""

    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str | None
    batch_size: int | None
    sequence_length: int | None
    power_watts_avg: float | None
    power_watts_peak: float | None
    temperature_celsius_avg: float | None
    temperature_celsius_peak: float | None
    source: str
    kind: str | None
    scope: str | None
    provenance: str
    reason: str | None


@dataclass(frozen=True)
class PowerGap:
    """Cases of one platform whose power could not be measured, with the reason."""

    hardware_id: str
    source: str
    reason: str | None
    cases: int


@dataclass(frozen=True)
class GenerationRow:
    """Text that the latest result of one case wrote token by token."""

    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str | None
    batch_size: int | None
    sequence_length: int | None
    time_to_first_token_ms: float | None
    time_per_output_token_ms: float | None
    tokens_per_second: float | None  # of the whole batch, while writing
    new_tokens: int | None  # of each text
    texts: int | None
    provenance: str
    acceleration: str | None
    weights: str | None
    threads: int | None
    is_noisy: bool | None
    rounds: int | None
    slow_rounds: int | None
    reason: str | None
    test_timestamp: datetime


@dataclass(frozen=True)
class GenerationGap:
    """Cases of one endpoint in which a model that writes text wrote none, with the reason."""

    hardware_id: str
    endpoint_type: str
    reason: str | None
    models: tuple[str, ...]


@dataclass(frozen=True)
class EnvironmentFact:
    """One setting under which the shown results were taken, with every value it had."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class MethodNote:
    term: str
    text: str
