"""The five ways in which the legacy files write a time, and the one in their names."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

_COMPACT = "%Y%m%d_%H%M%S"
_IN_NAME = re.compile(r"(?<!\d)(20\d{6}_\d{6})(?!\d)")
_EPOCH = re.compile(r"\d{10}(\.\d+)?|\d{13}")
_DATE = re.compile(r"20\d\d-?\d\d-?\d\d")
_ZONE = re.compile(r"(Z|UTC|[+-]\d\d:?\d\d)$")
_EPOCH_IN_NAME = re.compile(r"(?<!\d)(1[67]\d{8})(?!\d)")
# The project began in 2024; a number outside of this is no time of a result.
_EARLIEST, _LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


def parse_time(raw: Any) -> datetime | None:
    """Epoch seconds, also in text, ISO with and without Z, `Y-m-d H:M:S`, `YYYYmmdd_HHMMSS`.

    Times without a zone are read as UTC.
    """
    return _parsed(raw) if isinstance(raw, (str, int, float, datetime)) else None


@lru_cache(1024)  # one time is asked for at several places of a file
def _parsed(raw: Any) -> datetime | None:
    with suppress(ValueError, OverflowError, OSError):
        found = _from_number(raw) if isinstance(raw, (int, float)) else _from_text(raw)
        if found is not None and _EARLIEST <= found <= _LATEST:
            return found
    return None


def states_zone(raw: Any) -> bool:
    """Whether the time says where it was taken: epoch seconds and offsets do."""
    return not isinstance(raw, str) or bool(_EPOCH.fullmatch(raw.strip()) or _ZONE.search(raw.strip()))


def is_date_alone(raw: Any) -> bool:
    return isinstance(raw, str) and _DATE.fullmatch(raw.strip()) is not None


def time_in_name(name: str) -> str | float | None:
    """The last time that a file's name holds, as written; what was put behind the name may be when it was archived."""
    stem = re.split(r"[\\/]", name)[-1].partition(".json")[0]
    for place in (stem, name):
        if found := _IN_NAME.findall(place):
            return found[-1]
        if epochs := _EPOCH_IN_NAME.findall(place):
            return float(epochs[-1])
    return None


def _from_number(raw: float) -> datetime | None:
    if isinstance(raw, bool):
        return None
    seconds = raw / 1000 if raw > 1e11 else raw  # JavaScript counts milliseconds
    return datetime.fromtimestamp(seconds, UTC)


def _from_text(raw: Any) -> datetime | None:
    if isinstance(raw, datetime):
        return raw if raw.tzinfo else raw.replace(tzinfo=UTC)
    if not isinstance(raw, str):
        return None
    text = raw.strip()
    if _IN_NAME.fullmatch(text):
        return datetime.strptime(text, _COMPACT).replace(tzinfo=UTC)
    if len(text) == 14 and text.isdecimal():
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    if _EPOCH.fullmatch(text):
        return _from_number(float(text))
    found = datetime.fromisoformat(re.sub(r" UTC$", "+00:00", text))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
