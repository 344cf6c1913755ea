"""The units of the legacy files. A unit's name says from what to what; verification applies the same table again."""

from __future__ import annotations

import math
import re
from typing import Any

FACTORS = {
    "ms": 1.0,
    "s": 1.0,
    "s->ms": 1000.0,
    "ms->s": 0.001,
    "MB": 1.0,  # psutil bytes / 2**20 in all the code that wrote these files
    "GB->MB": 1024.0,
    "bytes->MB": 1 / 2**20,
    "per s": 1.0,
    "ratio": 1.0,
    "W": 1.0,
    "mW->W": 0.001,
    "Celsius": 1.0,
    "mAh": 1.0,
    "count": 1.0,
}
WORDS = frozenset({"text", "file name"})
_NUMBER = re.compile(r"\s*([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*(\D*)")


def converted(raw: Any, unit: str) -> Any:
    """The value in our unit, of an array each of its numbers; None where there is no finite number."""
    if unit in WORDS:
        return raw
    if isinstance(raw, list):
        values = [_number(item, unit) for item in raw]
        return None if None in values else values
    return _number(raw, unit)


def _number(raw: Any, unit: str) -> float | None:
    if isinstance(raw, str):
        raw = _number_in_text(raw, unit)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not math.isfinite(raw):
        return None
    if unit == "count" and raw == int(raw):
        return int(raw)
    value = raw * FACTORS[unit]
    return value if math.isfinite(value) else None


def _number_in_text(text: str, unit: str) -> float | None:
    """`23.1` and `23.1 ms` where milliseconds stand; another unit than that of the key is no answer."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    stated = found[2].strip().casefold()
    return float(found[1]) if stated in ("", unit.partition("->")[0].casefold()) else None
