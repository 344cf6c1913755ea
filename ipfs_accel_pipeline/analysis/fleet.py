"""Questions over many models: what does this device serve best, and which few devices serve them all?

Works on what `recommendation.judge` said of each model, so limits, age and provenance are settled already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ipfs_accel_pipeline.analysis.recommendation import Judged

_MOST_EXACT = 20  # devices up to which every combination is tried; 2**20 is the most


@dataclass(frozen=True)
class Suited:
    """One model on one device, beside the best that the model has anywhere."""

    model_id: str
    judged: Judged
    times_the_best: float | None  # of the median latency; 1 is the best itself


@dataclass(frozen=True)
class Fleet:
    """The smallest set of devices, with the best candidate of it for each model, and the models nothing serves."""

    hardware_ids: tuple[str, ...]
    served: Mapping[str, Judged]
    unserved: tuple[str, ...]


def best_models(judged: Mapping[str, Sequence[Judged]], hardware_id: str) -> list[Suited]:
    """The models of this device, those first that nowhere run better. The ruled out ones come last."""
    found = [
        Suited(model, own, _ratio(own, candidates))
        for model, candidates in judged.items()
        for own in _first_on(candidates, hardware_id)
    ]
    return sorted(found, key=lambda one: (one.judged.place is None, one.times_the_best or 0, one.model_id))


def smallest_fleet(judged: Mapping[str, Sequence[Judged]]) -> Fleet:
    """Fewest devices first, then the best places. Each model is taken alone: memory and load are not added up."""
    usable = {model: [one for one in candidates if one.place is not None] for model, candidates in judged.items()}
    served = {model: candidates for model, candidates in usable.items() if candidates}
    devices = sorted({one.newest.hardware_id for candidates in served.values() for one in candidates})
    chosen = _cover(served, devices)
    best = {
        model: min((one for one in candidates if one.newest.hardware_id in chosen), key=lambda one: one.place or 0)
        for model, candidates in served.items()
    }
    return Fleet(tuple(sorted(chosen)), best, tuple(sorted(judged.keys() - served.keys())))


def _cover(served: Mapping[str, Sequence[Judged]], devices: Sequence[str]) -> tuple[str, ...]:
    if len(devices) > _MOST_EXACT:
        return _greedy_cover(served, devices)
    for size in range(1, len(devices) + 1):
        covering = [
            (cost, some) for some in combinations(devices, size) for cost in [_places(served, some)] if cost is not None
        ]
        if covering:
            return min(covering)[1]
    return ()


def _places(served: Mapping[str, Sequence[Judged]], devices: Sequence[str]) -> int | None:
    """Sum of the best places that these devices give; None if a model is left out."""
    best = [
        min((one.place or 0 for one in candidates if one.newest.hardware_id in devices), default=None)
        for candidates in served.values()
    ]
    return None if None in best else sum(place for place in best if place is not None)


def _greedy_cover(served: Mapping[str, Sequence[Judged]], devices: Sequence[str]) -> tuple[str, ...]:
    left, chosen = dict(served), []
    while left:
        on = {device: {m for m, c in left.items() if _first_on(c, device)} for device in devices}
        device = max(devices, key=lambda one: (len(on[one]), one))
        chosen.append(device)
        left = {model: candidates for model, candidates in left.items() if model not in on[device]}
    return tuple(chosen)


def _first_on(candidates: Sequence[Judged], hardware_id: str) -> list[Judged]:
    """The best candidate on this device, if it has any."""
    return [one for one in candidates if one.newest.hardware_id == hardware_id][:1]


def _ratio(own: Judged, candidates: Sequence[Judged]) -> float | None:
    mine = own.median("p50_latency_ms")
    others = [
        value
        for one in candidates
        if one.place is not None
        for value in [one.median("p50_latency_ms")]
        if value is not None
    ]
    return mine / min(others) if own.place is not None and mine is not None and others else None
