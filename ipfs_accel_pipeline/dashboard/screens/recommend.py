"""What should I use? Shows the recommendations that were derived; without them it says so and computes none."""

from __future__ import annotations

from typing import Literal

from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Screen

_PREFERENCES = {"latency": "Latency", "throughput": "Throughput", "energy": "Energy", "cost": "Cost"}


class RecommendState(Filters):
    """By which preference the candidates are judged."""

    prefer: Literal["latency", "throughput", "energy", "cost"] = "latency"


def recommend(desk: Desk, state: RecommendState) -> Screen:
    rows = desk.rows(
        "recommendation_row",
        prefer=state.prefer,
        models=state.model or None,
        precisions=state.precision or None,
        batch_sizes=state.batch or None,
        endpoints=state.endpoint or None,
    )
    judged_by = {row["prefer"] for row in desk.rows("judged_by")}
    return Screen(
        "recommend",
        "What should I use?",
        rows=rows,
        context={
            "state": state,
            "is_derived": bool(judged_by),
            "shown": rows[: desk.most_rows],
            "preferences": [
                (value, words) for value, words in _PREFERENCES.items() if value in judged_by | {state.prefer}
            ],
        },
        offered=("model", "precision", "batch", "endpoint"),
    )
