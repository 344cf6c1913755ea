"""The chart of one case's history: a line for each line of model versions, and marks where something else began."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain, groupby
from typing import Any

from ipfs_accel_pipeline.analysis.version_lines import lines_of
from ipfs_accel_pipeline.dashboard.charts.parts import MARKERS, Figure, Row, colour, figure, interval, short
from ipfs_accel_pipeline.dashboard.filters import url_of
from ipfs_accel_pipeline.records import PerformanceChange
from ipfs_accel_pipeline.reports.history import LastingChange

_HALF_A_DAY = timedelta(hours=12)
_DIGITS = 8  # of a digest, enough to tell a handful apart


def trend(
    points: Sequence[Row], metric: str, title: str, changes: Iterable[LastingChange | PerformanceChange] = ()
) -> Figure:
    """A history with its intervals; vertical lines where another runtime or other weights began, and at change points.

    Weights that are measured by turns are drawn apart, as the search for changes follows them.
    """
    known = [point for point in points if point[metric] is not None]
    lines = [[known[place] for place in line.tests[line.begins :]] for line in lines_of(_weights(known))]
    versions = list(chain.from_iterable(map(_new_versions, lines)))
    steps = [(change.changed_at, change.kind) for change in changes]
    marks = [_vertical(at, "@quiet", "dot") for at, _ in versions] + [_vertical(at, "@bad", "dash") for at, _ in steps]
    return figure(
        [_trace(line, number, metric, title if len(lines) == 1 else _name(line)) for number, line in enumerate(lines)],
        shapes=marks,
        annotations=_labels([*steps, *versions]),
        yaxis={"title": {"text": title}, "rangemode": "tozero"},
        xaxis=_time_axis([point["tested_at"] for point in known]),
        margin={"l": 64, "r": 40, "t": 64, "b": 56},
        showlegend=len(lines) > 1,
    )


def _time_axis(times: Sequence[datetime]) -> dict[str, Any]:
    """Around a single moment the chart would choose an axis of milliseconds: it gets the day around."""
    if len(set(times)) != 1:
        return {"type": "date"}
    return {"type": "date", "range": [_moment(times[0] + sign * _HALF_A_DAY) for sign in (-1, 1)]}


def _trace(line: Sequence[Row], number: int, metric: str, name: str) -> dict[str, Any]:
    symbol = MARKERS[number % len(MARKERS)]
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [_moment(point["tested_at"]) for point in line],
        "y": [point[metric] for point in line],
        "line": {"color": colour(number), "width": 1.5},
        # A hollow marker is a noisy result.
        "marker": {
            "color": colour(number),
            "size": 8,
            "symbol": [f"{symbol}-open" if p["is_noisy"] else symbol for p in line],
        },
        "customdata": [url_of("/test", id=point["test_id"]) for point in line],
        "text": [f"{_runtime(p)}{', noisy' if p['is_noisy'] else ''}" for p in line],
        "hovertemplate": "%{x}<br>%{y:.4g}<br>%{text}<extra></extra>",
    }
    if metric == "p50_latency_ms":
        trace["error_y"] = interval(line) | {"color": colour(number), "thickness": 1, "width": 3}
    return trace


def _new_versions(line: Sequence[Row]) -> list[tuple[Any, str]]:
    """The first point of each version but the first one, with what is new."""
    runtimes = [(next(group)["tested_at"], runtime) for runtime, group in groupby(line, key=_runtime)]
    known = [point for point in line if point["weights_digest"]]
    weights = [
        (next(group)["tested_at"], digest) for digest, group in groupby(known, key=lambda p: p["weights_digest"])
    ]
    return [*runtimes[1:], *((at, f"weights {digest[:_DIGITS]}") for at, digest in weights[1:])]


def _weights(points: Iterable[Row]) -> list[str | None]:
    return [point["weights_digest"] for point in points]


def _name(line: Sequence[Row]) -> str:
    """By the newest weights of the line."""
    digest = next((digest for digest in reversed(_weights(line)) if digest), None)
    return "weights unknown" if digest is None else f"weights {short(digest[:_DIGITS])}"


def _runtime(point: Row) -> str:
    return f"{point['backend']} {point['backend_version']}"


def _vertical(at: Any, color: str, dash: str) -> dict[str, Any]:
    x = _moment(at)
    line = {"color": color, "width": 1, "dash": dash}
    return {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line}


def _labels(marks: Iterable[tuple[Any, str]]) -> list[dict[str, Any]]:
    """One for each moment: what begins at the same one would be written over each other."""
    labels: dict[Any, dict[str, None]] = {}
    for at, label in marks:
        labels.setdefault(_moment(at), {})[label] = None
    place = {"y": 1, "xref": "x", "yref": "paper", "showarrow": False, "xanchor": "left", "yanchor": "bottom"}
    return [
        {"x": x, "text": ", ".join(texts), **place, "font": {"size": 11}, "textangle": -20}
        for x, texts in labels.items()
    ]


def _moment(at: Any) -> Any:
    return at.isoformat() if hasattr(at, "isoformat") else at
