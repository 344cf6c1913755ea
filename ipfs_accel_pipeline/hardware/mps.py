"""The GPU of an Apple machine through Metal (torch's `mps` device). There is at most one."""

from __future__ import annotations

from typing import Any

from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.hardware.rows import Device, Host, absent_row, device_row
from ipfs_accel_pipeline.hardware.torch_build import ImportTorch
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType


def detect(host: Host, system: str, macos_version: str, import_torch: ImportTorch) -> list[HardwarePlatform]:
    """`system` as `platform.system()` says it: elsewhere than on macOS torch need not be asked."""
    if system != "Darwin":
        return [_absent(host, f"never: MPS is macOS's way to the GPU, and this is {system}.")]
    torch = import_torch()
    if not torch.backends.mps.is_built():
        return [_absent(host, f"torch {torch.__version__} is built without MPS. Install the macOS arm64 build.")]
    if not torch.backends.mps.is_available():
        return [
            _absent(host, f"torch has MPS, but macOS {macos_version} offers no Metal GPU for it (a virtual machine?).")
        ]
    return [_row(host, macos_version, torch)]


def _row(host: Host, macos_version: str, torch: Any) -> HardwarePlatform:
    name = torch.backends.mps.get_name()
    device = Device(
        hardware_id=hardware_id(HardwareType.MPS, name),
        name=name,
        precisions=("fp32", "fp16", "bf16"),  # torch quantizes nothing on MPS
        compute_units=torch.backends.mps.get_core_count(),
        memory_bytes=torch.mps.recommended_max_memory(),  # the GPU's share of the memory that it has with the CPU
        driver_version=f"macOS {macos_version}",
        runtime={"device": "mps", "source": "torch", "torch": str(torch.__version__)},
    )
    return device_row(host, HardwareType.MPS, device)


def _absent(host: Host, reason: str) -> HardwarePlatform:
    return absent_row(host, HardwareType.MPS, reason, source="torch")
