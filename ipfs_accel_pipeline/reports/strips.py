"""Geometry of a chart that has one strip per model and one mark per result: plain numbers for a template to draw.

The axis is logarithmic, for models differ by powers of ten: marks, never bars, which would have to start at zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10

from ipfs_accel_pipeline.records import HardwareType
from ipfs_accel_pipeline.reports.rows import Performance

WIDTH = 320  # of a strip in pixels
_MARGIN = 26  # half a label of the axis
_LANE = 7
_MOST_TICKS = 6


@dataclass(frozen=True)
class Strip:
    """The results of one case of one model. A mark is its pixels from the left and from the top, and its lane."""

    shown: Performance  # for the names of its model and its case
    marks: tuple[tuple[int, int, int], ...]
    lowest: Performance
    highest: Performance


@dataclass(frozen=True)
class StripChart:
    """Each hardware type has a lane of its own, and a mark of its own shape there, numbered as in `HardwareType`."""

    lanes: tuple[tuple[int, str], ...]
    ticks: tuple[tuple[float, int], ...]  # each value with its pixels from the left
    height: int
    strips: tuple[Strip, ...]


def strip_chart(rows: Iterable[Performance], metric: str, types: Mapping[str, str]) -> StripChart | None:
    """The ranked results that have this number, of the case of each model that most have; None where none has it.

    `types` gives the hardware type of each hardware id.
    """
    known = [row for row in rows if row.not_ranked_reason is None and getattr(row, metric)]  # a logarithm has no zero
    if not known:
        return None
    cases = [_fullest_case(list(of_model)) for _, of_model in groupby(known, key=lambda row: row.model_id)]
    values = [getattr(row, metric) for case in cases for row in case]
    axis = _Axis(min(values), max(values))
    kinds = list(HardwareType)
    used = sorted({kinds.index(HardwareType(types[row.hardware_id])) for case in cases for row in case})

    def strip(case: list[Performance]) -> Strip:
        ordered = sorted(case, key=lambda row: (getattr(row, metric), row.hardware_id, row.endpoint_type))
        numbers = [kinds.index(HardwareType(types[row.hardware_id])) for row in ordered]
        marks = zip((axis.x(getattr(row, metric)) for row in ordered), map(used.index, numbers), numbers, strict=True)
        drawn = sorted({(x, _LANE * (lane + 1), number) for x, lane, number in marks})
        return Strip(ordered[0], tuple(drawn), ordered[0], ordered[-1])

    lanes = tuple((number, kinds[number].value) for number in used)
    ticks = tuple((tick, axis.x(tick)) for tick in axis.ticks())
    return StripChart(lanes, ticks, _LANE * (len(used) + 1), tuple(strip(case) for case in cases))


def _fullest_case(rows: list[Performance]) -> list[Performance]:
    """The case with most results, the first of them where several have as many."""
    cases = [list(group) for _, group in groupby(rows, key=lambda row: row.case)]
    return max(cases, key=len)


@dataclass(frozen=True)
class _Axis:
    """Positive numbers from `low` to `high` on a logarithmic axis; one number alone stands in the middle."""

    low: float
    high: float

    def x(self, value: float) -> int:
        span = log10(self.high / self.low)
        share = log10(value / self.low) / span if span else 0.5
        return round(_MARGIN + share * (WIDTH - 2 * _MARGIN))

    def ticks(self) -> Sequence[float]:
        """Round numbers within, in as fine steps as there is room for; the ends where no two are round."""
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            round_ones = [step * 10.0**power for power in powers for step in steps]
            within = [tick for tick in round_ones if self.low <= tick <= self.high]
            if len(within) <= _MOST_TICKS:
                break
        within = within[:: ceil(len(within) / _MOST_TICKS)] if within else []
        return within if len(within) > 1 else sorted({self.low, self.high})
