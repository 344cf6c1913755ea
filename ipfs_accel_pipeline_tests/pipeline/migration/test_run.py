"""The whole migration on a real database: what enters, what does not, and that nothing enters twice."""

from __future__ import annotations

import json
import multiprocessing
import sys
import tarfile
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from ipfs_accel_pipeline.benchmark.memory import read_memory, reset_peak
from ipfs_accel_pipeline.pipeline.loading import current_compatibility
from ipfs_accel_pipeline.pipeline.migration.report import as_json, as_markdown
from ipfs_accel_pipeline.pipeline.migration.run import MigrationOptions, migrate
from ipfs_accel_pipeline.pipeline.migration.verify import verify
from ipfs_accel_pipeline.pipeline.reporting import make_report
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.legacy_json.archives import Limits
from ipfs_accel_pipeline_tests import legacy_samples as samples
from ipfs_accel_pipeline_tests.legacy_databases import GENERATIONS
from ipfs_accel_pipeline_tests.pipeline.migration.stored import rows, run, stored


def test_every_shape_has_the_outcome_that_is_meant(settings, legacy):
    for number, (document, _) in enumerate(samples.BY_SHAPE.values()):
        samples.write(legacy / f"{number:02d}.json", document)
    report = run(settings, legacy)
    outcomes = {shape: set(counts) for shape, counts in report.by_shape.items()}
    # Wrappers and lists around an earlier sample: the first file gives it, the second is a duplicate.
    repeated = {"S02 batch_benchmarks", "S05 comprehensive_run", "S11b web_all_models", "S13 single_perf_wrapper"}
    repeated.add("S19b outcome_list")
    meant = {shape: outcome for shape, (_, outcome) in samples.BY_SHAPE.items()}
    assert outcomes == {shape: {"duplicate" if shape in repeated else outcome} for shape, outcome in meant.items()}


def test_a_file_of_a_known_shape_in_which_nothing_is_found_is_unknown_with_its_keys(settings, legacy):
    samples.write(legacy / "a.json", {"test_ipfs_accelerate": ["x"]})
    assert run(settings, legacy).by_shape == {"S31 master_results": {"unknown": 1}}
    (file,) = rows(settings, "imported_files")
    assert file.reason.endswith("its keys: test_ipfs_accelerate")


def test_the_name_of_an_archives_member_names_the_model_not_that_of_the_archive(settings, legacy):
    path = samples.write(legacy / "hf_opt_test_results.json", {"cpu_init": "Success (REAL)"})
    with tarfile.open(legacy / "json_files.tar.gz", "w:gz") as archive:
        archive.add(path, "hf_opt_test_results.json")
    path.unlink()
    run(settings, legacy)
    assert [test.model_id for test in rows(settings, "test_results")] == ["legacy-key/opt"]
    assert not verify(settings).problems


def test_a_measured_run_becomes_a_test_and_its_percentiles_are_those_of_live_runs(settings, legacy):
    samples.write(legacy / "a.json", samples.direct())
    assert run(settings, legacy).rows == {
        "hardware_platforms": 1,
        "models": 1,
        "test_results": 1,
        "performance_results": 1,
    }
    (test,) = rows(settings, "test_results")
    (performance,) = rows(settings, "performance_results")
    assert (test.provenance, performance.provenance) == ("imported", "imported")
    assert (test.requested_device, test.actual_device, test.status) == ("cpu", "cpu", "passed")
    assert (test.model_id, test.hardware_id) == ("prajjwal1/bert-tiny", "imported-cpu-unknown-device")
    assert test.timestamp.isoformat() == "2025-03-06T17:48:25.199371+00:00"
    assert test.details["evidence"] == "measured"
    assert test.details["source"]["values"]["average_latency_ms"][1] == "/batch_results/1/avg_latency_ms"
    assert test.memory_usage is None  # the file knows the resident size, which is another quantity
    assert performance.p50_latency_ms == 21.75
    assert performance.p90_latency_ms == pytest.approx(27.15)
    assert (performance.iterations, performance.batch_size, performance.power_watts) == (5, 1, None)


def test_an_average_alone_has_no_percentile(settings, legacy):
    samples.write(legacy / "a.json", samples.THREE_RUNS)
    run(settings, legacy)
    (performance,) = rows(settings, "performance_results")
    assert (performance.average_latency_ms, performance.min_latency_ms, performance.iterations) == (
        12.515625,
        11.515625,
        3,
    )
    assert (performance.p50_latency_ms, performance.ci95_low_ms, performance.batch_size) == (None, None, None)


@pytest.mark.parametrize(
    ("document", "status", "evidence"),
    [
        (samples.web(), "skipped", "simulated"),
        (samples.constants(), "skipped", "hand-written"),
        (samples.claim(), "passed", "claimed"),
        (samples.direct(throughput_items_per_second=400.123456), "passed", "claimed"),
    ],
)
def test_what_was_not_measured_is_labelled_and_has_no_performance(settings, legacy, document, status, evidence):
    samples.write(legacy / "a.json", document)
    run(settings, legacy)
    test = rows(settings, "test_results")[0]
    passed = next(test for test in rows(settings, "test_results") if test.details["stated_status"] == "passed")
    assert (passed.status, passed.details["evidence"]) == (status, evidence)
    assert test.provenance == "imported"
    assert rows(settings, "performance_results") == []


def test_a_second_run_writes_nothing(settings, legacy):
    for number, (document, _) in enumerate(samples.BY_SHAPE.values()):
        samples.write(legacy / f"{number:02d}.json", document)
    (legacy / "broken.json").write_text('{"a": ')
    first = run(settings, legacy)
    before = {table: rows(settings, table) for table in ("test_results", "models", "imported_files")}
    second = run(settings, legacy)
    assert first.files == second.files == second.seen_before
    assert not second.rows
    assert "No file that was not seen before." in as_markdown(second)
    assert {table: rows(settings, table) for table in before} == before


def test_the_same_content_under_another_name_is_known(settings, legacy):
    samples.write(legacy / "a.json", samples.direct())
    samples.write(legacy / "b.json", samples.direct())
    assert run(settings, legacy).seen_before == 1


def test_the_same_content_tells_of_each_model_that_a_file_name_names(settings, legacy):
    content = json.dumps(samples.FLAT)
    names = [f"hf_{key}_test_results.json" for key in ("clap", "clip", "t5")]
    with tarfile.open(legacy / "old.tar", "w") as archive:
        for name in names[1:]:
            (legacy / name).write_text(content)
            archive.add(legacy / name, name)
            (legacy / name).unlink()
    (legacy / names[0]).write_text(content)
    (legacy / "copies").mkdir()
    (legacy / "copies" / names[0]).write_text(content)
    report = run(settings, legacy)
    assert (report.files, report.seen_before, report.outcomes) == (4, 1, {"imported": 3})
    models = {test.model_id for test in rows(settings, "test_results")}
    assert models == {"laion/clap-htsat-unfused", "openai/clip-vit-base-patch32", "legacy-key/t5"}
    assert verify(settings).problems == []
    again = run(settings, legacy)
    assert (again.seen_before, again.rows) == (4, {})


def test_a_database_of_readers_that_knew_files_by_content_alone_still_takes_the_other_models(settings, legacy):
    samples.write(legacy / "hf_clap_test_results.json", samples.FLAT)
    run(settings, legacy)
    with open_database(settings.database) as connection:
        connection.execute(
            "UPDATE imported_files SET id = (SELECT any_value(details -> 'source' ->> 'sha256') FROM test_results)"
        )
        connection.execute("UPDATE test_results SET run_id = (SELECT 'import-' || id[:12] FROM imported_files)")
    samples.write(legacy / "hf_clip_test_results.json", samples.FLAT)
    report = run(settings, legacy)
    assert (report.outcomes, report.rows["test_results"]) == ({"duplicate": 1, "imported": 1}, 3)
    assert run(settings, legacy).seen_before == 2
    assert verify(settings).problems == []


def test_a_wrapper_around_a_known_run_adds_nothing(settings, legacy):
    samples.write(legacy / "a.json", samples.direct())
    samples.write(legacy / "b.json", samples.wrapped())
    report = run(settings, legacy)
    assert report.rows["test_results"] == 1
    assert (report.outcomes["duplicate"], report.duplicates) == (1, 1)


def test_two_runs_of_the_same_moment_but_other_figures_are_two(settings, legacy):
    samples.write(legacy / "a.json", samples.direct())
    samples.write(legacy / "b.json", samples.direct(memory_mb=513.5))
    assert run(settings, legacy).rows["test_results"] == 2


def _migrate(database: str, folder: str, start) -> None:
    start.wait()
    migrate(Settings(Path(database).parent, Path(database)), [folder], MigrationOptions())


def test_two_migrations_at_once_lose_nothing_and_double_nothing(settings, legacy):
    for second in range(60):
        samples.write(legacy / f"{second}.json", samples.direct(time=f"2025-03-06T17:48:{second:02d}.5"))
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    arguments = (str(settings.database), str(legacy), start)
    workers = [context.Process(target=_migrate, args=arguments) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert stored(settings, "SELECT count(*), count(DISTINCT id) FROM test_results") == [(60, 60)]
    assert stored(settings, "SELECT count(*), sum(test_rows) FROM imported_files") == [(60, 60)]


def test_a_batch_that_fails_leaves_nothing_and_the_next_run_goes_on(settings, legacy, monkeypatch):
    from ipfs_accel_pipeline.pipeline.migration import run as migration
    from ipfs_accel_pipeline.pipeline.migration import workers, writing

    for second in range(4):
        samples.write(legacy / f"{second}.json", samples.direct(time=f"2025-03-06T17:48:{second:02d}.5"))
    real, calls = writing.write_rows, []

    def stopped(connection, table, given, **options):
        calls.append(table)
        if calls.count("imported_files") == 2:
            raise KeyboardInterrupt
        return real(connection, table, given, **options)

    monkeypatch.setattr(workers, "_CHUNK_FILES", 2)
    monkeypatch.setattr(migration, "_BATCH_CHUNKS", 1)
    monkeypatch.setattr(writing, "write_rows", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(settings, legacy)
    assert stored(settings, "SELECT (SELECT count(*) FROM test_results), count(*) FROM imported_files") == [(2, 2)]
    monkeypatch.setattr(writing, "write_rows", real)
    report = run(settings, legacy)
    assert (report.seen_before, report.rows["test_results"]) == (2, 2)


def test_a_dry_run_reports_the_same_and_writes_nothing(settings, legacy):
    samples.write(legacy / "a.json", samples.direct())
    (legacy / "broken.json").write_text("{")
    dry = run(settings, legacy, dry_run=True, quarantine=legacy / "quarantine")
    assert not settings.database.exists()
    assert not (legacy / "quarantine").exists()
    wet = run(settings, legacy)
    assert (dry.rows, dry.by_shape) == (wet.rows, wet.by_shape)
    assert run(settings, legacy, dry_run=True).seen_before == 2


def test_what_cannot_be_read_or_is_unknown_is_kept_in_quarantine_with_the_reason(settings, legacy, tmp_path):
    (legacy / "broken.json").write_text('{"a": ')
    samples.write(legacy / "odd.json", {"colour": "red"})
    samples.write(legacy / "fine.json", samples.direct())
    report = run(settings, legacy, quarantine=tmp_path / "kept")
    lines = [json.loads(line) for line in (tmp_path / "kept" / "reasons.jsonl").read_text().splitlines()]
    assert {line["outcome"] for line in lines} == {"refused", "unknown"}
    assert {(tmp_path / "kept" / line["copy"]).read_text() for line in lines} == {'{"a": ', '{"colour": "red"}'}
    assert report.outcomes["imported"] == 1
    assert "colour" in as_markdown(report)
    assert json.loads(as_json(report))["outcomes"] == {"imported": 1, "unknown": 1, "refused": 1}


@pytest.mark.parametrize(
    "document",
    [
        {"model": "bert", "hardware": "cpu", "batch_results": [1, 2]},
        {"model": 7, "hardware": None, "batch_results": {"1": {"success": True, "avg_latency_ms": 2.5}}},
        {"model": "bert", "hardware": ["cpu"], "batch_results": {"1": "fast"}},
        {"model": "b", "hardware": "cpu", "batch_results": {"1": {"avg_latency_ms": 2.5, "latencies_ms": "none"}}},
        {"benchmarks": {"text": "none"}, "system_info": 3},
        {"status": {"cpu": {"deep": [None]}}, "examples": "none", "metadata": []},
        {"results": {"cpu": None}, "metadata": {"model_id": ["x"]}},
        {"platform": 5, "is_simulation": "perhaps", "metrics": "none"},
        {"batch_sizes": {"1": None}, "hardware": "cpu"},
        [{"model_name": None, "hardware_type": {}}],
        {"results_by_modality": {"text": [1, {"model": "x", "webnn": {"time_ms": "fast"}}]}},
        {"model_results": {"x": {"cpu:0": "down"}}},
        {"test_ipfs_accelerate": None},
        {"functionality_verification": {"cpu": {"stats": None, "detailed_results": [None]}}, "models": ["x"]},
    ],
)
def test_a_shape_whose_values_are_of_the_wrong_kind_stops_nobody(settings, legacy, document):
    samples.write(legacy / "a.json", document)
    samples.write(legacy / "b.json", samples.direct())
    report = run(settings, legacy)
    assert report.by_shape["S01 direct_benchmark"]["imported"] >= 1
    assert report.outcomes.total() == 2


def test_impossible_counts_are_refused_with_their_place(settings, legacy):
    samples.write(legacy / "a.json", samples.direct(batch_size=-3))
    samples.write(legacy / "b.json", samples.direct(batch_size=2**40))
    report = run(settings, legacy)
    assert {refusal.pointer for refusal in report.refusals} == {"/batch_results/1/batch_size"}
    assert all(test.batch_size is None for test in rows(settings, "test_results"))


def test_a_host_that_was_slow_one_day_does_not_hide_where_it_ran(settings, legacy):
    samples.write(legacy / "fast.json", samples.seconds({"cpu": 1.0}))
    samples.write(legacy / "slow.json", samples.seconds({"cpu": 5.0, "openvino": 5.05}))
    samples.write(legacy / "gpu.json", samples.seconds({"cpu": 2.3, "cuda": 0.7}))
    run(settings, legacy)
    kept = {(p.hardware_id, p.run_id) for p in rows(settings, "performance_results")}
    assert sorted(hardware for hardware, _ in kept) == ["imported-cpu-unknown-device"] * 3 + [
        "imported-cuda-quadro-p4000"
    ]


def test_accelerators_as_fast_as_the_cpu_lose_their_figures(settings, legacy):
    samples.write(legacy / "a.json", samples.seconds({"cpu": 1.0, "openvino": 1.01, "cuda": 0.2}))
    report = run(settings, legacy)
    assert {p.hardware_id for p in rows(settings, "performance_results")} == {
        "imported-cpu-unknown-device",
        "imported-cuda-quadro-p4000",
    }
    lowered = [t for t in rows(settings, "test_results") if t.requested_device == "openvino"]
    assert {t.details["evidence"] for t in lowered} == {"claimed"}
    assert "as fast as the CPU of its host" in lowered[0].details["evidence_reasons"][0]
    assert len(report.downgraded) == 3
    assert report.rows["performance_results"] == 6


def test_what_was_taken_back_is_counted_off_in_the_report_and_in_the_files(settings, legacy, tmp_path):
    def evidence():
        sql = "SELECT details ->> 'evidence', count(*) FROM test_results GROUP BY 1"
        return dict(stored(settings, sql))

    def counted():
        return [file.performance_rows for file in rows(settings, "imported_files")]

    samples.write(legacy / "a.json", samples.seconds({"cpu": 1.0, "openvino": 1.01, "cuda": 0.2}))
    report = run(settings, legacy)
    assert evidence() == report.grades["S03 hardware_benchmark"] == {"measured": 6, "claimed": 3}
    assert counted() == [6]
    assert "runs" not in json.loads(as_json(report))
    samples.write(legacy / "b.json", samples.direct(hardware="cuda", device="cuda"))
    run(settings, legacy)
    samples.write(legacy / "c.json", samples.direct(hardware="rocm", device="cuda"))
    report = run(settings, legacy)
    assert {shape: +counts for shape, counts in report.grades.items()} == {"S01 direct_benchmark": {"claimed": 1}}
    assert sorted(counted()) == [0, 0, 6]
    assert evidence() == {"measured": 6, "claimed": 5}


def test_the_same_figure_on_two_platforms_in_two_files_is_a_constant(settings, legacy):
    samples.write(legacy / "a.json", samples.direct(hardware="cuda", device="cuda"))
    samples.write(legacy / "b.json", samples.direct(hardware="mps", device="mps"))
    other = samples.direct(hardware="mps", device="mps", latencies_ms=[7.5, 8.25], avg_latency_ms=7.875)
    samples.write(legacy / "c.json", other)
    run(settings, legacy)
    assert [p.average_latency_ms for p in rows(settings, "performance_results")] == []
    reasons = [t.details["evidence_reasons"][0] for t in rows(settings, "test_results")]
    assert sum("the same average to every digit" in reason for reason in reasons) == 2


def test_a_number_in_text_is_read_and_what_is_none_is_told_with_its_place(settings, legacy):
    said = {"avg_latency_ms": "23.1 ms", "batch_size": "8", "throughput_items_per_second": "N/A"}
    samples.write(legacy / "a.json", samples.direct(**said))
    report = run(settings, legacy)
    (test,) = rows(settings, "test_results")
    assert test.batch_size == 8
    assert test.details["source"]["values"]["average_latency_ms"][0] == 23.1
    (refusal,) = report.refusals
    assert refusal.pointer == "/batch_results/1/throughput_items_per_second"
    assert refusal.reason == "'N/A' is no number in per s: taken as unknown"
    assert verify(settings).problems == []


def test_a_stated_time_that_nobody_understands_is_told(settings, legacy):
    samples.write(legacy / "a.json", samples.OUTCOME | {"timestamp": "last week"})
    run(settings, legacy)
    (test,) = rows(settings, "test_results")
    assert test.details["time_source"] == (
        "the file's own date: the stated time 'last week' at /timestamp is not understood"
    )
    assert verify(settings).problems == []


def single_run(hardware, seconds):
    result = samples.SINGLE_RUN["results"]["cpu"] | {"execution_time": seconds}
    return samples.SINGLE_RUN | {"results": {hardware: result}}


def test_a_constant_is_one_however_the_import_is_split(settings, legacy):
    for hardware in ("cuda", "rocm", "mps"):
        path = samples.write(legacy / f"{hardware}.json", single_run(hardware, 0.144178867))
        run(settings, path)
    assert rows(settings, "performance_results") == []
    reasons = [t.details["evidence_reasons"] for t in rows(settings, "test_results")]
    assert [len(some) for some in reasons] == [2] * 3


def test_an_accelerator_is_compared_with_pairs_that_an_earlier_import_withdrew(settings, legacy):
    first = samples.write(legacy / "a.json", samples.seconds({"cpu": 1.0, "openvino": 1.01}))
    slow = samples.seconds({"cpu": 1.03, "openvino": 1.5})
    del slow["benchmarks"]["multimodal"]["openai/clip-vit-base-patch32"]["openvino"]["benchmark_results"]["batch_1"]
    second = samples.write(legacy / "b.json", slow)
    run(settings, first)
    run(settings, second)
    assert {p.hardware_id for p in rows(settings, "performance_results")} == {"imported-cpu-unknown-device"}


def test_imports_are_neither_ranked_nor_evidence_of_compatibility(settings, legacy):
    samples.write(legacy / "a.json", samples.direct())
    run(settings, legacy)
    with open_database(settings.database) as connection:
        assert current_compatibility(connection, "imported-cpu-unknown-device") == []
    report = json.loads(make_report(settings, "json"))
    (row,) = report["performance"]
    assert (row["provenance"], row["rank"], row["not_ranked_reason"]) == ("imported", "not_ranked", "imported")
    assert report["summary"]["tests"] == 0
    assert report["summary"]["imported_tests"] == 1


def test_an_imported_device_never_shares_its_history_with_a_live_one(settings, legacy):
    samples.write(legacy / "a.json", samples.seconds({"cuda": 1.0}))
    run(settings, legacy)
    for platform in rows(settings, "hardware_platforms"):
        assert platform.hardware_id.startswith("imported-")
        assert not platform.available
        assert "imported" in platform.unavailable_reason


def test_archives_and_tables_are_sources_too(settings, legacy):
    samples.write(legacy / "x.json", samples.direct())
    with tarfile.open(legacy / "old.tar.gz", "w:gz") as archive:
        archive.add(legacy / "x.json", "archived/x|y.json")
    (legacy / "x.json").unlink()
    (legacy / "dump.csv").write_text("model_name,hardware_type,average_latency_ms\nbert-base-uncased,cpu,12.3456789\n")
    with duckdb.connect(str(legacy / "old.duckdb")) as old:
        old.execute("CREATE TABLE models (model_id INTEGER, model_name VARCHAR)")
        old.execute("CREATE TABLE hardware_platforms (hardware_id INTEGER, hardware_type VARCHAR, device_name VARCHAR)")
        old.execute("CREATE TABLE test_results (id INTEGER, model_id INTEGER, hardware_id INTEGER, success BOOLEAN)")
        old.execute("INSERT INTO models VALUES (1, 't5-small'); INSERT INTO hardware_platforms VALUES (1, 'cpu', 'i9')")
        old.execute("INSERT INTO test_results VALUES (1, 1, 1, TRUE)")
    report = run(settings, legacy)
    assert {shape: counts["imported"] for shape, counts in report.by_shape.items()} == {
        "S01 direct_benchmark": 1,
        "S27 table": 1,
        "D1 database": 1,
    }
    assert run(settings, legacy).seen_before == 3
    proof = verify(settings)
    assert (proof.files, proof.problems) == (3, [])


def test_databases_of_every_generation_are_imported_and_proved_value_by_value(settings, legacy):
    for name, generation in GENERATIONS.items():
        with duckdb.connect(str(legacy / f"{name}.duckdb")) as old:
            old.execute(generation.script)
    report = run(settings, legacy)
    assert report.outcomes == {"imported": len(GENERATIONS)}
    expected = [one for generation in GENERATIONS.values() for one in generation.expected if "rtx" not in one.hardware]
    tests = rows(settings, "test_results")
    assert len(tests) == len(expected)
    assert Counter(test.details["evidence"] for test in tests) == Counter(one.grade for one in expected)
    # Nothing says how any of these figures came about.
    assert rows(settings, "performance_results") == []
    assert run(settings, legacy).seen_before == len(GENERATIONS)
    proof = verify(settings)
    assert (proof.files, proof.tests, proof.problems) == (len(GENERATIONS), len(expected), [])


@pytest.mark.parametrize("date", ["2025-03-06", "20250306"])
def test_a_date_alone_is_no_hour_of_a_day(settings, legacy, date):
    samples.write(legacy / "a.json", samples.direct(timestamp=date))
    run(settings, legacy)
    (test,) = rows(settings, "test_results")
    assert test.timestamp.isoformat() == "2025-03-06T00:00:00+00:00"
    assert test.details["time_source"] == "the file's content, a date alone: its midnight in UTC"


def test_a_time_is_taken_from_the_content_then_the_name_then_the_file(settings, legacy):
    document = {key: value for key, value in samples.OUTCOME.items() if key != "timestamp"}
    samples.write(legacy / "x_20250305_194630.json", document)
    samples.write(legacy / "y.json", document | {"execution_time": 0.5})
    samples.write(legacy / "z.json", samples.OUTCOME)
    run(settings, legacy)
    sources = {
        Path(t.details["source"]["path"]).name[0]: t.details["time_source"] for t in rows(settings, "test_results")
    }
    assert "file's name" in sources["x"]
    assert "file's own date" in sources["y"]
    assert "content, without a zone: taken as UTC" in sources["z"]


def test_newer_readers_look_again_at_what_older_ones_could_not_read(settings, legacy, monkeypatch):
    from ipfs_accel_pipeline.pipeline.migration import run as migration
    from ipfs_accel_pipeline.pipeline.migration import writing

    samples.write(legacy / "odd.json", {"colour": "red"})
    samples.write(legacy / "fine.json", samples.direct())
    run(settings, legacy)
    monkeypatch.setattr(migration, "TOOL_VERSION", "newer")
    monkeypatch.setattr(writing, "TOOL_VERSION", "newer")
    report = run(settings, legacy)
    assert (report.seen_before, report.outcomes) == (1, {"unknown": 1})
    assert stored(settings, "SELECT DISTINCT tool_version FROM imported_files WHERE outcome = 'unknown'") == [
        ("newer",)
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a stretch of time")
def test_memory_stays_bounded_by_the_limits_and_not_by_the_files(settings, legacy):
    with (legacy / "huge.json").open("wb") as stream:
        stream.truncate(2**30)
    samples.write(legacy / "fine.json", samples.direct())
    assert reset_peak()
    before = read_memory().resident_mb
    report = run(settings, legacy, limits=Limits(file_bytes=2**20))
    assert report.outcomes == {"imported": 1, "refused": 1}
    assert "1024 MiB" in report.refusals[0].reason
    assert read_memory().peak_mb - before < 300
