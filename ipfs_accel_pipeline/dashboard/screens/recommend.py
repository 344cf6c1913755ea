"""What should I use? Shows the recommendations that were derived; without them it says so and computes none."""

from __future__ import annotations

from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Rows, Screen
from ipfs_accel_pipeline.storage.prepared import later_rows

_FIRST = ("model_id", "hardware_id", "endpoint_type", "precision", "batch_size", "sequence_length", "prefer", "verdict",
          "place", "probability_best", "p50_latency_ms", "p99_latency_ms", "throughput_items_per_second",
          "memory_peak_mb", "evidence_runs", "newest_evidence_at", "reason")  # fmt: skip


def recommend(desk: Desk, state: Filters) -> Screen:
    stored = later_rows(desk.connection, "recommendations", 100_000)
    rows = [row for row in stored or [] if _meets(row, state)]
    return Screen(
        "recommend",
        "What should I use?",
        rows=rows,
        context={"is_derived": bool(stored), "shown": rows[: desk.most_rows], "columns": _columns(rows)},
        offered=("model", "precision", "batch", "endpoint"),
    )


def _meets(row: dict[str, object], state: Filters) -> bool:
    wanted = ((state.model, "model_id"), (state.precision, "precision"), (state.batch, "batch_size"),
              (state.endpoint, "endpoint_type"))  # fmt: skip
    return all(not values or row.get(column) in values for values, column in wanted)


def _columns(rows: Rows) -> list[str]:
    """The columns that a reader asks for, of those that the table has."""
    return [name for name in _FIRST if rows and name in rows[0]]
