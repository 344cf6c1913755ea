"""Which results may be compared, and which of them is the fastest: pure functions over performance rows.

The first law lives here: only measured results on real hardware are ranked, and overlapping intervals are a tie. Where
the host was slow in every round, the interval reaches down to what it may be on a quiet one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from math import inf

from ipfs_accel_pipeline.analysis.slow_hosts import least_share
from ipfs_accel_pipeline.records import Provenance, Status
from ipfs_accel_pipeline.reports.rows import Performance


def rank(rows: Iterable[Performance]) -> tuple[Performance, ...]:
    """The rows in reading order: case by case, ranked ones first, fastest first."""
    judged = [replace(row, not_ranked_reason=reason_not_to_rank(row)) for row in rows]
    cases = groupby(sorted(judged, key=_reading_order), key=lambda row: row.case)
    return tuple(row for _, group in cases for row in _rank_case(list(group)))


def reason_not_to_rank(row: Performance) -> str | None:
    """None for a result that may be compared with others."""
    if row.provenance != Provenance.MEASURED:
        return row.provenance
    if row.acceleration != "hardware":
        return f"{row.acceleration or 'unknown'} acceleration"
    if not still_holds(row):
        return f"a newer test of this case ended: {row.latest_status}"
    return "no median latency" if row.p50_latency_ms is None else None


def still_holds(row: Performance) -> bool:
    """False when a newer test of the same case did not pass: the numbers are of the past."""
    return row.latest_status in (None, Status.PASSED)


def best(rows: Iterable[Performance]) -> Performance | None:
    """The row with the lowest median latency."""
    return min((row for row in rows if row.p50_latency_ms is not None), key=_by_latency, default=None)


def _rank_case(rows: list[Performance]) -> list[Performance]:
    candidates = [row for row in rows if row.not_ranked_reason is None]
    fastest = best(candidates)
    if fastest is None:
        return rows
    leaders = sum(_overlaps(row, fastest) for row in candidates)
    return [
        replace(
            row, rank=_place(row, fastest, leaders, len(candidates)), p50_ratio_to_fastest=_p50(row) / _p50(fastest)
        )
        if row.not_ranked_reason is None
        else row
        for row in rows
    ]


def _place(row: Performance, fastest: Performance, leaders: int, candidates: int) -> str:
    if candidates == 1:  # "fastest of one" would be praise without a comparison
        return "only"
    if not _overlaps(row, fastest):
        return "slower"
    return "tied" if leaders > 1 else "fastest"


def _overlaps(one: Performance, other: Performance) -> bool:
    (one_low, one_high), (other_low, other_high) = _interval(one), _interval(other)
    return one is other or (one_low <= other_high and other_low <= one_high)


def _interval(row: Performance) -> tuple[float, float]:
    """Down to what it may be on a quiet host."""
    share = least_share(row.host_slowdown)
    if row.ci95_low_ms is None or row.ci95_high_ms is None:
        return _p50(row) * share, _p50(row)
    return row.ci95_low_ms * share, row.ci95_high_ms


def _p50(row: Performance) -> float:
    return inf if row.p50_latency_ms is None else row.p50_latency_ms


def _by_latency(row: Performance) -> tuple[object, ...]:
    return (_p50(row), row.model_id, row.hardware_id, row.endpoint_type, row.case, row.provenance)


def _reading_order(row: Performance) -> tuple[object, ...]:
    return (*row.case, row.not_ranked_reason is not None, *_by_latency(row))
