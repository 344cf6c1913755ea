"""Recommendations from the results that are stored: for the table, and for a question asked on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from ipfs_accel_pipeline.analysis.candidates import Run, Wish, groups
from ipfs_accel_pipeline.analysis.recommendation import Judged, judge
from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.models.model_registry import resolve, suitability_tags, write_tags
from ipfs_accel_pipeline.records import Recommendation
from ipfs_accel_pipeline.storage.derived import record_recommended
from ipfs_accel_pipeline.storage.queries import run_query
from ipfs_accel_pipeline.storage.writing import write_rows

# What the table answers. A cost needs prices, which only the asker knows.
_STORED_PREFERENCES = ("latency", "throughput", "energy")
_RUN = tuple(field.name for field in fields(Run))


def evidence(connection: Any, models: Sequence[str] | None = None) -> list[Run]:
    frame = run_query(connection, "recommendation_evidence", models=None if models is None else list(models))
    frame = frame[list(_RUN)].astype(object).where(frame[list(_RUN)].notna(), None)
    return [Run(**{str(name): value for name, value in row.items()}) for row in frame.to_dict("records")]


def refresh_recommendations(connection: Any, now: datetime | None = None) -> list[Recommendation]:
    """Judges all that is stored, stores the verdicts, and marks the hardware that is recommended for each model."""
    rows = current_recommendations(connection, now or datetime.now(UTC))
    write_rows(connection, "recommendations", rows, replace_slice={})
    record_recommended(connection, recommended_pairs(rows))
    return rows


def current_recommendations(connection: Any, now: datetime) -> list[Recommendation]:
    found = groups(evidence(connection))
    return [row for runs in found for prefer in _STORED_PREFERENCES for row in _rows(runs, Wish(prefer), now)]


def recommended_pairs(rows: Iterable[Recommendation]) -> dict[tuple[str, str], bool]:
    """Whether a device is recommended for a model: it leads by latency, or ties with what leads, at one shape."""
    pairs: dict[tuple[str, str], bool] = {}
    for row in rows:
        if row.prefer == "latency":
            pair = (row.model_id, row.hardware_id)
            pairs[pair] = pairs.get(pair, False) or row.verdict in ("recommended", "tie")
    return pairs


def tag_registry(connection: Any, judged: Iterable[Sequence[Judged]]) -> list[str]:
    """Writes the verdicts to the registered versions that were measured last; returns them as name/version."""
    versions = run_query(connection, "measured_revision")
    registered = versions[versions["source"] == "mlflow"].set_index("model_id")
    tagged = {}
    for group in judged:
        model_id = group[0].newest.model_id
        if model_id not in registered.index:
            continue
        row = registered.loc[model_id]
        suited = [(one.newest.hardware_id, one.verdict, one.median("p50_latency_ms")) for one in reversed(group)]
        version = resolve(f"models:/{row['repository']}/{row['revision']}")
        # The best endpoint of a device comes last, and so is the one that its tag tells of.
        write_tags(version, suitability_tags(suited))
        tagged[model_id] = f"{version.name}/{version.version}"
    return sorted(tagged.values())


def _rows(runs: Sequence[Run], wish: Wish, now: datetime) -> list[Recommendation]:
    judged = judge(runs, wish, now)
    if wish.prefer == "energy" and all(one.verdict == "ruled_out" for one in judged):
        return []  # nothing here measures energy: the table of latencies says the rest
    return [recommendation_row(one, wish, now) for one in judged]


def recommendation_row(one: Judged, wish: Wish, now: datetime) -> Recommendation:
    run, known = one.newest, one.identified
    return Recommendation(
        id=row_id("recommendation", *run.group, *known.candidate, run.provenance, known.weights_digest, wish.prefer),
        model_id=run.model_id,
        hardware_id=run.hardware_id,
        endpoint_type=run.endpoint_type,
        precision=run.precision,
        batch_size=run.batch_size,
        sequence_length=run.sequence_length,
        threads=known.threads,
        weights=known.weights,
        prefer=wish.prefer,
        verdict=one.verdict,
        place=one.place,
        probability_best=one.probability_best,
        p50_latency_ms=one.median("p50_latency_ms"),
        p99_latency_ms=one.median("p99_latency_ms"),
        throughput_items_per_second=one.median("throughput_items_per_second"),
        memory_peak_mb=one.median("memory_peak_mb"),
        power_watts=one.median("power_watts"),
        energy_efficiency_items_per_joule=one.median("energy_efficiency_items_per_joule"),
        evidence_runs=len(one.runs),
        newest_evidence_at=run.timestamp,
        reason=one.reason,
        decided_at=now,
    )
