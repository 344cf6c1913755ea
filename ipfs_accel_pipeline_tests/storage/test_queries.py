"""A few rows in, all rows of the answer out.

The scene: bert on two CPUs, vit on one of them; three runs on three days; one import and one emulated test.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.queries import query_names, query_text, run_query
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests.fakes import (
    NOON,
    absent_hardware_row,
    compatibility_row,
    failed_test_row,
    hardware_row,
    model_row,
    performance_row,
    power_row,
    test_row,
)

DAY = timedelta(days=1)

TESTS = [
    # bert on cpu-a passed twice, and then another shape failed
    test_row(id="t1", model_id="bert", hardware_id="cpu-a", run_id="run-1", shard_id="s1", timestamp=NOON),
    test_row(id="t2", model_id="bert", hardware_id="cpu-a", run_id="run-2", shard_id="s2", timestamp=NOON + DAY),
    failed_test_row(
        id="t3", model_id="bert", hardware_id="cpu-a", batch_size=8, run_id="run-2", shard_id="s2", timestamp=NOON + DAY
    ),
    # bert on cpu-b passed and then failed
    test_row(
        id="t4", model_id="bert", hardware_id="cpu-b", batch_size=4, run_id="run-1", shard_id="s3", timestamp=NOON
    ),
    failed_test_row(
        id="t5", model_id="bert", hardware_id="cpu-b", batch_size=4, run_id="run-2", shard_id="s4", timestamp=NOON + DAY
    ),
    # vit has no runtime on cpu-b
    failed_test_row(
        id="t6",
        model_id="vit",
        hardware_id="cpu-b",
        sequence_length=None,
        status="unsupported",
        error_message="no runtime",
        run_id="run-2",
        shard_id="s4",
        timestamp=NOON + DAY,
    ),
    # newer than all, and measured by nobody here
    test_row(
        id="t7",
        model_id="bert",
        hardware_id="cpu-a",
        run_id="import",
        shard_id=None,
        provenance="imported",
        test_type="import",
        timestamp=NOON + 9 * DAY,
    ),
    test_row(
        id="t8",
        model_id="vit",
        hardware_id="cpu-a",
        run_id="run-3",
        shard_id="s5",
        provenance="emulated",
        timestamp=NOON + 9 * DAY,
    ),
]
PERFORMANCE = [
    performance_row(id="p1", test_id="t1", model_id="bert", hardware_id="cpu-a", run_id="run-1", test_timestamp=NOON),
    performance_row(
        id="p4",
        test_id="t4",
        model_id="bert",
        hardware_id="cpu-b",
        batch_size=4,
        p50_latency_ms=9.1,
        run_id="run-1",
        test_timestamp=NOON,
    ),
    performance_row(
        id="p7",
        test_id="t7",
        model_id="bert",
        hardware_id="cpu-a",
        p50_latency_ms=9.01,
        run_id="import",
        provenance="imported",
        test_timestamp=NOON + 9 * DAY,
    ),
]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, empty_template) -> Any:
    path = tmp_path_factory.mktemp("scene") / "benchmark.duckdb"
    shutil.copyfile(empty_template, path)
    with open_database(path) as connection:
        platforms = [hardware_row(hardware_id="cpu-a"), hardware_row(hardware_id="cpu-b"), absent_hardware_row()]
        write_rows(connection, "hardware_platforms", platforms)
        write_rows(connection, "models", [model_row(model_id=name) for name in ("bert", "vit", "never tested")])
        write_rows(connection, "test_results", TESTS)
        write_rows(connection, "performance_results", PERFORMANCE)
        write_rows(connection, "power_metrics", [power_row(test_id="t1", model_id="bert", hardware_id="cpu-a")])
        found = [compatibility_row(model_id="bert", hardware_id="cpu-a", compatibility_status="partial", reason="b8")]
        write_rows(connection, "hardware_compatibility", found, replace_slice={})
        yield connection


def rows(connection: Any, query: str, columns: str, **params: Any) -> list[tuple[Any, ...]]:
    """The chosen columns of all rows, unknown as None."""
    frame = run_query(connection, query, **params)[columns.split()]
    return [tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)]


def test_loaded_shards_are_those_with_rows(scene):
    assert rows(scene, "loaded_shards", "shard_id") == [("s1",), ("s2",), ("s3",), ("s4",), ("s5",)]
    assert rows(scene, "loaded_shards", "shard_id", hardware_id="cpu-b") == [("s3",), ("s4",)]


def test_tests_without_performance_are_measured_passes_only(scene):
    assert rows(scene, "tests_without_performance", "test_id shard_id") == [("t2", "s2")]
    assert rows(scene, "tests_without_performance", "test_id", hardware_id="cpu-b") == []


def test_tests_without_power_are_measured_passes_only(scene):
    assert rows(scene, "tests_without_power", "test_id shard_id") == [("t4", "s3"), ("t2", "s2")]


def test_evidence_of_compatibility_is_the_newest_test_of_each_case_and_provenance(scene):
    columns = "test_id model_id hardware_id status provenance"
    assert rows(scene, "compatibility_evidence", columns) == [
        ("t2", "bert", "cpu-a", "passed", "measured"),
        ("t3", "bert", "cpu-a", "error", "measured"),
        ("t5", "bert", "cpu-b", "error", "measured"),
        ("t6", "vit", "cpu-b", "unsupported", "measured"),
        ("t7", "bert", "cpu-a", "passed", "imported"),
        ("t8", "vit", "cpu-a", "passed", "emulated"),
    ]
    assert rows(scene, "compatibility_evidence", "test_id", hardware_id="cpu-b") == [("t5",), ("t6",)]


def test_a_skipped_test_is_the_latest_only_of_a_case_that_was_never_run(parents):
    skipped = {"status": "skipped", "error_message": "throttled", "timestamp": NOON + DAY}
    tests = [
        test_row(id="ran"),
        failed_test_row(id="skipped later", **skipped),
        failed_test_row(id="only skipped", batch_size=8, **skipped),
    ]
    write_rows(parents, "test_results", tests)

    assert sorted(rows(parents, "compatibility_evidence", "test_id")) == [("only skipped",), ("ran",)]


def test_of_two_tests_of_one_moment_the_greater_id_is_the_latest_whichever_was_stored_first(parents):
    tests = [test_row(id=name) for name in ("t2", "t1")]
    write_rows(parents, "test_results", tests)
    write_rows(parents, "performance_results", [performance_row(id=f"of {t.id}", test_id=t.id) for t in tests])

    assert rows(parents, "compatibility_evidence", "test_id") == [("t2",)]
    everything = {"models": [tests[0].model_id], "hardware": [tests[0].hardware_id]}
    assert rows(parents, "report_performance", "test_id", **everything) == [("t2",)]


def test_the_largest_passed_batch_of_each_platform(scene):
    columns = "hardware_id max_batch_size"
    assert rows(scene, "largest_passed_batches", columns) == [("cpu-a", 1), ("cpu-b", 4)]


def test_an_unknown_query_is_named_with_those_that_exist(scene):
    with pytest.raises(StorageError, match=r"no query 'sumary'. Queries: "):
        run_query(scene, "sumary")


def test_an_unknown_parameter_is_named_with_those_that_exist(scene):
    with pytest.raises(StorageError, match=r"loaded_shards has no parameter model. Its parameters: hardware_id"):
        run_query(scene, "loaded_shards", model="bert")


@pytest.mark.parametrize("name", query_names())
def test_every_query_begins_by_saying_what_one_row_is(name):
    assert query_text(name).startswith("-- ")


@pytest.mark.parametrize("name", query_names())
def test_every_query_answers_an_empty_database(connection, name):
    run_query(connection, name)


def test_an_absence_is_left_out_once_its_host_has_a_device_of_the_type(connection):
    later = NOON + DAY
    absent = [
        absent_hardware_row(hardware_id="cuda-absent", hardware_type="CUDA"),
        absent_hardware_row(hardware_id="mps-absent", hardware_type="MPS"),
    ]
    found = hardware_row(hardware_id="cuda-fake", hardware_type="CUDA", detected_at=later)
    elsewhere = hardware_row(hardware_id="mps-fake", hardware_type="MPS", detected_at=later, hostname="other")
    write_rows(connection, "hardware_platforms", [*absent, found, elsewhere])
    assert list(run_query(connection, "report_platform")["hardware_id"]) == ["cuda-fake", "mps-absent", "mps-fake"]


def test_a_result_of_a_clock_that_ran_ahead_is_found(connection):
    write_rows(connection, "hardware_platforms", [hardware_row()])
    write_rows(connection, "models", [model_row()])
    now = datetime.now(UTC)
    tests = [test_row(id="today", timestamp=now), test_row(id="ahead", timestamp=now + 2 * DAY)]
    write_rows(connection, "test_results", tests)
    assert list(run_query(connection, "check_future_result")["id"]) == ["ahead"]
