"""How each section of a report is read from the database: one function per section, one query behind each.

What a section's records mean is in `rows`; what may be compared is in `ranking`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ipfs_accel_pipeline.records import HardwareType, Provenance
from ipfs_accel_pipeline.reports import ranking
from ipfs_accel_pipeline.reports.environment import environment_facts
from ipfs_accel_pipeline.reports.foreign_text import first_line
from ipfs_accel_pipeline.reports.frames import plain_lines, records
from ipfs_accel_pipeline.reports.rows import (
    EnvironmentFact,
    GenerationGap,
    GenerationRow,
    HardwareStatistic,
    Matrix,
    MatrixCell,
    MatrixRow,
    ModelStatistic,
    Performance,
    Platform,
    PowerGap,
    PowerRow,
    RecentTest,
    Summary,
)
from ipfs_accel_pipeline.storage.queries import run_query

MOST_RECENT_TESTS = 50

# "models" and "hardware": the ids this report is about; "since": from when on, or None
Scope = Mapping[str, Any]


def stored_platforms(connection: Any) -> list[Platform]:
    frame = run_query(connection, "report_platform")
    frame["supported_precisions"] = [tuple(p or ()) for p in frame["supported_precisions"]]
    return [replace(p, unavailable_reason=first_line(p.unavailable_reason)) for p in records(frame, Platform)]


def undetected_platform(kind: HardwareType) -> Platform:
    return Platform(
        hardware_id=None,
        hardware_type=kind,
        device_name=None,
        available=None,
        unavailable_reason="no detection of this type is stored yet",
        acceleration=None,
        compute_units=None,
        memory_capacity_mb=None,
        driver_version=None,
        supported_precisions=(),
        hostname=None,
        detected_at=None,
    )


def summary(connection: Any, scope: Scope, platforms: Iterable[Platform]) -> Summary:
    stored = [p for p in platforms if p.hardware_id is not None]
    frame = run_query(connection, "report_summary", **scope).assign(
        models_total=len(scope["models"]),
        platforms_available=sum(bool(p.available) for p in stored),
        platforms_total=len(stored),
    )
    return records(frame, Summary)[0]


def matrix(connection: Any, scope: Scope, platforms: Iterable[Platform]) -> Matrix:
    """Every chosen model against every platform that is available or was ever tested."""
    frame = run_query(connection, "report_matrix_cell", **scope)
    models = frame.pop("model_id")
    tested = dict(zip(zip(models, frame["hardware_id"], strict=True), records(frame, MatrixCell), strict=True))
    with_tests = {hardware_id for _, hardware_id in tested}
    columns = tuple(p.hardware_id for p in platforms if p.hardware_id and (p.available or p.hardware_id in with_tests))
    return Matrix(columns, tuple(_matrix_row(model, columns, tested) for model in scope["models"]))


def _matrix_row(model: str, columns: Iterable[str], tested: Mapping[tuple[str, str], MatrixCell]) -> MatrixRow:
    cells = (tested.get((model, column)) or MatrixCell(column, "untested", None, None) for column in columns)
    return MatrixRow(model, tuple(replace(cell, reason=first_line(cell.reason)) for cell in cells))


def performance(connection: Any, scope: Scope) -> tuple[Performance, ...]:
    return ranking.rank(records(run_query(connection, "report_performance", **scope), Performance))


def recent_tests(connection: Any, scope: Scope) -> tuple[RecentTest, ...]:
    frame = run_query(connection, "report_recent_test", count=MOST_RECENT_TESTS, **scope)
    return tuple(replace(test, error=first_line(test.error)) for test in records(frame, RecentTest))


def latest_tests(connection: Any, scope: Scope) -> tuple[RecentTest, ...]:
    """The newest test of every case, the whole error with it: what an export of outcomes needs."""
    return tuple(records(run_query(connection, "report_latest_test", **scope), RecentTest))


def model_statistics(connection: Any, hardware: list[str], since: datetime | None) -> list[ModelStatistic]:
    """All models of the database with their counts on this hardware; the best results are added later."""
    rows = records(run_query(connection, "report_model_statistic", hardware=hardware, since=since), ModelStatistic)
    return [replace(row, latest_failure_reason=first_line(row.latest_failure_reason)) for row in rows]


def with_best_results(models: Iterable[ModelStatistic], results: Iterable[Performance]) -> tuple[ModelStatistic, ...]:
    ranked = [r for r in results if r.not_ranked_reason is None]
    return tuple(replace(m, best=ranking.best(r for r in ranked if r.model_id == m.model_id)) for m in models)


def hardware_statistics(connection: Any, scope: Scope, results: Iterable[Performance]) -> tuple[HardwareStatistic, ...]:
    # Within one platform a software renderer competes only with itself, so `measured` is all that is asked.
    measured = [r for r in results if r.provenance == Provenance.MEASURED and ranking.still_holds(r)]
    frame = run_query(connection, "report_hardware_statistic", models=scope["models"], since=scope["since"])
    return tuple(
        replace(h, best=ranking.best(r for r in measured if r.hardware_id == h.hardware_id))
        for h in records(frame, HardwareStatistic)
        if h.hardware_id in scope["hardware"]
    )


def power(connection: Any, scope: Scope) -> tuple[tuple[PowerRow, ...], tuple[PowerGap, ...]]:
    """Cases with a reading one by one; cases without are counted by platform and reason."""
    rows = records(run_query(connection, "report_power_row", **scope), PowerRow)
    rows = [replace(row, reason=first_line(row.reason)) for row in rows]
    read = tuple(row for row in rows if _has_reading(row))
    gaps = Counter((row.hardware_id, row.source, row.reason) for row in rows if not _has_reading(row))
    return read, tuple(PowerGap(*gap, cases=n) for gap, n in sorted(gaps.items(), key=str))


def generation(connection: Any, scope: Scope) -> tuple[tuple[GenerationRow, ...], tuple[GenerationGap, ...]]:
    """Cases that wrote text one by one; those that did not, by endpoint and reason."""
    rows = records(run_query(connection, "report_generation_row", **scope), GenerationRow)
    rows = [replace(row, reason=first_line(row.reason)) for row in rows]
    gaps: dict[tuple[str, str, str | None], dict[str, None]] = {}
    for row in rows:
        if row.reason:
            gaps.setdefault((row.hardware_id, row.endpoint_type, row.reason), {})[row.model_id] = None
    written = tuple(row for row in rows if not row.reason)
    return written, tuple(GenerationGap(*gap, tuple(models)) for gap, models in sorted(gaps.items(), key=str))


def environment(connection: Any, scope: Scope) -> tuple[EnvironmentFact, ...]:
    frame = run_query(connection, "report_environment", **scope)
    lines = plain_lines(frame)
    stored = [line["environment"] for line in lines]
    backends = [{f"backend.{line['backend']}": line["backend_version"]} for line in lines if line["backend"]]
    return environment_facts([*stored, *backends])


def _has_reading(row: PowerRow) -> bool:
    readings = (row.power_watts_avg, row.power_watts_peak, row.temperature_celsius_avg, row.temperature_celsius_peak)
    return any(reading is not None for reading in readings)
