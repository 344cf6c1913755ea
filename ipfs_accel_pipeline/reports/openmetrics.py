"""The newest results as OpenMetrics text, which Prometheus reads: base units, one sample per case and family.

Imported and software-rendered results are there with their labels; an emulated test has no numbers anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ipfs_accel_pipeline.reports.content import ReportContent
from ipfs_accel_pipeline.reports.rows import GenerationRow, Performance, RecentTest

Result = TypeVar("Result", Performance, GenerationRow)

_MIB = 1024 * 1024

# family, unit, help, value
_FAMILIES: tuple[tuple[str, str, str, Callable[[Performance], float | None]], ...] = (
    ("latency_p50", "seconds", "Median latency.", lambda r: _scaled(r.p50_latency_ms, 1e-3)),
    ("latency_p50_ci95_low", "seconds", "Low end of its 95 % interval.", lambda r: _scaled(r.ci95_low_ms, 1e-3)),
    ("latency_p50_ci95_high", "seconds", "High end of its 95 % interval.", lambda r: _scaled(r.ci95_high_ms, 1e-3)),
    ("latency_p90", "seconds", "90th percentile of the latency.", lambda r: _scaled(r.p90_latency_ms, 1e-3)),
    ("latency_p99", "seconds", "99th percentile of the latency.", lambda r: _scaled(r.p99_latency_ms, 1e-3)),
    ("throughput_items", "per_second", "Items per second.", lambda r: r.throughput_items_per_second),
    ("memory_peak", "bytes", "Peak memory above the baseline.", lambda r: _scaled(r.memory_peak_mb, _MIB)),
    ("efficiency_items", "per_joule", "Items per joule.", lambda r: r.energy_efficiency_items_per_joule),
)


_GENERATION_FAMILIES: tuple[tuple[str, str, str, Callable[[GenerationRow], float | None]], ...] = (
    (
        "time_to_first_token",
        "seconds",
        "From the prompt to the first token.",
        lambda r: _scaled(r.time_to_first_token_ms, 1e-3),
    ),
    (
        "time_per_output_token",
        "seconds",
        "Mean time of later tokens.",
        lambda r: _scaled(r.time_per_output_token_ms, 1e-3),
    ),
    ("generated_tokens", "per_second", "Tokens of the batch while writing.", lambda r: r.tokens_per_second),
)


def render(content: ReportContent) -> str:
    lines = [line for family in _FAMILIES for line in _family(content.performance, *family)]
    lines += [line for family in _GENERATION_FAMILIES for line in _family(content.generation, *family)]
    return "\n".join([*lines, *_outcomes(content), "# EOF"]) + "\n"


def _family(
    rows: Iterable[Result], name: str, unit: str, words: str, value: Callable[[Result], float | None]
) -> Iterator[str]:
    family = f"ipfs_accel_{name}_{unit}"
    yield f"# TYPE {family} gauge"
    yield f"# UNIT {family} {unit}"
    yield f"# HELP {family} {words}"
    for row in rows:
        number = value(row)
        if number is not None:  # unknown is absent, never zero
            yield f"{family}{{{_labels_of_result(row)}}} {number:.9g} {row.test_timestamp.timestamp():.3f}"


def _outcomes(content: ReportContent) -> Iterator[str]:
    family = "ipfs_accel_test_passed"
    yield f"# TYPE {family} gauge"
    yield f"# HELP {family} 1 where the newest test of the case passed, 0 where it did not; skipped ones are left out."
    for test in content.latest_tests:
        if test.status not in ("unsupported", "skipped"):
            labels = _labels({**_case(test), "status": test.status})
            yield f"{family}{{{labels}}} {int(test.status == 'passed')} {test.timestamp.timestamp():.3f}"


def _labels_of_result(row: Performance | GenerationRow) -> str:
    new_tokens = row.new_tokens if isinstance(row, GenerationRow) else None
    return _labels({**_case(row), "acceleration": row.acceleration, "threads": row.threads, "new_tokens": new_tokens})


def _case(row: Performance | GenerationRow | RecentTest) -> dict[str, object]:
    return {
        "model": row.model_id,
        "hardware": row.hardware_id,
        "endpoint": row.endpoint_type,
        "precision": row.precision,
        "batch_size": row.batch_size,
        "sequence_length": row.sequence_length,
        "provenance": row.provenance,
    }


def _labels(values: dict[str, object]) -> str:
    return ",".join(f'{name}="{_escaped(str(value))}"' for name, value in values.items() if value is not None)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", " ")


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
