"""The published snapshot, kept open for many quick questions: what all of them need is computed once.

`dashboard_case` (one row per case), `dashboard_run` and their like are made in memory when a new snapshot is first
read; the snapshot itself is never written. A reader that is still busy with the old one finishes on the old one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.database import SESSION
from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.queries import query_rows, query_text
from ipfs_accel_pipeline.storage.snapshot import open_snapshot

CaseFilters = Mapping[str, Sequence[str] | Sequence[int] | None]

# In this order: the others count the cases.
_PREPARED = {
    "dashboard_case": "dashboard/case",
    "dashboard_model": "dashboard/model",
    "dashboard_platform": "dashboard/platform",
    "dashboard_run": "dashboard/run",
    "dashboard_version": "dashboard/version",
    "dashboard_choice": "dashboard/choice",
}
# Names are looked up in the snapshot first, then among what was made in memory.
_SEARCH_PATH = "SET search_path = 'snapshot.main,memory.main'"
FILTER_NAMES = (
    "models", "hardware", "hardware_types", "families", "model_types", "endpoints", "precisions", "batch_sizes",
    "sequence_lengths", "provenances", "accelerations", "statuses",
)  # fmt: skip


@dataclass
class _Opened:
    """One snapshot that is open: closing its connection would close its readers' too, so the last one does it."""

    state: tuple[int, int, int]
    connection: duckdb.DuckDBPyConnection
    held: ExitStack
    readers: int = 0
    is_retired: bool = False

    def close_if_unused(self) -> None:
        if self.is_retired and self.readers == 0:
            self.held.close()


class PreparedSnapshot:
    """Thread-safe. While a new snapshot is prepared, the one before is shown: nobody waits for seconds."""

    def __init__(self, path: str | Path, patience_s: float = 0.1) -> None:
        self.path = Path(path).absolute()
        self._patience_s = patience_s  # a small snapshot is ready by then, and its news is shown at once
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._coming: Future[_Opened] | None = None
        self._preparer = ThreadPoolExecutor(1, thread_name_prefix="prepare-snapshot")
        self._closed = threading.Event()

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for one page, on the newest snapshot."""
        self._look_for_newer()
        with self._lock:
            opened = self._opened
            if opened is None:  # nothing can be shown yet, so there is nothing to do but wait
                opened = self._opened = _open(self.path, _state(self.path))
            opened.readers += 1
            connection = opened.connection.cursor()
        try:
            connection.execute(SESSION)
            connection.execute(_SEARCH_PATH)
            yield connection
        finally:
            connection.close()
            with self._lock:
                opened.readers -= 1
                opened.close_if_unused()

    @property
    def published_at(self) -> datetime | None:
        """When the snapshot that is shown was published; None before the first is read."""
        with self._lock:
            return None if self._opened is None else datetime.fromtimestamp(self._opened.state[1] / 1e9, UTC)

    def open(self) -> None:
        """Prepares now what the first reader would wait for."""
        with self.reading():
            pass

    def watch(self, every_s: float = 1.0) -> None:
        """From now on a new snapshot is prepared when it is published: who comes first must not see the one before."""
        threading.Thread(target=self._keep_up, args=(every_s,), name="watch-snapshot", daemon=True).start()

    def _keep_up(self, every_s: float) -> None:
        while not self._closed.wait(every_s):
            with suppress(StorageError):  # the next reader is told
                self._look_for_newer()

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            coming, self._coming = self._coming, None
            self._retire()
        if coming is not None:
            coming.add_done_callback(_close_unwanted)

    def _look_for_newer(self) -> None:
        """Takes a newer snapshot if it is ready in time. StorageError if what was published cannot be read."""
        with self._lock:
            state = _state(self.path)
            if self._opened is not None and self._opened.state != state and self._coming is None:
                self._coming = self._preparer.submit(_open, self.path, state)
            coming = self._coming
        if coming is None:
            return
        wait([coming], timeout=self._patience_s)
        with self._lock:
            if self._coming is coming and coming.done():  # else another reader has taken it
                self._coming = None
                opened = coming.result()
                self._retire()
                self._opened = opened

    def _retire(self) -> None:
        if self._opened is not None:
            self._opened.is_retired = True
            self._opened.close_if_unused()
        self._opened = None


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes what the dashboard's queries read; the snapshot must be attached as `snapshot`."""
    with as_storage_errors("Cannot prepare the snapshot for reading"):
        connection.execute(_SEARCH_PATH)
        for table, query in _PREPARED.items():
            connection.execute(f"CREATE TABLE memory.main.{table} AS {query_text(query)}")
        connection.execute(
            f"CREATE MACRO memory.main.chosen_cases(filters) AS TABLE {query_text('dashboard/chosen_case')}"
        )


def case_rows(
    connection: duckdb.DuckDBPyConnection, name: str, filters: CaseFilters, **params: object
) -> list[dict[str, Any]]:
    """The answer of a query over the cases that meet the filters; a filter that is left out lets everything pass."""
    unknown = sorted(set(filters) - set(FILTER_NAMES))
    if unknown:
        raise StorageError(f"There is no filter {', '.join(unknown)}. Filters: {', '.join(FILTER_NAMES)}.")
    chosen = {filter_name: list(filters.get(filter_name) or ()) or None for filter_name in FILTER_NAMES}
    return query_rows(connection, name, filters=chosen, **params)


def _close_unwanted(coming: Future[_Opened]) -> None:
    if coming.exception() is None:
        coming.result().held.close()


def _open(path: Path, state: tuple[int, int, int]) -> _Opened:
    held = ExitStack()
    try:
        connection = held.enter_context(open_snapshot(path))
        prepare(connection)
    except BaseException:
        held.close()
        raise
    return _Opened(state, connection, held)


def _state(path: Path) -> tuple[int, int, int]:
    """What changes when another snapshot is published at this path; zeros where none is."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_mtime_ns, status.st_size)
