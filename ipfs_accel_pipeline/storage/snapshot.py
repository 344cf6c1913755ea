"""The published copy that every reader opens, so that readers and writers never wait for each other.

A process that holds the live file, even for reading, makes every other one fail; a copy that is replaced in one step
has no such moment: whoever reads the old copy keeps it until done.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

import duckdb

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.database import SESSION, connect, exists, open_database
from ipfs_accel_pipeline.storage.failures import as_storage_errors, snapshot_error
from ipfs_accel_pipeline.storage.lock import exclusive
from ipfs_accel_pipeline.storage.schema import refuse_newer, refuse_older, schema_version
from ipfs_accel_pipeline.storage.whole_files import sync_folder

_COPY_ATTEMPTS = 5
_ATTACH_ATTEMPTS = 20


def publish_snapshot(database: str | Path, snapshot: str | Path, *, lock_timeout_s: float = 300) -> Path:
    """Copies the database as it is now; readers see the old copy or the new one, never half of one."""
    source, target = Path(database).absolute(), Path(snapshot).absolute()
    with open_database(source, lock_timeout_s=lock_timeout_s):
        pass  # makes a missing database, so that readers find empty tables and not an error
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    # Whoever has measured for hours must not read that the results were not kept.
    problem = f"Cannot publish {target} (the database is as it was; `ipfs-accel snapshot` tries again)"
    try:
        with as_storage_errors(problem), exclusive(source, lock_timeout_s):
            target.parent.mkdir(parents=True, exist_ok=True)
            for left in target.parent.glob(f".{escape(target.name)}.*.tmp"):  # by one that was killed: we have the lock
                left.unlink()
            _copy_quiet(source, temporary, time.monotonic() + lock_timeout_s)
            os.replace(temporary, target)
            sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return target


@contextmanager
def open_snapshot(path: str | Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy, read-only. Keep it for one question or page, then close it, to see the next one."""
    snapshot = Path(path).absolute()
    if not exists(snapshot):
        raise StorageError(
            f"No snapshot was published at {snapshot} yet. Run `ipfs-accel snapshot`, or materialize the asset "
            "`snapshot` in Dagster; every full run does it too."
        )
    # Attached to a connection of its own: duckdb.connect(path) would share one instance per path within a process,
    # and so show a replaced snapshot's old content for as long as anyone in this process still reads it.
    connection = duckdb.connect(":memory:")
    try:
        try:
            connection.execute(SESSION)
            _attach_one_copy(connection, snapshot)
            connection.execute("USE snapshot")
            version = schema_version(connection)
        except (duckdb.Error, OSError) as error:
            raise snapshot_error(f"Cannot open the snapshot {snapshot}", error) from error
        refuse_newer(version)
        refuse_older(version)
        yield connection
    finally:
        connection.close()


def _attach_one_copy(connection: duckdb.DuckDBPyConnection, snapshot: Path) -> None:
    """DuckDB opens the file twice, for its header and to stay: a copy published in between would mix two of them."""
    for _ in range(_ATTACH_ATTEMPTS):
        before = _identity(snapshot)
        try:
            connection.execute(f"ATTACH '{_escaped(snapshot)}' AS snapshot (READ_ONLY)")
        except duckdb.Error:
            if _identity(snapshot) == before:
                raise
            continue
        if _identity(snapshot) == before:
            return
        connection.execute("DETACH snapshot")
    raise StorageError(f"{snapshot} was replaced during each of {_ATTACH_ATTEMPTS} attempts to open it. Try again.")


def _identity(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _copy_quiet(source: Path, copy: Path, deadline: float) -> None:
    """Copies a file that nobody changes meanwhile.

    The connection is closed first: reading the file while this process has it open would drop DuckDB's lock on it.
    Our own writers are kept out by our lock; for a program that does not know it, the file is compared.
    """
    for _ in range(_COPY_ATTEMPTS):
        connection = connect(source, read_only=False, deadline=deadline)
        try:
            connection.execute("CHECKPOINT")
        finally:
            connection.close()
        before = _state(source)
        shutil.copyfile(source, copy)
        _sync(copy)
        if _state(source) == before:
            return
    raise StorageError(
        f"{source} was changed during each of {_COPY_ATTEMPTS} copies by a program that ignores our lock."
    )


def _state(source: Path) -> tuple[int, int, bool]:
    status = source.stat()
    return status.st_mtime_ns, status.st_size, source.with_name(source.name + ".wal").exists()


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
