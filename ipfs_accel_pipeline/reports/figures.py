"""How a number is written for people: three significant digits, its unit, and a dash for what was not measured.

JSON does not pass through here: it carries the numbers as they were stored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import floor, isfinite, log10

DASH = "–"


def significant(value: float | None) -> str:
    """Three significant digits, never fewer than the whole units: 0.842, 12.3, 1,234."""
    if value is None or not isfinite(value):
        return DASH
    if value == 0:
        return "0"
    # Rounded first: 9.996 is 10.0, not 10.00.
    rounded = float(f"{value:.3g}")
    decimals = max(0, 2 - floor(log10(abs(rounded))))
    return f"{value:,.{decimals}f}"


def tick(value: float) -> str:
    """A number on an axis, without the zeros that a measurement shows: 0.01, 100, 2,000."""
    return f"{float(f'{value:.3g}'):,.10g}"


def with_unit(value: float | None, unit: str) -> str:
    text = significant(value)
    return text if text == DASH else f"{text} {unit}"


def interval(low: float | None, high: float | None, unit: str) -> str:
    if low is None or high is None:
        return DASH
    return f"{significant(low)} to {significant(high)} {unit}"


def percent(ratio: float | None) -> str:
    """Three significant digits; 100 % is said only of all."""
    if ratio is None:
        return DASH
    return "> 99.9 %" if 0.9995 <= ratio < 1 else f"{tick(100 * ratio)} %"


def moment(time: datetime | None) -> str:
    """Minutes are enough for a reader; JSON has the exact time."""
    return DASH if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
