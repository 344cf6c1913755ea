"""WebNN and WebGPU, which only a browser can be asked about: not implemented."""

from __future__ import annotations

from ipfs_accel_pipeline.hardware.rows import Host, absent_row
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType


def detect(host: Host, hardware_type: HardwareType) -> list[HardwarePlatform]:
    reason = f"not implemented: no browser is started to ask it for {hardware_type}."
    return [absent_row(host, hardware_type, reason, source="none")]
