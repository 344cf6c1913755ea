"""Rows of hardware_platforms and models. An imported device never shares its id with a live one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType, Model
from ipfs_accel_pipeline.storage.legacy_json.findings import ModelClaim, PlatformClaim
from ipfs_accel_pipeline.storage.legacy_json.model_names import Resolved, resolve_model

ID_PREFIX = "imported-"
_UNKNOWN_DEVICE = "unknown device"
_IMPORTED_REASON = "imported from legacy results; never detected by this installation"
_TYPE_OF_FAMILY = {"vision": "vision", "audio": "audio", "multimodal": "multimodal"}


@dataclass(frozen=True)
class Catalogued:
    """The models that are known by name: every name -> id, and the row of each id."""

    by_name: dict[str, str]
    rows: Mapping[str, Model]
    _resolved: dict[str, Resolved] = field(default_factory=dict)

    def resolve(self, written: str) -> Resolved:
        """The model that a file means by this name."""
        found = self._resolved.get(written)
        if found is None:
            found = self._resolved[written] = resolve_model(written, self.by_name)
        return found


@lru_cache(1024)
def _platform_id(kind: HardwareType, device: str) -> str:
    return ID_PREFIX + hardware_id(kind, device)


def platform_row(
    kind: HardwareType, device: str | None, hostname: str | None, seen_at: datetime, claim: PlatformClaim | None = None
) -> HardwarePlatform:
    name = device or _UNKNOWN_DEVICE
    reason = claim.unavailable_reason if claim and claim.unavailable_reason else _IMPORTED_REASON
    return HardwarePlatform(
        hardware_id=_platform_id(kind, name),
        hardware_type=str(kind),
        device_name=name,
        compute_units=claim.compute_units if claim else None,
        memory_capacity=claim.memory_mb if claim else None,
        driver_version=claim.driver_version if claim else None,
        supported_precisions=None,
        max_batch_size=None,
        detected_at=seen_at,
        available=False,
        unavailable_reason=reason,
        acceleration=None,
        hostname=hostname or "unknown",
        runtime={"device": None, "source": "legacy results"} | (claim.notes if claim else {}),
    )


def model_row(
    model_id: str, family: str | None, claim: ModelClaim | None, seen_at: datetime, catalogue: Catalogued
) -> Model:
    known = catalogue.rows.get(model_id)
    if known is not None:
        return known
    return Model(
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
