"""What should I use? Shows the recommendations that were derived; without them it says so and computes none."""

from __future__ import annotations

from typing import Any, Literal

from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Screen
from ipfs_accel_pipeline.storage.prepared import later_rows

_PREFERENCES = {"latency": "Latency", "throughput": "Throughput", "energy": "Energy", "cost": "Cost"}


class RecommendState(Filters):
    """By which preference the candidates are judged."""

    prefer: Literal["latency", "throughput", "energy", "cost"] = "latency"


def recommend(desk: Desk, state: RecommendState) -> Screen:
    stored = later_rows(desk.connection, "recommendations", 100_000) or []
    rows = sorted((row for row in stored if _meets(row, state)), key=_reading_order)
    judged_by = {row["prefer"] for row in stored} | {state.prefer}
    return Screen(
        "recommend",
        "What should I use?",
        rows=rows,
        context={
            "state": state,
            "is_derived": bool(stored),
            "shown": rows[: desk.most_rows],
            "preferences": [(value, words) for value, words in _PREFERENCES.items() if value in judged_by],
        },
        offered=("model", "precision", "batch", "endpoint"),
    )


def _meets(row: dict[str, Any], state: RecommendState) -> bool:
    wanted = ((state.model, "model_id"), (state.precision, "precision"), (state.batch, "batch_size"),
              (state.endpoint, "endpoint_type"), ([state.prefer], "prefer"))  # fmt: skip
    return all(not values or row[column] in values for values, column in wanted)


def _reading_order(row: dict[str, Any]) -> tuple[Any, ...]:
    """Case by case, the best first, what was ruled out last."""
    case = (row["model_id"], row["precision"], row["batch_size"], row["sequence_length"] or 0)
    return (*case, row["place"] is None, row["place"] or 0, row["hardware_id"], row["endpoint_type"])
