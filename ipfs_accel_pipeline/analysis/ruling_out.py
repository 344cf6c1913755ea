"""Why a candidate is ruled out: it failed, was emulated or imported, is stale, or is outside a limit.

A number that nobody measured keeps no limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ipfs_accel_pipeline.analysis.candidates import Run, Wish, current_level, median_of, objectives
from ipfs_accel_pipeline.analysis.recommendation_words import day_in_words
from ipfs_accel_pipeline.records import Provenance, Status


def newest_weights(candidates: Sequence[Sequence[Run]]) -> str | None:
    """The weights that were measured last: numbers of other weights are of another model."""
    measured = [
        run
        for one in candidates
        for run in one
        if run.provenance == Provenance.MEASURED and run.status == Status.PASSED and run.weights_digest
    ]
    return max(measured, key=lambda run: (run.timestamp, run.weights_digest)).weights_digest if measured else None


def why_ruled_out(runs: Sequence[Run], wish: Wish, digest: str | None, now: datetime) -> str | None:
    """The reason in words, None for a candidate that stays. `digest` is of the weights that were measured last."""
    newest = runs[-1]
    if newest.provenance != Provenance.MEASURED:
        return f"{newest.provenance}, not measured here"
    if newest.acceleration != "hardware":
        return f"{newest.acceleration or 'unknown'} acceleration, no hardware"
    if newest.status != Status.PASSED:
        message = (newest.error_message or "no reason stored").partition("\n")[0][:200]
        return f"its newest test ended: {newest.status}: {message}"
    if digest is not None and newest.weights_digest != digest:
        return "measured with other weights than the newest"
    level = current_level(runs) or runs
    if now - level[-1].timestamp > timedelta(days=wish.max_age_days):
        return f"stale: last measured on {day_in_words(level[-1].timestamp)}, {wish.max_age_days:g} days are allowed"
    return _beyond_limit(level, wish) or _without_preference(level, wish)


def _beyond_limit(runs: Sequence[Run], wish: Wish) -> str | None:
    limits = wish.limits
    for limit, name, unit, is_upper in (
        (limits.max_latency_ms, "p50_latency_ms", "ms", True),
        (limits.max_p99_ms, "p99_latency_ms", "ms", True),
        (limits.max_memory_mb, "memory_peak_mb", "MiB", True),
        (limits.max_watts, "power_watts", "W", True),
        (limits.min_throughput, "throughput_items_per_second", "items/s", False),
        (limits.min_parity, "parity_cosine", "", False),
    ):
        if limit is None:
            continue
        value = median_of(runs, name)
        if value is None:
            return f"{name} was not measured, so the limit of {limit:g} {unit}".rstrip() + " cannot be checked"
        if value > limit if is_upper else value < limit:
            return f"{name} is {value:.4g} {unit}".rstrip() + f", beyond the limit of {limit:g} {unit}".rstrip()
    return None


def _without_preference(runs: Sequence[Run], wish: Wish) -> str | None:
    hardware = runs[-1].hardware_id
    if wish.prefer == "cost" and hardware not in wish.prices:
        return f"no price is known: add --price {hardware}=..."
    if not objectives(runs, wish):
        return "its energy was not measured" if wish.prefer == "energy" else f"it has no number for {wish.prefer}"
    return None
