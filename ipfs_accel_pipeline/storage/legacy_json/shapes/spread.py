"""Several runs of one setting: their times, or what was computed from them."""

from __future__ import annotations

from typing import NamedTuple

from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Grade
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, numbers

NO_RUNS = "figures without the runs that they would come from"
_RUNS = (("latencies_ms", "ms"), ("latency_ms", "ms"), ("latency_seconds", "s->ms"))
# Beside these, `latencies` are milliseconds; elsewhere they may be seconds.
_IN_MS = ("latency_mean", "latency_p50")
_SPREAD = (
    *("latency_std_ms", "latency_ms_std", "latency_std_dev", "std_latency_ms", "min_latency_ms", "latency_min_ms"),
    *("latency_ms_min", "p95_latency_ms", "latency_p95", "forward_latency_std_ms"),
)
_OF_OBJECT = {
    "average_latency_ms": "mean",
    "min_latency_ms": "min",
    "max_latency_ms": "max",
}


class Spread(NamedTuple):
    """What several runs say together, and how far that shows that they were made."""

    values: dict[str, Cited]
    runs: Cited | None
    prior: Grade
    reason: str


def spread_of(*places: Node) -> Spread:
    """Of the first place that has any. Times that differ from each other are the mark of a clock."""
    values: dict[str, Cited] = {}
    for place in places:
        values = _bounds(place) | values
    runs = next((found for place in places if (found := runs_of(place))), None)
    if runs is not None:
        return Spread(values, runs, Grade.MEASURED, "every run was timed")
    if any(_has_spread(place) for place in places):
        return Spread(values, None, Grade.MEASURED, "several runs were timed: how far they differ stands there")
    return Spread(values, None, Grade.CLAIMED, NO_RUNS)


def runs_of(place: Node) -> Cited | None:
    for key, unit in _RUNS:
        found = place.at(key).cite_runs(unit) or place.at(key, "values").cite_runs(unit)
        if found:
            return found
    return place.at("latencies").cite_runs("ms") if any(place.get(key) is not None for key in _IN_MS) else None


def _bounds(place: Node) -> dict[str, Cited]:
    """The smallest and largest; of an object `latency_ms` also the mean."""
    whole = place.at("latency_ms")
    of_object = numbers(whole, **{name: (key, "ms") for name, key in _OF_OBJECT.items()})
    found = dict(of_object)
    for name, keys in (
        ("min_latency_ms", ("min_latency_ms", "latency_min_ms", "latency_ms_min")),
        ("max_latency_ms", ("max_latency_ms", "latency_max_ms", "latency_ms_max")),
    ):
        for key in keys:
            if name not in found:
                found |= numbers(place, **{name: (key, "ms")})
    return found


def _has_spread(place: Node) -> bool:
    stated = [place.get(key) for key in _SPREAD] + [place.at("latency_ms").get("min")]
    return any(isinstance(one, float) and one > 0 for one in stated)
