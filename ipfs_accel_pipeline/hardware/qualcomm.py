"""Qualcomm NPUs: chosen devices of AI Hub, the NPU of this machine, or the emulator of one.

The emulator is a row of its own with acceleration `emulated`: it says what runs and how right, never how fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread
from typing import Any

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.hardware.identity import slug
from ipfs_accel_pipeline.hardware.rows import Device, Host, absent_row, device_row, in_order
from ipfs_accel_pipeline.qualcomm.access import load_access
from ipfs_accel_pipeline.qualcomm.hub import Hub, HubDevice, HubProblem, Kind
from ipfs_accel_pipeline.qualcomm.qnn import (
    EMULATED_ARCHITECTURE,
    EMULATED_SOC,
    EMULATOR,
    NPU,
    is_npu,
    load_provider,
    provider_devices,
    versions,
)
from ipfs_accel_pipeline.qualcomm.selection import select_devices
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType

HUB_PREFIX = "qualcomm-aihub-"  # of the hardware_id of every device of the hub
_HUB_PATIENCE_S = 20.0
# An NPU has no fp32 arithmetic: float graphs run in fp16, where the chip has it.
_QUANTIZED = {"int8", "int8_a16"}


@dataclass(frozen=True)
class Local:
    """What onnxruntime-qnn finds on this machine."""

    has_npu: bool
    versions: dict[str, str]


def detect(
    host: Host,
    ask_hub: Callable[[], list[HubDevice]] | None = None,
    ask_local: Callable[[], Local] | None = None,
) -> list[HardwarePlatform]:
    """One row per chosen hub device and one for this machine's; or one that says why there is none of them."""
    hub_rows, hub_reason = _rows_of(lambda: [_hub_row(host, one) for one in (ask_hub or chosen_devices)()])
    local_rows, local_reason = _rows_of(lambda: [_local_row(host, (ask_local or local_provider)(), hub_reason)])
    if hub_rows or local_rows:
        return hub_rows + local_rows
    return [absent_row(host, HardwareType.QUALCOMM, f"{hub_reason} {local_reason}", source="qai-hub, onnxruntime-qnn")]


def chosen_devices(patience_s: float = _HUB_PATIENCE_S) -> list[HubDevice]:
    """Those of BENCHMARK_AIHUB_DEVICES; Unsupported or HubProblem with the reason if there are none."""
    access = load_access()
    return select_devices(_within(patience_s, Hub(access).devices), access.devices)


def _within(seconds: float, ask: Callable[[], list[HubDevice]]) -> list[HubDevice]:
    """The client tries again for most of a minute, and the other hardware must not wait for a cloud."""
    answers: Queue[list[HubDevice] | Exception] = Queue()

    def work() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # handed over to the thread that waits
            answers.put(error)

    Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise HubProblem(Kind.BUSY, f"AI Hub has not told its devices within {seconds:g} s.") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def local_provider() -> Local:
    onnxruntime, onnxruntime_qnn = load_provider()
    found = provider_devices(onnxruntime)
    return Local(any(is_npu(onnxruntime, device) for device in found), versions(onnxruntime_qnn))


def _rows_of(look: Callable[[], list[HardwarePlatform]]) -> tuple[list[HardwarePlatform], str | None]:
    try:
        return look(), None
    except (Unsupported, HubProblem) as problem:
        return [], str(problem)


def _hub_row(host: Host, found: HubDevice) -> HardwarePlatform:
    system = f"{found.attribute('os') or 'os'} {found.os}"
    has_fp16 = found.attribute("htp-supports-fp16") == "true"
    runtime: dict[str, Any] = {
        "device": found.name,
        "source": "qai-hub",
        "endpoint_devices": {"aihub": found.name},
        "os": found.os,
        "attributes": list(found.attributes),
    }
    device = Device(
        # The hub keeps several versions of a system on one kind of device: each is measured apart.
        hardware_id=f"{HUB_PREFIX}{slug(found.name)}-{slug(system)}",
        name=f"{found.name} ({found.attribute('chipset') or 'unknown chipset'})",
        precisions=in_order(_QUANTIZED | ({"fp16"} if has_fp16 else set())),
        driver_version=f"{system}, Hexagon {found.attribute('hexagon') or 'unknown'}",
        runtime=runtime,
    )
    return device_row(host, HardwareType.QUALCOMM, device)


def _local_row(host: Host, local: Local, hub_reason: str | None) -> HardwarePlatform:
    endpoint, asked = ("qnn_local", NPU) if local.has_npu else ("qnn_emulator", EMULATOR)
    runtime: dict[str, Any] = {
        "device": asked,
        "source": "onnxruntime-qnn",
        "endpoint_devices": {endpoint: asked},
        **local.versions,
    }
    if hub_reason:
        runtime["absent_endpoints"] = {"aihub": hub_reason}
    if not local.has_npu:
        runtime |= {"soc_model": EMULATED_SOC, "htp_arch": EMULATED_ARCHITECTURE}
    device = Device(
        hardware_id="qualcomm-hexagon-npu" if local.has_npu else "qualcomm-htp-emulator",
        name="Hexagon NPU" if local.has_npu else "Hexagon emulator (Snapdragon 8 Gen 3, on the CPU)",
        precisions=in_order(_QUANTIZED | {"fp16"}),
        driver_version=", ".join(f"{name} {version}" for name, version in local.versions.items()),
        acceleration="hardware" if local.has_npu else "emulated",
        runtime=runtime,
    )
    return device_row(host, HardwareType.QUALCOMM, device)
