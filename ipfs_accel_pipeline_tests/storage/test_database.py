from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage import lock
from ipfs_accel_pipeline.storage.database import connect, open_database
from ipfs_accel_pipeline.storage.lock import lock_path
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.storage import processes


def open_and_close(database: Path, **options) -> None:
    with open_database(database, **options):
        pass


def test_missing_folders_and_the_database_are_made(tmp_path):
    with open_database(tmp_path / "deep" / "er" / "benchmark.duckdb") as connection:
        assert read_rows(connection, "models") == []


def test_times_are_shown_in_utc_wherever_the_machine_is(database, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with open_database(database) as connection:
        assert connection.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]


_WHETHER_PROGRESS_IS_SHOWN = """
import sys
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.prepared import PreparedSnapshot
from ipfs_accel_pipeline.storage.snapshot import open_snapshot, publish_snapshot
snapshot = publish_snapshot(sys.argv[1], sys.argv[1] + ".snapshot")
for opened in (open_database(sys.argv[1]), open_snapshot(snapshot), PreparedSnapshot(snapshot).reading()):
    with opened as connection:
        print(*connection.execute("SELECT current_setting('enable_progress_bar')").fetchone())
"""


def test_duckdb_prints_no_progress_amid_what_a_program_prints(database):
    # DuckDB would, from two seconds on, wherever it sees no script: `python -c` is such a place.
    said = subprocess.check_output([sys.executable, "-c", _WHETHER_PROGRESS_IS_SHOWN, database], text=True)
    assert said.split() == ["False"] * 3


def test_the_database_is_closed_and_the_lock_free_after_an_error(database):
    with pytest.raises(ZeroDivisionError), open_database(database):
        _ = 1 / 0
    open_and_close(database, lock_timeout_s=0)


def test_reading_makes_no_database(database):
    with pytest.raises(StorageError, match=r"no database at .* yet\. Run `ipfs-accel run`"):
        open_and_close(database, read_only=True)
    assert not database.exists()


def test_a_database_opened_for_reading_cannot_be_written(parents_database):
    with open_database(parents_database, read_only=True) as connection:
        assert len(read_rows(connection, "models")) == 1
        with pytest.raises(StorageError, match="read-only"):
            write_rows(connection, "models", [fakes.model_row(model_id="b")])


def test_a_database_older_than_this_package_is_not_read_as_if_it_were_new(database):
    duckdb.connect(str(database)).close()
    with pytest.raises(StorageError, match=r"schema version 0, this package needs .* opened read-only"):
        open_and_close(database, read_only=True)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000])
def test_a_file_that_is_no_database_is_left_alone(database, content):
    database.write_bytes(content)
    with pytest.raises(StorageError, match=r"not a DuckDB database. Move it away"):
        open_and_close(database)
    assert database.read_bytes() == content


def cut_short(database):
    os.truncate(database, database.stat().st_size // 2)


def flip_bytes(database):
    content = bytearray(database.read_bytes())
    content[20_000:20_008] = bytes(255 - byte for byte in content[20_000:20_008])
    database.write_bytes(content)


@pytest.mark.parametrize("damage", [cut_short, flip_bytes])
def test_a_damaged_database_is_told_with_what_to_put_in_its_place(parents_database, damage):
    damage(parents_database)
    with pytest.raises(StorageError, match=r"is damaged. Move it and the .wal beside it away and put a backup"):
        open_and_close(parents_database)


def test_a_log_of_another_copy_is_told_to_be_moved_away(database, empty_template, parents_template):
    shutil.copyfile(parents_template, database)
    connection = duckdb.connect(str(database))
    connection.execute("CHECKPOINT; SET checkpoint_threshold = '1 GB'")
    connection.execute("PRAGMA disable_checkpoint_on_shutdown; CREATE TABLE written_to_the_log (x INTEGER)")
    connection.close()
    assert database.with_name(database.name + ".wal").exists()
    shutil.copyfile(empty_template, database)
    with pytest.raises(StorageError, match=r"belongs to another copy of it: move the .wal away"):
        open_and_close(database)


def test_a_holder_whose_command_line_is_no_text_can_sign(database, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ipfs-accel", "migrate", os.fsdecode(b"\xff.json")])
    open_and_close(database)
    assert "udcff.json" in lock_path(database).read_text()


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(StorageError, match="Name a file"):
        open_and_close(tmp_path)


def test_a_file_where_the_folder_should_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="Cannot create the folder of"):
        open_and_close(tmp_path / "file" / "benchmark.duckdb")


def test_the_waiting_process_says_who_has_the_database(parents_database, tmp_path):
    holder = processes.start(processes.hold, parents_database, tmp_path / "ready")
    try:
        processes.wait_for(tmp_path / "ready")
        begun = time.monotonic()
        with pytest.raises(StorageError, match=rf"in use by process {holder.pid} .*; waited 0.3 s\. Wait until"):
            open_and_close(parents_database, lock_timeout_s=0.3)
        assert 0.3 <= time.monotonic() - begun < 5
    finally:
        holder.kill()
        holder.join()
    open_and_close(parents_database, lock_timeout_s=5)


def test_a_long_wait_is_told_once_with_the_holder_and_how_long_it_may_last(
    parents_database, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(lock, "TELL_AFTER_S", 0.1)
    holder = processes.start(processes.hold, parents_database, tmp_path / "ready")
    processes.wait_for(tmp_path / "ready")
    try:
        with pytest.raises(StorageError, match="in use by"):
            open_and_close(parents_database, lock_timeout_s=0.6)
    finally:
        holder.kill()
        holder.join()
    (told,) = caplog.messages
    assert re.search(rf"in use by process {holder.pid} .*\. Waiting until it is free, at most \d+ s\.$", told)


def test_a_program_that_ignores_our_lock_is_waited_for(parents_database, tmp_path):
    stranger = processes.start(processes.hold_without_our_lock, parents_database, tmp_path / "ready", 1.0)
    processes.wait_for(tmp_path / "ready")
    open_and_close(parents_database, lock_timeout_s=30)
    stranger.join()


def test_a_program_that_ignores_our_lock_is_named_at_the_deadline(parents_database, tmp_path):
    stranger = processes.start(processes.hold_without_our_lock, parents_database, tmp_path / "ready", 120)
    try:
        processes.wait_for(tmp_path / "ready")
        with pytest.raises(StorageError, match=rf"stayed locked.*PID {stranger.pid}.*Close that program"):
            open_and_close(parents_database, lock_timeout_s=0.2)
    finally:
        stranger.kill()
        stranger.join()


def test_refused_connections_come_back_ever_later_until_the_deadline(parents_database, tmp_path, caplog):
    stranger = processes.start(processes.hold_without_our_lock, parents_database, tmp_path / "ready", 120)
    processes.wait_for(tmp_path / "ready")
    slept: list[float] = []
    try:
        with pytest.raises(StorageError, match="stayed locked"):
            connect(parents_database, read_only=False, deadline=10.0, clock=lambda: sum(slept), sleep=slept.append)
    finally:
        stranger.kill()
        stranger.join()
    (told,) = caplog.messages
    assert re.search(rf"PID {stranger.pid}.*Waiting until it is free, at most \d s\.$", told)
    assert 10 <= sum(slept) < 12
    assert max(slept) <= 1.5
    assert slept[0] < 0.05


def mount(folder: Path, options: str) -> None:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"not permitted to mount a small disk here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    mount(folder, "size=8m")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_loses_nothing_that_was_committed(small_disk, parents_template):
    database = small_disk / "benchmark.duckdb"
    database.write_bytes(parents_template.read_bytes())
    huge = [fakes.failed_test_row(id=str(i), error_message=os.urandom(3000).hex()) for i in range(3000)]
    with open_database(database) as connection:
        write_rows(connection, "test_results", [fakes.test_row()])
        with pytest.raises(StorageError, match="disk is full"):
            write_rows(connection, "test_results", huge)
    with open_database(database) as connection:
        assert read_rows(connection, "test_results") == [fakes.test_row()]
        assert len(read_rows(connection, "models")) == 1


def test_a_disk_that_cannot_be_written_is_named_and_can_still_be_read(small_disk, parents_template):
    database = small_disk / "benchmark.duckdb"
    database.write_bytes(parents_template.read_bytes())
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StorageError, match=r"The folder cannot be written. Choose another"):
        open_and_close(database)
    with pytest.raises(StorageError, match="Cannot create the folder"):
        open_and_close(small_disk / "new" / "benchmark.duckdb")
    with open_database(database, read_only=True) as connection:
        assert len(read_rows(connection, "models")) == 1
    assert not lock_path(database).exists()
