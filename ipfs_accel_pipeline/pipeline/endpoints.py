"""The ways into one platform that a run takes: which of its type's endpoints are there, and what each is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from ipfs_accel_pipeline.backends.registry import endpoint_types
from ipfs_accel_pipeline.records import HardwarePlatform

# Ways in that most machines lack. They are planned where the detection found one, because a row that says "no browser"
# beside every result of every machine without one would be noise.
_ONLY_WHERE_FOUND = ("wasm", "webgpu-browser", "webgpu-native", "aihub", "qnn_local", "qnn_emulator")


def endpoint_devices(platform: HardwarePlatform) -> dict[str, str]:
    """Endpoint type -> the device that its backend is asked for."""
    found: dict[str, str] = platform.runtime.get("endpoint_devices", {})
    device = str(platform.runtime["device"])
    return {
        endpoint: found.get(endpoint, device)
        for endpoint in endpoint_types(platform.hardware_type)
        if endpoint in found or endpoint not in _ONLY_WHERE_FOUND
    }


def precisions_of(platform: HardwarePlatform, chosen: Sequence[str]) -> Sequence[str]:
    """Those that a person chose; without a choice fp32, or the widest of a device that has no fp32, as NPUs have."""
    known = platform.supported_precisions
    if chosen or not known or "fp32" in known:
        return chosen or ("fp32",)
    return known[:1]
