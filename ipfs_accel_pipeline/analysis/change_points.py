"""Where the level of a series changed: lasting steps, not spikes and not noise. Pure functions over numbers.

Spikes are smoothed away, the logarithms are cut into the exactly best pieces (least squares and a price per piece), and
neighbours are merged again unless a Welch test and a minimum effect hold both apart. The test allows for points that
resemble the one before. No piece is shorter than `points_after`, so a change is told only once that many points confirm
it. Removing spikes and waiting for those points matter more than the method of cutting.

The test comes after the search for the best cut, so its p-value is too small by that search; the threshold is strict to
make up for it (false alarms per 100 points are measured by benchmarks/change_points.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import stdtr

# Of the scale of the noise, on the log scale: 0.2 %. Below it lie timers and rounding.
LEAST_NOISE = 2e-3
_SIGMAS_OF_A_SPIKE = 4.0
# A spike jumps away and back again; one half of it may fall short of the full height.
_SHARE_OF_A_SPIKE = 0.6
# Price of one piece in units of the noise's variance times log n. 2 is the usual one (BIC); more, because latencies are
# neither independent nor normal.
_PRICE_OF_A_PIECE = 5.0
_MAD_TO_SIGMA = 1.4826
# Within a piece, what lies further out than this counts as lying there: two spikes side by side are seen by no filter.
_SIGMAS_KEPT = 3.0
_LEAST_WITH_TAILS = 6  # in a shorter piece a spike and the true level cannot be told apart
_LARGEST_CORRELATION = 0.8
# Few points say little of how much one resembles the next: before any is seen, so much, as if that many had said it.
_EXPECTED_CORRELATION, _WEIGHT_OF_THE_EXPECTED = 0.3, 10
# As many points as the variance of all pieces counts for beside a piece's own.
_WEIGHT_OF_THE_COMMON = 4


@dataclass(frozen=True)
class Sensitivity:
    """What counts as a change."""

    minimum_effect: float = 0.03  # relative: 0.03 is three per cent
    points_after: int = 3  # that confirm a change, and so the least delay
    largest_p_value: float = 1e-4
    points_per_piece: int = 15  # a series with more pieces than one per this many points is unstable


@dataclass(frozen=True)
class ChangePoint:
    """A lasting step: `values[start:index]` is the old level, `values[index:end]` the new one."""

    index: int
    relative_change: float  # median of the new level / median of the old one - 1
    p_value: float
    start: int
    end: int


def find_change_points(
    values: Sequence[float] | np.ndarray, sensitivity: Sensitivity | None = None
) -> list[ChangePoint]:
    """All changes of a series of positive numbers, oldest first. ValueError for a number without a logarithm."""
    chosen = sensitivity or Sensitivity()
    series = np.asarray(values, dtype=float)
    if not np.all(np.isfinite(series) & (series > 0)):
        raise ValueError("a series of change points needs positive, finite numbers")
    if series.size < 2 * chosen.points_after:
        return []
    logs = without_spikes(np.log(series))
    if np.ptp(logs) < math.log1p(chosen.minimum_effect):
        return []
    noise = _noise(logs)
    ends = _best_pieces(logs / noise, chosen.points_after)
    return _held_apart(logs, [0, *ends], noise, chosen)


def is_unstable(changes: int, points: int, sensitivity: Sensitivity | None = None) -> bool:
    """Whether so many changes say of a series that it has no level. Two changes (a step and its repair) never do."""
    chosen = sensitivity or Sensitivity()
    return changes + 1 > max(3.0, points / chosen.points_per_piece)


@dataclass(frozen=True)
class _Noise:
    """How restless a series is between its changes, on the log scale."""

    between_points: float  # standard deviation, from the differences of neighbours
    common_variance: float  # within the pieces
    repetition: float  # how many times wider than of independent points the variance of a mean is


def without_spikes(logs: np.ndarray) -> np.ndarray:
    """Each inner point that jumps away from both its neighbours and back becomes the median of the four around it."""
    if logs.size < 5:
        return logs
    noise = _noise(logs)
    around = np.pad(logs, 2, mode="reflect")
    # The median of four is the mean of the middle two.
    median = np.sort(np.stack([around[:-4], around[1:-3], around[3:-1], around[4:]]), axis=0)[1:3].mean(axis=0)
    left, right = logs[1:-1] - logs[:-2], logs[1:-1] - logs[2:]
    returns = np.sign(left) == np.sign(right)
    high = np.minimum(np.abs(left), np.abs(right)) > _SHARE_OF_A_SPIKE * _SIGMAS_OF_A_SPIKE * noise
    far = np.abs(logs - median)[1:-1] > _SIGMAS_OF_A_SPIKE * noise
    result = logs.copy()
    result[1:-1][returns & high & far] = median[1:-1][returns & high & far]
    return result


def without_tails(piece: np.ndarray, least_spread: float) -> np.ndarray:
    """What lies further than three standard deviations from the median, drawn in to there (winsorized).

    The deviation is the scaled MAD, at least `least_spread`. Source: Hampel, The Influence Curve and Its Role in Robust
    Estimation (JASA 1974). A piece of fewer than six is returned as it is.
    """
    if piece.size < _LEAST_WITH_TAILS:
        return piece
    centre = _median(piece)
    spread = max(least_spread, _MAD_TO_SIGMA * _median(np.abs(piece - centre)))
    return np.clip(piece, centre - _SIGMAS_KEPT * spread, centre + _SIGMAS_KEPT * spread)


def _median(values: np.ndarray) -> float:
    """As np.median, which takes longer to begin than a short series takes to sort."""
    ordered = np.sort(values)
    middle = ordered.size // 2
    return float(ordered[middle] if ordered.size % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def _noise(logs: np.ndarray) -> float:
    """Standard deviation from point to point; steps hardly move it, since each is one difference among many."""
    differences = np.diff(logs)
    deviation = _median(np.abs(differences - _median(differences)))
    return max(_MAD_TO_SIGMA * deviation / math.sqrt(2), LEAST_NOISE)


def _best_pieces(scaled: np.ndarray, shortest: int) -> list[int]:
    """Ends of the pieces that minimize squared error plus a price per piece: exact, by dynamic programming."""
    n = scaled.size
    errors = _squared_errors(scaled) + _PRICE_OF_A_PIECE * math.log(n)
    costs = np.full(n + 1, np.inf)
    costs[0] = -_PRICE_OF_A_PIECE * math.log(n)
    previous = [0] * (n + 1)
    for end in range(shortest, n + 1):
        totals = costs[: end - shortest + 1] + errors[end, : end - shortest + 1]
        previous[end] = best = int(totals.argmin())
        costs[end] = totals[best]
    ends = [n]
    while previous[ends[-1]]:
        ends.append(previous[ends[-1]])
    return ends[::-1]


def _squared_errors(scaled: np.ndarray) -> np.ndarray:
    """At [end, start]: squared distance of scaled[start:end] from its mean. Meaningless where start >= end."""
    sums, squares = (np.concatenate([[0.0], np.cumsum(x)]) for x in (scaled, scaled * scaled))
    places = np.arange(scaled.size + 1)
    lengths = np.maximum(places[:, None] - places[None, :], 1)
    difference = sums[:, None] - sums[None, :]
    result: np.ndarray = squares[:, None] - squares[None, :] - difference * difference / lengths
    return result


def _held_apart(logs: np.ndarray, bounds: list[int], noise: float, chosen: Sensitivity) -> list[ChangePoint]:
    """Merges the neighbours that differ least, one pair at a time, until every pair left differs enough."""
    while len(bounds) > 2:
        # Of the pieces as they are now: a stray point may have made a piece of its own neighbours at first.
        noise_of = _noise_within([logs[start:end] for start, end in pairwise(bounds)], noise)
        steps = [_step(logs, *three, noise_of) for three in zip(bounds, bounds[1:], bounds[2:], strict=False)]
        doubtful = [step for step in steps if step.p_value >= chosen.largest_p_value]
        small = [step for step in steps if abs(step.relative_change) < chosen.minimum_effect]
        if doubtful:
            weakest = max(doubtful, key=lambda step: step.p_value)
        elif small:
            weakest = min(small, key=lambda step: abs(step.relative_change))
        else:
            return steps
        bounds = [bound for bound in bounds if bound != weakest.index]
    return []


def _noise_within(pieces: Sequence[np.ndarray], noise: float) -> _Noise:
    whole = [without_tails(piece, noise) for piece in pieces]
    squares = sum(float(np.square(one - one.mean()).sum()) for one in whole)
    freedom = max(sum(one.size for one in whole) - len(whole), 1)
    correlation = _correlation(pieces, whole)
    return _Noise(noise, max(squares / freedom, (noise / 2) ** 2), (1 + correlation) / (1 - correlation))


def _correlation(pieces: Sequence[np.ndarray], whole: Sequence[np.ndarray]) -> float:
    """Of each point with the one before, at lag 1; what lies in the tails of its piece says nothing of it.

    An estimate from deviations from an estimated mean is too small by (1 + 3 r) / n in a piece of n points. Source:
    Marriott and Pope, Bias in the Estimation of Autocorrelations (Biometrika 1954).
    """
    inner = [np.where(one == piece, one - _median(one), 0.0) for piece, one in zip(pieces, whole, strict=True)]
    squares = sum(float(one @ one) for one in inner)
    seen = sum(float(one[1:] @ one[:-1]) for one in inner) / squares if squares > 0 else 0.0
    points = sum(one.size for one in inner)
    seen += len(inner) * (1 + 3 * seen) / points
    expected = _WEIGHT_OF_THE_EXPECTED * _EXPECTED_CORRELATION
    drawn = (points * seen + expected) / (points + _WEIGHT_OF_THE_EXPECTED)
    return min(max(drawn, 0.0), _LARGEST_CORRELATION)


def _step(logs: np.ndarray, start: int, index: int, end: int, noise: _Noise) -> ChangePoint:
    before, after = logs[start:index], logs[index:end]
    effect = math.expm1(_median(after) - _median(before))
    return ChangePoint(index, effect, _welch_p_value(before, after, noise), start, end)


def _welch_p_value(before: np.ndarray, after: np.ndarray, noise: _Noise) -> float:
    """Two-sided. The variance of each side is drawn towards that of all pieces: three points may agree by chance."""
    sides = [without_tails(one, noise.between_points) for one in (before, after)]
    freedoms = [_WEIGHT_OF_THE_COMMON + one.size - 1 for one in sides]
    parts = [
        (_WEIGHT_OF_THE_COMMON * noise.common_variance + (one.size - 1) * float(one.var(ddof=1)))
        / freedom
        / one.size
        * noise.repetition
        for one, freedom in zip(sides, freedoms, strict=True)
    ]
    error = sum(parts)
    freedom = error**2 / sum(part**2 / free for part, free in zip(parts, freedoms, strict=True))
    t = abs(float(sides[1].mean() - sides[0].mean())) / math.sqrt(error)
    return float(2 * stdtr(freedom, -t))
