"""Overview: what is new, what got worse, and how much of the catalogue is covered."""

from __future__ import annotations

from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Screen

_RUNS = 10
_WORSE = 25
_FAILURES = 10


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
            "runs": desk.rows("run_row", count=_RUNS),
            "worse": worse[:_WORSE],
            "worse_total": len(worse),
            "failures": desk.rows("test_row", filters=None, count=_FAILURES, failed_only=True, run_id=None, skip=0),
            "platforms": platforms,
            "platforms_available": sum(bool(p["available"]) for p in platforms),
            "models_total": len(models),
            "changes": desk.rows("new_regression", count=_WORSE),
        },
    )
