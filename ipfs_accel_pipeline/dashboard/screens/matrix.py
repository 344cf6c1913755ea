"""The compatibility matrix: does the model run on the hardware, and where is it fastest?"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Rows, Screen

OFFERED = ("type", "family", "precision", "batch", "endpoint", "provenance", "acceleration", "model", "hardware")


def matrix(desk: Desk, state: Filters) -> Screen:
    cells = [cell | {"state": _state(cell)} for cell in desk.cases("matrix_cell", state)]
    columns = _columns(cells)
    return Screen(
        "matrix",
        "Compatibility",
        rows=cells,
        context={"columns": columns, "families": _families(cells, columns)},
        offered=OFFERED,
    )


def _state(cell: dict[str, Any]) -> str:
    """One word of reports.wording for the newest tests of a pair."""
    if cell["is_imported_only"]:
        return "imported_only"
    tried = cell["cases"] - cell["not_tried"]
    if tried == 0:
        return "unsupported"
    if cell["passed"] == tried:
        return "compatible"
    return "partial" if cell["passed"] else "incompatible"


def _columns(cells: Rows) -> Rows:
    found = {cell["hardware_id"]: cell for cell in cells}
    return sorted(found.values(), key=lambda cell: (cell["hardware_type"], cell["hardware_id"]))


def _families(cells: Rows, columns: Rows) -> list[tuple[str, list[tuple[str, list[dict[str, Any] | None]]]]]:
    """Family by family, model by model: one cell per column, None where no test is stored."""
    families = []
    for family, of_family in groupby(cells, key=lambda cell: cell["model_family"]):
        models = []
        for model_id, of_model in groupby(of_family, key=lambda cell: cell["model_id"]):
            by_hardware = {cell["hardware_id"]: cell for cell in of_model}
            models.append((model_id, [by_hardware.get(column["hardware_id"]) for column in columns]))
        families.append((family, models))
    return families
