"""Real processes on one real file."""

from __future__ import annotations

import time

import pytest

from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows, read_table
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline_tests.storage import processes


@pytest.mark.slow
def test_sixteen_writers_lose_nothing_and_double_nothing(parents_database):
    writers = [processes.start(processes.write_own_and_shared_rows, parents_database, number) for number in range(16)]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 16
    with open_database(parents_database) as connection:
        ids = sorted(read_table(connection, "test_results", columns=["id"])["id"])
    assert ids == sorted(["shared", *(f"own-{number}-{i}" for number in range(16) for i in range(3))])


def test_a_process_killed_in_mid_transaction_leaves_nothing_half_written_and_the_lock_free(parents_database, tmp_path):
    victim = processes.start(processes.stop_in_the_middle_of_a_transaction, parents_database, tmp_path / "ready")
    processes.wait_for(tmp_path / "ready")
    victim.kill()
    victim.join()
    with open_database(parents_database, lock_timeout_s=5) as connection:
        assert read_rows(connection, "test_results") == []
        assert len(read_rows(connection, "models")) == 1


@pytest.mark.slow
def test_readers_of_the_snapshot_and_writers_never_meet(parents_database, tmp_path):
    snapshot, stop = tmp_path / "snapshot.duckdb", tmp_path / "stop"
    publish_snapshot(parents_database, snapshot)
    reports = [tmp_path / f"report-{number}" for number in range(2)]
    readers = [processes.start(processes.read_until, snapshot, stop, report) for report in reports]
    writers = [processes.start(processes.write_and_publish, parents_database, snapshot, 3) for _ in range(2)]
    for writer in writers:
        writer.join()
    time.sleep(0.3)
    stop.touch()
    for reader in readers:
        reader.join()
    assert [process.exitcode for process in readers + writers] == [0] * 4
    for report in reports:
        seen = [int(count) for count in report.read_text().split()]
        assert seen == sorted(seen)
        assert seen[-1] == 6
