"""Builders of report records for tests of the pure functions: no database needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ipfs_accel_pipeline.reports.rows import Performance
from ipfs_accel_pipeline_tests import fakes


def result(p50: float | None = 10.0, half_width: float | None = 0.1, **changes: Any) -> Performance:
    """A measured result on real hardware, with its interval `half_width` ms to either side, if any."""
    has_interval = p50 is not None and half_width is not None
    row = Performance(
        model_id=fakes.MODEL_ID,
        hardware_id=fakes.HARDWARE_ID,
        endpoint_type="pytorch",
        precision="fp32",
        batch_size=1,
        sequence_length=128,
        p50_latency_ms=p50,
        ci95_low_ms=p50 - half_width if has_interval else None,
        ci95_high_ms=p50 + half_width if has_interval else None,
        p90_latency_ms=12.0,
        p99_latency_ms=15.0,
        throughput_items_per_second=100.0,
        memory_peak_mb=150.0,
        energy_efficiency_items_per_joule=None,
        model_load_ms=300.0,
        compile_ms=None,
        iterations=90,
        rounds=3,
        slow_rounds=0,
        host_slowdown=None,
        threads=2,
        weights_digest="0" * 64,
        is_noisy=False,
        provenance="measured",
        acceleration="hardware",
        weights="random",
        latest_status="passed",
        test_timestamp=fakes.NOON,
        test_id=fakes.TEST_ID,
    )
    return replace(row, **changes)
