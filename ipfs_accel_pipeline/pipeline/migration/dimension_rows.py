"""Rows of hardware_platforms and models: those of their columns that an import may know.

An imported device never shares its id with a live one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.records import HardwareType
from ipfs_accel_pipeline.storage.legacy_json.findings import ModelClaim, PlatformClaim
from ipfs_accel_pipeline.storage.legacy_json.model_names import Resolved, resolve_model

ID_PREFIX = "imported-"
_UNKNOWN_DEVICE = "unknown device"
_IMPORTED_REASON = "imported from legacy results; never detected by this installation"
_TYPE_OF_FAMILY = {"vision": "vision", "audio": "audio", "multimodal": "multimodal"}


class PlatformRow(NamedTuple):
    hardware_id: str
    hardware_type: str
    device_name: str
    compute_units: int | None
    memory_capacity: float | None
    driver_version: str | None
    detected_at: datetime
    available: bool
    unavailable_reason: str
    hostname: str
    runtime: dict[str, Any]


class ModelRow(NamedTuple):
    model_id: str
    model_name: str
    model_family: str
    model_type: str
    model_size: str | None
    parameters_million: float | None
    added_at: datetime
    source: str
    revision: str | None
    task: str | None
    modality: str | None
    license: str | None


@dataclass(frozen=True)
class Catalogued:
    """The models that are known by name: every name -> id, and the row of each id."""

    by_name: dict[str, str]
    rows: Mapping[str, ModelRow]
    _resolved: dict[str, Resolved] = field(default_factory=dict)

    def resolve(self, written: str) -> Resolved:
        """The model that a file means by this name."""
        found = self._resolved.get(written)
        if found is None:
            found = self._resolved[written] = resolve_model(written, self.by_name)
        return found


@lru_cache(1024)
def platform_id(kind: HardwareType, device: str | None) -> str:
    return ID_PREFIX + hardware_id(kind, device or _UNKNOWN_DEVICE)


def platform_row(
    kind: HardwareType, device: str | None, hostname: str | None, seen_at: datetime, claim: PlatformClaim | None = None
) -> PlatformRow:
    reason = claim.unavailable_reason if claim and claim.unavailable_reason else _IMPORTED_REASON
    return PlatformRow(
        hardware_id=platform_id(kind, device),
        hardware_type=str(kind),
        device_name=device or _UNKNOWN_DEVICE,
        compute_units=claim.compute_units if claim else None,
        memory_capacity=claim.memory_mb if claim else None,
        driver_version=claim.driver_version if claim else None,
        detected_at=seen_at,
        available=False,
        unavailable_reason=reason,
        hostname=hostname or "unknown",
        runtime={"device": None, "source": "legacy results"} | (claim.notes if claim else {}),
    )


def model_row(
    model_id: str, family: str | None, claim: ModelClaim | None, seen_at: datetime, catalogue: Catalogued
) -> ModelRow:
    known = catalogue.rows.get(model_id)
    if known is not None:
        return known
    return ModelRow(
        model_id=model_id,
        model_name=model_id.rsplit("/", 1)[-1],
        model_family=family or "unknown",
        model_type=_TYPE_OF_FAMILY.get(family or "", "unknown"),
        model_size=claim.size if claim else None,
        parameters_million=claim.parameters_million if claim else None,
        added_at=seen_at,
        source="imported",
        revision=None,
        task=None,
        modality=claim.modality if claim else None,
        license=None,
    )
