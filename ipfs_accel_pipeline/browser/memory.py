"""Memory of all processes of a browser together, from Linux's /proc. MiB.

The sum of what each has resident counts shared pages more than once; what a model adds to it does not. The peak is the
sum of each process's own peak, which they need not have reached at the same moment: an upper bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ipfs_accel_pipeline.timing import MemoryUse

_RESET_PEAK = "5"  # proc(5): resets VmHWM to the current resident size
_UNKNOWN = "the memory of a browser's processes can be read on Linux only"


class BrowserMemory:
    """From its creation on."""

    def __init__(self, pids: Iterable[int]) -> None:
        try:
            sizes = [size for pid in pids if (size := _sizes(pid))]
        except PermissionError:  # a peak that cannot be reset is not ours
            sizes = []
        self._before = {name: sum(size[name] for size in sizes) for name in _KEYS} if sizes else None

    def read(self, pids: Iterable[int]) -> MemoryUse:
        if self._before is None:
            return MemoryUse(unknown_reason=_UNKNOWN)
        sizes = [size for pid in pids if (size := _sizes(pid, reset=False))]
        if not sizes:
            return MemoryUse(unknown_reason=_UNKNOWN)
        return MemoryUse(
            baseline_mb=self._before["VmRSS"],
            peak_mb=sum(size["VmHWM"] for size in sizes) - self._before["VmRSS"],
            anonymous_mb=sum(size["RssAnon"] for size in sizes) - self._before["RssAnon"],
        )


_KEYS = ("VmRSS", "VmHWM", "RssAnon")


def _sizes(pid: int, reset: bool = True) -> dict[str, float]:
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
