"""Apple processors through zeus: energy of the CPU or GPU part of the chip."""

from __future__ import annotations

import importlib.util
from typing import Any

from ipfs_accel_pipeline.benchmark.power.probe import MEASURED, NoQuantity, ProbeUnavailable

_PARTS = {"cpu_package": "cpu_total_mj", "gpu": "gpu_mj"}


def open_soc() -> Any:
    """zeus' AppleSilicon."""
    if importlib.util.find_spec("zeus") is None or importlib.util.find_spec("zeus_apple_silicon") is None:
        raise ProbeUnavailable("zeus is not installed: pip install 'zeus[apple]'")
    from zeus.device.soc import get_soc
    from zeus.device.soc.common import ZeusSoCInitError

    try:
        return get_soc()
    except ZeusSoCInitError as error:
        raise ProbeUnavailable(f"zeus finds no Apple processor: {error}") from error


class AppleProbe(NoQuantity):
    source = "apple"
    kind = MEASURED
    period_s = 0.1

    def __init__(self, soc: Any, scope: str) -> None:
        """`scope` is cpu_package or gpu."""
        self.scope = scope
        self._soc = soc

    def joules(self) -> float | None:
        millijoules = getattr(self._soc.get_total_energy_consumption(), _PARTS[self.scope])
        return None if millijoules is None else millijoules / 1e3
