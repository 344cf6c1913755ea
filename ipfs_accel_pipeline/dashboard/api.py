"""The API under /api: the same answers as the screens, for programs. Reads only."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import Field

from ipfs_accel_pipeline.dashboard import api_rows
from ipfs_accel_pipeline.dashboard.desks import desk_of
from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.samples import raw_latencies_ms
from ipfs_accel_pipeline.dashboard.screens.compare import CompareState, compare
from ipfs_accel_pipeline.dashboard.screens.screen import Desk
from ipfs_accel_pipeline.dashboard.screens.tests import TestsState, dagster_link, test_row, test_rows
from ipfs_accel_pipeline.dashboard.screens.trends import TrendState
from ipfs_accel_pipeline.dashboard.screens.trends import series as series_screen
from ipfs_accel_pipeline.errors import UsageError

router = APIRouter(prefix="/api", tags=["results"])

_MOST = 10_000
Limit = Annotated[int, Query(ge=1, le=_MOST, description="At most this many rows.")]
TestId = Annotated[str, Path(min_length=1, max_length=500)]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": api_rows.Problem, "description": "There is no such test."}}

NO_SIDE: dict[int | str, dict[str, Any]] = {404: {"model": api_rows.Problem, "description": "There is no such side."}}


class TestQuery(TestsState):
    limit: Annotated[int, Field(ge=1, le=_MOST)] = 1000


@router.get("/summary")
def summary(request: Request, filters: Annotated[Filters, Query()]) -> api_rows.Counts:
    """How many cases meet the filters, and how they ended."""
    with desk_of(request) as desk:
        return api_rows.Counts(**desk.cases("case_count", filters)[0])


@router.get("/choices")
def choices(request: Request) -> list[api_rows.Choice]:
    """Every value that each filter knows."""
    with desk_of(request) as desk:
        return [api_rows.Choice(**row) for row in desk.rows("choice_row")]


@router.get("/models")
def models(request: Request) -> list[api_rows.ModelRow]:
    """All models, tested or not."""
    with desk_of(request) as desk:
        return [api_rows.ModelRow(**row) for row in desk.rows("model_row")]


@router.get("/platforms")
def platforms(request: Request) -> list[api_rows.PlatformRow]:
    """All platforms, and the hardware types that are absent with the reason."""
    with desk_of(request) as desk:
        return [api_rows.PlatformRow(**row) for row in desk.rows("platform_row")]


@router.get("/runs")
def runs(request: Request, limit: Limit = 100) -> list[api_rows.RunRow]:
    """Runs, newest first."""
    with desk_of(request) as desk:
        return [api_rows.RunRow(**row) for row in desk.rows("run_row", count=limit)]


class CaseQuery(Filters):
    limit: Annotated[int, Field(ge=1, le=_MOST)] = 1000
    skip: Annotated[int, Field(ge=0, le=100_000_000)] = 0


@router.get("/cases")
def cases(request: Request, query: Annotated[CaseQuery, Query()]) -> list[api_rows.CaseRow]:
    """The newest test and numbers of each case, ranked among what may be compared."""
    with desk_of(request) as desk:
        found = desk.cases("case_row", query, count=query.limit, skip=query.skip)
        return [api_rows.CaseRow(**row) for row in found]


@router.get("/tests")
def tests(request: Request, query: Annotated[TestQuery, Query()]) -> list[api_rows.TestRow]:
    """Tests of the whole history, newest first."""
    with desk_of(request) as desk:
        return [api_rows.TestRow(**row) for row in test_rows(desk, query, query.limit)]


@router.get("/tests/{test_id}", responses=NOT_FOUND)
def one_test(request: Request, test_id: TestId) -> api_rows.OneTest:
    """One test with its numbers and environment."""
    with desk_of(request) as desk:
        row = _known_test(desk, test_id)
        return api_rows.OneTest(**row, dagster_run=dagster_link(desk, row))


@router.get("/tests/{test_id}/samples", responses=NOT_FOUND)
def samples(request: Request, test_id: TestId) -> api_rows.Samples:
    """The raw latencies of a test, where its shard is on the dashboard's machine."""
    with desk_of(request) as desk:
        _known_test(desk, test_id)
        rounds, missing = raw_latencies_ms(desk, test_id)
        return api_rows.Samples(test_id=test_id, latencies_ms=[list(one) for one in rounds], missing_reason=missing)


@router.get("/series")
def series(request: Request, state: Annotated[TrendState, Query()]) -> list[api_rows.SeriesPoint]:
    """The history of one case, oldest first: of the `of_` parameters, else of the longest that meets the filters."""
    with desk_of(request, _MOST) as desk:
        return [api_rows.SeriesPoint(**row) for row in series_screen(desk, state).rows]


@router.get("/compare", responses=NO_SIDE)
def compared(request: Request, state: Annotated[CompareState, Query()]) -> list[api_rows.ComparedCase]:
    """Two runs, platforms or versions ("onnxruntime 1.24.1") side by side, the largest change first."""
    with desk_of(request, _MOST) as desk:
        screen = compare(desk, state)
        if missing := screen.context["missing"]:
            raise HTTPException(404, f"There is no {state.by} {missing[0]!r} with tests in this snapshot.")
        return [api_rows.ComparedCase(**row) for row in screen.rows]


def _known_test(desk: Desk, test_id: str) -> dict[str, Any]:
    try:
        return test_row(desk, test_id)
    except UsageError as error:
        raise HTTPException(404, str(error)) from error
