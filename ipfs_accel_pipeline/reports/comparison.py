"""Two sides of the same cases, side by side: two runs, two platforms or two versions. Pure functions over rows.

Only measured results of the same weights and threads are compared; overlapping intervals are a tie.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from ipfs_accel_pipeline.records import Provenance

Row = Mapping[str, Any]
Key = tuple[Any, ...]

SAME_CASE = ("model_id", "hardware_id", "endpoint_type", "precision", "batch_size", "sequence_length", "provenance")
# Two platforms seldom share an endpoint: each is shown with its fastest.
SAME_WORK = ("model_id", "precision", "batch_size", "sequence_length", "provenance")


@dataclass(frozen=True)
class Pair:
    """One case on both sides; a side without a result is None. The ratio is b over a: below 1, b is faster."""

    key: Key
    a: Row | None
    b: Row | None
    p50_ratio: float | None
    verdict: str  # b faster | b slower | tied | only a | only b | not compared
    reason: str | None  # why nothing is said


def pair(a_rows: Iterable[Row], b_rows: Iterable[Row], columns: tuple[str, ...] = SAME_CASE) -> list[Pair]:
    """One pair per case, the largest change first, then what cannot be compared."""
    a_side, b_side = _fastest_by(columns, a_rows), _fastest_by(columns, b_rows)
    pairs = [_judge(key, a_side.get(key), b_side.get(key)) for key in a_side | b_side]
    return sorted(pairs, key=_reading_order)


def _fastest_by(columns: tuple[str, ...], rows: Iterable[Row]) -> dict[Key, Row]:
    fastest: dict[Key, Row] = {}
    key_of = itemgetter(*columns)
    for row in rows:
        if row["p50_latency_ms"] is None:
            continue
        key = key_of(row)
        if key not in fastest or row["p50_latency_ms"] < fastest[key]["p50_latency_ms"]:
            fastest[key] = row
    return fastest


def _judge(key: Key, a: Row | None, b: Row | None) -> Pair:
    if a is None or b is None:
        return Pair(key, a, b, None, "only b" if a is None else "only a", None)
    reason = reason_not_to_compare(a, b)
    ratio = b["p50_latency_ms"] / a["p50_latency_ms"]
    if reason is not None:
        return Pair(key, a, b, None, "not compared", reason)
    if _overlap(a, b):
        return Pair(key, a, b, ratio, "tied", None)
    return Pair(key, a, b, ratio, "b faster" if ratio < 1 else "b slower", None)


def reason_not_to_compare(a: Row, b: Row) -> str | None:
    """None where the two numbers may stand in one ratio."""
    for row in (a, b):
        if row["provenance"] != Provenance.MEASURED:
            return f"{row['provenance']} results are not compared with measured ones"
    if a["acceleration"] != b["acceleration"]:
        return "different acceleration"
    if a["threads"] != b["threads"] and str(a["threads"]) != str(b["threads"]):
        return "different threads"
    return "different weights" if a["weights_digest"] != b["weights_digest"] else None


def _overlap(a: Row, b: Row) -> bool:
    (a_low, a_high), (b_low, b_high) = _interval(a), _interval(b)
    return a_low <= b_high and b_low <= a_high


def _interval(row: Row) -> tuple[float, float]:
    p50 = row["p50_latency_ms"]
    low, high = row["ci95_low_ms"], row["ci95_high_ms"]
    return (p50, p50) if low is None or high is None else (low, high)


def _reading_order(one: Pair) -> tuple[Any, ...]:
    order = ("b slower", "b faster", "tied", "not compared", "only a", "only b")
    change = 0.0 if one.p50_ratio is None else -max(one.p50_ratio, 1 / one.p50_ratio)
    return (order.index(one.verdict), change, tuple(str(part) for part in one.key))
