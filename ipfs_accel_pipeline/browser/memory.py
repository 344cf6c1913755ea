"""Memory of all processes of a browser together, from Linux's /proc. MiB.

The sum of what each has resident counts shared pages more than once; what a model adds to it does not. The peak is the
sum of each process's own peak, which they need not have reached at the same moment: an upper bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ipfs_accel_pipeline.timing import MemoryUse

_RESET_PEAK = "5"  # proc(5): resets VmHWM to the current resident size
_UNKNOWN = "the memory of a browser's processes can be read on Linux only"


class BrowserMemory:
    """From its creation on, without what happens between pause and resume."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._peaks_mb: list[float] = []
        self._before = self._begin(pids)

    def pause(self, pids: Iterable[int]) -> None:
        self._peaks_mb.append(_sums(pids, reset=False).get("VmHWM", 0.0))

    def resume(self, pids: Iterable[int]) -> None:
        if not self._begin(pids):
            self._before = {}

    def read(self, pids: Sequence[int]) -> MemoryUse:
        """Ends the window."""
        self.pause(pids)
        now = _sums(pids, reset=False)
        if not self._before or not now:
            return MemoryUse(unknown_reason=_UNKNOWN)
        return MemoryUse(
            baseline_mb=self._before["VmRSS"],
            peak_mb=max(self._peaks_mb) - self._before["VmRSS"],
            anonymous_mb=now["RssAnon"] - self._before["RssAnon"],
        )

    def _begin(self, pids: Iterable[int]) -> dict[str, float]:
        """What the processes have now, from where on their peak counts; empty where it cannot be reset."""
        try:
            return _sums(pids, reset=True)
        except PermissionError:  # a peak that cannot be reset is not ours
            return {}


_KEYS = ("VmRSS", "VmHWM", "RssAnon")


def _sums(pids: Iterable[int], reset: bool) -> dict[str, float]:
    """Of all the processes together; empty where none tells."""
    sizes = [size for pid in pids if (size := _sizes(pid, reset))]
    return {name: sum(size[name] for size in sizes) for name in _KEYS} if sizes else {}


def _sizes(pid: int, reset: bool) -> dict[str, float]:
    """Empty where the process has gone (a browser's helpers come and go), or the system does not tell."""
    folder = Path("/proc") / str(pid)
    try:
        if reset:
            (folder / "clear_refs").write_text(_RESET_PEAK)
        lines = (folder / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    values = {key: value for key, _, value in (line.partition(":") for line in lines)}
    return {key: int(values[key].split()[0]) / 1024 for key in _KEYS} if all(key in values for key in _KEYS) else {}
