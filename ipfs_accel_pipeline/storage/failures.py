"""Turns what DuckDB and the operating system say into one StorageError that tells the reader what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ipfs_accel_pipeline.errors import StorageError

# Part of DuckDB's message -> remedy. DuckDB has no error numbers for these; the texts are those of 2.0.
_DAMAGED = (
    "The file is damaged. Move it and the .wal beside it away and put a backup or the published snapshot in its place; "
    "the next run on each device loads from the shards what came after."
)
_FOREIGN_LOG = "The .wal beside the file belongs to another copy of it: move the .wal away."
_REMEDIES = {
    "Could not read enough bytes": _DAMAGED,
    "Corrupt database file": _DAMAGED,
    "WAL does not match database file": _FOREIGN_LOG,
    "WAL checkpoint iteration": _FOREIGN_LOG,
    "replaying WAL": _DAMAGED,
    "not a valid DuckDB database": (
        "It is not a DuckDB database. Move it away, or point BENCHMARK_DB_PATH (--db-path) at another file."
    ),
    "newer version of DuckDB": "It was written by a newer DuckDB: upgrade with `pip install -U duckdb`.",
    "No space left on device": "The disk is full and nothing of this write was kept. Free some space and run again.",
    "Read-only file system": "The folder cannot be written. Choose another with BENCHMARK_DB_PATH (--db-path).",
    "Permission denied": "This user may not use it. Fix the rights, or choose another BENCHMARK_DB_PATH (--db-path).",
    "Is a directory": "That is a folder. Name a file with BENCHMARK_DB_PATH (--db-path).",
    "different configuration": (
        "This process has the database open already, in the other of the modes reading and writing. Close that first."
    ),
}


def is_lock_conflict(error: duckdb.Error) -> bool:
    """Whether another process, one that does not know our lock file, holds the database."""
    return "Could not set lock" in str(error)


def remedy(message: str) -> str:
    """What to do about it, or nothing if we do not know better than the message."""
    return next((advice for part, advice in _REMEDIES.items() if part in message), "")


def storage_error(doing: str, error: Exception) -> StorageError:
    message = _message(error)
    return StorageError(f"{doing}: {message} {remedy(message)}".rstrip())


def snapshot_error(doing: str, error: Exception) -> StorageError:
    """A copy that cannot be read is made again, whatever is wrong with it; not what this user may not read."""
    if isinstance(error, PermissionError) or "Permission denied" in str(error):
        return storage_error(doing, error)
    return StorageError(f"{doing}: {_message(error)} Publish it again with `ipfs-accel snapshot`.")


def _message(error: Exception) -> str:
    return str(error).strip().split("\n\nLINE ", maxsplit=1)[0]


@contextmanager
def as_storage_errors(doing: str) -> Iterator[None]:
    """Errors of DuckDB and of files become StorageErrors that begin with what we were doing."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise storage_error(doing, error) from error
