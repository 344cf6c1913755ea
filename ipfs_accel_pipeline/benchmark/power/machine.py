"""What psutil tells of this machine: the processor's temperature, and a laptop's battery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.benchmark.power.probe import MEASURED, Battery, NoQuantity

# Drivers of processor sensors. Others (disks, network cards, mainboards) say nothing of the benchmark.
_PROCESSOR_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "soc_thermal", "cpu-thermal")
_MOST_CELSIUS = 150  # sensors that are not there read as 0, -274 or the largest number of their register
_SUPPLIES = Path("/sys/class/power_supply")


class ThermometerProbe(NoQuantity):
    """The hottest processor sensor."""

    source = "psutil"
    kind = MEASURED
    scope = "cpu_package"
    period_s = 0.5  # psutil reads every sensor of the machine

    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil

    def celsius(self) -> float | None:
        if not hasattr(self._psutil, "sensors_temperatures"):  # macOS, Windows
            return None
        sensors = self._psutil.sensors_temperatures()
        found = [one.current for name in _PROCESSOR_SENSORS for one in sensors.get(name, ())]
        return max((celsius for celsius in found if celsius and 0 < celsius < _MOST_CELSIUS), default=None)


class BatteryProbe(NoQuantity):
    """A laptop's battery: psutil says whether it discharges and how long it lasts, Linux how much is left."""

    source = "psutil"
    kind = MEASURED
    scope = "device"
    period_s = 1.0

    def __init__(self, psutil: Any, supplies: Path = _SUPPLIES) -> None:
        self._psutil = psutil
        self._supplies = supplies
        self._voltages: dict[Path, float] = {}  # as first read: one that sags under load must not pass for charge

    def battery(self) -> Battery | None:
        ask = getattr(self._psutil, "sensors_battery", None)
        state = ask() if ask else None
        if state is None or state.power_plugged is None:
            return None
        known = isinstance(state.secsleft, int | float) and state.secsleft > 0  # else one of psutil's negative codes
        return Battery(
            discharging=not state.power_plugged,
            charge_mah=self._charge_mah(),
            hours_left=state.secsleft / 3600 if known else None,
        )

    def _charge_mah(self) -> float | None:
        """Of all batteries together; None where one of them does not say."""
        folders = sorted(self._supplies.glob("BAT*")) if self._supplies.is_dir() else []
        charges = [self._charge_of(folder) for folder in folders]
        known = [charge for charge in charges if charge is not None]
        return sum(known) if known and len(known) == len(charges) else None

    def _charge_of(self, folder: Path) -> float | None:
        """Batteries count charge (microampere-hours), or energy (microwatt-hours) at a voltage (microvolts)."""
        charge = _number(folder / "charge_now")
        if charge is not None:
            return charge / 1e3
        energy, voltage = _number(folder / "energy_now"), self._voltages.get(folder) or _number(folder / "voltage_now")
        if energy is None or not voltage:
            return None
        self._voltages[folder] = voltage
        return energy / voltage * 1e3


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return None
