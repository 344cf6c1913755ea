"""The latencies of single tests: raw samples, and the stored quantiles where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipfs_accel_pipeline.dashboard.charts.parts import MARKERS, Figure, Row, colour, distinct, figure


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
    names = distinct([name for name, _ in sides])
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
        height=140 + 50 * len(traces),
        # Two lines: on one, a narrow screen cuts both ends off.
        xaxis={"title": {"text": "Latency (ms): least,<br>p50 ●, p90 ◆, p99 ■, largest"}, "rangemode": "tozero"},
        yaxis={"automargin": True},
        showlegend=False,
    )
