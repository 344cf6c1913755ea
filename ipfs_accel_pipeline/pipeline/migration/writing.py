"""Writes the rows of one batch of files, or of one large file, in one transaction; says per file what was new.

Of files that are stored already only the claimed figures are written, where those are accepted now: their other rows
stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ipfs_accel_pipeline.pipeline.migration.chunks import FILE, GRADE, REPEATED, TABLES, Chunk, chosen
from ipfs_accel_pipeline.storage.database import transaction
from ipfs_accel_pipeline.storage.imported import claims_without_figures, known_files, note_claims, present
from ipfs_accel_pipeline.storage.legacy_json.findings import Grade
from ipfs_accel_pipeline.storage.legacy_json.registry import TOOL_VERSION
from ipfs_accel_pipeline.storage.tables import table_named
from ipfs_accel_pipeline.storage.writing import write_rows

# Columns of imported_files that count a file's new rows.
_COUNTS = {
    "test_results": "test_rows",
    "performance_results": "performance_rows",
    "models": "model_rows",
    "hardware_platforms": "hardware_rows",
}
_OURS = (FILE, GRADE)
_DUPLICATE = "everything in it is stored already, from other files"


class Written(NamedTuple):
    """Files as `imported_files` has them now, and their rows; of files that were stored before, the claims by file."""

    new: Chunk | None
    claims: dict[str, int]


def write_batch(connection: Any, batch: Chunk, accept_claimed: bool) -> Written:
    """Files that another migration wrote since this one looked are not among the new ones."""
    with transaction(connection):
        fresh, stored = _not_known(connection, batch, accept_claimed)
        claims = _write_claims(connection, stored)
        note_claims(connection, claims)
        return Written(_write_files(connection, fresh, _write_rows(connection, fresh), accept_claimed), claims)


def write_portions(connection: Any, portions: Iterator[Chunk], accept_claimed: bool) -> Written | None:
    """As `write_batch`, for the portions of one file: all of them or none, whatever happens in between.

    None where another migration wrote the file since this one looked.
    """
    first = next(portions)
    all_of_it = chain((first,), portions)
    with transaction(connection):
        fresh, stored = _not_known(connection, first, accept_claimed)
        if fresh.files.num_rows:
            return Written(_write_new_portions(connection, all_of_it, accept_claimed), {})
        if stored.files.num_rows:
            return Written(None, _write_claims_of_portions(connection, all_of_it))
        return None


def _write_new_portions(connection: Any, portions: Iterable[Chunk], accept_claimed: bool) -> Chunk:
    found: list[dict[str, pa.Table]] = []
    new: list[dict[str, pa.Table]] = []
    for portion in portions:
        if portion.troubled:  # its end breaks what its beginning promised: nothing of it may stay
            _forget(connection)
            found, new = [], []
        found.append(_places(portion.rows))
        new.append(_places(_write_rows(connection, portion)))
        last = portion
    return _write_files(connection, Chunk(last.files, _joined(found), last.troubled), _joined(new), accept_claimed)


def _write_claims_of_portions(connection: Any, portions: Iterable[Chunk]) -> dict[str, int]:
    claims: Counter[str] = Counter()
    for portion in portions:
        if portion.troubled:
            _forget(connection)
            return {}
        claims.update(_write_claims(connection, portion))
    note_claims(connection, claims)
    return dict(claims)


def _forget(connection: Any) -> None:
    """What this transaction wrote."""
    connection.rollback()
    connection.begin()


def _not_known(connection: Any, batch: Chunk, accept_claimed: bool) -> tuple[Chunk, Chunk]:
    """The files that are new, and those that are stored without what they claim.

    Asked again under the lock; what only older readers saw is not known, and its row is written anew.
    """
    ids = batch.files["id"].to_pylist()
    stored = present(connection, "imported_files", batch.files["id"])
    settled = known_files(connection, TOOL_VERSION, False, stored)
    wanted = settled - known_files(connection, TOOL_VERSION, accept_claimed, stored)
    fresh = batch.only(first_of_each(ids, settled))
    return fresh, batch.only(first_of_each([file if file in wanted else None for file in ids], {None}))


def _write_claims(connection: Any, again: Chunk) -> dict[str, int]:
    """By file, how many of its claims got figures now; those of files that can no longer be read are not asked."""
    timed, tests = again.rows["performance_results"], again.rows["test_results"]
    claimed = {
        test
        for test, grade in zip(tests["id"].to_pylist(), tests[GRADE].to_pylist(), strict=True)
        if grade == Grade.CLAIMED
    }
    ids = timed["test_id"].to_pylist()
    open_ones = claims_without_figures(connection, ids) & claimed
    new = chosen(timed, first_of_each([test if test in open_ones else None for test in ids], {None}))
    _write(connection, "performance_results", new)
    files = dict(zip(again.files[FILE].to_pylist(), again.files["id"].to_pylist(), strict=True))
    counts = Counter(files[number] for number in new[FILE].to_pylist())
    return {file: counts[file] for file in files.values() if file not in again.troubled}


def _write_rows(connection: Any, mine: Chunk) -> dict[str, pa.Table]:
    """What was new of the rows, by table."""
    rows = _new_rows(connection, mine)
    for table, new in rows.items():
        _write(connection, table, new)
    return rows


def _write_files(connection: Any, mine: Chunk, rows: dict[str, pa.Table], accept_claimed: bool) -> Chunk:
    files = _counted(mine, rows, accept_claimed)
    _write(connection, "imported_files", files)
    return Chunk(files, rows, mine.troubled)


def _write(connection: Any, table: str, rows: pa.Table) -> None:
    if rows.num_rows:
        write_rows(connection, table, rows.select([name for name in rows.column_names if name not in _OURS]))


def _places(rows: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """What is still needed of rows that are written."""
    return {table: some.select([name for name in _OURS if name in some.column_names]) for table, some in rows.items()}


def _joined(rows: list[dict[str, pa.Table]]) -> dict[str, pa.Table]:
    return {table: pa.concat_tables([some[table] for some in rows]) for table in TABLES}


def first_of_each(keys: Iterable[Any], taken: set[Any]) -> list[bool]:
    """Whether each key is neither taken nor that of an earlier place; afterwards all are taken."""
    fresh = []
    for key in keys:
        fresh.append(key not in taken)
        taken.add(key)
    return fresh


def _new_rows(connection: Any, mine: Chunk) -> dict[str, pa.Table]:
    """Rows by table without what is stored already or came from an earlier file of the batch."""
    new = dict(mine.rows)
    for table in ("hardware_platforms", "models", "test_results"):
        keys = new[table][table_named(table).primary_key]
        new[table] = chosen(new[table], first_of_each(keys.to_pylist(), present(connection, table, keys)))
    tests = set(_pairs(new["test_results"], "id"))
    timed = new["performance_results"]
    new["performance_results"] = chosen(timed, [pair in tests for pair in _pairs(timed, "test_id")])
    return new


def _pairs(rows: pa.Table, column: str) -> Iterable[tuple[int, str]]:
    return zip(rows[FILE].to_pylist(), rows[column].to_pylist(), strict=True)


def _counted(mine: Chunk, rows: dict[str, pa.Table], accept_claimed: bool) -> pa.Table:
    """The rows of imported_files, with how much of each file was new."""
    numbers = mine.files[FILE].to_numpy()
    new = {name: _per_file(rows[table], numbers) for table, name in _COUNTS.items()}
    found = _per_file(mine.rows["test_results"], numbers) + mine.files[REPEATED].to_numpy()
    nothing = new["test_rows"] + new["hardware_rows"] + new["model_rows"] == 0
    duplicate = pc.and_(pc.equal(mine.files["outcome"], "imported"), pa.array(nothing))
    columns = new | {
        "duplicate_rows": found - new["test_rows"],
        "outcome": pc.if_else(duplicate, "duplicate", mine.files["outcome"]),
        "reason": pc.if_else(duplicate, _DUPLICATE, mine.files["reason"].cast(pa.string())),
        "tool_version": pa.repeat(TOOL_VERSION, len(numbers)),
        "claims_accepted": pa.repeat(accept_claimed, len(numbers)),
    }
    files = mine.files.drop_columns(["outcome", "reason", REPEATED])
    for name, values in columns.items():
        files = files.append_column(name, values if isinstance(values, pa.ChunkedArray) else pa.array(values))
    return files


def _per_file(rows: pa.Table, numbers: np.ndarray) -> np.ndarray:
    """How many of the rows each of these files has."""
    return np.bincount(rows[FILE].to_numpy(), minlength=numbers.max(initial=-1) + 1)[numbers]
