"""How well are changes of performance found, how many false alarms are raised, and how long does it take?

Every history is invented by a simulator whose true steps are known. The figures are of seeds from 1000 up; the method
was tuned on seeds below 100, and nothing may be tuned on the others. "Online" plays a history point by point, as night
after night does: a step counts as found if it is told at most 15 points after it happened.

Two ways are measured: `find_change_points` alone, and the whole way to the rows of performance_changes, which corrects
for the number of series (--series) and leaves out what its interval calls uncertain. --phrase derives seeds from words.

    .venv/bin/python -m benchmarks.change_points [--seeds 1000 1001 ... | --phrase WORDS] [--histories 60] [--series 1]
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np

from ipfs_accel_pipeline.analysis.change_points import Sensitivity, find_change_points
from ipfs_accel_pipeline.analysis.performance_changes import Series, change_rows, find_changes
from ipfs_accel_pipeline_tests.analysis.histories import NOISES, History, history
from ipfs_accel_pipeline_tests.fakes import NOON, case

WITHIN = 15  # points after a step in which it must be told
NEAR = 5  # points between a true step and the place that is told, to count as the same
SHORTEST, LONGEST = 30, 120


@dataclass(frozen=True)
class Alarm:
    told_at: int
    place: int
    relative_change: float


@dataclass(frozen=True)
class Place:
    index: int
    relative_change: float


Finder = Callable[[np.ndarray], list[Place]]


def found(values: np.ndarray) -> list[Place]:
    return [Place(change.index, change.relative_change) for change in find_change_points(values)]


def told(values: np.ndarray, series: int) -> list[Place]:
    """As performance_changes tells them when this is one of so many series, and the others have no change."""
    tests = [str(number) for number in range(len(values))]
    times = [NOON + timedelta(days=day) for day in range(len(values))]
    changes = find_changes(Series(case(), "p50_latency_ms", tests, times, values), Sensitivity())
    rows = change_rows(changes, series, stored=[], circumstances=lambda tests: {}, now=NOON)
    return [Place(int(row.test_id_after), row.relative_change) for row in rows if row.relative_change is not None]


def play(values: np.ndarray, find: Finder) -> list[Alarm]:
    """The alarms in the order in which a nightly analysis would raise them; a place told before is no new alarm."""
    alarms: list[Alarm] = []
    for now in range(6, len(values) + 1):
        for change in find(values[:now]):
            if not any(abs(change.index - old.place) <= NEAR for old in alarms):
                alarms.append(Alarm(now - 1, change.index, change.relative_change))
    return alarms


def stepped(rng: np.random.Generator, change: float, variation: float) -> History:
    points = int(rng.integers(SHORTEST + 10, LONGEST + 1))
    at = int(rng.integers(12, points - WITHIN - 1))
    return history(rng, points, variation, [(at, change)])


def delays(
    find: Finder, seeds: list[int], histories: int, change: float, variations: tuple[float, float]
) -> list[int | None]:
    """Points from each step to its alarm; None where it was not told in time."""
    delays_of_steps: list[int | None] = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(histories):
            one = stepped(rng, change, rng.uniform(*variations))
            (step,) = one.steps
            in_time = [
                alarm.told_at - step
                for alarm in play(one.values, find)
                if abs(alarm.place - step) <= NEAR and alarm.relative_change > 0 and 0 <= alarm.told_at - step <= WITHIN
            ]
            delays_of_steps.append(min(in_time, default=None))
    return delays_of_steps


def false_alarms_per_100(find: Finder, seeds: list[int], histories: int, noise: str) -> float:
    alarms = points = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(histories):
            one = history(rng, int(rng.integers(SHORTEST, LONGEST + 1)), rng.uniform(0.01, 0.08), noise=noise)
            alarms += len(play(one.values, find))
            points += len(one.values)
    return 100 * alarms / points


def f1(find: Finder, seeds: list[int], histories: int) -> float:
    """Over whole histories with none to three steps of 5 to 30 per cent, up or down."""
    hits = alarms = true = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(histories):
            points = int(rng.integers(SHORTEST, LONGEST + 1))
            steps = [(at, rng.choice([-1, 1]) * rng.uniform(0.05, 0.3)) for at in _places(rng, points)]
            one = history(rng, points, rng.uniform(0.01, 0.08), steps)
            places = [change.index for change in find(one.values)]
            hits += sum(any(abs(index - step) <= NEAR for index in places) for step in one.steps)
            alarms, true = alarms + len(places), true + len(one.steps)
    return 2 * hits / (alarms + true)


def _places(rng: np.random.Generator, points: int) -> list[int]:
    places: list[int] = []
    for _ in range(int(rng.integers(0, 4))):
        at = int(rng.integers(8, points - 8))
        if all(abs(at - other) >= 8 for other in places):
            places.append(at)
    return sorted(places)


def seeds_of(phrase: str, count: int = 3) -> list[int]:
    digest = hashlib.sha256(phrase.encode()).digest()
    return [int.from_bytes(digest[4 * number : 4 * number + 4], "big") for number in range(count)]


def print_table(find: Finder, seeds: list[int], histories: int) -> None:
    print("| step | noise (CV) | found within 15 points | median delay in points |\n|---|---|--:|--:|")
    for change in (0.05, 0.1, 0.2):
        for variations in ((0.01, 0.04), (0.01, 0.08)):
            all_delays = delays(find, seeds, histories, change, variations)
            known = [delay for delay in all_delays if delay is not None]
            share, delay = len(known) / len(all_delays), float(np.median(known)) if known else float("nan")
            print(
                f"| {change:.0%} | {variations[0]:.0%} to {variations[1]:.0%} | {share:.3f} | {delay:g} |", flush=True
            )
    print("\n| noise without a step | false alarms per 100 points |\n|---|--:|")
    for noise in NOISES:
        print(f"| {noise} | {false_alarms_per_100(find, seeds, histories, noise):.3f} |", flush=True)
    print(f"\nF1 over whole histories: {f1(find, seeds, histories):.3f}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1000, 1001, 1002])
    parser.add_argument("--phrase", help="three seeds from the hash of these words, instead of --seeds")
    parser.add_argument("--histories", type=int, default=60, help="of each seed and row")
    parser.add_argument("--series", type=int, default=1, help="that are told together")
    chosen = parser.parse_args()
    seeds = seeds_of(chosen.phrase) if chosen.phrase else chosen.seeds
    print(f"Seeds {seeds}, {chosen.histories} histories of each per row.\n\nfind_change_points:\n")
    print_table(found, seeds, chosen.histories)
    print(f"Told by performance_changes, among {chosen.series} series:\n")
    print_table(partial(told, series=chosen.series), seeds, chosen.histories)


if __name__ == "__main__":
    main()
