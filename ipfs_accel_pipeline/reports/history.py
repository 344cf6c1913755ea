"""The report's sections on history: what changed for good and why, and what is recommended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ipfs_accel_pipeline.analysis.circumstances import in_words
from ipfs_accel_pipeline.analysis.metrics import METRICS, SUCCESS
from ipfs_accel_pipeline.analysis.recommendation_words import endpoint_in_words
from ipfs_accel_pipeline.records import PerformanceChange
from ipfs_accel_pipeline.reports.foreign_text import first_line
from ipfs_accel_pipeline.reports.frames import records
from ipfs_accel_pipeline.storage.queries import run_query


@dataclass(frozen=True)
class LastingChange:
    """One lasting change; values are medians of the two levels in the unit of the metric, which is in its name."""

    changed_at: datetime
    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str
    batch_size: int
    sequence_length: int | None
    metric: str
    kind: str  # regression | improvement | unstable
    value_before: float | None
    value_after: float | None
    relative_change: float | None
    relative_change_low: float | None
    relative_change_high: float | None
    confidence: float | None
    points_before: int
    points_after: int
    what_changed: list[dict[str, Any]]
    reason: str | None
    recovered_at: datetime | None
    status: str
    note: str | None

    @property
    def size(self) -> str:
        """In words, for people; programs take the numbers."""
        return size_in_words(self) or self.reason or "–"

    @property
    def interval(self) -> str:
        if self.relative_change_low is None or self.relative_change_high is None:
            return "–"
        return f"{self.relative_change_low:+.1%} to {self.relative_change_high:+.1%}"

    @property
    def explanation(self) -> str:
        return in_words(self.what_changed)

    @property
    def state(self) -> str:
        return self.status if self.recovered_at is None else f"{self.status}, recovered"


@dataclass(frozen=True)
class Recommended:
    """What leads for one model, or ties with what leads."""

    model_id: str
    precision: str
    batch_size: int
    sequence_length: int | None
    prefer: str
    verdict: str  # recommended | tie
    hardware_id: str
    endpoint_type: str
    threads: int | None
    probability_best: float | None
    p50_latency_ms: float | None
    throughput_items_per_second: float | None
    evidence_runs: int
    newest_evidence_at: datetime | None
    reason: str

    @property
    def endpoint(self) -> str:
        return endpoint_in_words(self.endpoint_type, self.threads)


def size_in_words(change: LastingChange | PerformanceChange) -> str | None:
    """`10 → 12 ms (+20.0%)`; None of an unstable series, which has no level."""
    if change.value_before is None or change.value_after is None:
        return None
    if METRICS[change.metric] is SUCCESS:
        return "passed → does not pass" if change.value_before else "did not pass → passes"
    size = f"{change.value_before:.4g} → {change.value_after:.4g} {METRICS[change.metric].unit}".rstrip()
    return size if change.relative_change is None else f"{size} ({change.relative_change:+.1%})"


def lasting_changes(connection: Any, scope: Mapping[str, Any]) -> tuple[LastingChange, ...]:
    found = records(run_query(connection, "report_lasting_change", **_asked(scope)), LastingChange)
    return tuple(replace(change, note=first_line(change.note)) for change in found)


def recommended(connection: Any, scope: Mapping[str, Any]) -> tuple[Recommended, ...]:
    return tuple(records(run_query(connection, "report_recommendation", **_asked(scope)), Recommended))


def _asked(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Not since when: these come from the whole history, whatever part of it the other sections show."""
    return {"models": scope["models"], "hardware": scope["hardware"]}
