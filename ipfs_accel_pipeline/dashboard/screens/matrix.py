"""The compatibility matrix: does the model run on the hardware, and where is it fastest?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field

from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Rows, Screen
from ipfs_accel_pipeline.reports.figures import with_unit
from ipfs_accel_pipeline.reports.foreign_text import first_line

OFFERED = ("type", "family", "precision", "batch", "endpoint", "provenance", "acceleration", "model", "hardware")
_OF_LABEL = {"imported": "has_imported", "emulated": "is_emulated"}
_MOST_CELLS = 1600  # of one page: a person finds nothing among thousands, and a browser takes seconds to lay them out
_FEWEST_MODELS = 20


class MatrixState(Filters):
    skip: Annotated[int, Field(ge=0, le=1_000_000)] = 0  # models before the first one shown


@dataclass(frozen=True)
class Cell:
    """What the page shows of one pair. A class and no dict: a wide matrix has thousands, read some ten times each."""

    link: str
    state: str  # a word of reports.wording
    share: str | None  # of the tried cases that passed, where only some did
    best: str | None
    mark: str | None  # fastest | tied
    labels: tuple[str, ...]
    is_imitated: bool
    failure: str | None


def matrix(desk: Desk, state: MatrixState) -> Screen:
    cells = [cell | {"state": _state(cell)} for cell in desk.cases("matrix_cell", state)]
    columns = _columns(cells)
    models = list(dict.fromkeys(cell["model_id"] for cell in cells))
    step = max(_FEWEST_MODELS, _MOST_CELLS // max(1, len(columns)))
    skip = min(state.skip, max(0, len(models) - 1)) // step * step
    shown = set(models[skip : skip + step])
    return Screen(
        "matrix",
        "Compatibility",
        rows=cells,
        context={
            "columns": columns,
            "families": _families([cell for cell in cells if cell["model_id"] in shown], columns),
            "skip": skip,
            "step": step,
            "models_total": len(models),
        },
        offered=OFFERED,
    )


def _state(cell: dict[str, Any]) -> str:
    """One word of reports.wording for the newest tests of a pair."""
    if cell["is_skipped_only"]:
        return "untested"
    if cell["is_imported_only"]:
        return "imported_only"
    if cell["tried"] == 0:
        return "unsupported"
    if cell["passed"] == cell["tried"]:
        return "compatible"
    return "partial" if cell["passed"] else "incompatible"


def _cell(row: dict[str, Any]) -> Cell:
    best = row["p50_latency_ms"]
    return Cell(
        link=f"/test?id={quote(row['test_id'], safe='')}",
        state=row["state"],
        share=f"{row['passed']}/{row['tried']}" if row["state"] == "partial" else None,
        best=None if best is None else f"{with_unit(best, 'ms')} {row['endpoint_type']}",
        mark="fastest" if row["is_fastest"] else "tied" if row["is_tied"] else None,
        labels=tuple(name for name, column in _OF_LABEL.items() if row[column]),
        is_imitated=row["acceleration"] in ("software", "emulated") or row["is_imported_only"] or row["is_emulated"],
        failure=None if row["state"] == "compatible" else first_line(row["failure"]),
    )


def _columns(cells: Rows) -> Rows:
    found = {cell["hardware_id"]: cell for cell in cells}
    return sorted(found.values(), key=lambda cell: (cell["hardware_type"], cell["hardware_id"]))


def _families(cells: Rows, columns: Rows) -> list[tuple[str, list[tuple[str, list[Cell | None]]]]]:
    """Family by family, model by model: one cell per column, None where no test is stored."""
    families = []
    for family, of_family in groupby(cells, key=lambda cell: cell["model_family"]):
        models = []
        for model_id, of_model in groupby(of_family, key=lambda cell: cell["model_id"]):
            by_hardware = {cell["hardware_id"]: _cell(cell) for cell in of_model}
            models.append((model_id, [by_hardware.get(column["hardware_id"]) for column in columns]))
        families.append((family, models))
    return families
