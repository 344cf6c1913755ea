"""Qualcomm devices: not implemented."""

from __future__ import annotations

from ipfs_accel_pipeline.hardware.rows import Host, absent_row
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType


def detect(host: Host) -> list[HardwarePlatform]:
    reason = "not implemented: neither AI Hub nor a local Hexagon NPU (onnxruntime-qnn) is asked for devices."
    return [absent_row(host, HardwareType.QUALCOMM, reason, source="none")]
