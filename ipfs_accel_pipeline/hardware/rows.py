"""How a detector writes down what it found: the parts of a row that are alike for every hardware type."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ipfs_accel_pipeline.hardware.identity import absent_id
from ipfs_accel_pipeline.records import PRECISIONS, HardwarePlatform, HardwareType

NO_DEVICE = "none"  # the device name of an absent row
_MIB = 2**20


@dataclass(frozen=True)
class Host:
    """Where and when is being detected."""

    hostname: str
    detected_at: datetime


@dataclass(frozen=True)
class Device:
    """What a tool told about one device. Unknown is None."""

    hardware_id: str
    name: str
    runtime: dict[str, Any]
    precisions: tuple[str, ...] | None = None
    compute_units: int | None = None
    memory_bytes: int | None = None
    driver_version: str | None = None
    acceleration: str | None = "hardware"  # None where it cannot be told
    unavailable_reason: str | None = None  # the device is here, and yet we cannot use it


def this_host() -> Host:
    return Host(hostname=socket.gethostname(), detected_at=datetime.now(UTC))


def device_row(host: Host, hardware_type: HardwareType, device: Device) -> HardwarePlatform:
    return HardwarePlatform(
        hardware_id=device.hardware_id,
        hardware_type=hardware_type.value,
        device_name=device.name,
        compute_units=device.compute_units,
        memory_capacity=device.memory_bytes / _MIB if device.memory_bytes else None,
        driver_version=device.driver_version,
        supported_precisions=device.precisions,
        max_batch_size=None,
        detected_at=host.detected_at,
        available=device.unavailable_reason is None,
        unavailable_reason=device.unavailable_reason,
        acceleration=device.acceleration,
        hostname=host.hostname,
        runtime=device.runtime,
    )


def absent_row(host: Host, hardware_type: HardwareType, reason: str, source: str) -> HardwarePlatform:
    """The one row of a type that this machine does not have. `source` is who was asked."""
    return HardwarePlatform(
        hardware_id=absent_id(hardware_type),
        hardware_type=hardware_type.value,
        device_name=NO_DEVICE,
        compute_units=None,
        memory_capacity=None,
        driver_version=None,
        supported_precisions=None,
        max_batch_size=None,
        detected_at=host.detected_at,
        available=False,
        unavailable_reason=reason,
        acceleration=None,
        hostname=host.hostname,
        runtime={"device": None, "source": source},
    )


def in_order(precisions: set[str]) -> tuple[str, ...]:
    """Those of our vocabulary, in its order."""
    return tuple(precision for precision in PRECISIONS if precision in precisions)
