"""The tests of the whole history, and one of them with all that is known of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ipfs_accel_pipeline.dashboard import charts
from ipfs_accel_pipeline.dashboard.filters import Filters, OneName
from ipfs_accel_pipeline.dashboard.samples import raw_latencies_ms
from ipfs_accel_pipeline.dashboard.screens.screen import PAGE_ROWS, Desk, Rows, Screen
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.reports.figures import significant
from ipfs_accel_pipeline.storage.prepared import FILTER_NAMES

_NOT_DAGSTER = ("cli-", "import")  # such a run was no Dagster run and has no page there


class TestsState(Filters):
    __test__ = False  # not a test class for pytest

    run: OneName = None
    failed: bool = False
    skip: Annotated[int, Field(ge=0, le=100_000_000)] = 0


class OneTestState(Filters):
    id: OneName = None


def tests(desk: Desk, state: TestsState) -> Screen:
    rows = test_rows(desk, state, desk.most_rows + 1)
    return Screen(
        "tests",
        "Tests",
        rows=rows[: desk.most_rows],
        context={
            "state": state,
            "tests": rows[: desk.most_rows],
            "has_more": len(rows) > desk.most_rows,
            "step": PAGE_ROWS,
        },
        offered=("status", "type", "family", "precision", "batch", "endpoint", "provenance", "model", "hardware"),
    )


def test_rows(desk: Desk, state: TestsState, count: int) -> Rows:
    given = state.for_queries()
    filters = {name: given.get(name) or None for name in FILTER_NAMES}
    return desk.rows(
        "test_row", filters=filters, run_id=state.run, failed_only=state.failed, count=count, skip=state.skip
    )


test_rows.__test__ = False  # type: ignore[attr-defined]  # a reader, not a test for pytest


def one_test(desk: Desk, state: OneTestState) -> Screen:
    row = test_row(desk, state.id)
    rounds, missing = raw_latencies_ms(desk, row["test_id"]) if row["success"] else ([], None)
    drawn: dict[str, Any] = {}
    if rounds:
        drawn = {
            "distribution": charts.distribution([(f"Round {n + 1}", [one]) for n, one in enumerate(rounds)]),
            "order": charts.in_order(rounds),
        }
    elif row["p50_latency_ms"] is not None:
        drawn = {"ranges": charts.ranges([(row["endpoint_type"], row)])}
    return Screen(
        "test",
        f"Test {row['test_id'][:12]}",
        rows=[
            {"round": n + 1, "iteration": i + 1, "latency_ms": v}
            for n, one in enumerate(rounds)
            for i, v in enumerate(one)
        ]
        or [{name: value for name, value in row.items() if not isinstance(value, dict)}],
        context={
            "t": row,
            "missing": missing,
            "samples": sum(map(len, rounds)),
            "dagster": dagster_link(desk, row),
            "waiting": waiting_by_round(row),
        },
        charts=drawn,
    )


def waiting_by_round(row: dict[str, Any]) -> str | None:
    """How many times longer each round took because its threads waited for a CPU: the canary may not have met it."""
    rounds = (row["details"] or {}).get("rounds")
    found = [one.get("contention_slowdown") for one in rounds] if isinstance(rounds, list) else []
    return ", ".join(map(significant, found)) if any(found) else None


def test_row(desk: Desk, test_id: str | None) -> dict[str, Any]:
    found = desk.rows("test", test_id=test_id)
    if not found:
        raise UsageError(f"There is no test {test_id!r} in this snapshot.")
    return found[0]


test_row.__test__ = False  # type: ignore[attr-defined]


def dagster_link(desk: Desk, row: dict[str, Any]) -> str | None:
    """The page of the run in Dagster's UI; None for a run that Dagster did not do."""
    if row["provenance"] == "imported" or str(row["run_id"]).startswith(_NOT_DAGSTER):
        return None
    return f"{desk.dagster_url.rstrip('/')}/runs/{row['run_id']}"
