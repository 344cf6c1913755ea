"""Small pictures for the metadata panel: SVG as a data URI, since the UI shows images in Markdown."""

import base64
from collections.abc import Sequence
from html import escape

import dagster as dg

from ipfs_accel_pipeline.records import PerformanceResult

_ROW_HEIGHT, _LABEL_WIDTH, _BAR_WIDTH = 18, 330, 300


def latency_plot(rows: Sequence[PerformanceResult]) -> dg.MarkdownMetadataValue:
    """One bar of the median latency per case, on one scale that starts at zero."""
    if not rows:
        return dg.MetadataValue.md("no results")
    longest = max(row.p50_latency_ms for row in rows)
    bars = "".join(_bar(index, row, longest) for index, row in enumerate(sorted(rows, key=_label)))
    width, height = _LABEL_WIDTH + _BAR_WIDTH + 90, _ROW_HEIGHT * len(rows)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11">{bars}</svg>'
    )
    encoded = base64.b64encode(svg.encode()).decode()
    return dg.MetadataValue.md(f"![median latency](data:image/svg+xml;base64,{encoded})")


def _label(row: PerformanceResult) -> str:
    return f"{row.model_id} {row.endpoint_type} {row.precision} b{row.batch_size}"


def _bar(index: int, row: PerformanceResult, longest: float) -> str:
    y, width = index * _ROW_HEIGHT, max(1.0, row.p50_latency_ms / longest * _BAR_WIDTH)
    return (
        f'<text x="0" y="{y + 12}" fill="#808080">{escape(_label(row))}</text>'
        f'<rect x="{_LABEL_WIDTH}" y="{y + 3}" width="{width:.1f}" height="11" fill="#4f8fd6"/>'
        f'<text x="{_LABEL_WIDTH + width + 5:.1f}" y="{y + 12}" fill="#808080">{row.p50_latency_ms:.3g} ms</text>'
    )
