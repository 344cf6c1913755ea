"""Memory of this process, from Linux's /proc. MiB.

`ru_maxrss` is not used: a child inherits its parent's peak there. Elsewhere than on Linux the peak is unknown (None).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5): resets VmHWM to the current resident size


@dataclass(frozen=True)
class Memory:
    """Resident size, its peak, and the anonymous part (without mapped files such as weights)."""

    resident_mb: float
    peak_mb: float
    anonymous_mb: float


def read_memory(status: Path = _STATUS) -> Memory | None:
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return None
    kilobytes = {key: value.split()[0] for key, _, value in (line.partition(":") for line in lines) if value.strip()}
    try:
        return Memory(*(int(kilobytes[key]) / 1024 for key in ("VmRSS", "VmHWM", "RssAnon")))
    except KeyError:  # kernels without CONFIG_PROC_PAGE_MONITOR
        return None


def reset_peak() -> bool:
    """Start a new peak from here; False where the system does not allow it."""
    try:
        _CLEAR_REFS.write_text(_RESET_PEAK)
    except OSError:
        return False
    return True
