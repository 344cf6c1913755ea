"""From the series of all cases to the rows of performance_changes. What a person said of a change is kept.

A series follows a model over its successive versions, on one endpoint, at one precision and shape: that another
version, runtime or setting was measured is what may explain a change. Versions measured by turns have a series each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from ipfs_accel_pipeline.analysis.change_points import (
    LEAST_NOISE,
    ChangePoint,
    Sensitivity,
    find_change_points,
    is_unstable,
    without_tails,
)
from ipfs_accel_pipeline.analysis.circumstances import differences
from ipfs_accel_pipeline.analysis.metrics import METRICS, SUCCESS, Metric
from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.records import Case, PerformanceChange

# Share of false ones that is accepted among all changes told, over all series together (Benjamini and Hochberg).
FALSE_DISCOVERY_RATE = 0.05
# A change may be placed some points off, and is still the one that was told before.
_SAME_WITHIN_POINTS = 5
# Tests on each side of a change whose circumstances are compared.
COMPARED_TESTS = 3
_RESAMPLES = 1000

Circumstances = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]  # of tests, by test id


@dataclass(frozen=True)
class Series:
    """What one metric of one case was, test by test, oldest first.

    The tests before `begins` are of the versions that this line of versions follows: another series tells of those.
    """

    case: Case
    metric: str
    test_ids: Sequence[str]
    times: Sequence[datetime]
    values: np.ndarray
    begins: int = 0

    @property
    def key(self) -> tuple[Any, ...]:
        case = self.case
        shape = (case.precision, case.batch_size, case.sequence_length)
        return (case.model_id, case.hardware_id, case.endpoint_type, *shape, self.metric)


@dataclass(frozen=True)
class Found:
    """A change of a series, before other series and earlier analyses are asked."""

    series: Series
    point: ChangePoint
    unstable: str | None = None  # the reason; `point` is then the newest of too many changes
    recovered_at: datetime | None = None


def find_changes(series: Series, sensitivity: Sensitivity) -> list[Found]:
    """The changes of one series. Of an unstable one: that it is, and only the changes that stand out of the others."""
    metric = METRICS[series.metric]
    tests = len(series.values) - series.begins
    points = _own_changes(series, metric, sensitivity)
    unstable: list[Found] = []
    if is_unstable(len(points), tests, sensitivity):
        what = "passes and fails by turns" if metric is SUCCESS else "has no lasting level"
        unstable = [Found(series, points[-1], f"{what}: {len(points)} changes in {tests} tests")]
        points = [] if metric is SUCCESS else _outstanding(series, metric, sensitivity, points)
    slack = _least_effect(metric, sensitivity)
    return unstable + [Found(series, point, recovered_at=_recovered(series, points, point, slack)) for point in points]


def _own_changes(series: Series, metric: Metric, sensitivity: Sensitivity) -> list[ChangePoint]:
    points = _success_changes(series.values) if metric is SUCCESS else _level_changes(series, metric, sensitivity)
    return [point for point in points if point.index >= series.begins]


def _outstanding(
    series: Series, metric: Metric, sensitivity: Sensitivity, points: list[ChangePoint]
) -> list[ChangePoint]:
    """At least twice as large as the least of them, until they are few enough for a series with a level."""
    while is_unstable(len(points), len(series.values) - series.begins, sensitivity):
        least = min(abs(point.relative_change) for point in points)
        sensitivity = replace(sensitivity, minimum_effect=2 * max(least, sensitivity.minimum_effect))
        points = _own_changes(series, metric, sensitivity)
    return points


def change_rows(
    found: Iterable[Found],
    comparisons: int,
    stored: Iterable[PerformanceChange],
    circumstances: Circumstances,
    now: datetime,
) -> list[PerformanceChange]:
    """Rows of what holds among `comparisons` series, and of what was told earlier and holds no more."""
    known = _by_series(stored)
    held = [(one, q) for one, q in _with_confidence(list(found), comparisons) if q <= FALSE_DISCOVERY_RATE]
    explained = circumstances([test for one, _ in held for test in (*_tests_before(one), *_tests_after(one))])
    rows: dict[str, PerformanceChange] = {}
    for one, q_value in held:
        row = _row(one, q_value, explained, now)
        if _could_be_none(row):
            continue
        row = _carried_over(row, one, known.get(one.series.key, []), rows)
        rows[row.id] = row
    gone = [replace(old, still_found=False) for rest in known.values() for old in rest if old.id not in rows]
    return [*rows.values(), *gone]


def _could_be_none(row: PerformanceChange) -> bool:
    """The size of a change is told with its interval; one that holds zero contradicts the alarm, so it waits."""
    low, high = row.relative_change_low, row.relative_change_high
    return low is not None and high is not None and low <= 0 <= high


def adjusted_p_values(p_values: Sequence[float], comparisons: int) -> np.ndarray:
    """Benjamini and Hochberg: the share of false discoveries if all up to this one are told."""
    order = np.argsort(p_values)
    ranked = np.asarray(p_values, dtype=float)[order] * comparisons / np.arange(1, len(order) + 1)
    smallest = np.minimum.accumulate(ranked[::-1])[::-1]
    result = np.empty(len(order))
    result[order] = np.minimum(smallest, 1.0)
    return result


def effect_interval(before: np.ndarray, after: np.ndarray, seed: int = 0) -> tuple[float, float] | None:
    """95 % percentile bootstrap of the relative change of medians; None if neither level has any spread.

    Tails are drawn in first, as they are in the search: the median of seven resampled tests of which two were disturbed
    is a disturbed one too often. benchmarks/change_intervals.py shows what that does to coverage and alarms.
    """
    before, after = (without_tails(one, LEAST_NOISE * abs(float(np.median(one)))) for one in (before, after))
    if np.ptp(before) == 0 and np.ptp(after) == 0:
        return None
    rng = np.random.default_rng(seed)
    old, new = (np.median(one[rng.integers(one.size, size=(_RESAMPLES, one.size))], axis=1) for one in (before, after))
    low, high = np.quantile(new / old - 1, [0.025, 0.975])
    return float(low), float(high)


def _level_changes(series: Series, metric: Metric, sensitivity: Sensitivity) -> list[ChangePoint]:
    sensitivity = replace(sensitivity, minimum_effect=_least_effect(metric, sensitivity))
    found = find_change_points(metric.as_positive(series.values), sensitivity)
    # The place of a change is uncertain by a point or two: just before another version it is that version's beginning.
    slack = sensitivity.points_after
    return [replace(one, index=series.begins) if 0 < series.begins - one.index < slack else one for one in found]


def _success_changes(values: np.ndarray) -> list[ChangePoint]:
    """Every turn between passing and failing: seen, not inferred, so one test is enough and no chance is in it."""
    turns = [index for index in range(1, len(values)) if values[index] != values[index - 1]]
    bounds = [0, *turns, len(values)]
    return [
        ChangePoint(index, float(values[index]) - float(values[index - 1]), 0.0, start, end)
        for start, index, end in zip(bounds, bounds[1:], bounds[2:], strict=False)
    ]


def _least_effect(metric: Metric, sensitivity: Sensitivity) -> float:
    return max(metric.least_effect or 0.0, sensitivity.minimum_effect)


def _recovered(series: Series, points: Sequence[ChangePoint], point: ChangePoint, slack: float) -> datetime | None:
    """When a later level was as good again as the one before a regression; `slack`, relative, is as good."""
    metric = METRICS[series.metric]
    old = _level(series, point.start, point.index)
    if not metric.is_worse(_level(series, point.index, point.end) / old - 1 if old else 1.0):
        return None
    for later in points:
        change = _level(series, later.index, later.end) / old - 1 if old else 0.0
        if later.index > point.index and (not metric.is_worse(change) or abs(change) < slack):
            return series.times[later.index]
    return None


def _level(series: Series, start: int, end: int) -> float:
    return float(np.median(series.values[start:end]))


def _with_confidence(found: list[Found], comparisons: int) -> list[tuple[Found, float]]:
    """Each with its adjusted p-value. An unstable series is a statement of its own and takes no part."""
    told = [one for one in found if one.unstable is None]
    adjusted = adjusted_p_values([one.point.p_value for one in told], max(comparisons, len(told)))
    return [*zip(told, map(float, adjusted), strict=True), *((one, 0.0) for one in found if one.unstable)]


def _tests_before(one: Found) -> Sequence[str]:
    return one.series.test_ids[max(one.point.start, one.point.index - COMPARED_TESTS) : one.point.index][::-1]


def _tests_after(one: Found) -> Sequence[str]:
    return one.series.test_ids[one.point.index : min(one.point.end, one.point.index + COMPARED_TESTS)]


def _row(one: Found, q_value: float, explained: Mapping[str, Mapping[str, Any]], now: datetime) -> PerformanceChange:
    series, point, case = one.series, one.point, one.series.case
    before, after = series.values[point.start : point.index], series.values[point.index : point.end]
    value_before, value_after = float(np.median(before)), float(np.median(after))
    kind = _kind(one, value_before, value_after)
    told = one.unstable is None
    low, high = (told and value_before > 0 and effect_interval(before, after)) or (None, None)
    sides = [
        [explained[test] for test in tests if test in explained] for tests in (_tests_before(one), _tests_after(one))
    ]
    return PerformanceChange(
        id=row_id(
            "change", *series.key, kind, _first_of_its_own(series) if one.unstable else series.test_ids[point.index]
        ),
        model_id=case.model_id,
        hardware_id=case.hardware_id,
        endpoint_type=case.endpoint_type,
        precision=case.precision,
        batch_size=case.batch_size,
        sequence_length=case.sequence_length,
        metric=series.metric,
        kind=kind,
        last_before_at=series.times[point.index - 1],
        changed_at=series.times[point.index],
        test_id_before=series.test_ids[point.index - 1],
        test_id_after=series.test_ids[point.index],
        value_before=value_before if told else None,
        value_after=value_after if told else None,
        relative_change=value_after / value_before - 1 if told and value_before else None,
        relative_change_low=low,
        relative_change_high=high,
        confidence=1 - q_value if told else None,
        points_before=len(before),
        points_after=len(after),
        what_changed=differences(*sides) if told else [],
        reason=one.unstable,
        found_at=now,
        still_found=True,
        recovered_at=one.recovered_at,
        status="new",
        note=None,
        reviewed_at=None,
        notified_at=None,
    )


def _first_of_its_own(series: Series) -> str:
    """Empty for the oldest line of a case."""
    return series.test_ids[series.begins] if series.begins else ""


def _kind(one: Found, before: float, after: float) -> str:
    if one.unstable:
        return "unstable"
    return "regression" if METRICS[one.series.metric].is_worse(after - before) else "improvement"


def _by_series(stored: Iterable[PerformanceChange]) -> dict[tuple[Any, ...], list[PerformanceChange]]:
    known: dict[tuple[Any, ...], list[PerformanceChange]] = {}
    for old in stored:
        shape = (old.precision, old.batch_size, old.sequence_length)
        known.setdefault((old.model_id, old.hardware_id, old.endpoint_type, *shape, old.metric), []).append(old)
    return known


def _carried_over(
    row: PerformanceChange, one: Found, known: Sequence[PerformanceChange], taken: Mapping[str, PerformanceChange]
) -> PerformanceChange:
    """The same change as one that was told before keeps that one's id, and with it what was said of it."""
    near = [
        (distance, old)
        for old in known
        if old.kind == row.kind and old.id not in taken
        for distance in [_distance(old, row, one)]
        if distance is not None
    ]
    if not near:
        return row
    _, old = min(near, key=lambda pair: (pair[0], pair[1].id))
    said = {name: getattr(old, name) for name in ("id", "found_at", "status", "note", "reviewed_at", "notified_at")}
    return replace(row, **said)


def _distance(old: PerformanceChange, row: PerformanceChange, one: Found) -> int | None:
    """Tests between the places of two changes; None where they cannot be the same one."""
    if row.kind == "unstable":
        return 0 if old.id == row.id else None
    own = one.series.test_ids[one.series.begins :]
    if old.test_id_after not in own:
        return None
    distance = abs(own.index(old.test_id_after) + one.series.begins - one.point.index)
    return distance if distance <= _SAME_WITHIN_POINTS else None
