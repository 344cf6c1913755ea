"""Who may have the database: one process at a time, by a lock file beside it.

DuckDB refuses a second process at once instead of letting it wait; the lock file makes processes queue. It frees itself
when its process dies, and it stays on disk: removing it would let two processes lock two different files.
"""

from __future__ import annotations

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


def lock_path(database: Path) -> Path:
    return database.with_name(database.name + ".lock")


@contextmanager
def exclusive(database: Path, timeout_s: float) -> Iterator[None]:
    """Holds the lock of this database; StorageError after `timeout_s`, naming the holder."""
    path = lock_path(database)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout_s, poll_interval=_POLL_INTERVAL_S)
    except Timeout as error:
        raise StorageError(_busy(database, path, timeout_s)) from error
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
        path.write_text(f"process {os.getpid()} ({' '.join(sys.argv)[:200]}) since {datetime.now(UTC):%H:%M:%S} UTC")


def _busy(database: Path, path: Path, timeout_s: float) -> str:
    with suppress(OSError):
        holder = path.read_text(errors="replace")
        return f"{database} is in use by {holder}; waited {timeout_s:g} s. Wait until it is done, or stop it."
    return f"{database} is in use by another process; waited {timeout_s:g} s. Wait until it is done, or stop it."
