"""Opens the database: waits for its turn, brings the schema up to date, always closes.

Whoever only reads and is not part of a run opens the snapshot instead (snapshot.py) and never waits.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.failures import as_storage_errors, is_lock_conflict, storage_error
from ipfs_accel_pipeline.storage.lock import TELL_AFTER_S, exclusive, tell_wait
from ipfs_accel_pipeline.storage.schema import migrate, refuse_newer, refuse_older, schema_version
from ipfs_accel_pipeline.storage.transactions import transaction

__all__ = ["SESSION", "connect", "exists", "open_database", "require_database", "transaction"]

# DuckDB takes `python -c` and notebooks for people to whom it shows progress, in the midst of what they print.
SESSION = "SET TimeZone = 'UTC'; SET enable_progress_bar = false"
_FIRST_DELAY_S = 0.02
_LONGEST_DELAY_S = 1.0


@contextmanager
def open_database(
    path: str | Path,
    *,
    read_only: bool = False,
    lock_timeout_s: float = 300,
    config: Mapping[str, Any] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database at the schema of this package, in UTC; a missing one is created unless `read_only`.

    No other process has it meanwhile, so stay short: compute first, then open and write.
    """
    database = Path(path).absolute()
    deadline = time.monotonic() + lock_timeout_s
    _prepare_folder(database, read_only)
    with ExitStack() as held:
        # On read-only media no lock file can be made, and nobody writes: a reader needs none.
        if not read_only or os.access(database.parent, os.W_OK):
            held.enter_context(exclusive(database, lock_timeout_s))
        connection = connect(database, read_only=read_only, deadline=deadline, config=config)
        held.callback(connection.close)
        _bring_up_to_date(connection, database, read_only)
        yield connection


def connect(
    database: Path,
    *,
    read_only: bool,
    deadline: float,
    config: Mapping[str, Any] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> duckdb.DuckDBPyConnection:
    """A connection in UTC; waits until `deadline` for programs that do not know our lock file (a DuckDB shell)."""
    delay, tell_at = _FIRST_DELAY_S, clock() + TELL_AFTER_S
    while True:
        try:
            connection = duckdb.connect(str(database), read_only=read_only, config=dict(config or {}))
            connection.execute(SESSION)
            return connection
        except duckdb.Error as error:
            if not is_lock_conflict(error):
                raise storage_error(f"Cannot open {database}", error) from error
            now = clock()
            if now >= deadline:
                raise StorageError(f"{database} stayed locked. {error} Close that program, then run again.") from error
            if now >= tell_at:
                tell_wait(database, f"a program that does not know our lock ({error})", deadline - now)
                tell_at = math.inf
        # Jitter: processes that were refused together must not come back together.
        sleep(delay * (0.5 + random.random()))
        delay = min(delay * 1.6, _LONGEST_DELAY_S)


def require_database(database: Path) -> None:
    """StorageError where there is none: for whoever would answer from an empty one, and so say that all is well."""
    if not exists(database):
        raise StorageError(
            f"There is no database at {database} yet. Run `ipfs-accel run` (or materialize the assets) first, "
            "or name the right file with BENCHMARK_DB_PATH (--db-path)."
        )


def exists(path: Path) -> bool:
    """StorageError where this user may not even look."""
    with as_storage_errors(f"Cannot look for {path}"):
        return path.exists()


def _prepare_folder(database: Path, read_only: bool) -> None:
    if read_only:
        require_database(database)
    with as_storage_errors(f"Cannot create the folder of {database}"):
        database.parent.mkdir(parents=True, exist_ok=True)


def _bring_up_to_date(connection: duckdb.DuckDBPyConnection, database: Path, read_only: bool) -> None:
    with as_storage_errors(f"Cannot bring {database} up to date"):
        if not read_only:
            migrate(connection)
            return
        version = schema_version(connection)
        refuse_newer(version)
        refuse_older(version)
