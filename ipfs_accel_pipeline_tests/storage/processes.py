"""What other processes do to a database or journal while a test looks on; run by `start`."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import duckdb

from ipfs_accel_pipeline.storage.database import open_database, transaction
from ipfs_accel_pipeline.storage.reading import read_table
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline.storage.snapshot import open_snapshot, publish_snapshot
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes

# The imports are made once, in the fork server; each process then starts in a few milliseconds.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


def start(work: Any, *arguments: Any) -> ForkServerProcess:
    process = _CONTEXT.Process(target=work, args=arguments)
    process.start()
    return process


def wait_for(path: Path, timeout_s: float = 60) -> None:
    """Until the other process says by a file that it has come so far."""
    deadline = time.monotonic() + timeout_s
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


def write_own_and_shared_rows(database: Path, number: int) -> None:
    rows = [fakes.test_row(id=f"own-{number}-{i}") for i in range(3)] + [fakes.test_row(id="shared")]
    with open_database(database, lock_timeout_s=120) as connection:
        write_rows(connection, "test_results", rows)


def hold(database: Path, ready: Path) -> None:
    with open_database(database):
        ready.touch()
        time.sleep(120)


def hold_without_our_lock(database: Path, ready: Path, seconds: float) -> None:
    connection = duckdb.connect(str(database))
    ready.touch()
    time.sleep(seconds)
    connection.close()


def stop_in_the_middle_of_a_transaction(database: Path, ready: Path) -> None:
    with open_database(database) as connection, transaction(connection):
        write_rows(connection, "models", [fakes.model_row(model_id="half-written")])
        write_rows(connection, "test_results", [fakes.test_row(id="half-written", model_id="half-written")])
        ready.touch()
        time.sleep(120)


def write_and_publish(database: Path, snapshot: Path, times: int) -> None:
    for number in range(times):
        with open_database(database, lock_timeout_s=30) as connection:
            write_rows(connection, "test_results", [fakes.test_row(id=f"{os.getpid()}-{number}")])
        publish_snapshot(database, snapshot, lock_timeout_s=30)


def read_until(snapshot: Path, stop: Path, report: Path) -> None:
    """Reads the snapshot again and again; the counts it saw go to `report`."""
    seen = []
    while not stop.exists():
        with open_snapshot(snapshot) as connection:
            seen.append(len(read_table(connection, "test_results", columns=["id"])))
        time.sleep(0.02)
    report.write_text(" ".join(map(str, seen)))


def record_and_stop(root: Path, ready: Path) -> None:
    with ShardStore(root).journal(fakes.HARDWARE_ID, fakes.RUN_ID, {"host": "fake"}) as journal:
        journal.append(fakes.observation())
        journal.append(fakes.failed_observation())
        ready.touch()
        time.sleep(120)
