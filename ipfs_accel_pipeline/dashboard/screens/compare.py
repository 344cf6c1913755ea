"""Two runs, two platforms or two versions side by side: which cases changed, and the distributions of one."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import Field

from ipfs_accel_pipeline.dashboard import charts
from ipfs_accel_pipeline.dashboard.filters import Filters, OneName, url_of
from ipfs_accel_pipeline.dashboard.samples import raw_latencies_ms
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Rows, Screen
from ipfs_accel_pipeline.reports.comparison import SAME_CASE, SAME_WORK, Pair, pair

By = Literal["run", "platform", "version"]
_SHOWN = 100  # pairs in the table: the largest changes stand first
OFFERED = ("family", "precision", "batch", "model")


class CompareState(Filters):
    by: By = "run"
    a: OneName = None
    b: OneName = None
    show: Annotated[int, Field(ge=0, le=100_000)] = 0  # the pair whose distributions are drawn


def compare(desk: Desk, state: CompareState) -> Screen:
    sides = _sides(desk, state.by)
    a, b = _chosen(state, [side["value"] for side in sides])
    columns = SAME_WORK if state.by == "platform" else SAME_CASE
    pairs = pair(_results(desk, state, a), _results(desk, state, b), columns) if a and b else []
    shown = pairs[state.show] if state.show < len(pairs) else None
    drawn, note = _distribution(desk, shown, a, b)
    return Screen(
        "compare",
        "Compare",
        rows=[_row(one, columns) for one in pairs[: desk.most_rows]],
        context={
            "state": state, "a": a, "b": b, "sides": sides, "columns": columns, "shown": shown, "note": note,
            "pairs": [(number, one, _link(state, a, b, number)) for number, one in enumerate(pairs[:_SHOWN])],
            "pairs_total": len(pairs), "verdicts": Counter(one.verdict for one in pairs),
        },
        charts=drawn,
        offered=OFFERED,
    )  # fmt: skip


def _sides(desk: Desk, by: By) -> Rows:
    """What can be chosen, the newest first."""
    if by == "run":
        runs = desk.rows("run_row", count=500)
        # Imported and emulated runs can be chosen, but nothing is compared with them: they come last.
        runs.sort(key=lambda run: "measured" not in run["provenances"])
        return [{"value": r["run_id"], "label": f"{r['run_id']} · {r['ended_at']:%Y-%m-%d %H:%M}"} for r in runs]
    if by == "platform":
        ids = [row["hardware_id"] for row in desk.rows("platform") if row["cases"]]
        return [{"value": identifier, "label": identifier} for identifier in ids]
    versions = [f"{row['backend']} {row['backend_version']}" for row in desk.rows("version_row")]
    return [{"value": version, "label": version} for version in versions]


def _chosen(state: CompareState, values: list[str]) -> tuple[str | None, str | None]:
    """The sides of the URL, else the newest as b and the one before it as a."""
    b = state.b or (values[0] if values else None)
    a = state.a or next((value for value in values if value != b), None)
    return a, b


def _results(desk: Desk, state: CompareState, side: str) -> Rows:
    if state.by == "platform":
        on_it = state.model_copy(update={"hardware": [side]})
        return [row | {"test_id": row["result_test_id"]} for row in desk.cases("case_row", on_it, count=20_000)]
    if state.by == "run":
        found = desk.rows("result_of_side", run_id=side)
    else:
        backend, _, version = side.partition(" ")
        found = desk.rows("result_of_side", backend=backend, backend_version=version)
    return [row for row in found if _meets(row, state)] if state.chosen() else found


def _meets(row: dict[str, Any], state: CompareState) -> bool:
    wanted = ((state.family, "model_family"), (state.precision, "precision"), (state.batch, "batch_size"),
              (state.model, "model_id"))  # fmt: skip
    return all(not values or row[column] in values for values, column in wanted)


def _distribution(desk: Desk, shown: Pair | None, a: str | None, b: str | None) -> tuple[dict[str, Any], str | None]:
    """Raw samples of both sides where their shards are here, else the stored quantiles, with the reason."""
    if shown is None:
        return {}, None
    sides = [
        (f"{letter} · {charts.short(str(name))}", row)
        for letter, name, row in (("A", a, shown.a), ("B", b, shown.b))
        if row
    ]
    samples = [(name, *raw_latencies_ms(desk, row["test_id"])) for name, row in sides]
    missing = [reason for _, _, reason in samples if reason]
    if missing:
        return {"distribution": charts.ranges(sides)}, missing[0]
    return {"distribution": charts.distribution([(name, rounds) for name, rounds, _ in samples])}, None


def _row(one: Pair, columns: tuple[str, ...]) -> dict[str, Any]:
    """A pair as one line of a download."""
    line = dict(zip(columns, one.key, strict=True))
    for letter, side in (("a", one.a), ("b", one.b)):
        for name in ("test_id", "hardware_id", "endpoint_type", "p50_latency_ms", "ci95_low_ms", "ci95_high_ms"):
            line[f"{letter}_{name}"] = side[name] if side else None
    return line | {"p50_ratio_b_to_a": one.p50_ratio, "verdict": one.verdict, "reason": one.reason}


def _link(state: CompareState, a: str | None, b: str | None, number: int) -> str:
    return url_of("/compare", **state.chosen(), by=state.by, a=a, b=b, show=number)
