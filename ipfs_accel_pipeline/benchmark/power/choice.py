"""Which probes serve which hardware, best first. What cannot be opened leaves its reason."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ipfs_accel_pipeline.benchmark.power.amd import AmdProbe, import_amdsmi
from ipfs_accel_pipeline.benchmark.power.android import AndroidProbe, find_this_phone, phone_serial
from ipfs_accel_pipeline.benchmark.power.apple import AppleProbe, open_soc
from ipfs_accel_pipeline.benchmark.power.machine import BatteryProbe, ThermometerProbe
from ipfs_accel_pipeline.benchmark.power.modelled import TdpModel, asked_for, is_asked_for
from ipfs_accel_pipeline.benchmark.power.nvml import NvmlProbe
from ipfs_accel_pipeline.benchmark.power.probe import PowerMeter, Probe, ProbeUnavailable
from ipfs_accel_pipeline.benchmark.power.rapl import RaplProbe
from ipfs_accel_pipeline.benchmark.power.sampler import PowerSampler
from ipfs_accel_pipeline.records import HardwareType

Runtime = Mapping[str, Any]  # `runtime` of the hardware row: what a backend is asked for, and how tools number it
Opener = Callable[[Runtime], Probe]
_RENUMBERING = ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")  # ROCm's torch obeys all three


def open_power_meter(hardware_type: str, clock: Callable[[], float], runtime: Runtime | None = None) -> PowerMeter:
    """The meter for this hardware. To be opened early: loading a vendor's library takes time and memory."""
    probes, reasons = open_probes(hardware_type, runtime or {})
    return PowerSampler(probes, reasons, clock)


def open_probes(hardware_type: str, runtime: Runtime) -> tuple[list[Probe], list[str]]:
    """The probes that opened, and why the others did not."""
    probes: list[Probe] = []
    reasons: list[str] = []
    for opener in _openers(hardware_type, runtime):
        try:
            probes.append(opener(runtime))
        except ProbeUnavailable as reason:
            reasons.append(str(reason))
    return probes, reasons


def _openers(hardware_type: str, runtime: Runtime) -> list[Opener]:
    if hardware_type == HardwareType.OPENVINO and runtime.get("device") == "CPU":
        hardware_type = HardwareType.CPU
    estimate = [_tdp_model] if hardware_type == HardwareType.CPU and is_asked_for() else []
    serial = phone_serial()
    phone = [lambda runtime: AndroidProbe(find_this_phone(serial))] if serial else []
    return [*phone, *_OPENERS.get(hardware_type, [_none_for(hardware_type)]), *estimate, _battery]


def _none_for(hardware_type: str) -> Opener:
    def refuse(runtime: Runtime) -> Probe:
        device = runtime.get("device")
        raise ProbeUnavailable(f"not implemented: no power probe for {hardware_type} ({device})")

    return refuse


def _nvml(runtime: Runtime) -> Probe:
    if "nvml_index" not in runtime:
        raise ProbeUnavailable(
            "which GPU of NVML this is, is not known: a slice of a divided one (MIG) has no power of its own. If it is "
            "a whole one, detect the hardware again."
        )
    return NvmlProbe(int(runtime["nvml_index"]))


def _amd(runtime: Runtime) -> Probe:
    renumbered = next((name for name in _RENUMBERING if os.environ.get(name)), None)
    if renumbered:  # amdsmi does not obey it: the power might be that of another GPU
        raise ProbeUnavailable(f"{renumbered} renumbers the GPUs, so amdsmi's cannot be told apart. Unset it.")
    return AmdProbe(import_amdsmi(), int(str(runtime["device"]).rpartition(":")[2]))


def _rapl(runtime: Runtime) -> Probe:
    return RaplProbe()


def _apple_gpu(runtime: Runtime) -> Probe:
    return AppleProbe(open_soc(), "gpu")


def _apple_cpu(runtime: Runtime) -> Probe:
    return AppleProbe(open_soc(), "cpu_package")


def _thermometer(runtime: Runtime) -> Probe:
    import psutil

    return ThermometerProbe(psutil)


def _battery(runtime: Runtime) -> Probe:
    import psutil

    return BatteryProbe(psutil)


def _tdp_model(runtime: Runtime) -> Probe:
    import psutil

    watts = asked_for()
    psutil.cpu_percent()  # the first answer is of no interval and always 0
    return TdpModel(watts, psutil.cpu_percent)


_OPENERS: dict[str, list[Opener]] = {
    HardwareType.CPU: [_apple_cpu if sys.platform == "darwin" else _rapl, _thermometer],
    HardwareType.CUDA: [_nvml],
    HardwareType.ROCM: [_amd],
    HardwareType.MPS: [_apple_gpu],
}
