"""How each table is written: what an already stored row may become when its id is written again.

A new table is one migration and one entry here. Keys and checks are in the migrations and are read from the database.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from ipfs_accel_pipeline import records
from ipfs_accel_pipeline.errors import StorageError


class WritePolicy(StrEnum):
    UPSERT = "upsert"  # dimension tables: updated in place, never deleted, because others reference them
    APPEND = "append"  # time series: kept for ever; the same id rewrites its own row, so that a retry doubles nothing
    REPLACE = "replace"  # derived tables that nobody references: their slice is deleted and written anew


@dataclass(frozen=True)
class Table:
    name: str
    record: type[Any]  # the dataclass of one row
    policy: WritePolicy
    primary_key: str = "id"
    json_columns: tuple[str, ...] = ()
    keep_first: tuple[str, ...] = ()  # columns whose first value stays
    keep_known: tuple[str, ...] = ()  # columns where NULL does not erase a known value
    slice_column: str | None = None  # what a Dagster partition key is compared with

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in fields(self.record))


TABLES = {
    table.name: table
    for table in (
        Table(
            "hardware_platforms",
            records.HardwarePlatform,
            WritePolicy.UPSERT,
            primary_key="hardware_id",
            json_columns=("supported_precisions", "runtime"),
            # Found by benchmarks, unknown to detection: detecting again must not forget it.
            keep_known=("max_batch_size",),
            slice_column="hardware_id",
        ),
        Table("models", records.Model, WritePolicy.UPSERT, primary_key="model_id", keep_first=("added_at",)),
        Table(
            "test_results",
            records.TestResult,
            WritePolicy.APPEND,
            json_columns=("details",),
            slice_column="hardware_id",
        ),
        Table(
            "performance_results",
            records.PerformanceResult,
            WritePolicy.APPEND,
            json_columns=("environment",),
            slice_column="hardware_id",
        ),
        Table(
            "hardware_compatibility",
            records.HardwareCompatibility,
            WritePolicy.REPLACE,
            slice_column="hardware_id",
        ),
        Table("power_metrics", records.PowerMetrics, WritePolicy.APPEND, slice_column="hardware_id"),
        Table(
            "model_versions",
            records.ModelVersion,
            WritePolicy.UPSERT,
            primary_key="model_version_id",
            json_columns=("details",),
            keep_first=("first_seen_at",),
            keep_known=("repository", "revision", "weights", "weights_digest", "precision", "config_digest"),
        ),
        Table(
            "performance_changes",
            records.PerformanceChange,
            # Never deleted: what a person said of a change, and that somebody was alarmed, outlive the next analysis.
            WritePolicy.UPSERT,
            json_columns=("what_changed",),
            keep_first=("found_at", "status", "note", "reviewed_at", "notified_at"),
        ),
        Table("recommendations", records.Recommendation, WritePolicy.REPLACE),
        Table("imported_files", records.ImportedFile, WritePolicy.APPEND, json_columns=("refusals",)),
    )
}


def table_named(name: str) -> Table:
    try:
        return TABLES[name]
    except KeyError:
        raise StorageError(f"There is no table {name!r}. Tables: {', '.join(TABLES)}.") from None
