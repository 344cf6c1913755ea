"""Many cases at once: heatmaps by model type, three quantities in space, and Pareto fronts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from ipfs_accel_pipeline.dashboard import charts
from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens.screen import METRICS, Desk, Metric, Rows, Screen

_MOST_POINTS = 2000
OFFERED = ("type", "family", "model_type", "precision", "batch", "endpoint", "provenance", "acceleration", "model")

HeatMetric = Literal["latency", "throughput", "tokens", "first_token", "memory", "energy", "load"]
Axis = Literal["latency", "throughput", "tokens", "first_token", "memory", "energy", "power", "load", "parameters"]


class HeatmapState(Filters):
    metric: HeatMetric = "latency"


class ScatterState(Filters):
    x: Axis = "latency"
    y: Axis = "memory"
    z: Axis = "energy"


class ParetoState(Filters):
    x: Axis = "latency"
    y: Axis = "memory"


def heatmap(desk: Desk, state: HeatmapState) -> Screen:
    """One precision and one batch size at a time: other numbers would not be comparable within a row."""
    metric = METRICS[state.metric]
    shape = _at_one_shape(desk, state, metric)
    rows = _one_length_each(desk.cases("case_point", shape, count=20_000))
    rows = [row for row in rows if row[metric.column] is not None]
    kinds = sorted({str(row["model_type"]) for row in rows})
    drawn = {f"heat-{kind}": [row for row in rows if row["model_type"] == kind] for kind in kinds}
    return Screen(
        "heatmap",
        "Heatmaps",
        rows=rows,
        context={
            "state": state, "shape": shape, "metric": metric, "kinds": kinds,
            "sizes": {k: _size(v) for k, v in drawn.items()},
        },
        charts={name: charts.heatmap(of_kind, metric.column, metric.title) for name, of_kind in drawn.items()},
        offered=("type", "family", "model_type", "endpoint", "provenance", "acceleration", "model", "hardware"),
    )  # fmt: skip


def scatter(desk: Desk, state: ScatterState) -> Screen:
    axes = [METRICS[state.x], METRICS[state.y], METRICS[state.z]]
    complete, counts = _complete(desk, state, axes)
    rows = _drawn(desk, state, complete)
    return Screen(
        "scatter",
        "Three quantities",
        rows=rows,
        context={"state": state, "axes": axes, "counts": counts, "total": len(complete)},
        charts={"scatter": charts.scatter3d(rows, [(axis.column, axis.title) for axis in axes])} if rows else {},
        offered=OFFERED,
        needs_3d=True,
    )


def pareto(desk: Desk, state: ParetoState) -> Screen:
    """Only results that may be ranked can stand on a front; all of them are asked, however many are drawn."""
    axes = [METRICS[state.x], METRICS[state.y]]
    complete, counts = _complete(desk, state, axes)
    candidates = on_front([row for row in complete if row["is_ranked"]], *axes)
    leaders = [row for row in candidates if row["is_on_front"]]
    front = {row["test_id"] for row in leaders}
    drawn = _drawn(desk, state, [*leaders, *(row for row in candidates if not row["is_on_front"])], len(front))
    rows = [row | {"is_on_front": row["test_id"] in front} for row in drawn]
    return Screen(
        "pareto",
        "Pareto fronts",
        rows=rows,
        context={
            "state": state, "axes": axes, "counts": counts, "total": len(candidates),
            "front": sorted((row for row in rows if row["is_on_front"]), key=lambda row: row[axes[0].column]),
        },
        charts={"pareto": charts.pareto(rows, *_columns(axes))} if rows else {},
        offered=OFFERED,
    )  # fmt: skip


def on_front(rows: Rows, x: Metric, y: Metric) -> Rows:
    """Each row with `is_on_front`: no other row is as good in both and better in one."""

    def goodness(row: dict[str, Any]) -> tuple[float, float]:
        signs = (1 if x.lower_is_better else -1, 1 if y.lower_is_better else -1)
        return signs[0] * row[x.column], signs[1] * row[y.column]

    front: set[tuple[float, float]] = set()
    best_y = float("inf")
    for point in sorted({goodness(row) for row in rows}):
        if point[1] < best_y:
            front.add(point)
            best_y = point[1]
    return [row | {"is_on_front": goodness(row) in front} for row in rows]


def _columns(axes: Sequence[Metric]) -> tuple[tuple[str, str], tuple[str, str]]:
    return (axes[0].column, axes[0].title), (axes[1].column, axes[1].title)


def _complete(desk: Desk, state: Filters, axes: Sequence[Metric]) -> tuple[Rows, dict[str, int]]:
    """Every case that has all quantities, and how many cases have each."""
    known = desk.cases("case_number", state)
    counts = {axis.title: sum(bool(row[axis.column]) for row in known) for axis in axes}
    return [row for row in known if all(row[axis.column] for axis in axes)], counts  # a logarithm has no zero


def _drawn(desk: Desk, state: Filters, cases: Rows, at_least: int = 0) -> Rows:
    """The first of these cases with all that is shown of them; a download has every one."""
    tests = [row["test_id"] for row in cases[: max(_MOST_POINTS, desk.most_rows, at_least)]]
    return desk.cases("case_point", state, tests=tests, count=len(tests))


def _at_one_shape(desk: Desk, state: HeatmapState, metric: Metric) -> HeatmapState:
    """The precision and batch size of the URL; what it leaves open is the commonest of the cases with this number."""
    known = desk.cases("case_number", state)
    shapes = Counter(
        (row["precision"] or "unknown", row["batch_size"])
        for row in known
        if row[metric.column] is not None and row["batch_size"] is not None
    )
    if not shapes:
        return state
    precision, batch = min(shapes, key=lambda shape: (-shapes[shape], shape))
    return state.model_copy(update={"precision": state.precision or [precision], "batch": state.batch or [batch]})


def _one_length_each(rows: Rows) -> Rows:
    """Of each model only the commonest sequence length."""
    lengths: dict[str, Counter[Any]] = {}
    for row in rows:
        lengths.setdefault(row["model_id"], Counter())[row["sequence_length"]] += 1
    common = {model: counter.most_common(1)[0][0] for model, counter in lengths.items()}
    return [row for row in rows if row["sequence_length"] == common[row["model_id"]]]


def _size(rows: Rows) -> dict[str, int]:
    return {
        "models": len({r["model_id"] for r in rows}),
        "columns": len({(r["hardware_id"], r["endpoint_type"]) for r in rows}),
        "unranked": sum(r["not_ranked_reason"] is not None for r in rows),
    }
