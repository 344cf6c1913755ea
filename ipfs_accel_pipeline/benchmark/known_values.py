"""Summaries of numbers of which some are unknown: of the known ones, and None where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

import numpy as np

Values = Iterable[float | None]


def _known(values: Values) -> list[float]:
    return [value for value in values if value is not None]


def largest(values: Values) -> float | None:
    return max(_known(values), default=None)


def smallest(values: Values) -> float | None:
    return min(_known(values), default=None)


def mean(values: Values) -> float | None:
    return fmean(known) if (known := _known(values)) else None


def rounded_mean(values: Values) -> int | None:
    return round(found) if (found := mean(values)) is not None else None


def total(values: Values) -> float | None:
    return sum(known) if (known := _known(values)) else None


def median(values: Values) -> float | None:
    return float(np.median(known)) if (known := _known(values)) else None


def median_of_medians(rounds: Iterable[Sequence[float]]) -> float | None:
    """Over the rounds that have numbers, of the median within each."""
    return median(float(np.median(one)) for one in rounds if one)
