"""Files go through the migration in chunks: what comes out does not depend on how they were cut."""

from __future__ import annotations

import pyarrow as pa

from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.imported import present
from ipfs_accel_pipeline_tests import legacy_samples as samples
from ipfs_accel_pipeline_tests.pipeline.migration.stored import rows, run, stored


def test_times_of_several_zones_and_columns_known_in_one_chunk_only_go_together(settings, legacy, monkeypatch):
    from ipfs_accel_pipeline.pipeline.migration import workers

    monkeypatch.setattr(workers, "_CHUNK_FILES", 1)
    samples.write(legacy / "a.json", samples.direct(time="2025-03-06T12:00:00+02:00"))
    samples.write(legacy / "b.json", samples.direct(time="2025-03-06T12:00:00-05:00"))
    samples.write(legacy / "c.json", samples.OUTCOME)
    run(settings, legacy)
    hours = {test.timestamp.isoformat()[:13] for test in rows(settings, "test_results")}
    assert hours == {"2025-03-06T10", "2025-03-06T17", "2025-03-06T21"}


def test_content_that_occurs_twice_in_a_batch_is_counted_once(settings, legacy):
    for name in ("a", "b"):
        samples.write(legacy / f"{name}.json", samples.direct())
    report = run(settings, legacy)
    assert (report.files, report.seen_before, report.duplicates) == (2, 1, 0)
    assert stored(settings, "SELECT test_rows, performance_rows, duplicate_rows FROM imported_files") == [(1, 1, 0)]


def test_several_processes_give_the_same_rows_in_the_same_order(settings, legacy, monkeypatch):
    from ipfs_accel_pipeline.pipeline.migration import run as migration
    from ipfs_accel_pipeline.pipeline.migration import workers

    for number, (document, _) in enumerate(samples.BY_SHAPE.values()):
        samples.write(legacy / f"{number:02d}.json", document)
    alone = run(settings, legacy)
    expected = {test.id: test.details["source"]["path"] for test in rows(settings, "test_results")}
    other = Settings(settings.data / "other", settings.data / "other" / "benchmark.duckdb")
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(workers, "_CHUNK_FILES", 7)
    monkeypatch.setattr(migration, "read_all", lambda reader, entries: workers.read_all(reader, entries, fewest=1))
    together = run(other, legacy)
    assert (together.rows, together.by_shape, together.grades) == (alone.rows, alone.by_shape, alone.grades)
    assert {test.id: test.details["source"]["path"] for test in rows(other, "test_results")} == expected


def test_present_finds_only_what_is_stored(settings, legacy):
    samples.write(legacy / "a.json", samples.direct())
    run(settings, legacy)
    with open_database(settings.database) as connection:
        assert present(connection, "models", pa.array(["prajjwal1/bert-tiny", "no/such"])) == {"prajjwal1/bert-tiny"}
        assert present(connection, "models", pa.array([])) == set()
