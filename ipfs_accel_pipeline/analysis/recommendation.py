"""Which hardware for this model? Judges the candidates of one model at one precision and shape, and says why.

What is not ruled out (`ruling_out`) is ordered by the chance of being best, given how much repeated runs differ; a lead
that chance could explain is a tie.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ipfs_accel_pipeline.analysis.candidates import Run, Wish, candidates_of, current_level, median_of, objectives
from ipfs_accel_pipeline.analysis.recommendation_words import Standing, reason_in_words
from ipfs_accel_pipeline.analysis.ruling_out import newest_weights, why_ruled_out
from ipfs_accel_pipeline.analysis.slow_hosts import least_share

# Below this chance of being better a lead is no lead.
_CERTAIN = 0.95
# How much the median of one case differs from run to run (log scale), until the runs at hand say it better: seen on
# shared machines. It counts as much as this many differences between runs.
_USUAL_SPREAD = 0.04
_WEIGHT_OF_THE_USUAL = 4
_DRAWS = 4000


@dataclass(frozen=True)
class Judged:
    """One candidate and what is said of it. `runs` are those that count: the newest level of its history."""

    runs: tuple[Run, ...]
    verdict: str  # recommended | tie | behind | dominated | ruled_out
    reason: str
    place: int | None = None
    probability_best: float | None = None

    @property
    def newest(self) -> Run:
        return self.runs[-1]

    @property
    def identified(self) -> Run:
        """The newest run that knows its weights and threads: a failure often knows neither."""
        return next((run for run in reversed(self.runs) if run.weights_digest), self.newest)

    def median(self, name: str) -> float | None:
        """Median over the runs that have this number."""
        return median_of(self.runs, name)


def judge(runs: Iterable[Run], wish: Wish, now: datetime) -> list[Judged]:
    """All candidates of one group, best first, the ruled out ones last."""
    candidates = candidates_of(runs)
    digest = newest_weights(candidates)
    reasons = [why_ruled_out(one, wish, digest, now) for one in candidates]
    eligible = [current_level(one) for one, reason in zip(candidates, reasons, strict=True) if reason is None]
    ruled_out = [
        Judged(tuple(one), "ruled_out", reason)
        for one, reason in zip(candidates, reasons, strict=True)
        if reason is not None
    ]
    return [*_ordered(eligible, wish), *ruled_out]


def _ordered(eligible: list[list[Run]], wish: Wish) -> list[Judged]:
    if not eligible:
        return []
    centres, errors = _estimates(eligible, wish)
    draws = _draws(centres, errors, [_hidden_speed(one) for one in eligible])
    chances = np.bincount(draws.argmin(axis=1), minlength=len(eligible)) / _DRAWS
    dominated = [_dominated_by(one, eligible, wish) for one in eligible]
    # A dominated candidate never leads, however its luck: something else is at least as good in everything known.
    order = sorted(range(len(eligible)), key=lambda i: (dominated[i] is not None, -chances[i], centres[i]))
    beats_leader = [float((draws[:, i] < draws[:, order[0]]).mean()) for i in range(len(eligible))]
    tied = [i for i in order[1:] if beats_leader[i] > 1 - _CERTAIN]
    standing = Standing(eligible, order, tied, dominated)
    return [
        Judged(tuple(eligible[i]), _verdict(i, standing), reason_in_words(i, standing, wish), place, float(chances[i]))
        for place, i in enumerate(order, 1)
    ]


def _draws(centres: np.ndarray, errors: np.ndarray, hidden: Sequence[float]) -> np.ndarray:
    """What each candidate's objective may be, on the log scale: `_DRAWS` rows, a column for each candidate.

    One fixed set of random numbers: the same evidence always gets the same answer, and more of it a surer one.
    """
    generator = np.random.default_rng(0)
    draws = centres + errors * generator.standard_normal((_DRAWS, len(centres)))
    result: np.ndarray = draws - np.array(hidden) * generator.random(draws.shape)
    return result


def _verdict(index: int, standing: Standing) -> str:
    if index == standing.order[0]:
        return "tie" if standing.tied else "recommended"
    if index in standing.tied:
        return "tie"
    return "behind" if standing.dominated_by[index] is None else "dominated"


def _estimates(eligible: Sequence[Sequence[Run]], wish: Wish) -> tuple[np.ndarray, np.ndarray]:
    """Median of each candidate's objective and its standard error, on the log scale.

    The spread between runs is a candidate's own as far as its runs tell it, drawn towards that of all candidates, and
    this one towards the usual one: a candidate with one run is not taken for exact.
    """
    values = [np.array(objectives(one, wish)) for one in eligible]
    squares = [float(((one - np.median(one)) ** 2).sum()) for one in values]
    prior = _WEIGHT_OF_THE_USUAL
    common = (prior * _USUAL_SPREAD**2 + sum(squares)) / (prior + sum(one.size - 1 for one in values))
    errors = [
        math.sqrt((prior * common + square) / (prior + one.size - 1) / one.size + _within(runs) / one.size)
        for one, square, runs in zip(values, squares, eligible, strict=True)
    ]
    return np.array([np.median(one) for one in values]), np.array(errors)


def _hidden_speed(runs: Sequence[Run]) -> float:
    """How much better it may be on a quiet host, on the log scale; 0 where a quiet round counts."""
    return -math.log(max(least_share(run.host_slowdown) for run in runs))


def _within(runs: Sequence[Run]) -> float:
    """Variance of a run's own median, from its interval; the mean over the runs."""
    widths = [
        ((run.ci95_high_ms - run.ci95_low_ms) / 2 / 1.96 / run.p50_latency_ms) ** 2
        for run in runs
        if run.p50_latency_ms and run.ci95_low_ms is not None and run.ci95_high_ms is not None
    ]
    return float(np.mean(widths)) if widths else 0.0


_COMPARED = (  # what makes one candidate dominate another; True: more is better
    ("p50_latency_ms", False),
    ("throughput_items_per_second", True),
    ("memory_peak_mb", False),
    ("energy_efficiency_items_per_joule", True),
)


def _dominated_by(one: Sequence[Run], eligible: Sequence[Sequence[Run]], wish: Wish) -> int | None:
    """Index of the best candidate that is at least as good in all that both were measured in, and better somewhere.

    None where only disturbed runs tell of this one: it may be better than they say.
    """
    if one[-1].is_disturbed:
        return None
    others = [i for i, other in enumerate(eligible) if other is not one and _dominates(other, one, wish)]
    return min(others, key=lambda i: float(np.median(objectives(eligible[i], wish))), default=None)


def _dominates(one: Sequence[Run], other: Sequence[Run], wish: Wish) -> bool:
    # What is asked for counts too: a cheaper device is not dominated by a faster one.
    gains = [float(np.median(objectives(other, wish)) - np.median(objectives(one, wish)))]
    for name, more_is_better in _COMPARED:
        mine, theirs = median_of(one, name), median_of(other, name)
        if mine is not None and theirs is not None:
            gains.append((mine - theirs) * (1 if more_is_better else -1))
    return min(gains) >= 0 and max(gains) > 0
