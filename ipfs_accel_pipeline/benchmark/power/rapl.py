"""CPU packages through RAPL, found by zeus: energy of each package, and of its memory where the processor tells.

The counters are read from zeus' own files here and not through its `read`, which starts a process per counter to watch
for wrap-around: that process would run inside the timed window. Read every 50 ms, a counter cannot wrap unseen.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.benchmark.power.probe import MEASURED, NoQuantity, ProbeUnavailable

# Of the system, and where containers are given it (zeus' own convention).
RAPL_FOLDERS = (Path("/sys/class/powercap/intel-rapl"), Path("/zeus_sys/class/powercap/intel-rapl"))
# More than any processor takes, in more than any counter needs to be renewed: a step beyond it was no energy.
_MOST_WATTS = 2000.0
_RENEWED_WITHIN_S = 0.1
_INSTALL = "pip install 'ipfs-accel-pipeline[power]'"


class RaplProbe(NoQuantity):
    source = "rapl"
    kind = MEASURED
    period_s = 0.05

    def __init__(self, folders: Sequence[Path] = RAPL_FOLDERS, clock: Callable[[], float] = time.perf_counter) -> None:
        folder = next((folder for folder in folders if folder.is_dir()), None)
        if folder is None:
            raise ProbeUnavailable(
                "RAPL: this machine has no /sys/class/powercap/intel-rapl. Virtual machines are not given it; on "
                "hardware load the kernel module intel_rapl_msr."
            )
        self._counters = [_Counter(file, clock) for file in _files(folder)]
        has_memory = any(counter.name == "dram" for counter in self._counters)
        self.scope = "cpu_package+dram" if has_memory else "cpu_package"

    def joules(self) -> float | None:
        return sum(counter.joules() for counter in self._counters)


class _Counter:
    """One energy_uj file, unwrapped: it starts again at zero after `range_uj`. A jump (it is set back when a machine
    wakes) would be taken for a wrap-around of many kilojoules, so it ends the series."""

    def __init__(self, file: Any, clock: Callable[[], float]) -> None:
        self.name: str = file.name
        self._path = Path(file.energy_uj_path)
        self._range_uj = float(file.max_energy_range_uj)
        self._clock = clock
        self._last_uj, self._last_s = self._read(), clock()
        self._total_uj = 0.0

    def joules(self) -> float:
        now_uj, now_s = self._read(), self._clock()
        step_uj, elapsed_s = now_uj - self._last_uj, now_s - self._last_s
        step_uj += 0 if step_uj >= 0 else self._range_uj
        if step_uj / 1e6 > _MOST_WATTS * (elapsed_s + _RENEWED_WITHIN_S):
            joules = f"{self._last_uj / 1e6:g} to {now_uj / 1e6:g} J"
            raise RuntimeError(f"the counter of {self.name} jumped from {joules} in {elapsed_s:.3g} s")
        self._total_uj += step_uj
        self._last_uj, self._last_s = now_uj, now_s
        return self._total_uj / 1e6

    def _read(self) -> float:
        return float(self._path.read_text())


def _files(folder: Path) -> list[Any]:
    """zeus' RAPLFile of each package and of its memory."""
    if importlib.util.find_spec("zeus") is None:
        raise ProbeUnavailable(f"RAPL is here, and zeus, which reads it, is not installed: {_INSTALL}")
    from zeus.device.cpu.common import ZeusCPUNoPermissionError
    from zeus.device.cpu.rapl import RAPLCPU
    from zeus.device.exception import ZeusBaseCPUError

    zones = sorted(int(path.name.partition(":")[2]) for path in folder.glob("intel-rapl:*") if path.is_dir())
    try:
        cpus = [RAPLCPU(zone, str(folder)) for zone in zones]
    except ZeusCPUNoPermissionError as error:
        raise ProbeUnavailable(_no_permission(folder)) from error
    except ZeusBaseCPUError as error:
        raise ProbeUnavailable(f"RAPL in {folder}: {error}") from error
    # Beside the packages laptops list psys: the whole platform, with the packages in it.
    packaged = [cpu for cpu in cpus if cpu.rapl_file.name.startswith("package")]
    files = [file for cpu in packaged for file in (cpu.rapl_file, cpu.dram) if file is not None]
    if not files:
        raise ProbeUnavailable(f"RAPL: {folder} lists no package.")
    return files


def _no_permission(folder: Path) -> str:
    return (
        f"RAPL: permission denied on energy_uj in {folder}: Linux lets only root read it. Until the next boot: "
        f"sudo chmod -R a+r {folder}/*; or run as root, or give the group of this user a udev rule."
    )
