"""Many cases at once: heatmaps, three quantities in space, and Pareto fronts."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

from ipfs_accel_pipeline.dashboard.charts.parts import MARKERS, Figure, Row, colour, distinct, figure, hover, short
from ipfs_accel_pipeline.dashboard.filters import url_of
from ipfs_accel_pipeline.reports import figures

_MARKERS_3D = ("circle", "square", "diamond", "cross", "circle-open", "square-open", "diamond-open")
_SCALE = "Cividis"  # safe for the colour-blind
_ROWS_OF_A_SCALE = 8
_NAMES_WIDTH, _LEVEL_WIDTH, _SLANTED_WIDTH = 340, 190, 56  # pixels of a heatmap: its rows' names, and a column
_UNRANKED = "never ranked"
_LABELLED = (1, 2, 5)  # of each decade of a logarithmic axis


def heatmap(rows: Sequence[Row], metric: str, title: str) -> Figure:
    """Models by platform and endpoint; the colour is the logarithm, the number stands in the cell."""
    columns = sorted({(row["hardware_id"], row["endpoint_type"]) for row in rows})
    models = sorted({row["model_id"] for row in rows}, reverse=True)
    cells = {(row["model_id"], row["hardware_id"], row["endpoint_type"]): row for row in rows}
    grid = [[cells.get((model, *column)) for column in columns] for model in models]
    values = [[cell[metric] if cell else None for cell in line] for line in grid]
    shown = [value for line in values for value in line if value]
    names = distinct([f"{short(hardware)}<br>{endpoint}" for hardware, endpoint in columns])
    is_level = len(columns) <= 4
    trace = {
        "type": "heatmap",
        "x": names,
        "y": distinct([short(model, 34) for model in models]),
        "z": [[log10(value) if value else None for value in line] for line in values],
        "text": [[_cell_text(cell, metric) for cell in line] for line in grid],
        "hovertext": [[hover(cell) if cell else "" for cell in line] for line in grid],
        "texttemplate": "%{text}" if len(columns) <= 16 else "",
        "customdata": [[url_of("/test", id=cell["test_id"]) if cell else None for cell in line] for line in grid],
        "hovertemplate": "%{hovertext}<br>%{text}<extra></extra>",
        "colorscale": _SCALE,
        "xgap": 2,
        "ygap": 2,
        # A scale beside two rows is taller than they are, and their cells hold the numbers.
        "showscale": len(models) >= _ROWS_OF_A_SCALE,
        "colorbar": _log_bar(title, min(shown), max(shown)) if shown else None,
    }
    return figure(
        [trace],
        height=110 + 30 * len(models),
        # Narrower, the names lie over each other and the numbers cannot be read: the chart scrolls instead.
        meta={"least_width": _NAMES_WIDTH + (_LEVEL_WIDTH if is_level else _SLANTED_WIDTH) * len(columns)},
        margin={"l": 64, "r": 24, "t": 12, "b": 12},
        xaxis={"side": "top", "type": "category", "tickangle": 0 if is_level else -30, "ticks": ""},
        yaxis={"type": "category", "ticks": ""},
    )


def _cell_text(cell: Row | None, metric: str) -> str:
    """The star marks what is never ranked; the caption says so."""
    if cell is None or cell[metric] is None:
        return ""
    return figures.tick(cell[metric]) + ("*" if cell["not_ranked_reason"] else "")


def _log_bar(title: str, low: float, high: float) -> dict[str, Any]:
    """A colour bar of a logarithm that shows the values themselves."""
    ticks = _labelled(low * 0.999, high * 1.001)
    if len(ticks) < 2:  # one alone gives no scale
        ticks = sorted({low, high})
    return {
        "title": {"text": title, "side": "right"},
        "tickvals": [log10(tick) for tick in ticks],
        "ticktext": [figures.tick(value) for value in ticks],
        "thickness": 14,
    }


def scatter3d(rows: Sequence[Row], axes: Sequence[tuple[str, str]]) -> Figure:
    """Three quantities of every case that has all, on logarithmic axes; a colour and marker for each hardware type.

    What is never ranked is a group of its own, in grey.
    """
    unranked = [row for row in rows if row["not_ranked_reason"]]
    groups = _by_hardware_type([row for row in rows if not row["not_ranked_reason"]])
    traces = []
    for number, (name, members) in enumerate([*groups, *([(_UNRANKED, unranked)] if unranked else [])]):
        x, y, z = ([row[column] for row in members] for column, _ in axes)
        is_grey = name == _UNRANKED
        traces.append(
            {
                "type": "scatter3d",
                "mode": "markers",
                "name": name,
                "x": x,
                "y": y,
                "z": z,
                "marker": {
                    "size": 5,
                    "color": "@neutral" if is_grey else colour(number),
                    "symbol": "x" if is_grey else _MARKERS_3D[number % len(_MARKERS_3D)],
                },
                "text": [hover(row) for row in members],
                "customdata": [url_of("/test", id=row["test_id"]) for row in members],
                "hovertemplate": "%{text}<br>%{x:.4g} · %{y:.4g} · %{z:.4g}<extra></extra>",
            }
        )
    scene: dict[str, Any] = {
        # One label for each decade: in space, those between them lie over each other.
        axis: {"title": {"text": title}, "type": "log", "dtick": 1}
        for axis, (_, title) in zip(("xaxis", "yaxis", "zaxis"), axes, strict=True)
    }
    # Far enough that no corner of the cube, nor the name of an axis, leaves the picture while it is turned.
    scene |= {"camera": {"eye": {"x": 2.2, "y": 2.2, "z": 1.1}}, "aspectmode": "cube"}
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom"}
    margin = {"l": 0, "r": 0, "t": 40, "b": 0}
    return figure(traces, height=600, scene=scene, showlegend=True, legend=legend, margin=margin)


def pareto(rows: Sequence[Row], x: tuple[str, str], y: tuple[str, str]) -> Figure:
    """Two quantities; what nothing beats in both is joined by a line."""
    traces: list[dict[str, Any]] = []
    for number, (name, members) in enumerate(_by_hardware_type(rows)):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [row[x[0]] for row in members],
                "y": [row[y[0]] for row in members],
                "marker": {
                    "size": [12 if row["is_on_front"] else 7 for row in members],
                    "color": colour(number),
                    "symbol": MARKERS[number % len(MARKERS)],
                    "opacity": [1 if row["is_on_front"] else 0.55 for row in members],
                },
                "text": [hover(row) for row in members],
                "customdata": [url_of("/test", id=row["result_test_id"]) for row in members],
                "hovertemplate": "%{text}<br>%{x:.4g} · %{y:.4g}<extra></extra>",
            }
        )
    front = sorted((row for row in rows if row["is_on_front"]), key=lambda row: row[x[0]])
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "Pareto front",
        "x": [row[x[0]] for row in front],
        "y": [row[y[0]] for row in front],
        "line": {"color": "@ink", "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
    }
    return figure(
        [line, *traces],
        height=480,
        xaxis=_log_axis(x[1], [row[x[0]] for row in rows]),
        yaxis=_log_axis(y[1], [row[y[0]] for row in rows]),
        showlegend=True,
    )


def _log_axis(title: str, values: Sequence[float]) -> dict[str, Any]:
    """Ticks with their whole number: by itself the chart writes 2 and 5 in every decade."""
    axis: dict[str, Any] = {"title": {"text": title}, "type": "log"}
    shown = [value for value in values if value > 0]
    if not shown:
        return axis
    ticks = _labelled(min(shown) / 1.5, max(shown) * 1.5)
    return axis | {"tickvals": ticks, "ticktext": [f"{tick:.12g}" for tick in ticks]}


def _labelled(low: float, high: float) -> list[float]:
    """The round numbers between two ends."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    ticks = (digit * 10.0**power for power in powers for digit in _LABELLED)
    return [tick for tick in ticks if low <= tick <= high]


def _by_hardware_type(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    names = sorted({row["hardware_type"] for row in rows})
    return [(name, [row for row in rows if row["hardware_type"] == name]) for name in names]
