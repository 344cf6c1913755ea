"""What a container may use of its host. Control groups (Linux) limit it, but hide nothing of the host's whole size.

Source: the Linux kernel's documents cgroup-v2.rst, and for version 1 cgroup-v1/memory.rst and sched-bwc.rst.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_NO_LIMIT_BYTES = 2**60  # version 1 writes a number of about 2**63 where there is none


def cpu_limit(mount: Path = _MOUNT, own: Path = _OWN) -> float | None:
    """CPUs that this process may use on average (1.5 is one and a half); None without a limit."""
    shares = []
    for group in _groups(mount, own, "cpu"):
        words = _words(group / "cpu.max") or _words(group / "cpu.cfs_quota_us") + _words(group / "cpu.cfs_period_us")
        if len(words) == 2 and words[0] not in ("max", "-1"):
            shares.append(int(words[0]) / int(words[1]))
    return min(shares, default=None)


def memory_limit_mb(mount: Path = _MOUNT, own: Path = _OWN) -> float | None:
    """MiB beyond which the kernel kills processes of this control group; None without a limit."""
    limits = []
    for group in _groups(mount, own, "memory"):
        words = _words(group / "memory.max") or _words(group / "memory.limit_in_bytes") or ["max"]
        if words[0] != "max" and int(words[0]) < _NO_LIMIT_BYTES:
            limits.append(int(words[0]) / 2**20)
    return min(limits, default=None)


def _groups(mount: Path, own: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's group and of all around it, for version 2 and for version 1.

    In a container the mount usually is the container's own group, whatever path the host knows it by.
    """
    for line in _text(own).splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or controller in controllers.split(","):
            root = mount / controller if controllers else mount
            group = root / path.lstrip("/")
            yield from (one for one in (group, *group.parents) if one == root or root in one.parents)


def _words(file: Path) -> list[str]:
    return _text(file).split()


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # another system, another version, or a group that this mount does not show
        return ""
