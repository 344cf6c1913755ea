"""Invented histories of one latency series, with the places where it truly changed. For tests and tuning only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NOISES = ("independent", "correlated", "bimodal")
_SPIKE_SHARE = 0.02
_MEMORY = 0.5  # of the correlated noise, from one point to the next
_SLOW_SHARE, _SLOW_BY = 0.3, 0.06  # of the bimodal noise: a process sometimes falls into a slower mode


@dataclass(frozen=True)
class History:
    values: np.ndarray
    steps: tuple[int, ...]  # index of the first point at each new level


def history(
    rng: np.random.Generator,
    points: int,
    variation: float,
    steps: Sequence[tuple[int, float]] = (),
    noise: str = "independent",
) -> History:
    """Latencies around 10 ms with a coefficient of variation, steps (index, relative change) and rare spikes."""
    level = np.zeros(points)
    for index, change in steps:
        level[index:] += np.log1p(change)
    logs = np.log(10.0) + level + _noise(rng, points, variation, noise)
    spikes = rng.random(points) < _SPIKE_SHARE
    logs[spikes] += rng.uniform(0.3, 1.1, spikes.sum())
    return History(np.exp(logs), tuple(index for index, _ in steps))


def _noise(rng: np.random.Generator, points: int, variation: float, kind: str) -> np.ndarray:
    white = rng.normal(0, variation, points)
    if kind == "correlated":
        kept = np.sqrt(1 - _MEMORY**2)
        for index in range(1, points):
            white[index] = _MEMORY * white[index - 1] + kept * white[index]
    if kind == "bimodal":
        white += np.where(rng.random(points) < _SLOW_SHARE, _SLOW_BY, 0.0)
    return white
