"""AMD GPUs through ROCm, which torch presents under its CUDA names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.hardware.rows import Device, Host, absent_row, device_row, in_order
from ipfs_accel_pipeline.hardware.torch_build import ImportTorch, TorchBuild
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType

KERNEL_DRIVER = Path("/dev/kfd")
# Families of GPU that have bf16 and int8 matrix or dot instructions.
_BF16_INT8 = ("gfx908", "gfx90a", "gfx94", "gfx95", "gfx11", "gfx12")


def detect(
    host: Host, build: TorchBuild | None, import_torch: ImportTorch, has_kernel_driver: bool
) -> list[HardwarePlatform]:
    if build is None or build.hip is None:
        return [_absent(host, _no_rocm_build(build, has_kernel_driver))]
    torch = import_torch()
    if not torch.cuda.is_available():
        why = "finds no GPU it can use" if has_kernel_driver else f"needs the AMD driver ({KERNEL_DRIVER} is missing)"
        return [_absent(host, f"torch {torch.__version__} (HIP {torch.version.hip}) {why}. See `rocminfo`.")]
    return [_row(host, torch, index) for index in range(torch.cuda.device_count())]


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
