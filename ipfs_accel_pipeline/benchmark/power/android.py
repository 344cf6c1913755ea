"""A phone that runs the benchmark, over adb (adbutils): its battery's charge counter and its thermal sensors.

The pipeline runs on the phone itself (a Debian in Termux) and BENCHMARK_ANDROID_SERIAL names it, as the phone's own adb
sees it; without adb Android tells an app nothing of its sensors. A phone whose kernel is not this one's is refused: the
work is done here, and its battery would tell of something else.

Energy is what left the battery, so a phone on a charger has none: unplug it, or use adb over Wi-Fi.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.benchmark.power.probe import MEASURED, Battery, NoQuantity, ProbeUnavailable

SERIAL_VARIABLE = "BENCHMARK_ANDROID_SERIAL"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # of a running kernel; containers and proot share it
_COULOMBS_PER_MAH = 3.6
# Android's temperature types: CPU, GPU, NPU. Skin and battery say little of the processor.
_PROCESSORS = ("0", "1", "9")
_TEMPERATURE = re.compile(r"Temperature\{mValue=([-\d.]+), mType=(\d+)")


def phone_serial(environment: Mapping[str, str] = os.environ) -> str | None:
    """Of the phone that a person says this machine is."""
    return environment.get(SERIAL_VARIABLE, "").strip() or None


def find_this_phone(serial: str) -> Any:
    """adbutils' device; ProbeUnavailable if it is another machine than this one."""
    phone = find_phone(serial)
    here = _BOOT_ID.read_text().strip() if _BOOT_ID.is_file() else None
    there = phone.shell(f"cat {_BOOT_ID}").strip()
    if here is None or there != here:
        raise ProbeUnavailable(
            f"the phone {serial} is not this machine (its kernel's boot id differs), so its battery says nothing of "
            f"what runs here. Run the pipeline on the phone, or unset {SERIAL_VARIABLE}."
        )
    return phone


def find_phone(serial: str) -> Any:
    """adbutils' device."""
    try:
        import adbutils
    except ImportError as error:
        raise ProbeUnavailable("adbutils is not installed: pip install 'ipfs-accel-pipeline[android]'") from error
    try:
        found = {device.serial: device for device in adbutils.adb.device_list()}
    except Exception as error:  # AdbError, and OSError where no adb server can be started
        raise ProbeUnavailable(f"adb: {error}. Install Android's platform tools and allow USB debugging.") from error
    if serial not in found:
        raise ProbeUnavailable(f"adb does not see the phone {serial} (it sees: {', '.join(found) or 'none'}).")
    return found[serial]


class AndroidProbe(NoQuantity):
    source = "android"
    kind = MEASURED
    scope = "device"
    period_s = 1.0  # a dumpsys takes tens of milliseconds of the phone's own time

    def __init__(self, phone: Any) -> None:
        self._phone = phone
        state = self._state()
        if _is_plugged(state):
            raise ProbeUnavailable(
                "the phone is on a charger, so its battery says nothing. Unplug it (adb over Wi-Fi)."
            )
        if "Charge counter" not in state:
            raise ProbeUnavailable("this phone's dumpsys battery has no charge counter.")
        self._last_mah = _charge_mah(state)
        self._joules = 0.0

    def joules(self) -> float | None:
        state = self._state()
        if _is_plugged(state):
            raise RuntimeError("the phone was put on a charger")
        now = _charge_mah(state)
        self._joules += (self._last_mah - now) * _COULOMBS_PER_MAH * int(state["voltage"]) / 1e3
        self._last_mah = now
        return self._joules

    def celsius(self) -> float | None:
        found = _TEMPERATURE.findall(self._phone.shell("dumpsys thermalservice"))
        return max((float(value) for value, kind in found if kind in _PROCESSORS), default=None)

    def battery(self) -> Battery | None:
        state = self._state()
        return Battery(discharging=not _is_plugged(state), charge_mah=_charge_mah(state))

    def _state(self) -> dict[str, str]:
        lines = self._phone.shell("dumpsys battery").splitlines()
        return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _is_plugged(state: dict[str, str]) -> bool:
    return any(value == "true" for key, value in state.items() if key.endswith("powered"))


def _charge_mah(state: dict[str, str]) -> float:
    return int(state["Charge counter"]) / 1e3  # microampere-hours
