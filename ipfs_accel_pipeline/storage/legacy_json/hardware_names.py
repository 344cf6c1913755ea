"""What the legacy files call hardware, in our eight words."""

from __future__ import annotations

import re
from functools import lru_cache

from ipfs_accel_pipeline.records import HardwareType

_NAMES = {
    "cpu": HardwareType.CPU,
    "cuda": HardwareType.CUDA,
    "nvidia cuda": HardwareType.CUDA,
    "nvidia": HardwareType.CUDA,
    "rocm": HardwareType.ROCM,
    "amd": HardwareType.ROCM,
    "amd rocm": HardwareType.ROCM,
    "hip": HardwareType.ROCM,
    "mps": HardwareType.MPS,
    "apple": HardwareType.MPS,
    "apple mps": HardwareType.MPS,
    "apple silicon": HardwareType.MPS,
    "openvino": HardwareType.OPENVINO,
    "intel openvino": HardwareType.OPENVINO,
    "qualcomm": HardwareType.QUALCOMM,
    "qualcomm ai engine": HardwareType.QUALCOMM,
    "qualcomm qnn": HardwareType.QUALCOMM,
    "qnn": HardwareType.QUALCOMM,
    "webnn": HardwareType.WEBNN,
    "webgpu": HardwareType.WEBGPU,
}
# Prefixes of keys such as `cuda_handler`, longest first.
PREFIXES = tuple(sorted((name for name in _NAMES if " " not in name), key=len, reverse=True))
_PREFIX = re.compile(rf"^({'|'.join(PREFIXES)})(?:_|$)")


@lru_cache(1024)
def hardware_type(written: str) -> HardwareType | None:
    """`cuda:0`, "Apple MPS" and `qnn` are known; None for anything that is none of the eight."""
    name = re.sub(r"[:\s]+\d+$", "", written.strip().casefold()).replace("_", " ")
    return _NAMES.get(name)


@lru_cache(1024)  # the same few keys in most files
def split_prefix(key: str) -> tuple[str, str] | None:
    """`("cuda", "handler")` of `cuda_handler`, `("cuda", "")` of `cuda`; None for a key without a platform."""
    found = _PREFIX.match(key.casefold())
    return (found[1], key[found.end() :]) if found else None
