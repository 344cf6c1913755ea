from __future__ import annotations

import os

import duckdb
import pytest

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.snapshot import _attach_one_copy, open_snapshot, publish_snapshot
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes


def models_in(snapshot) -> list[str]:
    with open_snapshot(snapshot) as connection:
        return [row.model_id for row in read_rows(connection, "models")]


def add_model(database, model_id: str) -> None:
    with open_database(database) as connection:
        write_rows(connection, "models", [fakes.model_row(model_id=model_id)])


def test_the_snapshot_is_the_database_of_that_moment(parents_database, tmp_path):
    snapshot = publish_snapshot(parents_database, tmp_path / "new folder" / "it's a snapshot.duckdb")
    add_model(parents_database, "later")
    assert models_in(snapshot) == [fakes.MODEL_ID]
    publish_snapshot(parents_database, snapshot)
    assert models_in(snapshot) == [fakes.MODEL_ID, "later"]


def test_before_the_first_snapshot_the_reader_is_told_how_to_make_one(tmp_path):
    with pytest.raises(StorageError, match=r"No snapshot was published at .* yet. Run `ipfs-accel snapshot`"):
        models_in(tmp_path / "snapshot.duckdb")


def test_a_reader_keeps_its_snapshot_while_a_new_one_is_published_to_others(parents_database, tmp_path):
    snapshot = publish_snapshot(parents_database, tmp_path / "snapshot.duckdb")
    with open_snapshot(snapshot) as early:
        assert len(read_rows(early, "models")) == 1
        add_model(parents_database, "later")
        publish_snapshot(parents_database, snapshot)
        assert len(read_rows(early, "models")) == 1
        assert len(models_in(snapshot)) == 2


def test_a_snapshot_cannot_be_written(parents_database, tmp_path):
    snapshot = publish_snapshot(parents_database, tmp_path / "snapshot.duckdb")
    with open_snapshot(snapshot) as connection, pytest.raises(StorageError, match="read-only"):
        write_rows(connection, "models", [fakes.model_row(model_id="b")])


def test_publishing_without_a_database_gives_readers_empty_tables(database, tmp_path):
    assert models_in(publish_snapshot(database, tmp_path / "snapshot.duckdb")) == []


def test_a_failed_publication_keeps_the_old_snapshot_and_no_leftovers(parents_database, tmp_path, monkeypatch):
    snapshot = publish_snapshot(parents_database, tmp_path / "snapshot.duckdb")

    def fail(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(StorageError, match=r"Cannot publish .* database is as it was; .* disk is full"):
        publish_snapshot(parents_database, snapshot)
    monkeypatch.undo()
    assert models_in(snapshot) == [fakes.MODEL_ID]
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_a_copy_that_a_killed_publication_left_is_removed_by_the_next(parents_database, tmp_path):
    left = tmp_path / ".snapshot.duckdb.4711.tmp"
    left.write_bytes(b"half of a database")
    publish_snapshot(parents_database, tmp_path / "snapshot.duckdb")
    assert not left.exists()


def test_a_damaged_snapshot_is_named(tmp_path):
    (tmp_path / "snapshot.duckdb").write_bytes(b"damaged" * 1000)
    with pytest.raises(StorageError, match=r"Cannot open the snapshot .*snapshot.duckdb.*again with `ipfs-accel snap"):
        models_in(tmp_path / "snapshot.duckdb")


class PublishedMeanwhile:
    """A connection during whose first ATTACH another copy is published."""

    def __init__(self, connection, snapshot, newer) -> None:
        self._connection, self._snapshot, self._newer = connection, snapshot, newer
        self.attached = 0

    def execute(self, sql):
        result = self._connection.execute(sql)
        if sql.startswith("ATTACH"):
            self.attached += 1
            if self._newer.exists():
                os.replace(self._newer, self._snapshot)
        return result


def test_a_copy_published_while_a_reader_opens_is_opened_again(parents_database, tmp_path):
    snapshot = publish_snapshot(parents_database, tmp_path / "snapshot.duckdb")
    add_model(parents_database, "later")
    newer = publish_snapshot(parents_database, tmp_path / "newer.duckdb")
    with duckdb.connect(":memory:") as connection:
        watched = PublishedMeanwhile(connection, snapshot, newer)
        _attach_one_copy(watched, snapshot)
        assert watched.attached == 2
        assert connection.execute("SELECT count(*) FROM snapshot.models").fetchall() == [(2,)]
