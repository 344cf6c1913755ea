"""Invented nights: one sealed shard per night, so that a history can be loaded as a real one is. Tests only."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import numpy as np

from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.pipeline.loading import load_pending
from ipfs_accel_pipeline.records import HardwarePlatform, Observation
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline_tests.fakes import HARDWARE_ID, MODEL_ID, NOON, hardware_row, observation

SPEC = ModelSpec(MODEL_ID, "bert", "text_encoder", "text", "catalogue", parameters=4_000_000)


def night(day: int, level_ms: float, **changes: Any) -> Observation:
    """A passed round around `level_ms`, with one per cent of noise between nights and within."""
    rng = np.random.default_rng(day)
    latencies = level_ms * np.exp(rng.normal(0, 0.01) + rng.normal(0, 0.01, 30))
    started = NOON + timedelta(days=day)
    return observation(**{"latencies_ms": tuple(latencies.tolist()), "started_at": started} | changes)


def seal(
    settings: Settings, run_id: str, *observations: Observation, platform: HardwarePlatform | None = None, **header: Any
) -> None:
    """One run on one platform as a shard of the store."""
    platform = platform or hardware_row(hardware_id=observations[0].case.hardware_id)
    details = {
        "hardware": {**asdict(platform), "detected_at": platform.detected_at.isoformat()},
        "models": [SPEC.to_json()],
        "model_versions": {MODEL_ID: "version-1"},
        "config": {"profile": "quick"},
    }
    with ShardStore(settings.shards).journal(platform.hardware_id, run_id, details | header) as journal:
        for one in observations:
            journal.append(one)
        journal.seal()


def load_nights(settings: Settings, levels_ms: list[float], later: dict[str, Any], later_from: int) -> None:
    """One night per level; from `later_from` on, the observations have the changes of `later`."""
    for day, level in enumerate(levels_ms):
        seal(settings, f"night-{day:03}", night(day, level, **(later if day >= later_from else {})))
    load_pending(settings, [HARDWARE_ID])
