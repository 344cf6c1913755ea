"""The history of one case: its level, its intervals, the versions it was taken with, and its change points."""

from __future__ import annotations

from typing import Any, Literal

from ipfs_accel_pipeline.dashboard.charts import trend
from ipfs_accel_pipeline.dashboard.filters import Filters, OneCount, OneName, url_of
from ipfs_accel_pipeline.dashboard.screens.screen import METRICS, Desk, Metric, Rows, Screen
from ipfs_accel_pipeline.reports.history import LastingChange

_CASE = ("model_id", "hardware_id", "endpoint_type", "precision", "batch_size", "sequence_length", "provenance")
_OF_CASE = (
    "of_model", "of_hardware", "of_endpoint", "of_precision", "of_batch", "of_sequence", "of_provenance",
)  # fmt: skip
_CASES = 60  # offered below the chart; filters bring the others there


class TrendState(Filters):
    """The filters choose which cases are offered; the `of_` fields say which one is drawn."""

    metric: Literal["latency", "throughput", "tokens", "first_token", "memory", "energy"] = "latency"
    of_model: OneName = None
    of_hardware: OneName = None
    of_endpoint: OneName = None
    of_precision: OneName = None
    of_batch: OneCount = None
    of_sequence: OneCount = None
    of_provenance: OneName = None


def trends(desk: Desk, state: TrendState) -> Screen:
    """Who chooses filters that the drawn case does not meet wants to see another one."""
    return series(desk, state if _meets_filters(desk, state) else state.model_copy(update=dict.fromkeys(_OF_CASE)))


def _meets_filters(desk: Desk, state: TrendState) -> bool:
    if not state.of_model or not state.chosen():
        return True
    case = {
        "model": state.of_model, "hardware": state.of_hardware, "endpoint": state.of_endpoint,
        "precision": state.of_precision or "unknown", "batch": state.of_batch, "sequence": state.of_sequence,
        "provenance": state.of_provenance or "measured",
    }  # fmt: skip
    if any(chosen and value not in chosen for name, value in case.items() for chosen in [getattr(state, name)]):
        return False
    alone = state.model_copy(update={name: [case[name]] for name in ("model", "hardware", "endpoint")})
    return bool(desk.cases("longest_series", alone, count=1))


def series(desk: Desk, state: TrendState) -> Screen:
    cases = desk.cases("longest_series", state, count=_CASES)
    shown = _shown(state, cases)
    metric = METRICS[state.metric]
    points = list(reversed(desk.rows("series_point", count=desk.most_rows * 10, **shown))) if shown else []
    changes = [LastingChange(**row) for row in desk.rows("case_change", **_without_provenance(shown))] if shown else []
    drawn = [change for change in changes if change.metric == metric.column and change.kind != "unstable"]
    known = [point for point in _of_one_quantity(points, metric) if point[metric.column] is not None]
    return Screen(
        "trends",
        "Trends",
        rows=[(shown or {}) | point for point in points],  # a download says of which case it is
        context={
            "state": state, "metric": metric, "shown": shown, "points": list(reversed(points))[: desk.most_rows],
            "most_cases": _CASES, "changes": changes, "drawn": drawn,
            "text_length": known[-1]["new_tokens"] if known and metric is METRICS["tokens"] else None,
            "cases": [(case, link_to(case, state), case_key(case) == (shown and case_key(shown))) for case in cases],
        },
        charts={"trend": trend(known, metric.column, metric.title, drawn)} if known else {},
        offered=("type", "family", "precision", "batch", "endpoint", "provenance", "model", "hardware"),
    )  # fmt: skip


def _of_one_quantity(points: Rows, metric: Metric) -> Rows:
    """Texts of another length than the newest are left out, as by the search for changes (sql/history_point.sql)."""
    lengths = [point["new_tokens"] for point in points if point["new_tokens"] is not None]
    if metric is not METRICS["tokens"] or not lengths:
        return points
    return [point for point in points if point["new_tokens"] == lengths[-1]]


def link_to(case: dict[str, Any], state: TrendState | None = None) -> str:
    """The screen with this case drawn; the filters of `state` stay."""
    kept: dict[str, Any] = {} if state is None else {**state.chosen(), "metric": state.metric}
    return url_of(
        "/trends",
        **kept,
        of_model=case["model_id"],
        of_hardware=case["hardware_id"],
        of_endpoint=case["endpoint_type"],
        of_precision=case["precision"],
        of_batch=case["batch_size"],
        of_sequence=case["sequence_length"],
        of_provenance=case["provenance"],
    )


def case_key(case: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(case[name] for name in _CASE)


def _shown(state: TrendState, cases: Rows) -> dict[str, Any] | None:
    """The case of the URL, else the one with the longest history."""
    if state.of_model and state.of_hardware and state.of_endpoint:
        return {
            "model_id": state.of_model,
            "hardware_id": state.of_hardware,
            "endpoint_type": state.of_endpoint,
            "precision": state.of_precision,
            "batch_size": state.of_batch,
            "sequence_length": state.of_sequence,
            "provenance": state.of_provenance or "measured",
        }
    return {name: cases[0][name] for name in _CASE} if cases else None


def _without_provenance(case: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in case.items() if name != "provenance"}
