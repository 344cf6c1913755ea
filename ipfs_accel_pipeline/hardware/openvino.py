"""The devices OpenVINO can compute on: one row each for the CPU, every Intel GPU and the NPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.hardware.machine import Machine, processor
from ipfs_accel_pipeline.hardware.rows import Device, Host, absent_row, device_row, in_order
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType

# OpenCL on the processor calls itself a GPU.
_SOFTWARE = ("llvmpipe", "pocl", "swiftshader", "software")


@dataclass(frozen=True)
class _Sizes:
    compute_units: int | None
    memory_bytes: int | None


def detect(host: Host, core: Any, version: str, machine: Machine) -> list[HardwarePlatform]:
    """`core` is an `openvino.Core()`."""
    devices = core.available_devices
    if not devices:
        reason = f"OpenVINO {version} finds no device. Reinstall openvino: its CPU plugin is missing."
        return [absent_row(host, HardwareType.OPENVINO, reason, source="openvino")]
    return [_row(host, core, version, machine, device) for device in devices]


def _row(host: Host, core: Any, version: str, machine: Machine, device: str) -> HardwarePlatform:
    kind, _, number = device.partition(".")
    told = _property(core, device, "FULL_DEVICE_NAME")
    name = told or (processor(machine).name if kind == "CPU" else kind)
    sizes = _sizes(core, machine, device, kind)
    found = Device(
        # A lone GPU is called "GPU", and "GPU.0" once a second one is there: its id must not change then.
        hardware_id=hardware_id(HardwareType.OPENVINO, name, int(number or 0) if kind == "GPU" else None, kind),
        name=name,
        precisions=_precisions(_property(core, device, "OPTIMIZATION_CAPABILITIES")),
        compute_units=sizes.compute_units,
        memory_bytes=sizes.memory_bytes,
        driver_version=_driver(core, device, version),
        acceleration="software" if any(word in name.lower() for word in _SOFTWARE) else "hardware",
        runtime={"device": device, "source": "openvino", "openvino": version},
    )
    return device_row(host, HardwareType.OPENVINO, found)


def _sizes(core: Any, machine: Machine, device: str, kind: str) -> _Sizes:
    if kind == "CPU":
        return _Sizes(machine.physical_cores or machine.logical_cores, machine.memory_bytes)
    units = "GPU_EXECUTION_UNITS_COUNT" if kind == "GPU" else "NPU_MAX_TILES"
    return _Sizes(_property(core, device, units), _property(core, device, f"{kind}_DEVICE_TOTAL_MEM_SIZE"))


def _driver(core: Any, device: str, version: str) -> str:
    """Only the NPU plugin tells its driver; for the others the runtime is what changes under them."""
    npu_driver = _property(core, device, "NPU_DRIVER_VERSION")
    return str(npu_driver) if npu_driver else f"OpenVINO {version}"


def _precisions(capabilities: list[str] | None) -> tuple[str, ...] | None:
    return in_order({word.lower() for word in capabilities}) if capabilities else None


def _property(core: Any, device: str, name: str) -> Any:
    """None where the plugin lacks the property or fails over it: one odd device must not lose the others."""
    try:
        supported = core.get_property(device, "SUPPORTED_PROPERTIES")
        return core.get_property(device, name) if name in supported else None
    except Exception:  # RuntimeError of the plugin, TypeError of the binding
        return None
