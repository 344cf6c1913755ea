"""A short fixed computation that tells how fast the host is right now.

A shared host has slow phases of a minute or more in which every program takes longer. The canary runs before and
after each round; a round whose canary is much slower than the best this host ever showed was taken in such a phase.
"""

from __future__ import annotations

import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from filelock import FileLock

# Slower than the host's best by this factor: the round is repeated and kept out of the summary if another is at hand.
SLOW_PHASE = 1.25

_SIZE = 192
_PRODUCTS = 6
_SLICES = 7


def run_canary(threads: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Milliseconds for one slice of fixed work on `threads` threads at once: the median of seven slices."""
    matrices = [np.random.default_rng(i).standard_normal((_SIZE, _SIZE), dtype=np.float32) for i in range(threads)]
    return statistics.median(_slice_ms(matrices, clock) for _ in range(_SLICES))


def _slice_ms(matrices: list[np.ndarray], clock: Callable[[], float]) -> float:
    workers = [threading.Thread(target=_work, args=(matrix,)) for matrix in matrices]
    started = clock()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return (clock() - started) * 1e3


def _work(matrix: np.ndarray) -> None:
    # einsum without `optimize` keeps numpy's own single-threaded loop: BLAS threads would differ between backends.
    product = np.empty_like(matrix)
    for _ in range(_PRODUCTS):
        np.einsum("ij,jk->ik", matrix, matrix, out=product)


class HostBest:
    """The fastest canary this host has shown, kept in a small file beside the data."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def slowdown(self, key: str, *canaries_ms: float) -> float:
        """The slowest of the canaries over the host's best, which the fastest of them may improve."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self._path}.lock"):
            known = self._read()
            best = min(known.get(key, float("inf")), *canaries_ms)
            if best < known.get(key, float("inf")):
                self._write({**known, key: best})
        return max(canaries_ms) / best

    def _read(self) -> dict[str, float]:
        try:
            return dict(json.loads(self._path.read_text()))
        except (OSError, ValueError):  # none yet, or damaged: the best is found again
            return {}

    def _write(self, best: dict[str, float]) -> None:
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(json.dumps(best, indent=1))
        os.replace(temporary, self._path)
