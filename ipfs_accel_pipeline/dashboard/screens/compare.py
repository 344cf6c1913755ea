"""Two runs, two platforms or two versions side by side: which cases changed, and the distributions of one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ipfs_accel_pipeline.dashboard import charts
from ipfs_accel_pipeline.dashboard.filters import Filters, OneName, url_of
from ipfs_accel_pipeline.dashboard.samples import raw_latencies_ms
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Rows, Screen
from ipfs_accel_pipeline.storage.compared import By, compared_cases

_NOT_STORED = "not stored"
_RUNS = 500  # offered; an older one can be named in the address
_SHOWN = 100  # pairs in the table: the largest changes stand first
_OF_SIDE = ("test_id", "hardware_id", "endpoint_type", "p50_latency_ms", "ci95_low_ms", "ci95_high_ms")
_OF_CASE = ("model_id", "hardware_id", "endpoint_type", "precision", "batch_size", "sequence_length", "provenance")
# Two platforms seldom share an endpoint: each is shown with its fastest.
_OF_WORK = ("model_id", "precision", "batch_size", "sequence_length", "provenance")
OFFERED = ("family", "precision", "batch", "model")


class CompareState(Filters):
    by: By = "run"
    a: OneName = None
    b: OneName = None
    show: Annotated[int, Field(ge=0, le=100_000)] = 0  # the pair whose distributions are drawn


def compare(desk: Desk, state: CompareState) -> Screen:
    sides = _sides(desk, state.by)
    sides += [_asked(desk, state.by, one) for one in (state.a, state.b) if one and one not in _values(sides)]
    missing = [side["value"] for side in sides if side["kind"] == _NOT_STORED]
    a, b = _chosen(state, sides)
    pairs = _pairs(desk, state, a, b) if a and b and not missing else []
    shown = next((one for one in pairs if one["number"] == state.show), None)
    drawn, note = _distribution(desk, shown, a, b)
    columns = _OF_WORK if state.by == "platform" else _OF_CASE
    listed = [one for one in pairs if one["number"] < _SHOWN]
    verdicts = pairs[0]["verdicts"] if pairs else {}
    return Screen(
        "compare",
        "Compare",
        rows=[_row(one, columns) for one in pairs],
        context={
            "state": state, "a": a, "b": b, "sides": sides, "missing": missing, "shown": shown, "note": note,
            "pairs": [(one, _link(state, a, b, one["number"])) for one in listed],
            "pairs_total": sum(verdicts.values()), "verdicts": verdicts,
        },
        charts=drawn,
        offered=OFFERED,
    )  # fmt: skip


def _sides(desk: Desk, by: By) -> Rows:
    """What can be chosen, the newest first; two of one `kind` are worth comparing."""
    if by == "run":
        runs = desk.rows("run_row", count=_RUNS)
        # Imported and emulated runs can be chosen, but nothing is compared with them: they come last.
        runs.sort(key=lambda run: "measured" not in run["provenances"])
        return [_run(run) for run in runs]
    if by == "platform":
        ids = [row["hardware_id"] for row in desk.rows("platform_row") if row["cases"]]
        return [{"value": identifier, "label": identifier, "kind": by} for identifier in ids]
    versions = [(row["backend"], f"{row['backend']} {row['backend_version']}") for row in desk.rows("version_row")]
    return [{"value": version, "label": version, "kind": backend} for backend, version in versions]


def _run(run: dict[str, Any]) -> dict[str, Any]:
    label = f"{run['run_id']} · {run['ended_at']:%Y-%m-%d %H:%M}"
    return {"value": run["run_id"], "label": label, "kind": "run", "hardware": run["hardware"]}


def _values(sides: Rows) -> list[str]:
    return [side["value"] for side in sides]


def _asked(desk: Desk, by: By, side: str) -> dict[str, Any]:
    """A side that the address names and the list has not: a run older than those, or none that is stored."""
    found = desk.rows("run_row", run_id=side) if by == "run" else []
    return _run(found[0]) if found else {"value": side, "label": f"{side} · not stored", "kind": _NOT_STORED}


def _chosen(state: CompareState, sides: Rows) -> tuple[str | None, str | None]:
    """The sides of the URL, else the newest as b and the one before it of its kind, on its hardware, as a."""
    b = state.b or (sides[0]["value"] if sides else None)
    place = next((place for place, side in enumerate(sides) if side["value"] == b), None)
    if state.a or place is None:
        return state.a, b
    others = [*sides[place + 1 :], *sides[:place]]  # the older ones first
    return min(others, key=lambda side: _strangeness(side, sides[place]), default={"value": None})["value"], b


def _strangeness(side: dict[str, Any], to: dict[str, Any]) -> tuple[bool, bool]:
    """What shares nothing has nothing to compare."""
    return side["kind"] != to["kind"], set(side.get("hardware", ())).isdisjoint(to.get("hardware", ()))


def _pairs(desk: Desk, state: CompareState, a: str, b: str) -> Rows:
    filters = {name: state.for_queries()[name] for name in ("models", "families", "precisions", "batch_sizes")}
    return compared_cases(desk.connection, state.by, a, b, filters, count=desk.most_rows, number=state.show)


def _distribution(
    desk: Desk, shown: dict[str, Any] | None, a: str | None, b: str | None
) -> tuple[dict[str, Any], str | None]:
    """Raw samples of both sides where their shards are here, else the stored quantiles, with the reason."""
    if shown is None:
        return {}, None
    sides = [
        (f"{letter} · {charts.short(str(name))}", row)
        for letter, name, row in (("A", a, shown["a"]), ("B", b, shown["b"]))
        if row
    ]
    samples = [(name, *raw_latencies_ms(desk, row["test_id"], counted=True)) for name, row in sides]
    missing = [reason for _, _, reason in samples if reason]
    if missing:
        return {"distribution": charts.ranges(sides)}, missing[0]
    return {"distribution": charts.distribution([(name, rounds) for name, rounds, _ in samples])}, None


def _row(one: dict[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """A pair as one line of a download."""
    known = one["b"] or one["a"]
    line = {name: known[name] for name in columns}
    for letter in ("a", "b"):
        side = one[letter]
        line |= {f"{letter}_{name}": side[name] if side else None for name in _OF_SIDE}
    return line | {"p50_ratio_b_to_a": one["p50_ratio"], "verdict": one["verdict"], "reason": one["reason"]}


def _link(state: CompareState, a: str | None, b: str | None, number: int) -> str:
    return url_of("/compare", **state.chosen(), by=state.by, a=a, b=b, show=number)
