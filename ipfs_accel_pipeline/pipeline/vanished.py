"""Devices that this host had and has no more: their rows must not go on saying that they can be measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ipfs_accel_pipeline.records import HardwarePlatform

_REASON = "It was here before, and the detection does not find it any more"


def with_vanished(found: Sequence[HardwarePlatform], stored: Iterable[HardwarePlatform]) -> list[HardwarePlatform]:
    """What the detection found, and what it found on this host at another time and not now, as unavailable."""
    here, hosts = {one.hardware_id for one in found}, {one.hostname for one in found}
    gone = (one for one in stored if one.available and one.hostname in hosts and one.hardware_id not in here)
    return [*found, *(_unavailable(one, found) for one in gone)]


def _unavailable(one: HardwarePlatform, found: Sequence[HardwarePlatform]) -> HardwarePlatform:
    whys = [
        other.unavailable_reason
        for other in found
        if other.hardware_type == one.hardware_type and not other.available and other.unavailable_reason
    ]
    reason = f"{_REASON}: {whys[0]}" if whys else f"{_REASON}."
    return replace(one, available=False, unavailable_reason=reason, detected_at=found[0].detected_at)
