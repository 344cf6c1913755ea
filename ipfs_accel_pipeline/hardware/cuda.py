"""NVIDIA GPUs: NVML tells what is in the machine, torch what this process may use.

NVML does not know CUDA_VISIBLE_DEVICES and counts by PCI position; torch obeys it and may count differently. So a
device is asked for by torch's index, and its id carries NVML's, which no variable changes. UUIDs join the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.hardware.rows import Device, Host, absent_row, device_row, in_order
from ipfs_accel_pipeline.hardware.torch_build import ImportTorch, TorchBuild
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_SLICE = " MIG "  # in the name of a slice: "NVIDIA H200 MIG 1g.18gb"
_BUILT_FOR = re.compile(r"(sm|compute)_(\d+)(\d)[af]?$")
# The compute capability from which on the GPU computes in the type.
_SINCE = {"fp32": (0, 0), "fp16": (5, 3), "int8": (6, 1), "bf16": (8, 0)}


@dataclass(frozen=True)
class _Gpu:
    """What NVML says about one GPU."""

    index: int
    uuid: str | None
    name: str
    memory_bytes: int | None
    capability: tuple[int, int] | None


def detect(
    host: Host, nvml: Any, build: TorchBuild | None, import_torch: ImportTorch, environment: Mapping[str, str]
) -> list[HardwarePlatform]:
    """`nvml` is the module pynvml; torch is imported only where there is a GPU and a build that can use it."""
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        reason = f"NVML: {error}. Install or reload the NVIDIA driver (nvidia-smi must work)."
        return _told_by_torch(host, build, import_torch) or [_absent(host, reason)]
    try:
        gpus, driver = _gpus(nvml), _ask(nvml, nvml.nvmlSystemGetDriverVersion)
    finally:
        nvml.nvmlShutdown()
    if not gpus:
        return [_absent(host, "The NVIDIA driver is loaded and finds no GPU.")]
    if build is None or build.cuda is None:
        which = f"torch {build.version} is built without CUDA" if build else "torch is not installed"
        reason = f"The GPU is here, but {which}. Install the CUDA build of torch (https://pytorch.org)."
        return [_unusable(host, gpu, driver, reason) for gpu in gpus]
    return _usable(host, gpus, driver, import_torch(), environment)


def _told_by_torch(host: Host, build: TorchBuild | None, import_torch: ImportTorch) -> list[HardwarePlatform]:
    """CUDA works without NVML, too: in containers that were given `compute` and not `utility`, and on some boards."""
    if build is None or build.cuda is None:
        return []
    return _usable_by_torch(host, [], None, import_torch())


def _usable_by_torch(host: Host, gpus: list[_Gpu], driver: str | None, torch: Any) -> list[HardwarePlatform]:
    if not torch.cuda.is_available():
        return []
    properties = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return [_row(host, gpus, driver, torch, index, found) for index, found in enumerate(properties)]


def _usable(
    host: Host, gpus: list[_Gpu], driver: str | None, torch: Any, environment: Mapping[str, str]
) -> list[HardwarePlatform]:
    rows = _usable_by_torch(host, gpus, driver, torch)
    if rows:
        return rows
    if _VISIBLE in environment:
        hidden = f"{_VISIBLE}={environment[_VISIBLE]!r} hides all {len(gpus)} GPUs from this process. Unset it."
        return [_absent(host, hidden)]
    reason = f"torch {torch.__version__} (CUDA {torch.version.cuda}) cannot use driver {driver}. Update the driver."
    return [_unusable(host, gpu, driver, reason) for gpu in gpus]


def _row(
    host: Host, gpus: list[_Gpu], driver: str | None, torch: Any, torch_index: int, properties: Any
) -> HardwarePlatform:
    gpu = _same(gpus, properties, torch_index)
    capability = (properties.major, properties.minor)
    device = Device(
        hardware_id=hardware_id(HardwareType.CUDA, gpu.name, gpu.index),
        name=gpu.name,
        precisions=_precisions(capability),
        compute_units=properties.multi_processor_count,
        memory_bytes=gpu.memory_bytes or properties.total_memory,
        driver_version=driver,
        runtime={
            "device": f"cuda:{torch_index}",
            "source": "nvml, torch" if gpus else "torch",
            # Not of a GPU that NVML does not list: torch's index would name another board to the power meter.
            **({"nvml_index": gpu.index} if gpu in gpus else {}),
            "compute_capability": "{}.{}".format(*capability),
            "torch": str(torch.__version__),
            "cuda": torch.version.cuda,
        },
        unavailable_reason=_not_built_for(capability, torch),
    )
    return device_row(host, HardwareType.CUDA, device)


def _same(gpus: list[_Gpu], properties: Any, torch_index: int) -> _Gpu:
    """NVML's view of torch's device; torch's own where NVML lists no such GPU, or where it is a slice of one (MIG),
    for which torch may tell the UUID of the whole."""
    uuid = None if _SLICE in properties.name else str(getattr(properties, "uuid", ""))
    found = next((gpu for gpu in gpus if uuid and gpu.uuid == f"GPU-{uuid}"), None)
    return found or _Gpu(torch_index, None, properties.name, properties.total_memory, None)


def _not_built_for(capability: tuple[int, int], torch: Any) -> str | None:
    """Why this torch has no code for the GPU: each of its kernels would fail. None where it has."""
    builds = [found.groups() for name in torch.cuda.get_arch_list() if (found := _BUILT_FOR.match(name))]
    targets = [(kind, (int(major), int(minor))) for kind, major, minor in builds]
    # Machine code runs on later GPUs of its generation; what is compiled at the first use, on every later one.
    fits = any(since <= capability and (kind == "compute" or since[0] == capability[0]) for kind, since in targets)
    if fits or not targets:
        return None
    built_for = ", ".join("{}.{}".format(*since) for _, since in targets)
    return (
        f"torch {torch.__version__} is built for the compute capabilities {built_for}, and this GPU has "
        "{}.{}. Install a build of torch for it (https://pytorch.org).".format(*capability)
    )


def _unusable(host: Host, gpu: _Gpu, driver: str | None, reason: str) -> HardwarePlatform:
    device = Device(
        hardware_id=hardware_id(HardwareType.CUDA, gpu.name, gpu.index),
        name=gpu.name,
        precisions=_precisions(gpu.capability) if gpu.capability else None,
        memory_bytes=gpu.memory_bytes,
        driver_version=driver,
        runtime={"device": None, "source": "nvml", "nvml_index": gpu.index},
        unavailable_reason=reason,
    )
    return device_row(host, HardwareType.CUDA, device)


def _gpus(nvml: Any) -> list[_Gpu]:
    return [_gpu(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]


def _gpu(nvml: Any, index: int) -> _Gpu:
    handle = _ask(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
    if handle is None:  # a lost GPU must not hide the others
        return _Gpu(index, None, "NVIDIA GPU", None, None)
    memory = _ask(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)  # not supported where the CPU's memory is the GPU's
    capability = _ask(nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    return _Gpu(
        index=index,
        uuid=_ask(nvml, nvml.nvmlDeviceGetUUID, handle),
        name=_ask(nvml, nvml.nvmlDeviceGetName, handle) or "NVIDIA GPU",
        memory_bytes=memory.total if memory else None,
        capability=(capability[0], capability[1]) if capability else None,
    )


def _ask(nvml: Any, question: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return question(*arguments)
    except nvml.NVMLError:
        return None


def _precisions(capability: tuple[int, int]) -> tuple[str, ...]:
    return in_order({precision for precision, since in _SINCE.items() if capability >= since})


def _absent(host: Host, reason: str) -> HardwarePlatform:
    return absent_row(host, HardwareType.CUDA, reason, source="nvml")
