"""How well are changes of performance found, how many false alarms are raised, and how long does it take?

Every history is invented by a simulator whose true steps are known. The figures are of seeds from 1000 up; the method
was tuned on seeds below 100, and nothing may be tuned on the others. "Online" plays a history point by point, as night
after night does: a step counts as found if it is told at most 15 points after it happened.

    .venv/bin/python -m benchmarks.change_points [--seeds 1000 1001 ...] [--histories 60]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from ipfs_accel_pipeline.analysis.change_points import find_change_points
from ipfs_accel_pipeline_tests.analysis.histories import NOISES, History, history

WITHIN = 15  # points after a step in which it must be told
NEAR = 5  # points between a true step and the place that is told, to count as the same
SHORTEST, LONGEST = 30, 120


@dataclass(frozen=True)
class Alarm:
    told_at: int
    place: int
    relative_change: float


def play(values: np.ndarray) -> list[Alarm]:
    """The alarms in the order in which a nightly analysis would raise them; a place told before is no new alarm."""
    alarms: list[Alarm] = []
    for now in range(6, len(values) + 1):
        for change in find_change_points(values[:now]):
            if not any(abs(change.index - old.place) <= NEAR for old in alarms):
                alarms.append(Alarm(now - 1, change.index, change.relative_change))
    return alarms


def stepped(rng: np.random.Generator, change: float, variation: float) -> History:
    points = int(rng.integers(SHORTEST + 10, LONGEST + 1))
    at = int(rng.integers(12, points - WITHIN - 1))
    return history(rng, points, variation, [(at, change)])


def delays(seeds: list[int], histories: int, change: float, variations: tuple[float, float]) -> list[int | None]:
    """Points from each step to its alarm; None where it was not told in time."""
    found: list[int | None] = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(histories):
            one = stepped(rng, change, rng.uniform(*variations))
            (step,) = one.steps
            told = [
                alarm.told_at - step
                for alarm in play(one.values)
                if abs(alarm.place - step) <= NEAR and alarm.relative_change > 0 and 0 <= alarm.told_at - step <= WITHIN
            ]
            found.append(min(told, default=None))
    return found


def false_alarms_per_100(seeds: list[int], histories: int, noise: str) -> float:
    alarms = points = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(histories):
            one = history(rng, int(rng.integers(SHORTEST, LONGEST + 1)), rng.uniform(0.01, 0.08), noise=noise)
            alarms += len(play(one.values))
            points += len(one.values)
    return 100 * alarms / points


def f1(seeds: list[int], histories: int) -> float:
    """Over whole histories with none to three steps of 5 to 30 per cent, up or down."""
    hits = told = true = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(histories):
            points = int(rng.integers(SHORTEST, LONGEST + 1))
            places = _places(rng, points)
            steps = [(at, rng.choice([-1, 1]) * rng.uniform(0.05, 0.3)) for at in places]
            one = history(rng, points, rng.uniform(0.01, 0.08), steps)
            found = [change.index for change in find_change_points(one.values)]
            hits += sum(any(abs(index - step) <= NEAR for index in found) for step in one.steps)
            told, true = told + len(found), true + len(one.steps)
    return 2 * hits / (told + true)


def _places(rng: np.random.Generator, points: int) -> list[int]:
    places: list[int] = []
    for _ in range(int(rng.integers(0, 4))):
        at = int(rng.integers(8, points - 8))
        if all(abs(at - other) >= 8 for other in places):
            places.append(at)
    return sorted(places)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1000, 1001, 1002])
    parser.add_argument("--histories", type=int, default=60, help="of each seed and row")
    chosen = parser.parse_args()
    print("| step | noise (CV) | found within 15 points | median delay in points |\n|---|---|--:|--:|")
    for change in (0.05, 0.1, 0.2):
        for variations in ((0.01, 0.04), (0.01, 0.08)):
            found = delays(chosen.seeds, chosen.histories, change, variations)
            known = [delay for delay in found if delay is not None]
            share, delay = len(known) / len(found), float(np.median(known)) if known else float("nan")
            print(
                f"| {change:.0%} | {variations[0]:.0%} to {variations[1]:.0%} | {share:.3f} | {delay:g} |", flush=True
            )
    print("\n| noise without a step | false alarms per 100 points |\n|---|--:|")
    for noise in NOISES:
        print(f"| {noise} | {false_alarms_per_100(chosen.seeds, chosen.histories, noise):.3f} |", flush=True)
    print(f"\nF1 over whole histories: {f1(chosen.seeds, chosen.histories):.3f}")


if __name__ == "__main__":
    main()
