"""WebGPU and WebNN, as the browsers of this machine showed them: what their answers mean, and the rows made of them.

A row is available only if a compute shader, or a WebNN graph, gave the right answer. Whether the adapter is hardware
is read from what the browser says of it; where that cannot be told it is unknown, and such a row is never ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ipfs_accel_pipeline.browser.find import SOFTWARE_VARIABLE, Browsers
from ipfs_accel_pipeline.browser.probe import BrowserProbe
from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.hardware.machine import Machine, processor
from ipfs_accel_pipeline.hardware.rows import Device, Host, absent_row, device_row
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType

_SHADER_ANSWER = [2, 4, 6, 8]
_GRAPH_ANSWER = [3, 3, 7, 7]
_SOFTWARE_NAMES = ("swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render", "software")
# What LiteRT, the WebNN of Chromium on Linux, says in the browser's log when only its XNNPACK is left.
_NO_GPU_IN_LITERT = "GPU accelerator could not be loaded"
_DEVICE_TYPES = ("gpu", "npu", "cpu")
_PRECISIONS = ("fp32",)  # what these endpoints are implemented for


def detect_webgpu(
    host: Host, browsers: Browsers, probes: Sequence[BrowserProbe], software_is_wanted: bool
) -> list[HardwarePlatform]:
    devices = [device for probe in probes if (device := _webgpu_device(probe))]
    reasons = [f"{_who(probe)}: {reason}" for probe in probes if (reason := _webgpu_refusal(probe))]
    return _rows(host, HardwareType.WEBGPU, devices, reasons, browsers, software_is_wanted)


def detect_webnn(
    host: Host, browsers: Browsers, probes: Sequence[BrowserProbe], software_is_wanted: bool, machine: Machine
) -> list[HardwarePlatform]:
    devices = [device for probe in probes if (device := _webnn_device(probe, machine))]
    reasons = [f"{_who(probe)}: {reason}" for probe in probes if (reason := _webnn_refusal(probe))]
    return _rows(host, HardwareType.WEBNN, devices, reasons, browsers, software_is_wanted)


def without_software(device: Device) -> Device:
    """A software adapter takes minutes to show what is no property of any device: only who asks for it gets it."""
    if device.acceleration != "software":
        return device
    what = device.name if "adapter" in device.runtime else f"WebNN on the processor ({device.name})"
    reason = f"{what} is software. Set {SOFTWARE_VARIABLE}=1 to have it measured, and labelled as that."
    return replace(device, unavailable_reason=reason)


def _rows(
    host: Host,
    hardware_type: HardwareType,
    devices: Sequence[Device],
    reasons: Sequence[str],
    browsers: Browsers,
    software_is_wanted: bool,
) -> list[HardwarePlatform]:
    """One row per adapter, that of the first browser which has it; the reasons of all browsers if none has any."""
    if not devices:
        told = [reason for reason in (browsers.problem, *reasons) if reason]
        return [absent_row(host, hardware_type, "; ".join(told) or "no browser was asked", source="browser")]
    first: dict[str, Device] = {}
    for device in devices:
        first.setdefault(device.hardware_id, device)
    return [
        device_row(host, hardware_type, device if software_is_wanted else without_software(device))
        for device in first.values()
    ]


def _webgpu_refusal(probe: BrowserProbe) -> str | None:
    if probe.problem:
        return probe.problem
    told = probe.webgpu.get("error")
    if told:
        return f"{told} (its feature status of WebGPU: {probe.feature_status.get('webgpu', 'unknown')})"
    if probe.webgpu.get("answer") != _SHADER_ANSWER:
        return f"a compute shader answered {probe.webgpu.get('answer')} for {_SHADER_ANSWER}"
    return None


def _webgpu_device(probe: BrowserProbe) -> Device | None:
    if _webgpu_refusal(probe):
        return None
    adapter = probe.webgpu
    name = adapter["description"] or " ".join(part for part in (adapter["vendor"], adapter["architecture"]) if part)
    return Device(
        hardware_id=hardware_id(HardwareType.WEBGPU, name or "unnamed adapter"),
        name=name or "unnamed adapter",
        precisions=_PRECISIONS,
        driver_version=_driver(probe),
        acceleration=_webgpu_acceleration(probe),
        runtime=_runtime(probe, "webgpu-browser", "webgpu")
        | {"adapter": {key: value for key, value in adapter.items() if key != "answer"}},
    )


def _webgpu_acceleration(probe: BrowserProbe) -> str:
    told = " ".join(str(probe.webgpu.get(key, "")) for key in ("vendor", "architecture", "description")).lower()
    software = probe.webgpu["is_fallback"] or any(name in told for name in _SOFTWARE_NAMES)
    return "software" if software or _status_is_software(probe, "webgpu") else "hardware"


def _webnn_refusal(probe: BrowserProbe) -> str | None:
    if probe.problem:
        return probe.problem
    if "error" in probe.webnn:
        return str(probe.webnn["error"])
    contexts = probe.webnn["contexts"]
    if any(one.get("answer") == _GRAPH_ANSWER for one in contexts.values()):
        return None
    told = {one.get("error") or f"a graph answered {one.get('answer')}" for one in contexts.values()}
    return f"{'; '.join(sorted(told))} (its feature status of WebNN: {probe.feature_status.get('webnn', 'unknown')})"


def _webnn_device(probe: BrowserProbe, machine: Machine) -> Device | None:
    """Contexts for a GPU and an NPU are given on machines without either, so only an accelerated one is believed."""
    if _webnn_refusal(probe):
        return None
    contexts = {kind: one for kind, one in probe.webnn["contexts"].items() if one.get("answer") == _GRAPH_ANSWER}
    accelerated = next((kind for kind in _DEVICE_TYPES if contexts.get(kind, {}).get("accelerated")), None)
    kind = accelerated or ("cpu" if "cpu" in contexts else next(iter(contexts)))
    name = (accelerated and probe.gpu.get("deviceString")) or processor(machine).name
    on_processor = not accelerated and kind == "cpu"
    return Device(
        hardware_id=hardware_id(HardwareType.WEBNN, name, kind=kind),
        name=name,
        precisions=_PRECISIONS,
        compute_units=(machine.physical_cores or machine.logical_cores) if on_processor else None,
        memory_bytes=machine.memory_bytes if on_processor else None,
        driver_version=probe.product if on_processor else _driver(probe),
        acceleration="hardware" if accelerated else _webnn_acceleration(probe),
        runtime=_runtime(probe, "webnn", f"webnn-{kind}") | {"contexts": probe.webnn["contexts"]},
    )


def _webnn_acceleration(probe: BrowserProbe) -> str | None:
    if _status_is_software(probe, "webnn") or _NO_GPU_IN_LITERT in probe.log:
        return "software"
    return None


def _status_is_software(probe: BrowserProbe, feature: str) -> bool:
    return probe.feature_status.get(feature, "").endswith("_software")


def _runtime(probe: BrowserProbe, endpoint: str, device: str) -> dict[str, Any]:
    asked_for = f"{device}@{probe.path}"
    return {
        "device": asked_for,
        "endpoint_devices": {endpoint: asked_for},
        "source": "browser",
        "browser": probe.product,
        "browser_path": probe.path,
        "feature_status": {key: value for key, value in probe.feature_status.items() if key.startswith("web")},
    }


def _driver(probe: BrowserProbe) -> str | None:
    """The browser is part of what changes under a device; a driver is told on few systems only."""
    driver = " ".join(str(probe.gpu[key]) for key in ("driverVendor", "driverVersion") if probe.gpu.get(key))
    return ", ".join(part for part in (probe.product, driver) if part) or None


def _who(probe: BrowserProbe) -> str:
    return f"{probe.path} ({probe.product})" if probe.product else probe.path
