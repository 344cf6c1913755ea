from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, fields
from datetime import timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.derived import record_largest_batches
from ipfs_accel_pipeline.storage.reading import read_rows, read_table
from ipfs_accel_pipeline.storage.transactions import transaction
from ipfs_accel_pipeline.storage.writing import WriteCounts, write_rows
from ipfs_accel_pipeline_tests import fakes

HERE = {"hardware_id": fakes.HARDWARE_ID}


@pytest.mark.parametrize(
    ("table", "row", "replace_slice"),
    [
        ("hardware_platforms", fakes.absent_hardware_row(), None),
        ("models", fakes.model_row(model_id="another", license=None), None),
        ("test_results", fakes.failed_test_row(details={"traceback": "größer ✓", "none": None}), None),
        ("performance_results", fakes.performance_row(power_watts=12.5), None),
        ("hardware_compatibility", fakes.compatibility_row(), HERE),
        ("power_metrics", fakes.power_row(), None),
        ("model_versions", fakes.model_version_row(details={"aliases": ["champion"]}), None),
        ("performance_changes", fakes.change_row(), None),
        ("recommendations", fakes.recommendation_row(), {}),
    ],
)
def test_a_row_is_read_back_as_it_was_written(tested, table, row, replace_slice):
    write_rows(tested, table, [row], replace_slice=replace_slice)
    key = fields(row)[0].name
    assert read_rows(tested, table, {key: getattr(row, key)}) == [row]


def test_writing_again_rewrites_and_new_ids_add(parents):
    assert write_rows(parents, "test_results", [fakes.test_row()]) == WriteCounts(1, added=1, rewritten=0, table_rows=1)
    again = [fakes.test_row(execution_time=99.0), fakes.test_row(id="test-2")]
    assert write_rows(parents, "test_results", again) == WriteCounts(2, added=1, rewritten=1, table_rows=2)
    assert [row.execution_time for row in read_rows(parents, "test_results")] == [99.0, 12.5]


def test_a_referenced_row_can_be_rewritten(tested):
    write_rows(tested, "performance_results", [fakes.performance_row()])
    write_rows(tested, "test_results", [fakes.test_row(details={"again": True})])
    write_rows(tested, "hardware_platforms", [fakes.hardware_row(supported_precisions=("fp32",))])
    assert read_rows(tested, "test_results")[0].details == {"again": True}
    assert read_rows(tested, "hardware_platforms")[0].supported_precisions == ("fp32",)


def test_a_model_keeps_the_time_it_was_first_added(parents):
    later = fakes.model_row(added_at=fakes.NOON + timedelta(days=9), license="mit")
    write_rows(parents, "models", [later])
    (row,) = read_rows(parents, "models")
    assert (row.added_at, row.license) == (fakes.NOON, "mit")


def test_detecting_again_renews_the_platform_but_keeps_the_largest_batch_that_passed(tested):
    write_rows(tested, "test_results", [fakes.test_row(id="test-2", batch_size=8)])
    assert record_largest_batches(tested) == 1
    later = fakes.hardware_row(detected_at=fakes.NOON + timedelta(days=9), driver_version="2", max_batch_size=None)
    write_rows(tested, "hardware_platforms", [later])
    (row,) = read_rows(tested, "hardware_platforms")
    assert (row.max_batch_size, row.driver_version, row.detected_at) == (8, "2", later.detected_at)


def test_the_largest_batch_counts_measured_passes_only(tested):
    imported = fakes.test_row(id="imported", batch_size=64, provenance="imported", test_type="import")
    write_rows(tested, "test_results", [imported, fakes.failed_test_row(batch_size=32)])
    record_largest_batches(tested)
    assert read_rows(tested, "hardware_platforms")[0].max_batch_size == 1


def test_a_replaced_slice_loses_what_was_not_written_again_and_no_other_slice(parents):
    write_rows(parents, "models", [fakes.model_row(model_id="b")])
    write_rows(parents, "hardware_platforms", [fakes.hardware_row(hardware_id="cpu-b")])
    row = fakes.compatibility_row
    write_rows(parents, "hardware_compatibility", [row(), row(id="2", model_id="b")], replace_slice=HERE)
    write_rows(
        parents, "hardware_compatibility", [row(id="3", hardware_id="cpu-b")], replace_slice={"hardware_id": ["cpu-b"]}
    )
    # The same pair with a new id: the old row is gone before the new one comes.
    counts = write_rows(parents, "hardware_compatibility", [row(id="4")], replace_slice=HERE)
    assert counts == WriteCounts(1, added=1, rewritten=0, table_rows=2, removed=2)
    assert [row.id for row in read_rows(parents, "hardware_compatibility")] == ["3", "4"]


def test_the_whole_table_can_be_replaced_by_nothing(parents):
    write_rows(parents, "hardware_compatibility", [fakes.compatibility_row()], replace_slice=HERE)
    assert write_rows(parents, "hardware_compatibility", [], replace_slice={}).removed == 1


def test_a_frame_is_written_by_name_and_its_missing_columns_are_left_alone(tested):
    row = asdict(fakes.test_row(execution_time=1.0))
    frame = pd.DataFrame([row])[[*reversed(row)]].drop(columns=["memory_usage", "shard_id"])
    write_rows(tested, "test_results", frame)
    assert read_rows(tested, "test_results") == [fakes.test_row(execution_time=1.0)]


def test_every_kind_of_unknown_in_a_frame_is_null(parents):
    rows = [asdict(fakes.failed_test_row(id=str(number))) for number in range(4)]
    frame = pd.DataFrame(rows).astype({"memory_usage": object, "sequence_length": object})
    frame["memory_usage"] = pd.Series([None, np.nan, pd.NA, pd.NaT], dtype=object)
    frame["sequence_length"] = [128.0, np.nan, None, pd.NA]
    frame["details"] = [{}, {"nan": float("nan")}, {"np": np.float32(0.5)}, '{"text": 1}']
    write_rows(parents, "test_results", frame)
    stored = read_rows(parents, "test_results")
    assert [row.memory_usage for row in stored] == [None] * 4
    assert [row.sequence_length for row in stored] == [128, None, None, None]
    assert [row.details for row in stored] == [{}, {"nan": None}, {"np": 0.5}, {"text": 1}]


def test_a_column_that_begins_with_many_unknowns_takes_the_known_value_after_them(parents):
    rows = [fakes.test_row(id=f"{number:05}", actual_device=None) for number in range(3000)]
    write_rows(parents, "test_results", [*rows, fakes.test_row(id="x", actual_device="cpu")])
    assert read_rows(parents, "test_results", {"id": "x"})[0].actual_device == "cpu"


def test_bytes_that_are_no_text_do_not_lose_the_row(parents):
    broken = "stderr: \udcff\x00 end"
    write_rows(parents, "test_results", [fakes.failed_test_row(error_message=broken, details={"tail": broken})])
    (row,) = read_rows(parents, "test_results")
    assert row.error_message == row.details["tail"] == "stderr: ?\x00 end"


@pytest.mark.parametrize("nothing", [[], pd.DataFrame(), pd.DataFrame(columns=["id", "status"])])
def test_nothing_to_write_is_fine(parents, nothing):
    assert write_rows(parents, "test_results", nothing) == WriteCounts(0, 0, 0, 0)


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_written_in_seconds(parents):
    row = asdict(fakes.test_row())
    frame = pd.DataFrame({name: [value] * 100_000 for name, value in row.items()})
    frame["id"] = [f"id-{number}" for number in range(100_000)]
    begun = time.perf_counter()
    assert write_rows(parents, "test_results", frame).added == 100_000
    assert write_rows(parents, "test_results", frame).rewritten == 100_000
    assert time.perf_counter() - begun < 60  # a few seconds on a quiet machine; executemany takes minutes


def test_a_write_inside_a_transaction_is_undone_with_it(parents):
    def write_and_fail():
        with transaction(parents):
            write_rows(parents, "test_results", [fakes.test_row()])
            raise RuntimeError("something later fails")

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert read_rows(parents, "test_results") == []


def test_a_refusal_inside_a_transaction_can_be_survived(parents):
    with transaction(parents):
        with pytest.raises(StorageError):
            write_rows(parents, "test_results", [fakes.test_row(status="great")])
        write_rows(parents, "test_results", [fakes.test_row()])
    assert len(read_rows(parents, "test_results")) == 1


def test_an_aborted_transaction_is_not_committed_in_silence(parents):
    def swallow_an_error():
        with transaction(parents):
            write_rows(parents, "test_results", [fakes.test_row()])
            with contextlib.suppress(duckdb.Error):
                parents.execute("INSERT INTO models SELECT * FROM models")

    with pytest.raises(StorageError, match=r"Cannot commit: .* aborted"):
        swallow_an_error()
    assert read_rows(parents, "test_results") == []


def test_a_frame_read_has_whole_numbers_and_decoded_json(tested):
    write_rows(tested, "test_results", [fakes.test_row(id="test-2", sequence_length=None)])
    frame = read_table(tested, "test_results", {"hardware_id": [fakes.HARDWARE_ID, "other"]}, ["id", "sequence_length"])
    expected = pd.DataFrame({"id": ["test-1", "test-2"], "sequence_length": pd.Series([128, None], dtype="Int64")})
    pd.testing.assert_frame_equal(frame, expected)
    assert read_table(tested, "test_results")["details"].tolist() == [{"rounds": 3}, {"rounds": 3}]


def test_an_empty_table_reads_as_an_empty_frame_with_all_columns(connection):
    frame = read_table(connection, "power_metrics")
    assert list(frame.columns) == [field.name for field in fields(fakes.power_row())]
    assert str(frame["test_timestamp"].dtype) == "datetime64[us, UTC]"
    assert len(frame) == 0


def test_reading_by_a_column_that_does_not_exist_says_which_exist(connection):
    with pytest.raises(StorageError, match=r"models has no column colour. Its columns: model_id"):
        read_table(connection, "models", {"colour": "red"})
