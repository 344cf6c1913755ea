"""Who may have the database: one process at a time, by a lock file beside it.

DuckDB refuses a second process at once instead of letting it wait; the lock file makes processes queue. It frees itself
when its process dies, and it stays on disk: removing it would let two processes lock two different files.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.failures import storage_error

_POLL_INTERVAL_S = 0.02
TELL_AFTER_S = 2.0  # most waits are shorter, and nobody wonders yet

_log = logging.getLogger(__name__)


def lock_path(database: Path) -> Path:
    return database.with_name(database.name + ".lock")


@contextmanager
def exclusive(database: Path, timeout_s: float) -> Iterator[None]:
    """Holds the lock of this database; StorageError after `timeout_s`, naming the holder. A long wait is told once."""
    path = lock_path(database)
    lock = FileLock(path)
    try:
        _acquire(lock, database, timeout_s)
    except Timeout as error:
        raise StorageError(
            f"{database} is in use by {_holder(path)}; waited {timeout_s:g} s. Wait until it is done, or stop it."
        ) from error
    except OSError as error:
        raise storage_error(f"Cannot lock {database}", error) from error
    try:
        _sign(path)
        yield
    finally:
        lock.release()


def _sign(path: Path) -> None:
    # Only for the message of whoever waits in vain, so failing to write it is no failure.
    with suppress(OSError):
        path.write_text(
            f"process {os.getpid()} ({' '.join(sys.argv)[:200]}) since {datetime.now(UTC):%H:%M:%S} UTC",
            errors="backslashreplace",  # a named file's name may be no UTF-8
        )


def tell_wait(database: Path, holder: str, timeout_s: float) -> None:
    """A line in the log, which without further arrangement is standard error."""
    _log.warning("%s is in use by %s. Waiting until it is free, at most %.0f s.", database, holder, timeout_s)


def _acquire(lock: FileLock, database: Path, timeout_s: float) -> None:
    silent_s = min(TELL_AFTER_S, timeout_s)
    try:
        lock.acquire(timeout=silent_s, poll_interval=_POLL_INTERVAL_S)
    except Timeout:
        if silent_s == timeout_s:
            raise
        tell_wait(database, _holder(lock_path(database)), timeout_s - silent_s)
        lock.acquire(timeout=timeout_s - silent_s, poll_interval=_POLL_INTERVAL_S)


def _holder(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace")
    return "another process"
