"""From the data frame of a query to the records of a report: pandas' NaN, NaT and numpy scalars end here."""

from __future__ import annotations

import math
from datetime import UTC
from typing import Any, TypeVar

import pandas as pd

Row = TypeVar("Row")


def records(frame: pd.DataFrame, kind: type[Row]) -> list[Row]:
    """One record per line; columns that the record does not have are an error."""
    return [kind(**line) for line in plain_lines(frame)]


def plain_lines(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in line.items()} for line in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """A Python value: None for every kind of missing, UTC for every time, no numpy type."""
    if isinstance(value, list | tuple | dict):  # a JSON column
        return value
    if value is None or pd.isna(value) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime().astimezone(UTC)
    return value.item() if hasattr(value, "item") else value
