"""What was read of many files, column by column: so it goes from process to process and into the database for little.

Row by row, as pickled objects, that took half as long as reading the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ipfs_accel_pipeline.pipeline.migration.dimension_rows import ModelRow, PlatformRow
from ipfs_accel_pipeline.pipeline.migration.files import run_id_of
from ipfs_accel_pipeline.pipeline.migration.outcome_rows import OutcomeRow
from ipfs_accel_pipeline.pipeline.migration.performance_rows import PerformanceRow
from ipfs_accel_pipeline.pipeline.migration.reading import TROUBLED, ReadFile
from ipfs_accel_pipeline.records import Provenance
from ipfs_accel_pipeline.storage.encoding import as_arrow
from ipfs_accel_pipeline.storage.tables import table_named


class _Part(NamedTuple):
    """Where a file's rows of one table are, of which columns, and what is the same in all of them."""

    name: str
    columns: tuple[str, ...]
    shared: dict[str, Any]


# Parents first.
TABLES = {
    "hardware_platforms": _Part("hardware", PlatformRow._fields, {}),
    "models": _Part("models", ModelRow._fields, {}),
    "test_results": _Part("tests", OutcomeRow._fields, {"test_type": "import", "provenance": str(Provenance.IMPORTED)}),
    "performance_results": _Part(
        "performance", PerformanceRow._fields, {"provenance": str(Provenance.IMPORTED), "rounds": 1}
    ),
}
# Columns beside the tables' own.
FILE = "file"  # number of the file, also of the one that a row is from
GRADE = "grade"  # of a test: how far it may be believed
REPEATED = "repeated"  # of a file: findings that are in it twice


@dataclass(frozen=True)
class Chunk:
    """Files, one row each (but for what only the database knows), and their rows by table."""

    files: pa.Table
    rows: dict[str, pa.Table]
    troubled: dict[str, ReadFile]  # by id: what is refused or unknown, for the quarantine
    whole: object | None = None  # of a portion of a file: the same for all its portions

    @property
    def held_bytes(self) -> int:
        """In memory."""
        return self.files.nbytes + sum(rows.nbytes for rows in self.rows.values())

    def only(self, wanted: Sequence[bool]) -> Chunk:
        """Without the other files and their rows."""
        if all(wanted):
            return self
        files = chosen(self.files, wanted)
        return Chunk(
            files,
            {table: rows.filter(pc.is_in(rows[FILE], files[FILE])) for table, rows in self.rows.items()},
            self.troubled,
        )


def chosen(rows: pa.Table, flags: Sequence[bool]) -> pa.Table:
    return rows.filter(pa.array(flags, pa.bool_()))


def chunk_of(files: Sequence[ReadFile]) -> Chunk:
    troubled = {file.id: file for file in files if file.outcome in TROUBLED}
    rows = {table: _rows(table, part, files) for table, part in TABLES.items()}
    return Chunk(_files(files), rows, troubled, files[0].whole if files else None)


def merged(chunks: Sequence[Chunk]) -> Chunk:
    """One chunk of all, in their order."""
    starts = [0, *accumulate(chunk.files.num_rows for chunk in chunks[:-1])]
    return Chunk(
        _stacked([chunk.files for chunk in chunks], starts),
        {table: _stacked([chunk.rows[table] for chunk in chunks], starts) for table in TABLES},
        {file_id: file for chunk in chunks for file_id, file in chunk.troubled.items()},
    )


def _stacked(tables: Sequence[pa.Table], starts: Sequence[int]) -> pa.Table:
    numbered = [
        table.drop_columns([FILE]).append_column(FILE, pc.add(table[FILE], start))
        for table, start in zip(tables, starts, strict=True)
    ]
    # A column that is unknown in all rows of a chunk has no type there.
    return pa.concat_tables(numbered, promote_options="permissive").combine_chunks()


def _rows(table: str, part: _Part, files: Sequence[ReadFile]) -> pa.Table:
    target = table_named(table)
    found: list[tuple[int, Any]] = []
    keys: set[str] = set()
    for number, file in enumerate(files):
        for key, row in getattr(file.rows, part.name).items():
            # Each file names its model and device again; tests that two files give are told apart when written.
            if part.name not in ("hardware", "models") or key not in keys:
                keys.add(key)
                found.append((number, row))
    numbers, rows = zip(*found, strict=True) if found else ((), ())
    values = zip(*rows, strict=True) if rows else ((),) * len(part.columns)
    columns: dict[str, Sequence[Any]] = dict(zip(part.columns, values, strict=True))
    columns |= {name: [value] * len(rows) for name, value in part.shared.items()}
    if "run_id" in target.columns:
        columns["run_id"] = [run_id_of(files[number].id) for number in numbers]
    arrow = as_arrow(target, columns).append_column(FILE, pa.array(numbers, pa.int64()))
    if part.name == "tests":
        grades = [grade for file in files for grade in file.rows.grades.values()]
        arrow = arrow.append_column(GRADE, pa.array(grades, pa.string()))
    return arrow


def _files(files: Sequence[ReadFile]) -> pa.Table:
    columns = {
        "id": [file.id for file in files],
        "path": [file.label for file in files],
        "size_bytes": [file.size_bytes for file in files],
        "shape": [file.shape for file in files],
        "outcome": [file.outcome for file in files],
        "reason": [file.reason for file in files],
        "refusals": [_refusals(file) for file in files],
        "imported_at": [file.read_at for file in files],
    }
    arrow = as_arrow(table_named("imported_files"), columns)
    arrow = arrow.append_column(FILE, pa.array(range(len(files)), pa.int64()))
    return arrow.append_column(REPEATED, pa.array([file.rows.repeated for file in files], pa.int64()))


def _refusals(file: ReadFile) -> list[dict[str, str]]:
    places = file.rows.refusals.places()
    if not places and file.outcome not in ("imported", "duplicate"):
        places.append({"pointer": "", "reason": file.reason or "no reason given"})
    return places
