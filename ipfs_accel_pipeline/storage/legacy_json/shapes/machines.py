"""Shapes that describe machines: S28 browsers, S29 hardware detection, and the system_info of S03."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ipfs_accel_pipeline.records import HardwareType
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, LeftOut, PlatformClaim, Statement
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, time_of


def platforms_of_system(system: Node, timestamp: Cited | None) -> Iterator[Statement]:
    """The GPUs that a benchmark's system_info names."""
    for device in system.at("cuda_devices").elements():
        yield from _device(device, "cuda", system.at("hostname").text(), timestamp)


def browser_capabilities(node: Node, origin: Origin) -> Iterator[Statement]:
    """S28: what one browser offers."""
    browser = node.at("browser").text() or "browser"
    for hardware in ("webgpu", "webnn"):
        offered = node.at(hardware)
        if not isinstance(offered.value, dict):
            continue
        named = _listed(first(offered.at("adapter"), offered.at("backends")).value)
        supported = offered.get("supported") is True
        yield PlatformClaim(
            pointer=offered.pointer,
            hardware=hardware,
            device_name=f"{browser} {named}".strip(),
            timestamp=time_of(node) or origin.timestamp,
            driver_version=_text(offered.get("version")),
            unavailable_reason=None if supported else f"{browser} did not support {hardware}",
            notes={"features": offered.get("features")},
        )


def hardware_detection(node: Node, origin: Origin) -> Iterator[Statement]:
    """S29 in three variants. Only what names a device becomes a platform: a bare `true` names none."""
    timestamp = time_of(node) or origin.timestamp
    whole = (node, node.at("standard"), node.at("comprehensive"))
    places = [place for part in whole for place in (part, part.at("details"))]
    claims = [claim for place in places for claim in _devices(place, timestamp)]
    yield from claims
    if not claims:
        yield LeftOut(node.pointer, "availability without a device: true or false names no hardware")


def _devices(place: Node, timestamp: Cited | None) -> Iterator[PlatformClaim]:
    for key in ("cuda_devices", "gpus"):
        for device in place.at(key).elements():
            yield from _device(device, "cuda", None, timestamp)
    for hardware in HardwareType:
        if hardware is not HardwareType.CPU:
            yield from _of_type(place.at(hardware.lower()), hardware.lower(), timestamp)
    cpu = place.at("cpu")
    name = first(cpu.at("model"), cpu.at("name"), cpu.at("processor"), place.at("cpu_model")).text()
    if name and not name.startswith(("x86", "aarch", "arm")):
        yield PlatformClaim(cpu.pointer, "cpu", name, timestamp, compute_units=_whole(cpu.get("cores")))


def _of_type(found: Node, hardware: str, timestamp: Cited | None) -> Iterator[PlatformClaim]:
    """The devices that are listed, else the one that is named."""
    devices = first(found.at("devices"), found.at("details", "devices"))
    for device in devices.elements():
        yield from _device(device, hardware, None, timestamp)
    if not list(devices.elements()) and isinstance(found.value, dict):
        yield from _device(found, hardware, None, timestamp)


def _device(device: Node, hardware: str, hostname: str | None, timestamp: Cited | None) -> Iterator[PlatformClaim]:
    name = device.text() or first(device.at("name"), device.at("device_name")).text()
    if name is None:
        return
    memory = first(
        device.at("total_memory_gb"), device.at("memory_gb"), device.at("total_memory"), device.at("memory")
    ).value
    yield PlatformClaim(
        pointer=device.pointer,
        hardware=hardware,
        device_name=name,
        timestamp=timestamp,
        memory_mb=_memory_mb(memory),
        compute_units=_whole(device.get("multi_processor_count")),
        hostname=hostname,
        notes={"compute_capability": device.get("compute_capability")},
    )


def _memory_mb(memory: object) -> float | None:
    """These files write GB, MB or bytes; no device has 1024 GB, or as many bytes as another has MB."""
    if isinstance(memory, bool) or not isinstance(memory, (int, float)) or memory <= 0:
        return None
    if memory >= 2**24:
        return memory / 2**20
    return float(memory) if memory > 1024 else memory * 1024.0


def _listed(adapter: Any) -> str:
    """`vendor, name` of an object or a list, or the text itself."""
    several = list(adapter.values()) if isinstance(adapter, dict) else adapter
    return several if isinstance(several, str) else ", ".join(str(one) for one in several or [] if one)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None
