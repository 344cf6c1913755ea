"""What is made of a snapshot once for all screens, and that its ranking is the one of the reports."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.reports.content import gather
from ipfs_accel_pipeline.storage import prepared
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.prepared import PreparedSnapshot, case_rows
from ipfs_accel_pipeline.storage.queries import query_names, query_rows, query_text
from ipfs_accel_pipeline.storage.snapshot import open_snapshot, publish_snapshot
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.dashboard.synthetic import Size, publish_synthetic
from ipfs_accel_pipeline_tests.reports import example

PREPARED_BY = {"dashboard/case", "dashboard/run", "dashboard/version", "dashboard/choice", "dashboard/chosen_case"}
COMPARED_BY = {name for name in query_names("dashboard") if "/side_of_" in name} | {"dashboard/compared_case"}


@pytest.fixture(scope="module")
def example_snapshot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    example.write_example(folder / "benchmark.duckdb")
    return publish_snapshot(folder / "benchmark.duckdb", folder / "snapshot.duckdb")


@pytest.fixture(scope="module")
def synthetic_snapshot(tmp_path_factory):
    return publish_synthetic(tmp_path_factory.mktemp("prepared"), Size(models=8, runs=3))


@pytest.fixture(scope="module")
def disturbed_snapshot(tmp_path_factory):
    """The example, measured for the most part while its host was slow."""
    folder = tmp_path_factory.mktemp("prepared")
    example.write_example(folder / "benchmark.duckdb")
    with open_database(folder / "benchmark.duckdb") as connection:
        connection.execute("UPDATE performance_results SET host_slowdown = 1.2 WHERE test_id <> 'test-5'")
    return publish_snapshot(folder / "benchmark.duckdb", folder / "snapshot.duckdb")


@pytest.mark.parametrize("which", ["example_snapshot", "synthetic_snapshot", "disturbed_snapshot"])
def test_cases_are_ranked_as_in_the_reports(request, which):
    """The rules stand twice, in Python for a report and in SQL for a million rows: they must never part."""
    path = request.getfixturevalue(which)
    with open_snapshot(path) as connection:
        reported = gather(connection, generated_at=fakes.NOON).performance
    with PreparedSnapshot(path).reading() as connection:
        cases = case_rows(connection, "dashboard/case_row", {})

    expected = {row.test_id: (row.rank, row.not_ranked_reason, row.p50_ratio_to_fastest) for row in reported}
    found = {
        row["result_test_id"]: (row["rank"], row["not_ranked_reason"], row["p50_ratio_to_fastest"])
        for row in cases
        if row["result_test_id"]
    }
    assert {rank for rank, _, _ in expected.values()} >= {"fastest", "tied", "slower", "not_ranked"}
    assert which != "disturbed_snapshot" or expected["test-1"][0] == "tied"
    assert found.keys() == expected.keys()
    for test_id, (rank, reason, ratio) in expected.items():
        assert found[test_id][:2] == (rank, reason)
        assert found[test_id][2] == pytest.approx(ratio) if ratio else found[test_id][2] is None


@pytest.mark.parametrize("name", sorted(set(query_names("dashboard")) - PREPARED_BY - COMPARED_BY))
def test_every_query_of_the_dashboard_answers(example_snapshot, name):
    assert query_text(name).startswith("-- ")
    with PreparedSnapshot(example_snapshot).reading() as connection:
        if "$filters" in query_text(name):
            case_rows(connection, name, {})
        else:
            query_rows(connection, name)


def test_filters_are_met_all_at_once_and_a_list_is_any_of_its_values(example_snapshot):
    with PreparedSnapshot(example_snapshot).reading() as connection:
        found = case_rows(
            connection, "dashboard/case_row", {"models": [example.BERT, example.VIT], "batch_sizes": [8, 32]}
        )

    assert {(row["model_id"], row["batch_size"]) for row in found} == {(example.BERT, 8), (example.VIT, 32)}


def test_an_unknown_filter_is_refused(example_snapshot):
    with (
        PreparedSnapshot(example_snapshot).reading() as connection,
        pytest.raises(StorageError, match="no filter colour"),
    ):
        case_rows(connection, "dashboard/case_row", {"colour": ["red"]})


@pytest.fixture
def empty(tmp_path):
    """A database without rows, and its published snapshot."""
    database, path = tmp_path / "benchmark.duckdb", tmp_path / "snapshot.duckdb"
    publish_snapshot(database, path)
    return database, path


def publish_example(database, path):
    example.write_example(database)
    publish_snapshot(database, path)


def test_a_reader_keeps_its_snapshot_while_another_is_published(empty):
    snapshot = PreparedSnapshot(empty[1], patience_s=60)
    count = "SELECT count(*) FROM models"
    with snapshot.reading() as old:
        publish_example(*empty)
        with snapshot.reading() as new:
            assert new.execute(count).fetchall() == [(len(example.MODELS),)]
        assert old.execute(count).fetchall() == [(0,)]


def test_while_a_new_snapshot_is_prepared_the_one_before_is_shown(empty, monkeypatch):
    snapshot = PreparedSnapshot(empty[1], patience_s=0)
    snapshot.open()
    may_go_on, prepare = threading.Event(), prepared.prepare

    def slowly(connection):
        may_go_on.wait(60)
        prepare(connection)

    monkeypatch.setattr(prepared, "prepare", slowly)
    publish_example(*empty)

    assert models_seen(snapshot) == 0
    may_go_on.set()
    deadline = time.monotonic() + 60
    while models_seen(snapshot) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert models_seen(snapshot) == len(example.MODELS)
    snapshot.close()


def test_a_watched_snapshot_is_prepared_when_it_is_published_and_not_when_somebody_asks(empty, monkeypatch):
    snapshot = PreparedSnapshot(empty[1], patience_s=60)
    snapshot.open()
    is_prepared, prepare = threading.Event(), prepared.prepare

    def told(connection):
        prepare(connection)
        is_prepared.set()

    monkeypatch.setattr(prepared, "prepare", told)
    snapshot.watch(every_s=0.01)
    publish_example(*empty)

    assert is_prepared.wait(60)
    assert models_seen(snapshot) == len(example.MODELS)
    snapshot.close()


def models_seen(snapshot) -> int:
    with snapshot.reading() as connection:
        count: int = connection.execute("SELECT count(*) FROM models").fetchall()[0][0]
        return count


def test_a_published_file_that_cannot_be_read_is_told_and_can_be_mended(empty, tmp_path):
    snapshot = PreparedSnapshot(empty[1], patience_s=60)
    snapshot.open()
    (tmp_path / "broken").write_text("no database")
    (tmp_path / "broken").replace(empty[1])

    with pytest.raises(StorageError, match="Cannot open the snapshot"), snapshot.reading():
        pass

    publish_snapshot(*empty)
    assert models_seen(snapshot) == 0


def prepared_of(tmp_path, *pairs, hardware=None):
    """The snapshot of these tests and their numbers."""
    database, path = tmp_path / "benchmark.duckdb", tmp_path / "snapshot.duckdb"
    with open_database(database) as connection:
        write_rows(connection, "hardware_platforms", hardware or [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(connection, "test_results", [test for test, _ in pairs])
        write_rows(connection, "performance_results", [result for _, result in pairs if result])
    publish_snapshot(database, path)
    return PreparedSnapshot(path)


def worse_cases(tmp_path, *pairs):
    """What the overview calls worse, of one case with these tests."""
    with prepared_of(tmp_path, *pairs).reading() as connection:
        return [
            (row["change"], row["p50_ratio_to_previous"]) for row in case_rows(connection, "dashboard/worse_case", {})
        ]


LATER = fakes.NOON + timedelta(days=1)


def test_a_slower_median_is_worse_only_where_the_intervals_part(tmp_path):
    before = example.passed(1, 10.0, model_id=fakes.MODEL_ID)

    assert worse_cases(tmp_path, before, example.passed(2, 10.2, timestamp=LATER)) == []


def test_a_slower_median_beyond_the_intervals_is_worse(tmp_path):
    before = example.passed(1, 10.0, model_id=fakes.MODEL_ID)

    assert worse_cases(tmp_path, before, example.passed(2, 12.0, timestamp=LATER)) == [("slower", pytest.approx(1.2))]


def test_a_test_whose_host_was_slow_all_the_time_is_not_called_worse(tmp_path):
    before = example.passed(1, 10.0, model_id=fakes.MODEL_ID)
    test, result = example.passed(2, 20.0, timestamp=LATER)
    assert worse_cases(tmp_path, before, (test, replace(result, slow_rounds=result.rounds))) == []


def test_a_median_with_other_threads_is_not_called_worse(tmp_path):
    before = example.passed(1, 10.0, model_id=fakes.MODEL_ID)
    other = example.passed(2, 20.0, timestamp=LATER, environment={"threads": 1})

    assert worse_cases(tmp_path, before, other) == []


def test_a_case_that_no_longer_passes_is_worse_and_a_skipped_one_is_not(tmp_path):
    before = example.passed(1, 10.0, model_id=fakes.MODEL_ID)
    skipped = fakes.failed_test_row(status="skipped", timestamp=LATER)
    assert worse_cases(tmp_path, before, (skipped, None)) == []

    (tmp_path / "other").mkdir()
    broken = fakes.failed_test_row(timestamp=LATER)
    assert [change for change, _ in worse_cases(tmp_path / "other", before, (broken, None))] == ["no longer passes"]


def test_loading_is_compared_with_the_compiling_that_only_some_runtimes_tell_apart(tmp_path):
    (test, result), (other, second) = example.passed(1, 10.0), example.passed(2, 20.0, endpoint_type="openvino")
    together = replace(result, model_load_ms=900.0, compile_ms=None)
    apart = replace(second, model_load_ms=60.0, compile_ms=1000.0)
    snapshot = prepared_of(tmp_path, (test, together), (other, apart))

    with snapshot.reading() as connection:
        drawn = [row["load_and_compile_ms"] for row in case_rows(connection, "dashboard/case_point", {})]
    with open_snapshot(snapshot.path) as connection:
        reported = [row.load_and_compile_ms for row in gather(connection, generated_at=fakes.NOON).performance]
    assert drawn == reported == [900.0, 1060.0]


def best_numbers(tmp_path, *pairs, hardware=None):
    """What stands in each cell of the matrix: by hardware, the median, the endpoint and whether it is the fastest."""
    columns = ("p50_latency_ms", "endpoint_type", "is_fastest", "is_tied")
    with prepared_of(tmp_path, *pairs, hardware=hardware).reading() as connection:
        cells = case_rows(connection, "dashboard/matrix_cell", {})
    return {cell["hardware_id"]: tuple(cell[column] for column in columns) for cell in cells}


def test_the_number_marked_as_fastest_in_the_matrix_is_the_one_of_the_fastest_case(tmp_path):
    of_other = {"hardware_id": "other", "endpoint_type": "onnxruntime"}
    found = best_numbers(
        tmp_path,
        example.passed(1, 10.0),
        example.passed(2, 40.0, batch_size=8),
        example.passed(3, 3.0, endpoint_type="openvino"),
        (fakes.failed_test_row(endpoint_type="openvino", timestamp=LATER), None),
        example.passed(5, 11.0, batch_size=8, sequence_length=256),
        example.passed(6, 5.0, **of_other),
        example.passed(7, 60.0, batch_size=8, **of_other),
        example.passed(8, 11.1, batch_size=8, sequence_length=256, **of_other),
        hardware=[fakes.hardware_row(), fakes.hardware_row(hardware_id="other")],
    )

    assert found[fakes.HARDWARE_ID] == (11.0, "pytorch", False, True), "the lowest of the fastest and the tied"
    assert found["other"] == (5.0, "onnxruntime", True, False)


def test_a_number_of_an_endpoint_that_fails_by_now_does_not_stand_in_the_matrix(tmp_path):
    broken = fakes.failed_test_row(endpoint_type="openvino", timestamp=LATER)
    passed_once = example.passed(3, 3.0, endpoint_type="openvino")

    found = best_numbers(tmp_path, example.passed(1, 10.0), passed_once, (broken, None))
    assert found == {fakes.HARDWARE_ID: (10.0, "pytorch", False, False)}

    (tmp_path / "other").mkdir()
    alone = best_numbers(tmp_path / "other", passed_once, (broken, None))
    assert alone == {fakes.HARDWARE_ID: (None, None, False, False)}


def test_hardware_that_is_never_ranked_has_its_lowest_median_in_the_matrix(tmp_path):
    imitation = fakes.hardware_row(acceleration="software")
    found = best_numbers(tmp_path, example.passed(1, 10.0), example.passed(2, 40.0, batch_size=8), hardware=[imitation])

    assert found == {fakes.HARDWARE_ID: (10.0, "pytorch", False, False)}


IMPORTED = {"provenance": "imported", "test_type": "import"}


def test_an_imported_or_emulated_pass_is_not_counted_as_a_passed_test(tmp_path):
    tests = [
        fakes.test_row(),
        fakes.failed_test_row(batch_size=2),
        fakes.failed_test_row(id="unsupported", status="unsupported", batch_size=4),
        fakes.test_row(id="emulated", hardware_id="emulator", provenance="emulated"),
        *[fakes.test_row(id=f"import-{n}", hardware_id="of a file", batch_size=n, **IMPORTED) for n in range(1, 30)],
    ]
    platforms = [fakes.hardware_row(hardware_id=name) for name in (fakes.HARDWARE_ID, "emulator", "of a file")]
    with prepared_of(tmp_path, *[(test, None) for test in tests], hardware=platforms).reading() as connection:
        (counts,) = case_rows(connection, "dashboard/case_count", {})
        (model,) = query_rows(connection, "dashboard/model_row")
        of_platforms = query_rows(connection, "dashboard/platform_row")

    told = ("cases", "measured", "imported", "emulated", "passed", "not_tried", "tested_models", "tested_pairs")
    assert [counts[name] for name in told] == [33, 3, 29, 1, 1, 1, 1, 1]
    assert counts["passed_pairs"] == 1
    assert (model["cases"], model["measured"], model["passed"], model["platforms"]) == (33, 3, 1, 3)
    assert {row["hardware_id"]: (row["cases"], row["measured"], row["passed"]) for row in of_platforms} == {
        fakes.HARDWARE_ID: (3, 3, 1),
        "emulator": (1, 0, 0),
        "of a file": (29, 0, 0),
    }


def test_a_model_that_could_not_be_tried_is_not_counted_as_tested(tmp_path):
    tests = [
        fakes.failed_test_row(status="unsupported"),
        fakes.failed_test_row(id="skipped", status="skipped", batch_size=2),
    ]
    snapshot = prepared_of(tmp_path, *[(test, None) for test in tests])
    with snapshot.reading() as connection:
        (counts,) = case_rows(connection, "dashboard/case_count", {})
    with open_snapshot(snapshot.path) as connection:
        summary = gather(connection, generated_at=fakes.NOON).summary

    assert [counts[name] for name in ("measured", "not_tried", "tested_models", "tested_pairs")] == [2, 2, 0, 0]
    assert (summary.tests, summary.not_tried, summary.models_tested) == (2, 2, 0)


def test_an_imported_pass_does_not_make_a_broken_pair_run_in_the_matrix(tmp_path):
    tests = [fakes.failed_test_row(), fakes.test_row(**IMPORTED)]
    with prepared_of(tmp_path, *[(test, None) for test in tests]).reading() as connection:
        (cell,) = case_rows(connection, "dashboard/matrix_cell", {})

    assert (cell["tried"], cell["passed"], cell["has_imported"]) == (1, 0, True)
