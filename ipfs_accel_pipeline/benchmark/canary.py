"""A short fixed computation that tells how fast the host is right now.

A shared host has slow phases of a minute or more in which every program takes longer. The canary runs before and
after each round; a round whose canary is much slower than the best this host ever showed was taken in such a phase.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filelock import FileLock

from ipfs_accel_pipeline.errors import PipelineError
from ipfs_accel_pipeline.models.store import write_json

# Slower than the host's best by this factor: the round is repeated and kept out of the summary if another is at hand.
# On a shared two-core machine the factor is 1.2 in the mean and rarely above 1.3; slow phases show 1.5 to 2.
SLOW_PHASE = 1.4

# Of five computations tried, hashing followed the latency of models best (rank correlation 0.9 over half a minute)
# and was the steadiest: it lives in registers, and its threads need neither the interpreter nor each other.
_BLOCK = bytes(4 * 1024 * 1024)
_SLICES = 15
VERSION = 1  # raise it when the computation changes: bests of another one say nothing


def run_canary(cpus: Sequence[int], clock: Callable[[], float] = time.perf_counter) -> float:
    """Milliseconds to hash 4 MiB on each of `cpus` at once: the median of fifteen slices.

    Each thread stays on its own CPU: left to the scheduler, two of them often share one and take twice as long.
    """
    return statistics.median(_slice_ms(cpus, clock) for _ in range(_SLICES))


def canary_cpus(threads: int) -> tuple[int, ...]:
    """The CPUs to run on, chosen before a runtime pins this process; one unpinned thread where pinning is unknown."""
    if not hasattr(os, "sched_getaffinity"):
        return (_UNPINNED,)
    return tuple(sorted(os.sched_getaffinity(0))[:threads])


_UNPINNED = -1


def _slice_ms(cpus: Sequence[int], clock: Callable[[], float]) -> float:
    start = threading.Barrier(len(cpus))
    with ThreadPoolExecutor(len(cpus)) as threads:
        try:
            return max(threads.map(lambda cpu: _work(cpu, start, clock), cpus))
        except threading.BrokenBarrierError as error:
            raise OSError(f"not all of the CPUs {list(cpus)} belong to this process any more") from error
        except BaseException:  # one of the threads found no memory, or there are too many
            start.abort()  # or those that were started would wait for it for ever, and this one for them
            raise


def _work(cpu: int, start: threading.Barrier, clock: Callable[[], float]) -> float:
    try:
        if cpu != _UNPINNED:
            os.sched_setaffinity(0, {cpu})  # of this thread alone, which ends with the slice
    except OSError:
        start.abort()  # or the others would wait for ever
        raise
    start.wait()
    started = clock()
    hashlib.sha256(_BLOCK)
    return (clock() - started) * 1e3


class HostBest:
    """The fastest canary this host has shown, kept in a small file beside the data."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def slowdown(self, key: str, *canaries_ms: float) -> float:
        """The slowest of the canaries over the host's best, which the fastest of them may improve."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self._path}.lock"):
                return max(canaries_ms) / self._best(key, *canaries_ms)
        except OSError as error:
            raise PipelineError(
                f"The host's best canary cannot be kept in {self._path}: {error}. "
                "Free some space, or fix the rights of that file and its .lock, and run again."
            ) from error

    def _best(self, key: str, *canaries_ms: float) -> float:
        known = self._read()
        best = min(known.get(key, float("inf")), *canaries_ms)
        if best < known.get(key, float("inf")):
            write_json(self._path, {**known, key: best})
        return best

    def _read(self) -> dict[str, float]:
        try:
            known = json.loads(self._path.read_text())
            return {str(key): float(value) for key, value in known.items() if float(value) > 0}
        except (OSError, ValueError, TypeError, AttributeError):  # none yet, or damaged: the best is found again
            return {}
