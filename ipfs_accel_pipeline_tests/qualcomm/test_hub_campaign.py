"""Cases through AI Hub: the real client, a stand-in for the service."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ipfs_accel_pipeline.benchmark.aggregation import aggregate
from ipfs_accel_pipeline.benchmark.hub_campaign import HubCampaign
from ipfs_accel_pipeline.benchmark.hub_inputs import model_file
from ipfs_accel_pipeline.benchmark.hub_jobs import Patience
from ipfs_accel_pipeline.benchmark.protocol import find_profile
from ipfs_accel_pipeline.models.bundles import bundle_folder
from ipfs_accel_pipeline.models.export import prepare
from ipfs_accel_pipeline.records import Provenance, Status
from ipfs_accel_pipeline.storage.observation_json import observation_from_json, observation_to_json
from ipfs_accel_pipeline_tests.hub_server import TOKEN
from ipfs_accel_pipeline_tests.models.graph_files import onnx_linear
from ipfs_accel_pipeline_tests.qualcomm.conftest import QUICK


@pytest.fixture
def run(start):
    """All cases to their observations."""

    def to_the_end(cases, patience=QUICK, no_generation=None, **options):
        recorded = []
        campaign = HubCampaign(
            start(cases, patience, **options),
            cases,
            find_profile("standard"),
            "standard",
            "0.56.0",
            recorded.append,
            no_generation,
            sleep=lambda s: None,
        )
        assert list(campaign.run()) == recorded
        return recorded

    return to_the_end


def test_a_case_is_compiled_timed_and_judged_on_the_device(server, cases, run):
    (one,) = run(cases[:1])
    assert (one.status, one.error_message) == (Status.PASSED, None)
    assert one.latencies_ms == tuple(us / 1000 for us in server.inference_us)
    assert len(one.latencies_ms) == 100
    assert (one.model_load_ms, one.compile_ms, one.device_memory_peak_mb) == (1374.293, 900, 259)
    assert one.requested_device == one.actual_device == "Samsung Galaxy S24, android 14"
    assert one.device_proof == {"layers_per_unit": {"NPU": 3, "CPU": 1}}
    assert [layer["compute_unit"] for layer in one.details["layers"]] == ["NPU", "NPU", "NPU", "CPU"]
    assert one.parity[0].passed
    assert one.parity[0].cosine == pytest.approx(1)
    assert one.environment["tools"] == {"QAIRT": "2.42.0.251225"}
    assert one.environment["runtime_configuration"] == {"QNN": {"htp_performance_mode": "burst"}}
    assert one.power.power_watts_avg is None
    assert "measures no power" in one.power.reason
    assert (one.canary_before_ms, one.memory_peak_mb, one.cpu_times_ms) == (None, None, ())
    assert one.details["aihub"]["inference_job"] in server.jobs


def test_the_rows_have_percentiles_of_all_inference_times(server, cases, run):
    observations = [observation_from_json(json.loads(json.dumps(observation_to_json(one)))) for one in run(cases[:1])]
    rows = aggregate(observations, "run-1", "shard-1", {}, Provenance.MEASURED)
    (performance,), (power,), (test,) = rows.performance_results, rows.power_metrics, rows.test_results
    times_ms = np.array(server.inference_us) / 1000
    assert performance.p50_latency_ms == pytest.approx(np.percentile(times_ms, 50))
    assert performance.p99_latency_ms == pytest.approx(np.percentile(times_ms, 99))
    assert (performance.iterations, performance.rounds, performance.memory_peak_mb) == (100, 1, 259)
    assert (performance.power_watts, power.power_watts_avg) == (None, None)
    assert test.details["device_proof"]["layers_per_unit"]["NPU"] == 3
    assert test.parity_cosine is not None


def test_all_jobs_are_submitted_before_any_is_waited_for_and_the_model_is_sent_once(server, cases, start):
    jobs = start(cases)
    jobs.advance()
    assert len(server.submitted("compile_job")) == len(cases) == 3
    assert server.count("GET", "/job_summaries") == 0
    assert server.count("POST", "/models") == 1


def test_the_hub_is_asked_once_for_the_states_of_all_jobs(server, cases, run):
    run(cases)
    polls = server.count("GET", "/job_summaries")
    assert len(server.jobs) == 6
    assert polls <= 8  # three states of a compile job, four of an inference job


def test_a_graph_with_its_weights_beside_it_is_sent_with_them(server, hub, tmp_path):
    spec = onnx_linear(tmp_path / "linear.onnx", external=True)
    assert prepare(spec.to_json(), str(tmp_path), "onnx")["ok"]
    with model_file(bundle_folder(spec, tmp_path), "onnx") as path:
        model = hub.upload_model(path, "linear")
    assert server.models[model].is_directory
    with zipfile.ZipFile(io.BytesIO(server.blobs[model])) as sent:
        assert {Path(name).name for name in sent.namelist() if not name.endswith("/")} == {"model.onnx", "weights.data"}


def test_shapes_and_options_reach_the_hub(server, cases, run):
    run(cases[:1])
    (compile_job,) = server.submitted("compile_job")
    assert "--target_runtime qnn_dlc" in compile_job.options
    (inference,) = server.submitted("inference_job")
    assert inference.is_profiling_on
    assert inference.dataset.dataset_id


def test_a_killed_run_goes_on_polling_and_pays_once(server, cases, start, run, tmp_path):
    first = start(cases)
    for _ in range(4):
        first.advance()
    submitted = server.count("POST", "/jobs")
    assert submitted == 6
    del first  # the run dies here; the ledger is all that is left
    assert len(list((tmp_path / "aihub").glob("*.json"))) == 3

    observations = run(cases)
    assert [one.status for one in observations] == [Status.PASSED] * 3
    assert server.count("POST", "/jobs") == submitted
    assert list((tmp_path / "aihub").glob("*.json")) == []


def test_a_run_killed_after_compiling_does_not_compile_again(server, cases, start, run):
    start(cases[:1]).advance()
    run(cases[:1])
    assert len(server.submitted("compile_job")) == 1


def test_the_next_run_measures_anew(server, cases, run):
    run(cases[:1])
    run(cases[:1])
    assert len(server.submitted("inference_job")) == 2


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("RUNTIME_DEVICE_OOM", Status.OUT_OF_MEMORY),
        ("RUNTIME_OUT_OF_MEMORY", Status.OUT_OF_MEMORY),
        ("RUNTIME_TIMEOUT", Status.TIMEOUT),
        ("RUNTIME_CRASH", Status.CRASHED),
        ("UNSUPPORTED", Status.UNSUPPORTED),
        ("RUNTIME_INTERNAL_SERVICE_BUSY", Status.SKIPPED),
        ("MODEL_INVALID", Status.ERROR),
    ],
)
def test_a_failed_job_is_a_status_with_the_hubs_own_reason(server, cases, run, kind, status):
    server.job_failures["Samsung Galaxy S24"] = (kind, "Graph finalize failed: op Erf")
    failed, fine = run(cases[:2])
    if failed.status is Status.PASSED:
        failed, fine = fine, failed
    assert failed.status is status
    assert f"({kind}): Graph finalize failed: op Erf" in failed.error_message
    assert failed.error_message.startswith("compiling: ") == (kind == "MODEL_INVALID")
    assert failed.latencies_ms == ()
    assert fine.status is Status.PASSED


@pytest.mark.parametrize("status", [401, 426])
def test_what_the_hub_refuses_is_unsupported_with_its_words_and_without_the_token(server, cases, run, status):
    server.statuses = [("/devices", status)]
    (one,) = run(cases[:1])
    assert one.status is Status.UNSUPPORTED
    assert {401: "bad or expired API token", 426: "injected 426"}[status] in one.error_message
    assert TOKEN not in json.dumps(observation_to_json(one))


@pytest.mark.parametrize("request_", ["POST /models", "GET /devices", "POST /jobs"])
def test_a_client_that_is_too_old_is_told_to_upgrade_wherever_the_hub_says_so(server, cases, run, request_):
    server.statuses = [(request_, 426)]
    (one,) = run(cases[:1])
    assert one.status is Status.UNSUPPORTED
    assert "injected 426" in one.error_message
    assert "pip install --upgrade qai-hub" in one.error_message


def test_an_upgrade_that_is_demanded_after_compiling_does_not_cost_the_compile_job(server, cases, start, run):
    jobs = start(cases[:1])
    jobs.advance()
    server.statuses = [("POST /jobs", 426)]
    while not jobs.settled(cases[0].case):
        jobs.advance()
    assert "pip install --upgrade qai-hub" in jobs.settled(cases[0].case).reason
    jobs.done_with(cases[0].case)
    (one,) = run(cases[:1])
    assert one.status is Status.PASSED
    assert len(server.submitted("compile_job")) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_hub_is_asked_again(server, cases, run, status):
    server.statuses = [("POST /jobs", status)] * 8  # more than the client's own retries
    (one,) = run(cases[:1])
    assert one.status is Status.PASSED


@pytest.mark.parametrize(("status", "words"), [(429, "injected 429"), (503, "unavailable right now")])
def test_a_hub_that_stays_busy_is_skipped_with_its_words(server, cases, run, status, words):
    server.statuses = [("POST /jobs", status)] * 60
    (one,) = run(cases[:1])
    assert one.status is Status.SKIPPED
    assert words in one.error_message
    assert "asked 3 times" in one.error_message


def test_an_outage_while_polling_costs_nothing_that_was_submitted(server, cases, start, run):
    jobs = start(cases[:1])
    jobs.advance()
    server.statuses = [("GET /job_summaries", 503)] * 60
    for _ in range(5):
        jobs.advance()
    assert jobs.settled(cases[0].case).status is Status.SKIPPED
    jobs.done_with(cases[0].case)
    server.statuses = []
    (one,) = run(cases[:1])
    assert one.status is Status.PASSED
    assert len(server.submitted("compile_job")) == 1


def test_short_outages_with_answers_between_do_not_add_up(server, cases, start):
    server.stuck = {"Samsung Galaxy S24"}
    jobs = start(cases[:1])
    for _ in range(5):
        jobs.advance()
        server.statuses = [("GET /job_summaries", 503)] * 60
        jobs.advance()
        server.statuses = []
    assert jobs.settled(cases[0].case) is None


def test_a_token_that_is_refused_in_the_middle_costs_nothing_that_was_submitted(server, cases, start, run):
    jobs = start(cases[:1])
    jobs.advance()
    server.statuses = [("GET /job_summaries", 401)]
    jobs.advance()
    assert jobs.settled(cases[0].case).status is Status.UNSUPPORTED
    jobs.done_with(cases[0].case)
    (one,) = run(cases[:1])
    assert one.status is Status.PASSED
    assert len(server.submitted("compile_job")) == 1


def test_a_device_that_the_hub_no_longer_has_is_unsupported(server, cases, run):
    del server.devices[0]
    (one,) = run(cases[:1])
    assert one.status is Status.UNSUPPORTED
    assert "is not available" in one.error_message


def test_a_job_that_never_ends_times_out_and_is_kept_for_the_next_run(server, cases, run):
    server.stuck = {"Samsung Galaxy S24"}
    ticks = iter(range(0, 10**6, 1000))
    impatient = Patience(poll_s=0, busy_wait_s=0, case_timeout_s=50_000)
    (one,) = run(cases[:1], impatient, clock=lambda: next(ticks))
    assert one.status is Status.TIMEOUT
    assert "the next run goes on waiting" in one.error_message
    server.stuck = set()
    (again,) = run(cases[:1])
    assert again.status is Status.PASSED
    assert len(server.submitted("inference_job")) == 1


def test_wrong_answers_fail_and_have_no_latency(server, cases, run):
    right = server.answer
    server.answer = lambda inputs: {name: -value for name, value in right(inputs).items()}
    (one,) = run(cases[:1])
    assert (one.status, one.latencies_ms, one.power) == (Status.FAILED, (), None)
    assert "wrong output" in one.error_message


def test_a_job_without_answers_proves_nothing_and_fails(server, cases, run):
    server.answer = None
    (one,) = run(cases[:1])
    assert one.status is Status.FAILED
    assert "is missing" in one.error_message


def test_outputs_that_the_compiler_renamed_are_taken_in_order(server, cases, run):
    right = server.answer
    server.answer = lambda inputs: {f"output_{i}": value for i, value in enumerate(right(inputs).values())}
    (one,) = run(cases[:1])
    assert one.status is Status.PASSED


def test_a_model_that_runs_on_the_devices_cpu_is_no_run_on_its_npu(server, cases, run):
    server.compute_units = ["NPU", "CPU", "CPU", "GPU"]
    (one,) = run(cases[:1])
    assert (one.status, one.latencies_ms) == (Status.UNSUPPORTED, ())
    assert "only 1 of 4 layers" in one.error_message


def test_a_result_without_times_is_an_error(server, cases, run):
    server.inference_us = []
    (one,) = run(cases[:1])
    assert (one.status, one.latencies_ms) == (Status.ERROR, ())


def test_a_model_that_writes_has_the_reason_why_it_does_not_on_the_hub(cases, run):
    first, second = run(cases[:2], no_generation={cases[0].case: "aihub runs no decoders with a cache"})
    by_case = {one.case: one.generation for one in (first, second)}
    assert by_case[cases[0].case].reason == "aihub runs no decoders with a cache"
    assert by_case[cases[1].case] is None
