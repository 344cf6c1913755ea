"""How much longer a timed window took because other programs had the CPUs.

The canary sees the host before and after a round, not within it. Linux counts for every thread how long it ran and
how long it was ready to run and had to wait for a CPU: that is contention itself, over exactly the timed window. What
others did not work, they cannot have taken: a longer wait is for threads of one's own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

# Longer than undisturbed by this factor: the round counts as slow, as by its canary. On quiet two-core machines rounds
# of nine cases showed 1.003 to 1.05, on another day of six cases 1.00 to 1.01. A neighbour that slept for most of the
# time showed 1.07 to 1.09, and moved medians by 2 % to 15 %, that of PyTorch's ResNet-18 by 33 %.
CONTENDED = 1.06

_PROC = Path("/proc")
_NO_WORK = ("idle", "iowait", "steal", "guest", "guest_nice")  # guests are part of user time as well
Times = dict[int, tuple[int, int]]  # per thread: nanoseconds on a CPU, and waiting for one


def contention_slowdown(run_s: float, wait_s: float, wall_s: float) -> float:
    """Wall time over what it would have been without waiting for a CPU; 1 is an undisturbed window.

    All are seconds, `run_s` and `wait_s` summed over threads. Threads that work together wait together, so the time
    lost is the share of waiting in their busy time; where less than one thread is busy (a device does the work), it
    is the share in the wall time.
    """
    busy_s = max(run_s + wait_s, wall_s)
    return busy_s / (busy_s - wait_s) if busy_s > wait_s else float("inf")


class ContentionMeter:
    """Of this process and those it started, from `start` to `read`."""

    def __init__(
        self,
        times: Callable[[], Times | None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
        busy: Callable[[], float] | None = None,
    ):
        self._times, self._clock, self._busy = times or thread_times, clock, busy or busy_seconds
        self.start()

    def start(self) -> None:
        self._before, self._busy_before, self._started = self._times(), self._busy(), self._clock()

    def read(self) -> float | None:
        """The slowdown, or None where the kernel does not count (not Linux, or built without it)."""
        now, busy_s, wall_s = self._times(), self._busy() - self._busy_before, self._clock() - self._started
        if now is None or self._before is None:
            return None
        spent = [(run - ran, wait - waited) for run, wait, ran, waited in _joined(self._before, now)]
        run_s, wait_s = (sum(part) / 1e9 for part in zip(*spent, strict=True)) if spent else (0.0, 0.0)
        # A browser has more threads than there are CPUs: they wait for each other, and that is its own speed.
        others_s = max(0.0, busy_s - run_s)
        return contention_slowdown(run_s, min(wait_s, others_s), wall_s)


def _joined(before: Times, now: Times) -> Iterator[tuple[int, int, int, int]]:
    for thread, (run, wait) in now.items():
        yield run, wait, *before.get(thread, (0, 0))


def thread_times() -> Times | None:
    """Of every thread of this process and of its descendants; a thread that ends meanwhile is left out."""
    if not (_PROC / "self/schedstat").exists():
        return None
    found: Times = {}
    for process in (os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))):
        for file in (_PROC / str(process) / "task").glob("*/schedstat"):
            try:
                run, wait, _ = file.read_text().split()
            except (OSError, ValueError):  # ended between the listing and the reading
                continue
            found[int(file.parent.name)] = (int(run), int(wait))
    return found


def busy_seconds() -> float:
    """That all CPUs together have worked since the machine was started, for whomever; in steps of 10 ms."""
    spent = psutil.cpu_times()._asdict()
    return sum(seconds for kind, seconds in spent.items() if kind not in _NO_WORK)
