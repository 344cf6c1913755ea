"""Writes the rows of one batch of files in one transaction, and says per file what was new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipfs_accel_pipeline.pipeline.migration.reading import ReadFile
from ipfs_accel_pipeline.pipeline.migration.report import MigrationReport
from ipfs_accel_pipeline.records import ImportedFile
from ipfs_accel_pipeline.storage.database import transaction
from ipfs_accel_pipeline.storage.imported import known_files, present
from ipfs_accel_pipeline.storage.legacy_json.registry import TOOL_VERSION
from ipfs_accel_pipeline.storage.writing import write_rows

_MOST_REFUSALS = 1000  # of one file


def write_batch(connection: Any, files: Sequence[ReadFile], report: MigrationReport) -> list[ImportedFile | None]:
    """None for a file that another migration wrote since this one looked."""
    with transaction(connection):
        # Asked again under the lock; what only older readers saw is not known, and its row is written anew.
        stored = known_files(connection, TOOL_VERSION, [file.sha256 for file in files])
        mine = [file for file in files if file.sha256 not in stored]
        batch = _Batch(connection, mine)
        rows = {file.sha256: batch.take(file) for file in mine}
        batch.write(report)
        write_rows(connection, "imported_files", list(rows.values()))
    return [rows.get(file.sha256) for file in files]


class _Batch:
    """The rows of several files without what is stored already or came from an earlier file of the batch."""

    def __init__(self, connection: Any, files: Sequence[ReadFile]) -> None:
        self._connection = connection
        wanted = {
            "hardware_platforms": {key for file in files for key in file.rows.hardware},
            "models": {key for file in files for key in file.rows.models},
            "test_results": {key for file in files for key in file.rows.tests},
        }
        self._taken = {table: present(connection, table, keys) for table, keys in wanted.items()}
        self._rows: dict[str, list[Any]] = {table: [] for table in (*wanted, "performance_results")}

    def take(self, file: ReadFile) -> ImportedFile:
        hardware = self._fresh("hardware_platforms", file.rows.hardware)
        models = self._fresh("models", file.rows.models)
        tests = self._fresh("test_results", file.rows.tests)
        performance = [file.rows.performance[key] for key in tests if key in file.rows.performance]
        self._rows["performance_results"] += performance
        file.rows.grades = {key: file.rows.grades[key] for key in tests}
        repeated = len(file.rows.tests) - len(tests) + file.rows.repeated
        outcome, reason = file.outcome, file.reason
        if outcome == "imported" and not (tests or hardware or models):
            outcome, reason = "duplicate", "everything in it is stored already, from other files"
        return ImportedFile(
            id=file.sha256,
            path=file.label,
            size_bytes=file.size_bytes,
            shape=file.shape,
            outcome=outcome,
            reason=reason,
            test_rows=len(tests),
            performance_rows=len(performance),
            model_rows=len(models),
            hardware_rows=len(hardware),
            duplicate_rows=repeated,
            refusals=_refusals(file),
            tool_version=TOOL_VERSION,
            imported_at=file.read_at,
        )

    def _fresh(self, table: str, rows: dict[str, Any]) -> list[str]:
        taken = self._taken[table]
        keys = [key for key in rows if key not in taken]
        taken.update(keys)
        self._rows[table] += [rows[key] for key in keys]
        return keys

    def write(self, report: MigrationReport) -> None:
        for table, rows in self._rows.items():
            if rows:
                write_rows(self._connection, table, rows)
                report.rows[table] += len(rows)


def _refusals(file: ReadFile) -> list[dict[str, str]]:
    places = [{"pointer": one.pointer, "reason": one.reason} for one in file.rows.refusals[:_MOST_REFUSALS]]
    if len(file.rows.refusals) > _MOST_REFUSALS:
        more = len(file.rows.refusals) - _MOST_REFUSALS
        places.append({"pointer": "", "reason": f"{more} more places, for reasons of the same kind"})
    if not places and file.outcome not in ("imported", "duplicate"):
        places.append({"pointer": "", "reason": file.reason or "no reason given"})
    return places
