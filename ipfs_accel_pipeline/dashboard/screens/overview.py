"""Overview: what is new, what got worse, and how much of the catalogue is covered."""

from __future__ import annotations

from typing import Any

from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Rows, Screen

_RUNS = 10
_WORSE = 25
_FAILURES = 10
_LOOKED_BACK = 200  # runs in which the one before is looked for: those of other devices may lie between


def overview(desk: Desk, state: Filters) -> Screen:
    worse = desk.cases("worse_case", state, count=max(_WORSE, desk.most_rows))
    counts = desk.cases("case_count", state)[0]
    platforms = desk.rows("platform_row")
    models = desk.rows("model_row")
    return Screen(
        "overview",
        "Overview",
        rows=worse,
        context={
            "counts": counts,
            "runs": _runs(desk),
            "worse": worse[:_WORSE],
            "worse_total": len(worse),
            "failures": desk.rows("test_row", filters=None, count=_FAILURES, failed_only=True, run_id=None, skip=0),
            "platforms": platforms,
            "platforms_available": sum(bool(p["available"]) for p in platforms),
            "models_total": len(models),
            "changes": desk.rows("new_regression", count=_WORSE),
        },
    )


def _runs(desk: Desk) -> Rows:
    """The newest runs; `before` is the last measured one before it on one of its platforms."""
    runs = desk.rows("run_row", count=_LOOKED_BACK)
    return [run | {"before": _before(run, runs[place + 1 :])} for place, run in enumerate(runs[:_RUNS])]


def _before(run: dict[str, Any], older: Rows) -> str | None:
    if "measured" not in run["provenances"]:
        return None
    comparable = (
        one["run_id"]
        for one in older
        if "measured" in one["provenances"] and not set(one["hardware"]).isdisjoint(run["hardware"])
    )
    return next(comparable, None)
