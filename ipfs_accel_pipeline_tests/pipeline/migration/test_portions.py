"""A file of many results goes into the database portion by portion, and is there whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ipfs_accel_pipeline.pipeline.migration import reading, workers, writing
from ipfs_accel_pipeline.pipeline.migration import run as migration
from ipfs_accel_pipeline.pipeline.migration.verify import verify
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline_tests import legacy_samples as samples
from ipfs_accel_pipeline_tests.pipeline.migration.stored import rows, run, stored

MOST_MIB = 1024
_MIGRATE = """
import sys
from pathlib import Path
from ipfs_accel_pipeline.benchmark.memory import read_memory
from ipfs_accel_pipeline.pipeline.migration.run import MigrationOptions, migrate
from ipfs_accel_pipeline.settings import Settings
folder = Path(sys.argv[1])
report = migrate(Settings(folder, folder / "benchmark.duckdb"), [sys.argv[2]], MigrationOptions())
print(report.rows["test_results"], read_memory().peak_mb)
"""


def record(number, **changes):
    own = {
        "model_name": f"acme/model-{number % 7}",
        "memory_peak_mb": 100.5 + number,
        "timestamp": f"2025-03-06T17:{number // 60 % 60:02d}:{number % 60:02d}.5",
    }
    return samples.FLAT_RECORD | own | changes


@pytest.fixture
def portions_of_three(monkeypatch):
    monkeypatch.setattr(workers, "PORTION", 3)


def test_a_file_in_portions_gives_what_it_gives_at_once(settings, legacy, monkeypatch):
    samples.write(legacy / "list.json", [record(number) for number in (*range(10), 0, 9)])
    samples.write(legacy / "one.json", samples.direct())
    run(settings, legacy)
    other = Settings(settings.data / "other", settings.data / "other" / "benchmark.duckdb")
    monkeypatch.setattr(workers, "PORTION", 3)
    report = run(other, legacy)
    assert (report.files, report.rows["test_results"], report.duplicates) == (2, 11, 2)
    assert report.by_shape["S16 flat_records"] == {"imported": 1}
    assert report.grades["S16 flat_records"].total() == 10
    for table in ("test_results", "performance_results"):
        assert {row.id for row in rows(other, table)} == {row.id for row in rows(settings, table)}
    counts = "SELECT id, outcome, test_rows, model_rows, hardware_rows, duplicate_rows FROM imported_files ORDER BY id"
    assert stored(other, counts) == stored(settings, counts)
    assert verify(other).problems == []
    assert run(other, legacy).seen_before == 2


def test_the_same_large_content_twice_is_read_into_the_database_once(settings, legacy, portions_of_three):
    for name in ("a", "b"):
        samples.write(legacy / f"{name}.json", [record(number) for number in range(8)])
    report = run(settings, legacy)
    assert (report.files, report.seen_before, report.rows["test_results"]) == (2, 1, 8)
    assert stored(settings, "SELECT test_rows, duplicate_rows FROM imported_files") == [(8, 0)]


def test_a_large_file_that_another_migration_wrote_meanwhile_is_left_alone(
    settings, legacy, monkeypatch, portions_of_three
):
    samples.write(legacy / "a.json", [record(number) for number in range(8)])
    run(settings, legacy)
    monkeypatch.setattr(migration, "known_files", lambda *_: set())  # it had looked before the other one wrote
    report = run(settings, legacy)
    assert (report.files, report.seen_before, report.rows) == (1, 1, {})
    assert stored(settings, "SELECT test_rows, duplicate_rows FROM imported_files") == [(8, 0)]


def test_a_stop_between_portions_leaves_nothing_and_the_next_run_has_all(
    settings, legacy, monkeypatch, portions_of_three
):
    samples.write(legacy / "list.json", [record(number) for number in range(10)])
    real, calls = writing.write_rows, []

    def stopped(connection, table, given, **options):
        calls.append(table)
        if calls.count("test_results") == 3:
            raise KeyboardInterrupt
        return real(connection, table, given, **options)

    monkeypatch.setattr(writing, "write_rows", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(settings, legacy)
    assert stored(settings, "SELECT (SELECT count(*) FROM test_results), count(*) FROM imported_files") == [(0, 0)]
    monkeypatch.setattr(writing, "write_rows", real)
    assert run(settings, legacy).rows["test_results"] == 10


def test_a_file_whose_end_breaks_its_shape_leaves_none_of_its_beginning(settings, legacy, portions_of_three):
    results = {str(batch): samples.direct()["batch_results"]["1"] | {"batch_size": batch} for batch in range(1, 8)}
    broken = samples.direct() | {
        "batch_results": results | {"9": {"success": False, "error": "half a character: \ud800"}}
    }
    samples.write(legacy / "broken.json", broken)
    samples.write(legacy / "fine.json", samples.direct())
    report = run(settings, legacy)
    assert report.outcomes == {"refused": 1, "imported": 1}
    assert [refusal.reason[:39] for refusal in report.refusals] == ["looks like S01 direct_benchmark, but br"]
    assert stored(settings, "SELECT outcome, test_rows FROM imported_files ORDER BY ALL") == [
        ("imported", 1),
        ("refused", 0),
    ]
    assert len(rows(settings, "test_results")) == 1


def test_more_results_than_one_transaction_holds_are_refused_with_what_to_do(
    settings, legacy, monkeypatch, portions_of_three
):
    monkeypatch.setattr(reading, "MOST", 9)
    samples.write(legacy / "list.json", [record(number) for number in range(10)])
    (refusal,) = run(settings, legacy).refusals
    assert refusal.reason == "it holds more than 9 results: split it into files of fewer"
    assert rows(settings, "test_results") == []


def test_what_is_too_much_for_one_of_several_processes_keeps_its_place_among_the_others(settings, legacy, monkeypatch):
    large = [record(number) for number in range(workers.PORTION + 50)]
    samples.write(legacy / "1.json", [record(0)])
    samples.write(legacy / "2.json", large)
    samples.write(legacy / "3.json", [record(1)])
    samples.write(legacy / "4.json", samples.direct())
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(migration, "read_all", lambda reader, entries: workers.read_all(reader, entries, fewest=1))
    report = run(settings, legacy)
    assert (report.files, report.rows["test_results"]) == (4, len(large) + 1)
    by_name = {
        path[-6:]: (outcome, tests)
        for path, outcome, tests in stored(settings, "SELECT path, outcome, test_rows FROM imported_files")
    }
    assert by_name == {
        "1.json": ("imported", 1),
        "2.json": ("imported", len(large) - 1),
        "3.json": ("duplicate", 0),
        "4.json": ("imported", 1),
    }


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_file_of_150_000_records_takes_less_than_a_gibibyte(tmp_path):
    records = [
        record(n, p50_latency_ms=19.1 + n / 1e6, modality="text", model_family="embedding", note="x" * 60)
        for n in range(150_000)
    ]
    target = tmp_path / "records.json"
    target.write_text(json.dumps(records))
    assert target.stat().st_size > 50e6
    del records
    command = [sys.executable, "-c", _MIGRATE, str(tmp_path / "data"), str(target)]
    tests, peak_mib = subprocess.check_output(command, text=True).split()
    assert int(tests) == 150_000
    assert float(peak_mib) < MOST_MIB
