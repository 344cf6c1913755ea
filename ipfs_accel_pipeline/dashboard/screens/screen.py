"""What a screen is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.dashboard.charts import Figure
from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.storage.prepared import case_rows
from ipfs_accel_pipeline.storage.queries import query_rows

Rows = list[dict[str, Any]]

PAGE_ROWS = 300  # a longer table helps nobody on a screen; a download has all
DOWNLOAD_ROWS = 1_000_000


@dataclass(frozen=True)
class Desk:
    """One connection to the snapshot, and what else a screen may look at."""

    connection: Any  # a DuckDB connection; only storage may name its type
    shards: Path
    dagster_url: str
    most_rows: int = PAGE_ROWS

    def rows(self, query: str, **params: Any) -> Rows:
        return query_rows(self.connection, f"dashboard/{query}", **params)

    def cases(self, query: str, filters: Filters, **params: Any) -> Rows:
        return case_rows(self.connection, f"dashboard/{query}", filters.for_queries(), **params)

    def choices(self) -> dict[str, Rows]:
        """What each filter offers."""
        offered: dict[str, Rows] = {}
        for row in self.rows("choice_row"):
            offered.setdefault(row["filter"], []).append(row)
        return offered


@dataclass(frozen=True)
class Screen:
    """`rows` are what a download of this screen holds; `offered` are the filters that stand above it."""

    template: str
    title: str
    rows: Rows
    context: dict[str, Any] = field(default_factory=dict)
    charts: dict[str, Figure] = field(default_factory=dict)
    offered: tuple[str, ...] = ()
    needs_3d: bool = False


@dataclass(frozen=True)
class Metric:
    """A number that can be drawn or compared."""

    column: str
    title: str
    unit: str
    lower_is_better: bool


METRICS = {
    "latency": Metric("p50_latency_ms", "p50 latency (ms)", "ms", True),
    "throughput": Metric("throughput_items_per_second", "Throughput (items/s)", "items/s", False),
    "tokens": Metric("tokens_per_second", "Tokens per second", "tokens/s", False),
    "first_token": Metric("time_to_first_token_ms", "Time to first token (ms)", "ms", True),
    "memory": Metric("memory_peak_mb", "Peak memory (MiB)", "MiB", True),
    "energy": Metric("joules_per_item", "Energy per item (J)", "J", True),
    "power": Metric("power_watts", "Average power (W)", "W", True),  # never an estimate, which power_metrics may hold
    "load": Metric("load_and_compile_ms", "Load and compile (ms)", "ms", True),
    "parameters": Metric("parameters_million", "Parameters (millions)", "M", True),
}
