"""Any value in the types of JSON, so that nothing a benchmark reports is too odd to be kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

NotFinite = Callable[[float], Any]


def as_null(number: float) -> None:
    """For the database, where a number that is none is unknown."""


def as_word(number: float) -> str:
    """For the raw data, which says exactly what was seen."""
    return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")


def json_ready(value: Any, not_finite: NotFinite) -> Any:
    """Dataclasses become objects, tuples lists, times ISO text; `not_finite` says what NaN and infinity become."""
    if is_dataclass(value):
        return {field.name: json_ready(getattr(value, field.name), not_finite) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): json_ready(item, not_finite) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_ready(item, not_finite) for item in value]
    return _scalar(value, not_finite)


def _scalar(value: Any, not_finite: NotFinite) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else not_finite(value)
    if value is None or isinstance(value, str | bool | int):
        return value
    # numpy and torch values know their Python form; anything else is kept as text.
    return json_ready(value.tolist(), not_finite) if hasattr(value, "tolist") else str(value)
