"""Readers and writers at once: nobody waits for a lock, and everybody sees a whole snapshot."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ipfs_accel_pipeline.dashboard.app import create_app
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline_tests.dashboard.browser import served
from ipfs_accel_pipeline_tests.dashboard.conftest import client_of, settings_in
from ipfs_accel_pipeline_tests.dashboard.synthetic import Size, write_synthetic
from ipfs_accel_pipeline_tests.storage import processes

READERS = 20
SCREENS = ("/overview", "/matrix", "/tests", "/compare", "/trends", "/heatmap", "/api/cases", "/tests.parquet")


def read_until(stop: threading.Event, address: str, number: int) -> tuple[list[int], list[int]]:
    """The status of every answer, and the counts of tests in the order they were seen."""
    statuses, counts = [], []
    with httpx.Client(base_url=address, timeout=60) as client:
        while not stop.is_set():
            statuses.append(client.get(SCREENS[(number + len(statuses)) % len(SCREENS)]).status_code)
            counts.append(sum(run["tests"] for run in client.get("/api/runs").json()))
    return statuses, counts


@pytest.mark.slow
def test_twenty_readers_look_on_while_the_pipeline_writes_and_nobody_is_refused(tmp_path):
    settings = settings_in(tmp_path)
    write_synthetic(settings.database, Size(models=8, runs=2))
    with_parents(settings)
    publish_snapshot(settings.database, settings.snapshot)
    stop = threading.Event()

    with served(settings) as site, ThreadPoolExecutor(READERS) as pool:
        readers = [pool.submit(read_until, stop, site.address, number) for number in range(READERS)]
        writers = [
            processes.start(processes.write_and_publish, settings.database, settings.snapshot, 4) for _ in range(2)
        ]
        for writer in writers:
            writer.join()
        time.sleep(0.5)
        stop.set()
        seen = [reader.result() for reader in readers]

    assert [writer.exitcode for writer in writers] == [0, 0]
    assert {status for statuses, _ in seen for status in statuses} == {200}
    for _, counts in seen:
        assert counts == sorted(counts)  # a newer snapshot never gives way to an older one
    assert max(counts[-1] for _, counts in seen) == 8 * 8 * 3 * 2 * 2 + 8


def with_parents(settings) -> None:
    """The rows that `processes.write_and_publish` refers to."""
    from ipfs_accel_pipeline.storage.database import open_database
    from ipfs_accel_pipeline.storage.writing import write_rows
    from ipfs_accel_pipeline_tests import fakes

    with open_database(settings.database) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])


def test_a_new_snapshot_is_shown_without_a_restart(tmp_path):
    settings = settings_in(tmp_path)
    publish_snapshot(settings.database, settings.snapshot)
    client = client_of(settings)
    assert client.get("/api/summary").json()["cases"] == 0

    write_synthetic(settings.database, Size(models=2, platforms=2, runs=1))
    publish_snapshot(settings.database, settings.snapshot)

    deadline = time.monotonic() + 60
    while client.get("/api/summary").json()["cases"] != 2 * 2 * 3 * 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_dashboard_leaves_the_snapshot_as_it_is_and_never_opens_the_live_file(tmp_path):
    settings = settings_in(tmp_path)
    write_synthetic(settings.database, Size(models=2, platforms=2, runs=1))
    publish_snapshot(settings.database, settings.snapshot)
    before = settings.snapshot.read_bytes()
    settings.database.unlink()

    client = client_of(settings)
    assert client.get("/overview").status_code == 200

    assert settings.snapshot.read_bytes() == before
    assert not settings.database.exists()


def test_closing_the_application_lets_go_of_the_snapshot(tmp_path):
    settings = settings_in(tmp_path)
    publish_snapshot(settings.database, settings.snapshot)
    app = create_app(settings)

    with app.state.office.snapshot.reading() as connection:
        assert connection.execute("SELECT count(*) FROM dashboard_case").fetchall() == [(0,)]
    app.state.office.snapshot.close()

    with app.state.office.snapshot.reading() as connection:  # and it can be opened again
        assert connection.execute("SELECT count(*) FROM dashboard_case").fetchall() == [(0,)]
