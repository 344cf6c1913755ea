from __future__ import annotations

import pytest

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.reports.content import gather
from ipfs_accel_pipeline_tests.reports import example
from ipfs_accel_pipeline_tests.reports.example import (
    BERT,
    CPU,
    EMULATOR,
    LEGACY,
    OPENVINO,
    SOFTWARE,
    UNTESTED,
    VIT,
    WHISPER,
)


def performance_of(content, model, **where):
    return [r for r in content.performance if r.model_id == model and all(getattr(r, k) == v for k, v in where.items())]


def model(content, model_id):
    return next(m for m in content.models if m.model_id == model_id)


def status_of(content, model_id, hardware_id):
    row = next(r for r in content.compatibility.rows if r.model_id == model_id)
    return next(c for c in row.cells if c.hardware_id == hardware_id)


def test_the_summary_counts_measured_tests_and_names_the_others(content):
    summary = content.summary

    assert (summary.models_tested, summary.models_total) == (4, 5)
    assert (summary.platforms_available, summary.platforms_total) == (4, 7)
    assert (summary.tests, summary.passed, summary.not_tried) == (14, 9, 2)
    assert summary.success_rate == pytest.approx(9 / 12)
    assert (summary.imported_tests, summary.emulated_tests) == (1, 1)
    assert summary.newest_test_at == example.LATER


def test_all_eight_hardware_types_are_listed_and_the_absent_ones_say_why(content):
    assert {p.hardware_type for p in content.platforms} == {
        "CPU", "CUDA", "ROCm", "MPS", "OpenVINO", "Qualcomm", "WebNN", "WebGPU",
    }  # fmt: skip
    assert all(p.unavailable_reason for p in content.platforms if not p.available)


def test_equal_results_on_two_platforms_are_tied(content):
    rows = performance_of(content, BERT, batch_size=1, rank="tied")

    assert {(r.hardware_id, r.endpoint_type) for r in rows} == {(CPU, "onnxruntime"), (OPENVINO, "openvino")}


def test_the_fastest_of_a_case_is_marked(content):
    (fastest,) = performance_of(content, BERT, batch_size=8, rank="fastest")

    assert fastest.hardware_id == OPENVINO


def test_software_and_imported_results_are_shown_but_not_ranked_however_fast(content):
    unranked = {r.hardware_id: r.not_ranked_reason for r in performance_of(content, BERT, rank="not_ranked")}

    assert unranked == {SOFTWARE: "software acceleration", LEGACY: "imported"}


def test_an_emulated_test_gives_no_performance_and_no_measured_count(content):
    emulator = next(h for h in content.hardware if h.hardware_id == EMULATOR)

    assert EMULATOR not in {r.hardware_id for r in content.performance}
    assert (emulator.tests, emulator.other_tests, emulator.best) == (0, 1, None)


def test_numbers_are_of_the_past_when_a_newer_test_of_the_case_crashed(content):
    (row,) = performance_of(content, VIT, hardware_id=OPENVINO)

    assert row.not_ranked_reason == "a newer test of this case ended: crashed"


def test_a_newer_test_that_was_skipped_says_nothing_about_the_numbers(content):
    (row,) = performance_of(content, BERT, batch_size=8, hardware_id=CPU)

    assert row.rank == "slower"


def test_the_best_result_of_a_model_is_a_ranked_one(content):
    best = model(content, BERT).best

    assert best is not None
    assert (best.hardware_id, best.endpoint_type, best.p50_latency_ms) == (CPU, "onnxruntime", 6.1)


def test_a_model_with_only_failures_has_no_best_result_but_a_reason(content):
    whisper = model(content, WHISPER)

    assert (whisper.tests, whisper.passed, whisper.success_rate, whisper.best) == (2, 0, 0.0, None)
    assert whisper.latest_failure_reason.startswith("RuntimeError: an operator is missing")


def test_a_model_whose_tests_were_all_skipped_has_no_success_rate(content):
    assert model(content, UNTESTED).success_rate is None


@pytest.mark.parametrize(
    ("model_id", "hardware_id", "status"),
    [
        (BERT, CPU, "compatible"),
        (VIT, OPENVINO, "partial"),
        (WHISPER, CPU, "incompatible"),
        (UNTESTED, CPU, "untested"),
        (BERT, SOFTWARE, "underived"),
        (BERT, LEGACY, "imported_only"),
        (BERT, EMULATOR, "compatible"),
        (UNTESTED, OPENVINO, "untested"),
    ],
)
def test_every_cell_of_the_matrix_has_a_status(content, model_id, hardware_id, status):
    assert status_of(content, model_id, hardware_id).status == status


def test_absent_platforms_without_tests_have_no_column_in_the_matrix(content):
    assert content.compatibility.hardware_ids == (CPU, LEGACY, OPENVINO, EMULATOR, SOFTWARE)


def test_a_failure_reason_is_one_short_line(content):
    reason = status_of(content, WHISPER, CPU).reason

    assert len(reason) == 200
    assert "\n" not in reason


def test_recent_tests_are_newest_first_with_the_first_line_of_the_error(content):
    times = [t.timestamp for t in content.recent_tests]

    assert times == sorted(times, reverse=True)
    assert content.recent_tests[1].error == "the process died of signal 11 (SIGSEGV)"
    assert all("\n" not in (t.error or "") for t in content.recent_tests)


def test_power_that_was_read_is_a_row_and_power_that_was_not_is_counted_with_its_reason(content):
    assert [(p.hardware_id, p.power_watts_avg, p.power_watts_peak) for p in content.power] == [(OPENVINO, 41.25, None)]
    (gap,) = content.power_gaps
    assert (gap.hardware_id, gap.reason, gap.cases) == (CPU, "no power sensor on the fake host", 2)


def test_the_environment_tells_versions_threads_and_backends(content):
    facts = {fact.name: fact.values for fact in content.environment}

    assert facts == {"threads": ("2",), "versions.onnxruntime": ("1.24.1",), "backend.pytorch": ("2.10.0",)}


def test_gathering_twice_gives_the_same_content(connection, content):
    assert gather(connection, generated_at=example.GENERATED_AT) == content


@pytest.mark.parametrize("name", [BERT, "FAKE/bert-tiny"])
def test_a_model_filter_takes_ids_and_names(connection, name):
    content = gather(connection, models=[name], generated_at=example.GENERATED_AT)

    assert [m.model_id for m in content.models] == [BERT]
    assert {r.model_id for r in content.performance} == {t.model_id for t in content.recent_tests} == {BERT}
    assert (content.summary.models_total, content.summary.tests) == (1, 7)
    assert {p.model_id for p in content.power} == {BERT}


@pytest.mark.parametrize("name", [OPENVINO, "openvino"])
def test_a_hardware_filter_takes_ids_and_types(connection, name):
    content = gather(connection, hardware=[name], generated_at=example.GENERATED_AT)

    assert [p.hardware_id for p in content.platforms] == [OPENVINO]
    assert {r.hardware_id for r in content.performance} == {t.hardware_id for t in content.recent_tests} == {OPENVINO}
    assert (content.summary.platforms_total, content.summary.tests) == (1, 6)
    assert content.compatibility.hardware_ids == (OPENVINO,)


def test_a_name_that_is_not_in_the_database_is_refused_with_what_is(connection):
    with pytest.raises(UsageError, match=r"no model 'fake-bert'.*fake-bert-tiny"):
        gather(connection, models=["fake-bert"], generated_at=example.GENERATED_AT)


def test_chosen_models_whose_tests_were_all_skipped_say_what_to_run(connection):
    content = gather(connection, models=[UNTESTED], generated_at=example.GENERATED_AT)

    assert "make run" in content.next_step


def test_an_empty_database_says_what_to_run_and_that_no_type_was_looked_for(empty_content):
    assert "make run" in empty_content.next_step
    assert [p.available for p in empty_content.platforms] == [None] * 8
    assert {p.unavailable_reason for p in empty_content.platforms} == {"no detection of this type is stored yet"}


def test_written_text_has_its_times_and_its_labels_and_its_absence_a_reason(content):
    assert [(g.model_id, g.hardware_id, g.tokens_per_second, g.new_tokens) for g in content.generation] == [
        (BERT, SOFTWARE, 250.0, 32),
        (example.ODD, CPU, 250.0, 32),
    ]
    assert [(g.acceleration, g.texts, g.is_noisy) for g in content.generation] == [
        ("software", 9, False),
        ("hardware", 9, False),
    ]
    (gap,) = content.generation_gaps
    assert (gap.hardware_id, gap.endpoint_type, gap.models) == (OPENVINO, "openvino", (BERT,))
    assert gap.reason == example.WRITES_NOT["generation"]["reason"]


def test_models_that_write_no_text_have_no_line_about_it(content):
    assert VIT not in {g.model_id for g in content.generation}
    assert all(VIT not in gap.models for gap in content.generation_gaps)
