"""All models, one model, all platforms, one platform: the same cases seen from either side."""

from __future__ import annotations

from ipfs_accel_pipeline.dashboard import charts
from ipfs_accel_pipeline.dashboard.filters import Filters, OneName
from ipfs_accel_pipeline.dashboard.screens.screen import METRICS, Desk, Rows, Screen
from ipfs_accel_pipeline.errors import UsageError

_BARS = 24
_WITHIN = ("precision", "batch", "endpoint", "provenance", "acceleration", "status")


class ModelState(Filters):
    id: OneName = None


class PlatformState(Filters):
    id: OneName = None


def models(desk: Desk, state: Filters) -> Screen:
    rows = desk.rows("model_row")
    wanted = [r for r in rows if not state.family or r["model_family"] in state.family]
    wanted = [r for r in wanted if not state.model_type or r["model_type"] in state.model_type]
    return Screen("models", "Models", rows=wanted, offered=("family", "model_type"))


def model(desk: Desk, state: ModelState) -> Screen:
    found = [row for row in desk.rows("model_row") if row["model_id"] == state.id]
    if not found:
        raise UsageError(f"There is no model {state.id!r} in this snapshot.")
    chosen = state.model_copy(update={"model": [state.id]})
    rows = desk.cases("case_row", chosen)  # all: the fastest may stand last
    text_cases = _about_text(rows)
    with_hardware = (*_WITHIN[:3], "type", *_WITHIN[3:])
    return Screen(
        "model",
        str(found[0]["model_name"]),
        rows=rows,
        context={
            "model": found[0],
            "cases": rows[: desk.most_rows],
            "bars_shown": min(_BARS, _with_latency(rows)),
            "text_cases": text_cases[: desk.most_rows],
            "text_total": len(text_cases),
        },
        charts=_charts(rows, "hardware_id"),
        offered=with_hardware,
    )


def platforms(desk: Desk, state: Filters) -> Screen:
    rows = [row for row in desk.rows("platform_row") if not state.type or row["hardware_type"] in state.type]
    return Screen("platforms", "Platforms", rows=rows, offered=("type",))


def platform(desk: Desk, state: PlatformState) -> Screen:
    found = [row for row in desk.rows("platform_row") if row["hardware_id"] == state.id]
    if not found:
        raise UsageError(f"There is no platform {state.id!r} in this snapshot.")
    chosen = state.model_copy(update={"hardware": [state.id]})
    rows = desk.cases("case_row", chosen)  # all: the fastest may stand last
    text_cases = _about_text(rows)
    return Screen(
        "platform",
        str(state.id),
        rows=rows,
        context={
            "platform": found[0],
            "cases": rows[: desk.most_rows],
            "bars_shown": min(_BARS, _with_latency(rows)),
            "text_cases": text_cases[: desk.most_rows],
            "text_total": len(text_cases),
        },
        charts=_charts(rows, "model_id"),
        offered=("family", "model_type", *_WITHIN),
    )


def _with_latency(rows: Rows) -> int:
    return sum(row["p50_latency_ms"] is not None for row in rows)


def _about_text(rows: Rows) -> Rows:
    """Those with a number of written text, or a reason why there is none."""
    told = ("tokens_per_second", "time_per_output_token_ms", "time_to_first_token_ms", "no_generation_reason")
    return [row for row in rows if any(row[name] is not None for name in told)]


def _charts(rows: Rows, label: str) -> dict[str, charts.Figure]:
    """The latencies of the first cases; throughput over batch size where a case has more than one size."""
    timed = sorted((row for row in rows if row["p50_latency_ms"] is not None), key=lambda row: row["p50_latency_ms"])
    drawn = {}
    if timed:
        drawn["latency"] = charts.bars(timed[:_BARS], "p50_latency_ms", METRICS["latency"].title, label)
    written = [row for row in rows if row["tokens_per_second"] is not None]
    if written:
        fastest = sorted(written, key=lambda row: -row["tokens_per_second"])
        drawn["tokens"] = charts.bars(fastest[:_BARS], "tokens_per_second", METRICS["tokens"].title, label)
    batches = {row["batch_size"] for row in timed}
    if label == "hardware_id" and len(batches) > 1:
        drawn["batch"] = charts.over_batch(timed)
    return drawn
