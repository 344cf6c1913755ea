"""What is asked of a sensor, and of the meter that watches one window with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ipfs_accel_pipeline.records import PowerReading

MEASURED = "measured"
MODELLED = "modelled"
UNAVAILABLE = "unavailable"


class ProbeUnavailable(Exception):  # noqa: N818 (a finding, not an error)
    """Nothing can be measured this way here; the message says why and, where there is a remedy, which."""


@dataclass(frozen=True)
class Battery:
    """State of the battery that the measured device runs on."""

    discharging: bool
    charge_mah: float | None = None
    hours_left: float | None = None  # as the system estimates it; None where the charge is known better


class Probe(Protocol):
    """One sensor. A quantity that it does not have is None; an error while reading ends that quantity's series."""

    source: str  # nvml | rapl | amdsmi | apple | android | psutil | tdp_model
    kind: str  # measured | modelled
    scope: str  # what the watts are of: gpu_board | cpu_package | cpu_package+dram | gpu | device
    period_s: float  # how often it is worth asking

    def joules(self) -> float | None:
        """Of a counter that only grows; where it began does not matter."""

    def watts(self) -> float | None:
        """At this moment."""

    def celsius(self) -> float | None:
        """At this moment, of the hottest sensor of the measured device."""

    def battery(self) -> Battery | None: ...


class NoQuantity:
    """Base of probes: has nothing until a probe says otherwise."""

    def joules(self) -> float | None:
        return None

    def watts(self) -> float | None:
        return None

    def celsius(self) -> float | None:
        return None

    def battery(self) -> Battery | None:
        return None


class PowerMeter(Protocol):
    """Measures one window: `start` just before the first timed iteration, `stop` just after the last."""

    def start(self) -> None: ...

    def stop(self) -> PowerReading: ...
