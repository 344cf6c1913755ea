"""Geometry of the latency bars: plain numbers for a template to draw. A bar starts at zero, or it would lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ipfs_accel_pipeline.reports.rows import Performance

WIDTH = 120


@dataclass(frozen=True)
class LatencyBar:
    """Pixels from the left edge of a drawing `WIDTH` wide."""

    p50: float
    low: float
    high: float


def latency_bars(rows: Iterable[Performance]) -> list[LatencyBar | None]:
    """One bar per row, all on one scale; None where the median is unknown."""
    rows = list(rows)
    longest = max((max(row.ci95_high_ms or 0, row.p50_latency_ms or 0) for row in rows), default=0)
    scale = (WIDTH - 2) / (longest or 1)  # the last whisker is not cut off
    return [_bar(row, scale) for row in rows]


def _bar(row: Performance, scale: float) -> LatencyBar | None:
    if row.p50_latency_ms is None:
        return None
    low = row.p50_latency_ms if row.ci95_low_ms is None else row.ci95_low_ms
    high = row.p50_latency_ms if row.ci95_high_ms is None else row.ci95_high_ms
    return LatencyBar(*(round(scale * value, 1) for value in (row.p50_latency_ms, low, high)))
