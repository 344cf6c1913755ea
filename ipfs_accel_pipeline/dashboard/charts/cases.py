"""Cases side by side: one number of each, and throughput over batch size."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ipfs_accel_pipeline.dashboard.charts.parts import (
    MARKERS,
    Figure,
    Row,
    colour,
    distinct,
    figure,
    hover,
    interval,
    is_real,
    short,
)
from ipfs_accel_pipeline.dashboard.filters import url_of
from ipfs_accel_pipeline.reports.wording import case


def bars(rows: Sequence[Row], metric: str, title: str, *labels: str) -> Figure:
    """Horizontal bars from zero, one per row; hatched where the number is not a measurement on real silicon."""
    known = [row for row in rows if row[metric] is not None]
    names = distinct([_bar_name(row, labels) for row in known])
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [row[metric] for row in known],
        "y": list(range(len(known))),
        "marker": {
            "color": [colour(0) if is_real(row) else "@neutral" for row in known],
            "pattern": {"shape": ["" if is_real(row) else "/" for row in known]},
        },
        "customdata": [url_of("/test", id=row["result_test_id"]) for row in known],
        "text": [hover(row) for row in known],
        "textposition": "none",
        "hovertemplate": "%{text}<br>%{x:.4g}<extra></extra>",
    }
    if metric == "p50_latency_ms":
        trace["error_x"] = interval(known) | {"color": "@ink", "thickness": 1, "width": 3}
    return figure(
        [trace],
        height=70 + 36 * max(2, len(known)),
        xaxis={"title": {"text": title}, "rangemode": "tozero"},
        yaxis={"tickvals": list(range(len(known))), "ticktext": names, "autorange": "reversed", "automargin": True},
        showlegend=False,
        bargap=0.35,
    )


def _bar_name(row: Row, labels: Sequence[str]) -> str:
    """Two lines: on one, a narrow screen has no room left for the bars."""
    subject = " · ".join([*(short(row[label], 24) for label in labels), row["endpoint_type"]])
    return f"{subject}<br>{case(row['precision'], row['batch_size'], row['sequence_length'])}"


def over_batch(rows: Sequence[Row]) -> Figure:
    """Throughput over batch size, one line per endpoint, precision and length."""

    def line_of(row: Row) -> tuple[str, ...]:
        return (row["hardware_id"], row["endpoint_type"], row["precision"] or "?", str(row["sequence_length"] or ""))

    known = [r for r in rows if r["batch_size"] and r["throughput_items_per_second"] is not None and is_real(r)]
    known.sort(key=lambda row: (line_of(row), row["batch_size"]))
    traces = []
    for number, (name, group) in enumerate(groupby(known, key=line_of)):
        line = list(group)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": " · ".join(filter(None, (short(name[0]), *name[1:]))),
                "x": [row["batch_size"] for row in line],
                "y": [row["throughput_items_per_second"] for row in line],
                "line": {"color": colour(number)},
                "marker": {"symbol": MARKERS[number % len(MARKERS)], "size": 8, "color": colour(number)},
                "customdata": [url_of("/test", id=row["result_test_id"]) for row in line],
                "hovertemplate": "batch %{x}<br>%{y:.4g} items/s<extra></extra>",
            }
        )
    return figure(
        traces,
        xaxis={"title": {"text": "Batch size"}, "type": "log", "dtick": "D2"},
        yaxis={"title": {"text": "Throughput (items/s)"}, "rangemode": "tozero"},
        showlegend=True,
    )
