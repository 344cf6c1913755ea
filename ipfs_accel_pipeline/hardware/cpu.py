"""The processor as an endpoint. Always here; needs no runtime to be found."""

from __future__ import annotations

from ipfs_accel_pipeline.browser.find import Browsers
from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.hardware.machine import Machine, processor
from ipfs_accel_pipeline.hardware.rows import Device, Host, device_row, in_order
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType

# Instruction sets that compute in the type itself, by the names of Linux, macOS and py-cpuinfo.
_BF16 = {"avx512_bf16", "avx512bf16", "amx_bf16", "bf16", "feat_bf16"}
_FP16 = {"avx512_fp16", "avx512fp16", "amx_fp16", "asimdhp", "feat_fp16"}
_TOLD = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
    "asimd",
    "asimddp",
    "sve",
    "i8mm",
)


def detect(host: Host, machine: Machine, browsers: Browsers) -> list[HardwarePlatform]:
    """WebAssembly in a browser is one more way into the processor, where there is a browser."""
    chip = processor(machine)
    device = Device(
        hardware_id=hardware_id(HardwareType.CPU, chip.name),
        name=chip.name,
        precisions=_precisions(chip.flags),
        compute_units=machine.physical_cores or machine.logical_cores,
        memory_bytes=machine.memory_bytes,
        runtime={
            "device": "cpu",
            "source": f"{machine.source}, psutil",
            "system": machine.system,
            "architecture": machine.architecture,
            "logical_cores": machine.logical_cores,
            "instruction_sets": [name for name in _TOLD if name in chip.flags],
            **_wasm(browsers),
        },
    )
    return [device_row(host, HardwareType.CPU, device)]


def _wasm(browsers: Browsers) -> dict[str, dict[str, str | None]]:
    if browsers.paths:
        return {"endpoint_devices": {"wasm": f"wasm@{browsers.paths[0]}"}}
    return {"absent_endpoints": {"wasm": browsers.problem}}


def _precisions(flags: frozenset[str]) -> tuple[str, ...]:
    """fp32 and int8 run on every processor; the 16-bit types only count where they are computed in hardware."""
    found = {"fp32", "int8"}
    if flags & _BF16:
        found.add("bf16")
    if flags & _FP16:
        found.add("fp16")
    return in_order(found)
