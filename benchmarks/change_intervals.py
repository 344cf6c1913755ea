"""Does the interval of a change hold the true change, and what does the rule cost that a change "could be none"?

A change is told only if its interval leaves out zero. Two intervals are compared over the same invented histories: the
bootstrap of medians of all tests, and the one that is used, of tests whose tails are drawn in. In some histories the
first tests of each level are disturbed (two to three and a half times as slow), as after a restart.

    .venv/bin/python -m benchmarks.change_intervals [--seeds 3000 3001 ...] [--histories 300]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from ipfs_accel_pipeline.analysis.change_points import find_change_points
from ipfs_accel_pipeline.analysis.performance_changes import effect_interval
from ipfs_accel_pipeline_tests.analysis.histories import NOISES, history

NEAR = 5  # points between the true step and the place that is found
EFFECTS = (0.05, 0.1, 0.2, 0.5, 1.0)

Interval = tuple[float, float]


def of_all_tests(before: np.ndarray, after: np.ndarray) -> Interval:
    rng = np.random.default_rng(0)
    old, new = (np.median(one[rng.integers(one.size, size=(1000, one.size))], axis=1) for one in (before, after))
    low, high = np.quantile(new / old - 1, [0.025, 0.975])
    return float(low), float(high)


def as_used(before: np.ndarray, after: np.ndarray) -> Interval:
    found = effect_interval(before, after)
    assert found is not None, "invented histories have a spread"
    return found


INTERVALS: dict[str, Callable[[np.ndarray, np.ndarray], Interval]] = {"of all tests": of_all_tests, "as used": as_used}


def disturbed(rng: np.random.Generator, values: np.ndarray, starts: list[int], count: int) -> np.ndarray:
    values = values.copy()
    for start in starts:
        part = values[start : start + count]
        part *= rng.uniform(2, 3.5, part.size)
    return values


def changed(rng: np.random.Generator, noise: str, count: int) -> tuple[np.ndarray, int, float]:
    """A history with one step, its place, and its true relative size."""
    effect = float(rng.choice(EFFECTS))
    before, after = int(rng.integers(5 + count, 40)), int(rng.integers(3 + count, 16))
    one = history(rng, before + after, rng.uniform(0.01, 0.08), [(before, effect)], noise)
    return disturbed(rng, one.values, [0, before], count), before, effect


def line_of_changes(seeds: list[int], histories: int, noise: str, count: int) -> str:
    held: dict[str, list[tuple[bool, bool, float]]] = {name: [] for name in INTERVALS}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(histories):
            values, step, effect = changed(rng, noise, count)
            near = [one for one in find_change_points(values) if abs(one.index - step) <= NEAR]
            for point in near[:1]:
                for name, interval in INTERVALS.items():
                    low, high = interval(values[point.start : point.index], values[point.index : point.end])
                    held[name].append((low <= effect <= high, not low <= 0 <= high, (high - low) / (1 + effect)))
    cells = []
    for results in held.values():
        covered, told, widths = zip(*results, strict=True)
        cells.append(f"{np.mean(told):.3f} | {np.mean(covered):.3f} | {np.median(widths):.3f}")
    found = len(next(iter(held.values())))
    return f"| {noise} | {count} | {found} of {len(seeds) * histories} | {' | '.join(cells)} |"


def line_of_alarms(seeds: list[int], histories: int, noise: str, count: int) -> str:
    points = found = 0
    told = dict.fromkeys(INTERVALS, 0)
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(histories):
            length = int(rng.integers(15, 121))
            steady = history(rng, length, rng.uniform(0.01, 0.08), noise=noise).values
            values = disturbed(rng, steady, [int(rng.integers(0, length - count))], count)
            points += length
            for one in find_change_points(values):
                found += 1
                for name, interval in INTERVALS.items():
                    low, high = interval(values[one.start : one.index], values[one.index : one.end])
                    told[name] += not low <= 0 <= high
    rates = " | ".join(f"{100 * alarms / points:.3f}" for alarms in (found, *told.values()))
    return f"| {noise} | {count} | {points} | {rates} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3000, 3001])
    parser.add_argument("--histories", type=int, default=300, help="of each seed and row")
    chosen = parser.parse_args()
    each = " | ".join(f"told, {name} | holds the truth | width" for name in INTERVALS)
    print(f"| noise | disturbed | found | {each} |\n|{'---|' * 9}")
    for noise in NOISES:
        for count in (0, 1, 2):
            print(line_of_changes(chosen.seeds, chosen.histories, noise, count), flush=True)
    print("\nWithout a step, false alarms per 100 points:\n")
    print(f"| noise | disturbed | points | without the rule | {' | '.join(INTERVALS)} |\n|{'---|' * 6}")
    for noise in NOISES:
        for count in (0, 2):
            print(line_of_alarms(chosen.seeds, chosen.histories, noise, count), flush=True)


if __name__ == "__main__":
    main()
