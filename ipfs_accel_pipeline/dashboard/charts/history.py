"""The history of one case over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from ipfs_accel_pipeline.dashboard.charts.parts import Figure, Row, colour, figure, interval
from ipfs_accel_pipeline.dashboard.filters import url_of


def trend(points: Sequence[Row], metric: str, title: str, changes: Iterable[Row] = ()) -> Figure:
    """A history with its intervals; a vertical line where the version of the runtime changed, and at change points."""
    is_latency = metric == "p50_latency_ms"
    known = [point for point in points if point[metric] is not None]
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": title,
        "x": [_moment(point["tested_at"]) for point in known],
        "y": [point[metric] for point in known],
        "line": {"color": colour(0), "width": 1.5},
        # A hollow marker is a noisy result.
        "marker": {
            "color": colour(0),
            "size": 8,
            "symbol": ["circle-open" if p["is_noisy"] else "circle" for p in known],
        },
        "customdata": [url_of("/test", id=point["test_id"]) for point in known],
        "text": [f"{p['backend']} {p['backend_version']}{', noisy' if p['is_noisy'] else ''}" for p in known],
        "hovertemplate": "%{x}<br>%{y:.4g}<br>%{text}<extra></extra>",
    }
    if is_latency:
        trace["error_y"] = interval(known) | {"color": colour(0), "thickness": 1, "width": 3}
    lines = [_vertical(at, label, "@quiet", "dot") for at, label in _new_versions(known)]
    lines += [_vertical(change["changed_at"], str(change["kind"]), "@bad", "dash") for change in changes]
    return figure(
        [trace],
        shapes=[shape for shape, _ in lines],
        annotations=[annotation for _, annotation in lines],
        yaxis={"title": {"text": title}, "rangemode": "tozero"},
        xaxis={"type": "date"},
        margin={"l": 64, "r": 40, "t": 64, "b": 56},
        showlegend=False,
    )


def _new_versions(points: Sequence[Row]) -> list[tuple[Any, str]]:
    """The first point of each version but the first one."""
    runs = groupby(points, key=lambda point: f"{point['backend']} {point['backend_version']}")
    firsts = [(next(group)["tested_at"], version) for version, group in runs]
    return firsts[1:]


def _vertical(at: Any, label: str, color: str, dash: str) -> tuple[dict[str, Any], dict[str, Any]]:
    x = _moment(at)
    line = {"color": color, "width": 1, "dash": dash}
    shape = {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line}
    text = {"x": x, "y": 1, "xref": "x", "yref": "paper", "text": label, "showarrow": False, "xanchor": "left"}
    return shape, text | {"yanchor": "bottom", "font": {"size": 11}, "textangle": -20}


def _moment(at: Any) -> Any:
    return at.isoformat() if hasattr(at, "isoformat") else at
