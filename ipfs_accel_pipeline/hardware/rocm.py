"""AMD GPUs through ROCm, which torch presents under its CUDA names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.hardware.rows import Device, Host, absent_row, device_row, in_order
from ipfs_accel_pipeline.hardware.torch_build import ImportTorch, TorchBuild
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType

KERNEL_DRIVER = Path("/dev/kfd")
_VISIBLE = ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")  # ROCm's torch obeys all three
# Families of GPU that have bf16 and int8 matrix or dot instructions.
_BF16_INT8 = ("gfx908", "gfx90a", "gfx94", "gfx95", "gfx11", "gfx12")


def detect(
    host: Host,
    build: TorchBuild | None,
    import_torch: ImportTorch,
    has_kernel_driver: bool,
    environment: Mapping[str, str],
    may_use_driver: bool = True,
) -> list[HardwarePlatform]:
    if build is None or build.hip is None:
        return [_absent(host, _no_rocm_build(build, has_kernel_driver))]
    torch = import_torch()
    if not torch.cuda.is_available():
        why = _no_gpu(has_kernel_driver, may_use_driver, environment)
        return [_absent(host, f"torch {torch.__version__} (HIP {torch.version.hip}) {why}")]
    return [_row(host, torch, index) for index in range(torch.cuda.device_count())]


def may_use(driver: Path = KERNEL_DRIVER) -> bool:
    return os.access(driver, os.R_OK | os.W_OK)


def _no_gpu(has_kernel_driver: bool, may_use_driver: bool, environment: Mapping[str, str]) -> str:
    if not has_kernel_driver:
        return f"needs the AMD driver ({KERNEL_DRIVER} is missing). See `rocminfo`."
    if not may_use_driver:
        return f"may not use {KERNEL_DRIVER}. Add this user to the groups `render` and `video`, and log in again."
    hiding = [f"{name}={environment[name]!r}" for name in _VISIBLE if name in environment]
    if hiding:
        return f"finds no GPU it can use, and {' and '.join(hiding)} may hide them. Unset it."
    return "finds no GPU it can use. See `rocminfo`."


def _row(host: Host, torch: Any, index: int) -> HardwarePlatform:
    properties = torch.cuda.get_device_properties(index)
    architecture = properties.gcnArchName.split(":")[0]  # "gfx942:sramecc+:xnack-": the rest are settings
    device = Device(
        # Some boards report no name.
        hardware_id=hardware_id(HardwareType.ROCM, properties.name or architecture, index),
        name=properties.name or f"AMD GPU ({architecture})",
        precisions=_precisions(architecture),
        compute_units=properties.multi_processor_count,
        memory_bytes=properties.total_memory,
        driver_version=f"HIP {torch.version.hip}",
        runtime={
            "device": f"cuda:{index}",
            "source": "torch",
            "architecture": architecture,
            "torch": str(torch.__version__),
            "hip": torch.version.hip,
        },
    )
    return device_row(host, HardwareType.ROCM, device)


def _precisions(architecture: str) -> tuple[str, ...]:
    found = {"fp32", "fp16"}
    if architecture.startswith(_BF16_INT8):
        found |= {"bf16", "int8"}
    return in_order(found)


def _no_rocm_build(build: TorchBuild | None, has_kernel_driver: bool) -> str:
    which = f"torch {build.version} is built without ROCm" if build else "torch is not installed"
    if has_kernel_driver:
        return f"The AMD driver is loaded ({KERNEL_DRIVER}), but {which}. Install the ROCm build of torch."
    return f"No AMD driver ({KERNEL_DRIVER} is missing), and {which}."


def _absent(host: Host, reason: str) -> HardwarePlatform:
    return absent_row(host, HardwareType.ROCM, reason, source="torch")
