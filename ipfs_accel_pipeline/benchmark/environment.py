"""The state of the host around a measurement: what a reader needs to judge a number."""

from __future__ import annotations

import math
import os
import platform
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from ipfs_accel_pipeline.benchmark.control_groups import cpu_limit, memory_limit_mb

BRANCH_VARIABLE = "BENCHMARK_BRANCH"  # what is being measured: a branch of the user's own repository
_PACKAGES = ("torch", "transformers", "onnxruntime", "openvino", "nncf", "numpy")
_CPUINFO = Path("/proc/cpuinfo")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def describe_host(threads: int) -> dict[str, object]:
    """Facts that do not change during a run."""
    return {
        "hostname": socket.gethostname(),
        "platform": platform.platform(),
        "processor": _processor(),
        "python": platform.python_version(),
        "threads": threads,
        "logical_cpus": os.cpu_count(),
        "cpu_limit": cpu_limit(),  # of a container; NULL without one
        "cpu_governor": _governor(),
        "versions": installed_versions(),
        **({"branch": os.environ[BRANCH_VARIABLE]} if os.environ.get(BRANCH_VARIABLE) else {}),
    }


def installed_versions() -> dict[str, str]:
    """Versions of the runtimes and of what quantizes for them, by package metadata: nothing is imported."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def default_threads() -> int:
    """Physical cores this process may use: one compute thread on each is what every CPU runtime is given.

    Of a container's one and a half CPUs, one: what it takes beyond its limit, the kernel makes it wait for.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, math.floor(min(allowed, psutil.cpu_count(logical=False) or allowed, cpu_limit() or allowed)))


def usable_memory_mb() -> float:
    """MiB of memory that this machine has, or its container may use."""
    total = psutil.virtual_memory().total / 2**20
    return min(total, memory_limit_mb() or total)


class HostLoad:
    """Load average at its creation, and the share of CPU time stolen by other guests from then to `read`."""

    def __init__(self) -> None:
        self._before = psutil.cpu_times()
        self._load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None

    def read(self) -> dict[str, float | None]:
        now = psutil.cpu_times()
        total = sum(now) - sum(self._before)
        stolen = getattr(now, "steal", None)
        return {
            "load_average_1m": self._load,
            "steal_share": (stolen - self._before.steal) / total if stolen is not None and total > 0 else None,
        }


def _processor() -> str | None:
    """The processor's name as the kernel tells it."""
    try:
        lines = _CPUINFO.read_text().splitlines()
    except OSError:
        return platform.processor() or None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _governor() -> str | None:
    try:
        return _GOVERNOR.read_text().strip()
    except OSError:
        return None
