"""Geometry of the drawings: plain numbers for a template to draw. Bars and axes start at zero, or they would lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from math import log2

from ipfs_accel_pipeline.reports.rows import Distribution, Performance

WIDTH = 120  # of a bar; report.css says it too
BATCH_WIDTH, BATCH_HEIGHT = 420, 180
DENSITY_HEIGHT = 28
_MARGIN = 8


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


@dataclass(frozen=True)
class BatchLine:
    """Throughput over batch size of one endpoint: its points in pixels, and the place in the palette."""

    name: str
    number: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class BatchChart:
    lines: tuple[BatchLine, ...]
    batch_sizes: tuple[tuple[int, float], ...]  # each with its x
    highest: float  # items per second at the top


def batch_chart(rows: Iterable[Performance]) -> BatchChart | None:
    """Measured results that still hold, over a logarithmic axis of batch sizes; None where no line has two sizes."""
    known = [
        row
        for row in rows
        if row.not_ranked_reason is None and row.batch_size and row.throughput_items_per_second is not None
    ]
    series = [list(group) for _, group in groupby(sorted(known, key=_line), key=lambda row: _line(row)[:-1])]
    series = [line for line in series if len({row.batch_size for row in line}) > 1]
    if not series:
        return None
    sizes = sorted({row.batch_size or 1 for line in series for row in line})
    highest = max(row.throughput_items_per_second or 0 for line in series for row in line)
    lines = (BatchLine(_line_name(line[0]), n, _line_points(line, sizes, highest)) for n, line in enumerate(series))
    return BatchChart(tuple(lines), tuple((size, _batch_x(size, sizes)) for size in sizes), highest)


def _line(row: Performance) -> tuple[object, ...]:
    fixed = (row.hardware_id, row.endpoint_type, row.precision or "", row.sequence_length or 0, row.threads or 0)
    return (*fixed, row.weights_digest or "", row.batch_size)


def _line_name(row: Performance) -> str:
    length = f", {row.sequence_length} tokens" if row.sequence_length else ""
    return f"{row.hardware_id} {row.endpoint_type}, {row.precision}{length}"


def _line_points(line: list[Performance], sizes: list[int], highest: float) -> tuple[tuple[float, float], ...]:
    height = BATCH_HEIGHT - 2 * _MARGIN
    return tuple(
        (
            _batch_x(row.batch_size or 1, sizes),
            round(BATCH_HEIGHT - _MARGIN - height * (row.throughput_items_per_second or 0) / highest, 1),
        )
        for row in line
    )


def _batch_x(size: int, sizes: list[int]) -> float:
    span = log2(sizes[-1]) - log2(sizes[0])
    return round(_MARGIN + (BATCH_WIDTH - 2 * _MARGIN) * (log2(size) - log2(sizes[0])) / span, 1)


def density_path(distribution: Distribution) -> str:
    """The outline of a histogram as an SVG path, `WIDTH` wide, closed along the base line; equal bins are joined."""
    top = max(distribution.counts)
    bin_width = WIDTH / len(distribution.counts)
    heights = (round(DENSITY_HEIGHT * (1 - count / top)) for count in distribution.counts)
    runs = ((height, sum(1 for _ in run)) for height, run in groupby(heights))
    steps = "".join(f"V{height}h{bin_width * bins:g}" for height, bins in runs)
    return f"M0 {DENSITY_HEIGHT}{steps}V{DENSITY_HEIGHT}Z"
