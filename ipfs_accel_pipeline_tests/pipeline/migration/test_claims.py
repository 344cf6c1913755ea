"""Figures that somebody claims: taken only when asked, also from files that were imported before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipfs_accel_pipeline.pipeline.migration import reading, workers
from ipfs_accel_pipeline.pipeline.migration.report import as_markdown
from ipfs_accel_pipeline.pipeline.migration.verify import verify
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import legacy_samples as samples
from ipfs_accel_pipeline_tests.pipeline.migration.stored import rows, run


def claimed(**changes):
    """One whose throughput contradicts its latency."""
    return samples.direct(throughput_items_per_second=400.123456, **changes)


def forget_acceptance(settings):
    """As in a database from before there was this column."""
    with open_database(settings.database) as connection:
        connection.execute("UPDATE imported_files SET claims_accepted = NULL")


def averages(settings):
    return {row.test_id: row.average_latency_ms for row in rows(settings, "performance_results")}


def test_claimed_figures_enter_only_when_asked_and_stay_labelled(settings, legacy):
    samples.write(legacy / "a.json", claimed())
    samples.write(legacy / "b.json", samples.web())
    run(settings, legacy, accept_claimed=True)
    (performance,) = rows(settings, "performance_results")
    assert performance.provenance == "imported"
    assert performance.environment["evidence"] == "claimed"


def test_claims_of_files_that_were_imported_without_them_enter_when_asked_later(settings, legacy, tmp_path):
    samples.write(legacy / "a.json", claimed())
    samples.write(legacy / "b.json", samples.web())
    samples.write(legacy / "c.json", samples.direct("t5-small"))
    run(settings, legacy)
    tests, files = rows(settings, "test_results"), rows(settings, "imported_files")
    assert len(averages(settings)) == 1
    late = run(settings, legacy, accept_claimed=True)
    assert (late.seen_before, late.claims_taken, dict(late.rows)) == (3, 1, {"performance_results": 1})
    assert "Content seen before of which the claimed figures were taken now: 1" in as_markdown(late)
    assert rows(settings, "test_results") == tests
    for before, after in zip(files, rows(settings, "imported_files"), strict=True):
        taken = int(before.path.endswith("a.json"))
        assert (after.outcome, after.test_rows, after.duplicate_rows) == (
            before.outcome,
            before.test_rows,
            before.duplicate_rows,
        )
        assert after.performance_rows == before.performance_rows + taken
        assert after.claims_accepted
    assert not verify(settings).problems
    at_once = Settings(tmp_path / "at once", tmp_path / "at once" / "benchmark.duckdb")
    run(at_once, legacy, accept_claimed=True)
    assert averages(at_once) == averages(settings)


def test_a_second_run_that_accepts_claims_reads_and_writes_nothing(settings, legacy, monkeypatch):
    for number, (document, _) in enumerate(samples.BY_SHAPE.values()):
        samples.write(legacy / f"{number:02d}.json", document)
    samples.write(legacy / "claimed.json", claimed(model="gpt2"))
    (legacy / "broken.json").write_text('{"a": ')
    run(settings, legacy)
    assert run(settings, legacy, accept_claimed=True).claims_taken == 1
    stored = {table: rows(settings, table) for table in ("performance_results", "test_results", "imported_files")}
    monkeypatch.setattr(workers, "read_source", None)
    again = run(settings, legacy, accept_claimed=True)
    assert (again.rows, again.claims_taken, again.seen_before) == ({}, 0, again.files)
    assert {table: rows(settings, table) for table in stored} == stored


def test_a_constant_that_was_taken_back_stays_out_when_claims_are_accepted(settings, legacy):
    samples.write(legacy / "cpu.json", samples.direct(hardware="cpu"))
    samples.write(legacy / "cuda.json", samples.direct(hardware="cuda", device="cuda"))
    assert len(run(settings, legacy).downgraded) == 2
    late = run(settings, legacy, accept_claimed=True)
    assert (averages(settings), late.downgraded, late.claims_taken) == ({}, [], 0)


def test_claims_that_all_files_together_disprove_are_taken_back_at_once(settings, legacy):
    samples.write(legacy / "cpu.json", claimed(hardware="cpu"))
    samples.write(legacy / "cuda.json", claimed(hardware="cuda", device="cuda"))
    run(settings, legacy)
    assert len(run(settings, legacy, accept_claimed=True).downgraded) == 2
    assert averages(settings) == {}


def test_claims_that_were_taken_back_stay_out_when_their_files_are_read_again(settings, legacy):
    samples.write(legacy / "cpu.json", claimed(hardware="cpu"))
    samples.write(legacy / "cuda.json", claimed(hardware="cuda", device="cuda"))
    run(settings, legacy, accept_claimed=True)
    forget_acceptance(settings)
    late = run(settings, legacy, accept_claimed=True)
    assert (averages(settings), late.downgraded, late.claims_taken) == ({}, [], 0)


def test_a_claim_that_two_files_hold_is_taken_once(settings, legacy):
    samples.write(legacy / "a.json", claimed())
    samples.write(legacy / "b.json", {"results": [claimed()]})
    run(settings, legacy)
    late = run(settings, legacy, accept_claimed=True)
    assert (late.claims_taken, dict(late.rows), len(averages(settings))) == (1, {"performance_results": 1}, 1)


@pytest.mark.parametrize(("document", "graded"), [(claimed(), "measured"), (samples.direct(), "claimed")])
def test_what_an_older_reader_graded_otherwise_keeps_its_grade_and_gets_no_figures(settings, legacy, document, graded):
    samples.write(legacy / "a.json", document)
    run(settings, legacy)
    with open_database(settings.database) as connection:
        connection.execute("DELETE FROM performance_results")
        (test,) = read_rows(connection, "test_results")
        write_rows(connection, "test_results", [replace(test, details=test.details | {"evidence": graded})])
    assert run(settings, legacy, accept_claimed=True).claims_taken == 0
    assert averages(settings) == {}


def test_a_file_that_newer_readers_refuse_is_asked_for_its_claims_again(settings, legacy, monkeypatch):
    samples.write(legacy / "a.json", claimed())
    run(settings, legacy)
    with monkeypatch.context() as broken:
        broken.setattr(reading, "add_rows", None)
        assert run(settings, legacy, accept_claimed=True).claims_taken == 0
    assert run(settings, legacy, accept_claimed=True).claims_taken == 1


def test_what_another_file_marks_as_simulated_gets_no_figures_from_one_that_claims_them(settings, legacy):
    samples.write(legacy / "a.json", {"is_simulation": True, "results": [claimed()]})
    run(settings, legacy)
    (test,) = rows(settings, "test_results")
    assert test.details["evidence"] == "simulated"
    samples.write(legacy / "b.json", claimed())
    run(settings, legacy)
    run(settings, legacy, accept_claimed=True)
    assert averages(settings) == {}


def test_a_large_file_gives_its_claims_later_portion_by_portion(settings, legacy, monkeypatch):
    monkeypatch.setattr(workers, "PORTION", 2)
    batches = {str(size): claimed(batch_size=size)["batch_results"]["1"] for size in range(1, 8)}
    samples.write(legacy / "a.json", samples.direct() | {"batch_results": batches})
    run(settings, legacy)
    assert (len(rows(settings, "test_results")), len(averages(settings))) == (7, 0)
    late = run(settings, legacy, accept_claimed=True)
    assert (late.claims_taken, dict(late.rows)) == (1, {"performance_results": 7})
    (file,) = rows(settings, "imported_files")
    assert (file.test_rows, file.performance_rows, file.claims_accepted) == (7, 7, True)
    assert run(settings, legacy, accept_claimed=True).rows == {}


def test_a_large_file_that_no_longer_reads_to_its_end_keeps_its_rows_and_gives_no_claims(settings, legacy, monkeypatch):
    batches = {str(size): claimed(batch_size=size)["batch_results"]["1"] for size in range(1, 8)}
    samples.write(legacy / "a.json", samples.direct() | {"batch_results": batches})
    run(settings, legacy)
    monkeypatch.setattr(workers, "PORTION", 2)
    monkeypatch.setattr(reading, "MOST", 6)
    late = run(settings, legacy, accept_claimed=True)
    assert (late.seen_before, late.claims_taken, averages(settings)) == (1, 0, {})
    (file,) = rows(settings, "imported_files")
    assert (file.outcome, file.test_rows, file.claims_accepted) == ("imported", 7, False)
    monkeypatch.setattr(reading, "MOST", 100)
    assert run(settings, legacy, accept_claimed=True).claims_taken == 1


def test_files_of_a_database_from_before_are_asked_for_their_claims(settings, legacy):
    samples.write(legacy / "a.json", claimed())
    run(settings, legacy)
    forget_acceptance(settings)
    assert run(settings, legacy, accept_claimed=True).claims_taken == 1


def test_a_dry_run_tells_the_claims_and_takes_none(settings, legacy):
    samples.write(legacy / "a.json", claimed())
    run(settings, legacy)
    assert run(settings, legacy, accept_claimed=True, dry_run=True).claims_taken == 1
    assert averages(settings) == {}
    assert run(settings, legacy, accept_claimed=True).claims_taken == 1
