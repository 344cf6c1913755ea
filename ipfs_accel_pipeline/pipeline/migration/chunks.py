"""What was read of many files, column by column: so it goes from process to process and into the database for little.

Row by row, as pickled objects, that took half as long as reading the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

from ipfs_accel_pipeline.pipeline.migration.reading import TROUBLED, ReadFile
from ipfs_accel_pipeline.storage.encoding import as_arrow
from ipfs_accel_pipeline.storage.tables import table_named

# Tables, parents first, and where a file's rows of them are.
TABLES = {
    "hardware_platforms": "hardware",
    "models": "models",
    "test_results": "tests",
    "performance_results": "performance",
}
# Columns beside the tables' own.
FILE = "file"  # number of the file, also of the one that a row is from
GRADE = "grade"  # of a test: how far it may be believed
REPEATED = "repeated"  # of a file: findings that are in it twice
_MOST_REFUSALS = 1000  # of one file


@dataclass(frozen=True)
class Chunk:
    """Files, one row each (but for what only the database knows), and their rows by table."""

    files: pa.Table
    rows: dict[str, pa.Table]
    troubled: dict[str, ReadFile]  # by hash: what is refused or unknown, for the quarantine

    @property
    def size_bytes(self) -> int:
        return pc.sum(self.files["size_bytes"]).as_py() or 0

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
    troubled = {file.sha256: file for file in files if file.outcome in TROUBLED}
    return Chunk(_files(files), {table: _rows(table, part, files) for table, part in TABLES.items()}, troubled)


def merged(chunks: Sequence[Chunk]) -> Chunk:
    """One chunk of all, in their order."""
    starts = [0, *accumulate(chunk.files.num_rows for chunk in chunks[:-1])]
    return Chunk(
        _stacked([chunk.files for chunk in chunks], starts),
        {table: _stacked([chunk.rows[table] for chunk in chunks], starts) for table in TABLES},
        {sha256: file for chunk in chunks for sha256, file in chunk.troubled.items()},
    )


def _stacked(tables: Sequence[pa.Table], starts: Sequence[int]) -> pa.Table:
    numbered = [
        table.drop_columns([FILE]).append_column(FILE, pc.add(table[FILE], start))
        for table, start in zip(tables, starts, strict=True)
    ]
    # A column that is unknown in all rows of a chunk has no type there.
    return pa.concat_tables(numbered, promote_options="permissive").combine_chunks()


def _rows(table: str, part: str, files: Sequence[ReadFile]) -> pa.Table:
    found = [(number, row) for number, file in enumerate(files) for row in getattr(file.rows, part).values()]
    rows = as_arrow(table_named(table), [row for _, row in found])
    rows = rows.append_column(FILE, pa.array([number for number, _ in found], pa.int64()))
    if part == "tests":
        grades = [grade for file in files for grade in file.rows.grades.values()]
        rows = rows.append_column(GRADE, pa.array(grades, pa.string()))
    return rows


def _files(files: Sequence[ReadFile]) -> pa.Table:
    columns = {
        "id": [file.sha256 for file in files],
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
    refusals = file.rows.refusals
    places = [{"pointer": one.pointer, "reason": one.reason} for one in refusals[:_MOST_REFUSALS]]
    if len(refusals) > _MOST_REFUSALS:
        more = len(refusals) - _MOST_REFUSALS
        places.append({"pointer": "", "reason": f"{more} more places, for reasons of the same kind"})
    if not places and file.outcome not in ("imported", "duplicate"):
        places.append({"pointer": "", "reason": file.reason or "no reason given"})
    return places
