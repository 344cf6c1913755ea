"""Shapes that describe machines: S28 browsers, S29 hardware detection, and the system_info of S03."""

from __future__ import annotations

from collections.abc import Iterator

from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, LeftOut, PlatformClaim, Statement
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, time_of


def platforms_of_system(system: Node, timestamp: Cited | None) -> Iterator[Statement]:
    """The GPUs that a benchmark's system_info names."""
    for device in system.at("cuda_devices").elements():
        yield from _cuda_device(device, system.at("hostname").text(), timestamp)


def browser_capabilities(node: Node, origin: Origin) -> Iterator[Statement]:
    """S28: what one browser offers."""
    browser = node.at("browser").text() or "browser"
    for hardware in ("webgpu", "webnn"):
        offered = node.at(hardware)
        if not isinstance(offered.value, dict):
            continue
        adapter = first(offered.at("adapter"), offered.at("backends"))
        named = adapter.value if isinstance(adapter.value, str) else ", ".join(map(str, adapter.value or []))
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
    places = [node, node.at("details"), node.at("standard"), node.at("comprehensive")]
    claims = [claim for place in places for claim in _devices(place, timestamp)]
    yield from claims
    if not claims:
        yield LeftOut(node.pointer, "availability without a device: true or false names no hardware")


def _devices(place: Node, timestamp: Cited | None) -> Iterator[PlatformClaim]:
    for key in ("cuda_devices", "gpus"):
        for device in place.at(key).elements():
            yield from _cuda_device(device, None, timestamp)
    cuda = place.at("cuda")
    for device in first(cuda.at("devices"), cuda.at("details", "devices")).elements():
        yield from _cuda_device(device, None, timestamp)
    cpu = place.at("cpu")
    name = first(cpu.at("model"), cpu.at("name"), cpu.at("processor"), place.at("cpu_model")).text()
    if name and not name.startswith(("x86", "aarch", "arm")):
        yield PlatformClaim(cpu.pointer, "cpu", name, timestamp, compute_units=_whole(cpu.get("cores")))


def _cuda_device(device: Node, hostname: str | None, timestamp: Cited | None) -> Iterator[PlatformClaim]:
    name = device.text() or device.at("name").text()
    if name is None:
        return
    memory = first(
        device.at("total_memory_gb"), device.at("memory_gb"), device.at("total_memory"), device.at("memory")
    ).value
    yield PlatformClaim(
        pointer=device.pointer,
        hardware="cuda",
        device_name=name,
        timestamp=timestamp,
        memory_mb=_memory_mb(memory),
        compute_units=_whole(device.get("multi_processor_count")),
        hostname=hostname,
        notes={"compute_capability": device.get("compute_capability")},
    )


def _memory_mb(memory: object) -> float | None:
    """These files write GB, or bytes; nothing has 10 000 GB."""
    if isinstance(memory, bool) or not isinstance(memory, (int, float)) or memory <= 0:
        return None
    return memory * 1024.0 if memory < 10_000 else memory / 2**20


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None
