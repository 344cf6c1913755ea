"""Every bad row is refused by name, and nothing of its write is kept."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import pytest

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes

BROKEN_RULES = [
    ("hardware_platforms", fakes.hardware_row(hardware_type="TPU"), r"row 'cpu-fake-9000' \(hardware_type='TPU'\)"),
    ("hardware_platforms", fakes.hardware_row(available=False), "unavailable_reason=None"),
    ("hardware_platforms", fakes.hardware_row(unavailable_reason="but it is here"), "available=True"),
    ("hardware_platforms", fakes.hardware_row(acceleration="magic"), "acceleration='magic'"),
    ("hardware_platforms", fakes.hardware_row(hardware_id=""), "hardware_id != ''"),
    ("test_results", fakes.test_row(status="great", success=False, error_message="x"), "status='great'"),
    ("test_results", fakes.test_row(provenance="guessed"), "provenance='guessed'"),
    ("test_results", fakes.failed_test_row(error_message=None), "error_message=None"),
    ("test_results", fakes.failed_test_row(success=True), "success=True"),
    ("test_results", fakes.test_row(batch_size=None), "batch_size=None"),
    ("test_results", fakes.test_row(batch_size=0), "batch_size=0"),
    ("performance_results", fakes.performance_row(provenance="emulated"), "provenance='emulated'"),
    ("performance_results", fakes.performance_row(average_latency_ms=0.0), "average_latency_ms=0.0"),
    ("performance_results", fakes.performance_row(average_latency_ms=float("inf")), "average_latency_ms=inf"),
    ("performance_results", fakes.performance_row(average_latency_ms=float("nan")), "average_latency_ms=None"),
    ("performance_results", fakes.performance_row(p90_latency_ms=9.0), r"p50_latency_ms=9.5, p90_latency_ms=9.0"),
    ("performance_results", fakes.performance_row(p99_latency_ms=10.0), r"p90_latency_ms=11.0, p99_latency_ms=10.0"),
    ("performance_results", fakes.performance_row(power_watts=0.0), "power_watts=0.0"),
    ("performance_results", fakes.performance_row(iterations=None), "iterations=None"),
    ("power_metrics", fakes.power_row(reason=None), "power_watts_avg=None, reason=None"),
    ("power_metrics", fakes.power_row(power_watts_avg=0.0), "power_watts_avg=0.0"),
    ("power_metrics", fakes.power_row(power_watts_avg=5.0), "kind=None"),
]


@pytest.mark.parametrize(("table", "row", "message"), BROKEN_RULES)
def test_a_row_that_breaks_a_rule_is_named_with_its_values(tested, table, row, message):
    before = read_rows(tested, table)
    good = {"test_results": fakes.test_row(id="good"), "performance_results": fakes.performance_row(id="good")}
    with pytest.raises(StorageError, match=message):
        write_rows(tested, table, [good[table], row] if table in good else [row])
    assert read_rows(tested, table) == before


COMPATIBILITY_RULES = [
    (fakes.compatibility_row(compatibility_score=1.5), "compatibility_score=1.5"),
    (fakes.compatibility_row(compatibility_score=None), "compatibility_score=None, reason=None"),
    (fakes.compatibility_row(compatibility_status="incompatible"), "'incompatible', reason=None"),
    (fakes.compatibility_row(hardware_id="elsewhere"), r"hardware_id 'elsewhere' is not in hardware_platforms"),
]


@pytest.mark.parametrize(("row", "message"), COMPATIBILITY_RULES)
def test_a_refused_replacement_keeps_the_old_slice(parents, row, message):
    write_rows(parents, "hardware_compatibility", [fakes.compatibility_row()], replace_slice={})
    with pytest.raises(StorageError, match=message):
        write_rows(parents, "hardware_compatibility", [row], replace_slice={})
    assert read_rows(parents, "hardware_compatibility") == [fakes.compatibility_row()]


@pytest.mark.parametrize(
    ("table", "row", "message"),
    [
        ("test_results", fakes.test_row(model_id="m-404"), "row 'test-1': model_id 'm-404' is not in models. Load it"),
        ("test_results", fakes.test_row(hardware_id="h-404"), "hardware_id 'h-404' is not in hardware_platforms"),
        ("performance_results", fakes.performance_row(test_id="t-404"), "test_id 't-404' is not in test_results"),
    ],
)
def test_a_missing_parent_is_named_with_what_to_load_first(parents, table, row, message):
    with pytest.raises(StorageError, match=message):
        write_rows(parents, table, [row])


def test_a_missing_key_is_named(parents):
    with pytest.raises(StorageError, match="test_results row None: id is missing"):
        write_rows(parents, "test_results", [fakes.test_row(id=None)])
    with pytest.raises(StorageError, match="test_results row 'test-1': model_id is missing"):
        write_rows(parents, "test_results", [fakes.test_row(model_id=None)])


def test_an_unknown_column_is_named_with_those_that_exist(parents):
    frame = pd.DataFrame([asdict(fakes.model_row())]).assign(colour="red")
    with pytest.raises(StorageError, match=r"models has no column colour. Its columns: model_id, model_name"):
        write_rows(parents, "models", frame)


def test_a_column_given_twice_is_refused(parents):
    frame = pd.DataFrame([["a", "b"]], columns=["model_id", "model_id"])
    with pytest.raises(StorageError, match="column twice"):
        write_rows(parents, "models", frame)


def test_rows_of_another_table_are_refused(parents):
    with pytest.raises(StorageError, match="models takes Model rows, not HardwarePlatform"):
        write_rows(parents, "models", [fakes.hardware_row()])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timestamp": "yesterday"}, r"row 'test-1' \(timestamp='yesterday'\): timestamp is no TIMESTAMP"),
        ({"batch_size": 1.5}, r"\(batch_size=1.5\): batch_size is no INTEGER"),
        ({"batch_size": 2**40}, "batch_size is no INTEGER"),
        ({"batch_size": 2**80}, "test_results.batch_size: values that do not go into one column"),
        ({"execution_time": "fast"}, "execution_time is no DOUBLE"),
        ({"details": "{not json"}, "details is no JSON"),
    ],
)
def test_a_value_of_another_type_is_named(parents, changes, message):
    with pytest.raises(StorageError, match=message):
        write_rows(parents, "test_results", [fakes.test_row(**changes)])


def test_values_of_two_types_in_one_column_are_refused(parents):
    rows = [fakes.test_row(), fakes.test_row(id="test-2", precision=16)]
    with pytest.raises(StorageError, match=r"test_results.precision: values that do not go into one column"):
        write_rows(parents, "test_results", rows)


def test_one_id_twice_in_one_write_is_refused(parents):
    with pytest.raises(StorageError, match=r"2 rows of one write have the same id \('test-1'\)"):
        write_rows(parents, "test_results", [fakes.test_row(), fakes.test_row(execution_time=1.0)])


def test_a_pair_twice_in_one_write_is_refused(parents):
    rows = [fakes.compatibility_row(), fakes.compatibility_row(id="2")]
    with pytest.raises(StorageError, match="the same model_id, hardware_id"):
        write_rows(parents, "hardware_compatibility", rows, replace_slice={})


def test_a_stored_id_cannot_become_something_else(tested):
    write_rows(tested, "models", [fakes.model_row(model_id="b")])
    with pytest.raises(StorageError, match="row 'test-1' is stored already with another model_id"):
        write_rows(tested, "test_results", [fakes.test_row(model_id="b")])


def test_history_cannot_be_replaced(tested):
    with pytest.raises(StorageError, match="test_results keeps its history"):
        write_rows(tested, "test_results", [], replace_slice={})


def test_a_replaced_table_needs_a_slice(parents):
    with pytest.raises(StorageError, match="replaced slice by slice"):
        write_rows(parents, "hardware_compatibility", [fakes.compatibility_row()])


def test_rows_outside_of_their_slice_are_refused(parents):
    with pytest.raises(StorageError, match="row 'compatibility-1' lies outside of"):
        write_rows(
            parents, "hardware_compatibility", [fakes.compatibility_row()], replace_slice={"hardware_id": "cpu-b"}
        )
    with pytest.raises(StorageError, match="row 'test-1' lies outside of"):
        write_rows(parents, "test_results", [fakes.test_row()], within={"hardware_id": ["cpu-b"]})


def test_an_import_may_lack_what_a_measurement_may_not(tested):
    row = fakes.performance_row(
        provenance="imported", p50_latency_ms=None, p90_latency_ms=None, p99_latency_ms=None, iterations=None
    )
    assert write_rows(tested, "performance_results", [row]).added == 1
