"""Brings sealed shards into the tables. Every shard that is not loaded yet is loaded, never just the newest.

Ids follow from the shards' content, so loading one twice writes the same rows once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from functools import reduce
from typing import Any

import pandas as pd

from ipfs_accel_pipeline.analysis.compatibility import Evidence, compatibility_rows
from ipfs_accel_pipeline.benchmark.aggregation import Rows, aggregate
from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.models.catalogue import model_row
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.models.versions import version_row
from ipfs_accel_pipeline.pipeline.recommending import recommended_pairs
from ipfs_accel_pipeline.records import HardwareCompatibility, HardwarePlatform, Model, ModelVersion, Provenance
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.derived import record_largest_batches
from ipfs_accel_pipeline.storage.queries import run_query
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.shards import Shard, ShardInfo, ShardStore
from ipfs_accel_pipeline.storage.writing import WriteCounts, refuse_rows, write_rows

# The child tables with the query that names the tests, and so the shards, whose rows they lack.
_LACKING = {"performance_results": "tests_without_performance", "power_metrics": "tests_without_power"}
RESULT_TABLES = ("test_results", *_LACKING)
# A write of one takes as long as that of many, and a database that is made anew has years of them to load.
_SHARDS_AT_ONCE = 100

OnProblem = Callable[[str], None]


def rows_of(shard: Shard) -> Rows:
    """The table rows of one shard."""
    emulated = shard.header.details["hardware"]["acceleration"] == "emulated"
    return aggregate(
        shard.observations,
        run_id=shard.header.run_id,
        shard_id=shard.shard_id,
        model_versions=shard.header.details["model_versions"],
        provenance=Provenance.EMULATED if emulated else Provenance.MEASURED,
        circumstances=_circumstances(shard),
    )


def _circumstances(shard: Shard) -> dict[str, Any]:
    """What is true of all tests of a shard and may explain why they differ from those of another."""
    details = shard.header.details
    return {
        "driver_version": details["hardware"]["driver_version"],
        "profile": details.get("config", {}).get("profile"),
    }


def pending_shards(
    connection: Any, settings: Settings, table: str, hardware_id: str, on_problem: OnProblem
) -> list[Shard]:
    """The shards of this hardware whose rows `table` does not have yet, oldest first.

    A damaged shard is told to `on_problem` and left where it is: it must not keep the others out.
    """
    store = ShardStore(settings.shards)
    if table == "test_results":
        loaded = run_query(connection, "loaded_shards", hardware_id=hardware_id)["shard_id"]
        return list(_readable(store, store.unloaded(loaded, hardware_id), on_problem))
    lacking = set(run_query(connection, _LACKING[table], hardware_id=hardware_id)["shard_id"].str[:12])
    return list(_readable(store, (one for one in store.shards(hardware_id) if one.digest in lacking), on_problem))


def pending_rows(connection: Any, settings: Settings, table: str, hardware_id: str, on_problem: OnProblem) -> list[Any]:
    """The rows that `table` lacks of this hardware."""
    return acceptable_rows(
        connection, table, pending_shards(connection, settings, table, hardware_id, on_problem), on_problem
    )


def acceptable_rows(connection: Any, table: str, shards: Iterable[Shard], on_problem: OnProblem) -> list[Any]:
    """For one write of all: a shard with a row that the table would refuse is told and left out whole."""
    found = [(shard, getattr(rows_of(shard), table)) for shard in shards]
    if not _problem_of(connection, table, [row for _, rows in found for row in rows]):
        return [row for _, rows in found for row in rows]
    accepted = []
    for shard, rows in found:
        if problem := _problem_of(connection, table, rows):
            on_problem(f"{shard.path}: {problem}")
        else:
            accepted += rows
    return accepted


def _problem_of(connection: Any, table: str, rows: Sequence[Any]) -> StorageError | None:
    try:
        refuse_rows(connection, table, rows)
    except StorageError as error:
        return error
    return None


def register_parents(connection: Any, shards: Iterable[Shard]) -> None:
    """Write the rows that these shards' results refer to and the database lacks (they came from another host)."""
    platforms: dict[str, HardwarePlatform] = {}
    models: dict[str, Model] = {}
    versions: dict[str, ModelVersion] = {}
    for shard in shards:
        platform, named = parents_of(shard)
        platforms.setdefault(platform.hardware_id, platform)
        for model in named:
            models.setdefault(model.model_id, model)
        for version in versions_of(shard):
            versions.setdefault(version.model_version_id, version)
    _write_missing(connection, "hardware_platforms", "hardware_id", list(platforms.values()))
    _write_missing(connection, "models", "model_id", list(models.values()))
    _write_missing(connection, "model_versions", "model_version_id", list(versions.values()))


def load_pending(
    settings: Settings, hardware_ids: Iterable[str], on_problem: OnProblem = lambda message: None
) -> dict[str, WriteCounts]:
    """All result tables of these platforms brought up to date, and what depends on them. Returns counts per table."""
    counts = dict.fromkeys((*RESULT_TABLES, "hardware_compatibility"), WriteCounts(0, 0, 0, 0))
    with open_database(settings.database) as connection:
        for hardware_id in hardware_ids:
            register_parents(connection, pending_shards(connection, settings, "test_results", hardware_id, on_problem))
            for table in RESULT_TABLES:
                shards = pending_shards(connection, settings, table, hardware_id, on_problem)
                for start in range(0, len(shards), _SHARDS_AT_ONCE):
                    written = _write_shards(connection, table, shards[start : start + _SHARDS_AT_ONCE], on_problem)
                    counts[table] = _added(counts[table], written)
            compatibility = current_compatibility(connection, hardware_id)
            written = write_rows(
                connection, "hardware_compatibility", compatibility, replace_slice={"hardware_id": hardware_id}
            )
            counts["hardware_compatibility"] = _added(counts["hardware_compatibility"], written)
        record_largest_batches(connection)
    return counts


def _write_shards(connection: Any, table: str, shards: Sequence[Shard], on_problem: OnProblem) -> WriteCounts:
    """Together, or where rows are refused one at a time: they must not keep those of other shards out."""
    try:
        return write_rows(connection, table, [row for shard in shards for row in getattr(rows_of(shard), table)])
    except StorageError as error:
        if len(shards) > 1:
            return reduce(_added, [_write_shards(connection, table, [shard], on_problem) for shard in shards])
        on_problem(f"{shards[0].path}: {error}")
        return write_rows(connection, table, [])


def current_compatibility(connection: Any, hardware_id: str) -> list[HardwareCompatibility]:
    """One row per model tested on this hardware, from the latest test of each case.

    What is recommended stays what the stored recommendations say, until those are made again.
    """
    frame = run_query(connection, "compatibility_evidence", hardware_id=hardware_id)
    names = [field.name for field in fields(Evidence)]
    rows = compatibility_rows(Evidence(**{name: _plain(row[name]) for name in names}) for _, row in frame.iterrows())
    recommended = recommended_pairs(read_rows(connection, "recommendations", {"hardware_id": hardware_id}))
    return [replace(row, recommended=recommended.get((row.model_id, hardware_id))) for row in rows]


def parents_of(shard: Shard) -> tuple[HardwarePlatform, list[Model]]:
    """The hardware and model rows that the shard's results refer to, as they were when it was measured."""
    details = shard.header.details
    detected_at = datetime.fromisoformat(details["hardware"]["detected_at"])
    precisions = details["hardware"]["supported_precisions"]
    platform = HardwarePlatform(
        **{
            **details["hardware"],
            "detected_at": detected_at,
            "supported_precisions": tuple(precisions) if precisions is not None else None,
        }
    )
    return platform, [model_row(ModelSpec.from_json(spec), detected_at) for spec in details["models"]]


def versions_of(shard: Shard) -> list[ModelVersion]:
    """The model versions that were measured, first seen when they were."""
    details = shard.header.details
    specs = [ModelSpec.from_json(spec) for spec in details["models"]]
    described = details.get("described_versions", {})
    return [
        version_row(details["model_versions"][spec.model_id], spec, described.get(spec.model_id, {}), _begun(shard))
        for spec in specs
        if spec.model_id in details["model_versions"]
    ]


def _begun(shard: Shard) -> datetime:
    return min((one.started_at for one in shard.observations), default=shard.header.started_at)


def _readable(store: ShardStore, found: Iterable[ShardInfo], on_problem: OnProblem) -> Iterable[Shard]:
    for info in found:
        try:
            yield store.read(info)
        except StorageError as error:
            on_problem(str(error))


def _write_missing(connection: Any, table: str, key: str, rows: list[Any]) -> None:
    wanted = [getattr(row, key) for row in rows]
    known = {getattr(row, key) for row in read_rows(connection, table, {key: wanted})}
    write_rows(connection, table, [row for row in rows if getattr(row, key) not in known])


def _added(before: WriteCounts, now: WriteCounts) -> WriteCounts:
    return WriteCounts(
        before.rows + now.rows,
        before.added + now.added,
        before.rewritten + now.rewritten,
        now.table_rows,
        before.removed + now.removed,
    )


def _plain(value: Any) -> Any:
    return None if pd.isna(value) else value
