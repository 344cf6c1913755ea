"""Figures for plotly.js as plain data: what is drawn, never how the page is styled.

A colour is a name ("@series-1"): the script puts in the value of the page's style, for light and dark. Series differ in
their markers too, never in colour alone. A figure of results holds a link for each point in `customdata`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from math import ceil, floor, log10
from typing import Any

from ipfs_accel_pipeline.dashboard.filters import url_of
from ipfs_accel_pipeline.reports.wording import case

Figure = dict[str, Any]
Row = Mapping[str, Any]

COLOURS = 7  # of the palette in dashboard.css (Okabe and Ito's, safe for the colour-blind)
MARKERS = ("circle", "square", "diamond", "cross", "triangle-up", "x", "star")
_MARKERS_3D = ("circle", "square", "diamond", "cross", "circle-open", "square-open", "diamond-open")
# Fast is bright on dark paper and dark on light paper reads the same: Cividis is safe for the colour-blind.
_SCALE = "Cividis"
_ROWS_OF_A_SCALE = 8


def figure(data: list[dict[str, Any]], height: int = 420, **layout: Any) -> Figure:
    return {"data": data, "layout": {"height": height, **layout}}


def colour(number: int) -> str:
    return f"@series-{number % COLOURS + 1}"


def error_bars(rows: Sequence[Row]) -> dict[str, Any]:
    """Error bars to the ends of the 95 % intervals; none where an interval is unknown."""

    def reach(row: Row, end: str, sign: int) -> float:
        return 0 if row[end] is None else max(0.0, sign * (row[end] - row["p50_latency_ms"]))

    return {
        "type": "data",
        "symmetric": False,
        "array": [reach(row, "ci95_high_ms", 1) for row in rows],
        "arrayminus": [reach(row, "ci95_low_ms", -1) for row in rows],
    }


def bars(rows: Sequence[Row], metric: str, title: str, *labels: str) -> Figure:
    """Horizontal bars from zero, one per row; hatched where the number is not a measurement on real silicon."""
    known = [row for row in rows if row[metric] is not None]
    names = _distinct([_bar_name(row, labels) for row in known])
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [row[metric] for row in known],
        "y": list(range(len(known))),
        "marker": {
            "color": [colour(0) if _is_real(row) else "@neutral" for row in known],
            "pattern": {"shape": ["" if _is_real(row) else "/" for row in known]},
        },
        "customdata": [url_of("/test", id=row["result_test_id"]) for row in known],
        "text": [_hover(row) for row in known],
        "textposition": "none",
        "hovertemplate": "%{text}<br>%{x:.4g}<extra></extra>",
    }
    if metric == "p50_latency_ms":
        trace["error_x"] = error_bars(known) | {"color": "@ink", "thickness": 1, "width": 3}
    return figure(
        [trace],
        height=70 + 26 * max(2, len(known)),
        xaxis={"title": {"text": title}, "rangemode": "tozero"},
        yaxis={"tickvals": list(range(len(known))), "ticktext": names, "autorange": "reversed", "automargin": True},
        showlegend=False,
        bargap=0.35,
    )


def _bar_name(row: Row, labels: Sequence[str]) -> str:
    shape = case(row["precision"], row["batch_size"], row["sequence_length"])
    return " · ".join([*(short(row[label], 24) for label in labels), row["endpoint_type"], shape])


def over_batch(rows: Sequence[Row]) -> Figure:
    """Throughput over batch size, one line per endpoint, precision and length."""

    def line_of(row: Row) -> tuple[str, ...]:
        return (row["hardware_id"], row["endpoint_type"], row["precision"] or "?", str(row["sequence_length"] or ""))

    known = [r for r in rows if r["batch_size"] and r["throughput_items_per_second"] is not None and _is_real(r)]
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


def distribution(sides: Sequence[tuple[str, Sequence[Sequence[float]]]]) -> Figure:
    """Raw latencies: one violin with its box per side or round."""
    traces = []
    for number, (name, rounds) in enumerate(sides):
        samples = [latency for one in rounds for latency in one]
        traces.append(
            {
                "type": "violin",
                "name": name,
                "y": samples,
                "box": {"visible": True},
                "meanline": {"visible": True},
                "points": False,
                "line": {"color": colour(number)},
                "spanmode": "hard",  # nothing is drawn where nothing was measured
                "hoveron": "violins",
                "scalemode": "width",
            }
        )
    return figure(traces, yaxis={"title": {"text": "Latency (ms)"}, "rangemode": "tozero"}, showlegend=False)


def in_order(rounds: Sequence[Sequence[float]]) -> Figure:
    """Raw latencies one after the other: drift and slow phases are seen here and nowhere else."""
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": f"Round {number + 1}",
            "x": list(range(1, len(one) + 1)),
            "y": list(one),
            "marker": {"size": 4, "color": colour(number), "symbol": MARKERS[number % len(MARKERS)]},
            "hovertemplate": "iteration %{x}<br>%{y:.4g} ms<extra></extra>",
        }
        for number, one in enumerate(rounds)
    ]
    return figure(
        traces,
        xaxis={"title": {"text": "Timed iteration"}},
        yaxis={"title": {"text": "Latency (ms)"}, "rangemode": "tozero"},
        showlegend=len(traces) > 1,
    )


def ranges(sides: Sequence[tuple[str, Row]]) -> Figure:
    """Stored quantiles where the raw samples are not at hand: a line from the least to the largest, the marks on it."""
    marks = (("min_latency_ms", "line-ns-open", "min"), ("p50_latency_ms", "circle", "p50"),
             ("p90_latency_ms", "diamond", "p90"), ("p99_latency_ms", "square", "p99"),
             ("max_latency_ms", "line-ns-open", "max"))  # fmt: skip
    names = _distinct([name for name, _ in sides])
    traces: list[dict[str, Any]] = []
    for number, (name, (_, row)) in enumerate(zip(names, sides, strict=True)):
        shown = [(row[column], symbol, word) for column, symbol, word in marks if row.get(column) is not None]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": [value for value, _, _ in shown],
                "y": [name] * len(shown),
                "text": [word for _, _, word in shown],
                "marker": {"size": 11, "symbol": [symbol for _, symbol, _ in shown], "color": colour(number)},
                "line": {"color": colour(number)},
                "hovertemplate": "%{text}: %{x:.4g} ms<extra></extra>",
            }
        )
    return figure(
        traces,
        height=120 + 50 * len(traces),
        xaxis={"title": {"text": "Latency (ms): least, p50 ●, p90 ◆, p99 ■, largest"}, "rangemode": "tozero"},
        yaxis={"automargin": True},
        showlegend=False,
    )


def heatmap(rows: Sequence[Row], metric: str, title: str) -> Figure:
    """Models by platform and endpoint; the colour is the logarithm, the number stands in the cell."""
    columns = sorted({(row["hardware_id"], row["endpoint_type"]) for row in rows})
    models = sorted({row["model_id"] for row in rows}, reverse=True)
    cells = {(row["model_id"], row["hardware_id"], row["endpoint_type"]): row for row in rows}
    grid = [[cells.get((model, *column)) for column in columns] for model in models]
    values = [[cell[metric] if cell else None for cell in line] for line in grid]
    shown = [value for line in values for value in line if value]
    names = _distinct([f"{short(hardware)}<br>{endpoint}" for hardware, endpoint in columns])
    trace = {
        "type": "heatmap",
        "x": names,
        "y": _distinct([short(model, 34) for model in models]),
        "z": [[log10(value) if value else None for value in line] for line in values],
        "text": [["" if value is None else f"{value:.3g}" for value in line] for line in values],
        "texttemplate": "%{text}" if len(columns) <= 16 else "",
        "customdata": [[url_of("/test", id=cell["test_id"]) if cell else None for cell in line] for line in grid],
        "hovertemplate": "%{y}<br>%{x}<br>%{text}<extra></extra>",
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
        margin={"l": 64, "r": 24, "t": 12, "b": 12},
        xaxis={"side": "top", "type": "category", "tickangle": 0 if len(columns) <= 4 else -30, "ticks": ""},
        yaxis={"type": "category", "ticks": ""},
    )


def _log_bar(title: str, low: float, high: float) -> dict[str, Any]:
    """A colour bar of a logarithm that shows the values themselves."""
    exponents = range(floor(log10(low)), ceil(log10(high)) + 1)
    ticks = [step * 10.0**power for power in exponents for step in (1, 2, 5)]
    ticks = [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001] or [low, high]
    return {
        "title": {"text": title, "side": "right"},
        "tickvals": [log10(tick) for tick in ticks],
        "ticktext": [f"{tick:.3g}" for tick in ticks],
        "thickness": 14,
    }


def scatter3d(rows: Sequence[Row], axes: Sequence[tuple[str, str]], group: str = "hardware_type") -> Figure:
    """Three quantities of every case that has all of them, on logarithmic axes; one colour and marker per group."""
    traces = []
    for number, (name, members) in enumerate(_groups(rows, group)):
        x, y, z = ([row[column] for row in members] for column, _ in axes)
        traces.append(
            {
                "type": "scatter3d",
                "mode": "markers",
                "name": name,
                "x": x,
                "y": y,
                "z": z,
                "marker": {"size": 5, "color": colour(number), "symbol": _MARKERS_3D[number % len(_MARKERS_3D)]},
                "text": [_hover(row) for row in members],
                "customdata": [url_of("/test", id=row["test_id"]) for row in members],
                "hovertemplate": "%{text}<br>%{x:.4g} · %{y:.4g} · %{z:.4g}<extra></extra>",
            }
        )
    scene: dict[str, Any] = {
        axis: {"title": {"text": title}, "type": "log"}
        for axis, (_, title) in zip(("xaxis", "yaxis", "zaxis"), axes, strict=True)
    }
    # Far enough that no corner of the cube leaves the picture while it is turned.
    scene |= {"camera": {"eye": {"x": 1.85, "y": 1.85, "z": 0.95}}, "aspectmode": "cube"}
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom"}
    margin = {"l": 0, "r": 0, "t": 40, "b": 0}
    return figure(traces, height=600, scene=scene, showlegend=True, legend=legend, margin=margin)


def pareto(rows: Sequence[Row], x: tuple[str, str], y: tuple[str, str], group: str = "hardware_type") -> Figure:
    """Two quantities; what nothing beats in both is joined by a line."""
    traces: list[dict[str, Any]] = []
    for number, (name, members) in enumerate(_groups(rows, group)):
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
                "text": [_hover(row) for row in members],
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
        xaxis={"title": {"text": x[1]}, "type": "log"},
        yaxis={"title": {"text": y[1]}, "type": "log"},
        showlegend=True,
    )


def _groups(rows: Sequence[Row], group: str) -> list[tuple[str, list[Row]]]:
    names = sorted({str(row[group]) for row in rows})
    return [(name, [row for row in rows if str(row[group]) == name]) for name in names]


def _hover(row: Row) -> str:
    parts = [
        f"<b>{_plain(short(row['model_id'], 60))}</b>",
        _plain(f"{row['hardware_id']} · {row['endpoint_type']}"),
        case(row["precision"], row["batch_size"], row["sequence_length"]),
    ]
    if not _is_real(row):
        parts.append(f"not ranked: {row['not_ranked_reason']}")
    return "<br>".join(parts)


def _is_real(row: Row) -> bool:
    """A measurement on real silicon."""
    return row["provenance"] == "measured" and row["acceleration"] == "hardware"


def short(name: str, limit: int = 28) -> str:
    """A long name with its middle left out, safe where plotly reads a little HTML."""
    text = " ".join(str(name).split())
    if len(text) > limit:
        text = f"{text[: limit // 2]}…{text[-(limit // 2 - 1) :]}"
    return _plain(text)


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _distinct(names: list[str]) -> list[str]:
    """The same names, told apart where two would fall together on an axis."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result
