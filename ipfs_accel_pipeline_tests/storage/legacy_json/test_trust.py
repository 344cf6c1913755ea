"""The rules that tell measured figures from claimed, typed and simulated ones."""

from __future__ import annotations

import copy

import pytest

from ipfs_accel_pipeline.storage.legacy_json.findings import Finding, Grade
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin
from ipfs_accel_pipeline.storage.legacy_json.registry import read_document
from ipfs_accel_pipeline.storage.legacy_json.trust import grade
from ipfs_accel_pipeline_tests import legacy_samples as samples


def graded(document):
    (finding, *_) = [one for one in read_document(document, Origin("f.json"))[1] if isinstance(one, Finding)]
    verdict, reasons = grade(finding)
    return str(verdict), reasons[0]


@pytest.mark.parametrize(
    ("document", "verdict", "says"),
    [
        (samples.direct(), "measured", "every run was timed"),
        (samples.seconds({"cpu": 1.0}), "measured", "every run was timed"),
        (samples.SINGLE_RUN, "measured", "one inference"),
        (samples.OUTCOME, "measured", "real process"),
        (samples.claim(), "claimed", "in words"),
        (samples.web(), "simulated", "is_simulation is true"),
        (samples.web(is_simulation=False), "simulated", "browser_opened is false"),
        (samples.web(is_simulation=False, browser_opened=True), "hand-written", "every figure is round"),
        (samples.constants(), "hand-written", "every figure is round (20, 50)"),
        (samples.COMPARED, "hand-written", "a table of round figures"),
        (samples.direct(throughput_items_per_second=400.123456), "claimed", "contradicts batch 1"),
        (samples.direct(avg_latency_ms=0), "claimed", "nothing takes no time"),
        (samples.direct(throughput_items_per_second=0.0), "claimed", "nothing takes no time"),
        (samples.direct(avg_latency_ms=40.123456, throughput_items_per_second=None), "claimed", "not that of the runs"),
        (samples.direct(latencies_ms=[5.0] * 10, avg_latency_ms=5.0), "hand-written", "all 10 runs took exactly 5 ms"),
        (samples.direct(latencies_ms=[0.0, 46.2], avg_latency_ms=23.1), "claimed", "a run took no time"),
        (samples.three_runs(0.2123456), "hand-written", "exactly 10 % from the average"),
        (samples.three_runs(0.2, minimum=0.19), "hand-written", "every figure is round (0.2)"),
        (samples.three_runs(0.2123456, minimum=0.19), "measured", "a process was timed"),
        ([samples.FLAT_RECORD | {"model_name": "sample-model-34"}], "hand-written", "it stands for one"),
        (samples.endpoint("Mock response from endpoint handler"), "simulated", "Mock response"),
        (samples.endpoint("a tensor"), "measured", "real process"),
        (samples.direct(is_simulated=True), "simulated", "is_simulated is True"),
        (samples.direct() | {"metadata": {"simulation_mode": True}}, "simulated", "simulation_mode is True"),
        ({"cpu_init": "Success (MOCK)"}, "simulated", "(MOCK)"),
        ({"cpu_ok": True, "cpu_handler": "Success", "cpu_endpoint_type": "MagicMock"}, "simulated", "MagicMock"),
        ({"cpu_handler": "Success", "cpu_endpoint": "<MagicMock id=7>"}, "simulated", "MagicMock"),
        ({"cuda_init": "Success (REAL)", "cuda_text": "Simulated CUDA transcription"}, "simulated", "Simulated CUDA"),
    ],
)
def test_each_rule_gives_its_grade_and_its_reason(document, verdict, says):
    found, reason = graded(document)
    assert found == verdict
    assert says in reason


def test_the_worst_mark_counts_and_every_reason_is_kept():
    finding = next(iter(read_document(samples.web(), Origin("f.json"))[1]))
    verdict, reasons = grade(finding)
    assert verdict is Grade.SIMULATED
    assert len(reasons) == 3


def test_a_mock_on_one_platform_says_nothing_of_the_others_in_the_same_object():
    document = {
        "status": {"cpu_init": "Success (REAL)", "qualcomm_init": "Success (MOCK)"},
        "metadata": {"model": "x-y"},
    }
    found = {
        one.hardware.value: str(grade(one)[0])
        for one in read_document(document, Origin("f.json"))[1]
        if isinstance(one, Finding)
    }
    assert found == {"cpu": "claimed", "qualcomm": "simulated"}


def inside(document, *path, **marks):
    """The document with marks in the object at a path."""
    document = copy.deepcopy(document)
    place = document
    for key in path:
        place = place[key]
    place.update(marks)
    return document


S03 = samples.seconds({"rocm": 1.0})
PLATFORM = ("benchmarks", "multimodal", "openai/clip-vit-base-patch32", "rocm")
ENTRY = ("results", "prajjwal1/bert-tiny")
ON_CUDA = {
    "results": {"cuda": samples.SINGLE_RUN["results"]["cpu"] | {"implementation_type": "REAL"}},
    "metadata": samples.SINGLE_RUN["metadata"],
}
WRAPPED_RUN = {"test_file": "test_hf_t5.py", "return_code": 0, "json_result": ON_CUDA}


@pytest.mark.parametrize(
    "document",
    [
        inside(S03, *PLATFORM, is_simulated=True),
        inside(S03, *PLATFORM, is_simulated="True"),
        inside(S03, *PLATFORM, implementation_type="MOCK"),
        inside(S03, hardware_info={"rocm": {"simulated": True}}),
        inside(S03, warnings=[{"affected_hardware": ["rocm"]}]),
        inside(samples.wrapped(), *ENTRY, is_simulated=True),
        inside(WRAPPED_RUN, "json_result", simulation_mode=True),
        inside(WRAPPED_RUN, "json_result", "metadata", is_simulated=True),
        inside(WRAPPED_RUN, "json_result", simulated_hardware=["cuda"]),
        inside(ON_CUDA, examples=[{"platform": "CUDA", "implementation_type": "MOCK"}]),
        inside(ON_CUDA, examples=[{"output": "<MagicMock id=7>"}]),
        inside(samples.THREE_RUNS, "performance", "pipeline_cuda", implementation_type="(MOCK)"),
        inside(samples.claim(), examples=[{"output": "<MagicMock id=7>"}]),
        inside(samples.claim(), "status", endpoint="<MagicMock id=7>"),
        inside(samples.claim(), "status", cpu_simulated=True),
    ],
)
def test_a_mark_anywhere_around_a_finding_or_its_figures_counts(document):
    assert graded(document)[0] == "simulated"


@pytest.mark.parametrize(
    "document",
    [
        inside(S03, hardware_info={"mps": {"simulated": True}}, mps_is_simulated=True),
        inside(S03, simulated_hardware=["webgpu"], WARNING="MISLEADING", warnings=["simulated"]),
        inside(S03, warnings=["some weights were not initialized"]),
        inside(S03, warnings=[{"type": "driver", "affected_hardware": ["rocm"]}]),
        inside(S03, "benchmarks", "multimodal", other={"cpu": {"is_simulated": True, "benchmark_results": {}}}),
        inside(ON_CUDA, examples=[{"platform": "CPU", "implementation_type": "MOCK"}]),
        inside(samples.wrapped(), *ENTRY, command="python run.py --no-mock", stdout="no simulation"),
    ],
)
def test_a_mark_of_something_else_says_nothing_of_a_finding(document):
    assert graded(document)[0] == "measured"


@pytest.mark.parametrize(
    "marks",
    [
        {"using_simulation": True},
        {"simulation": "true"},
        {"use_mock": True},
        {"is_mocked": 1},
        {"usingSimulation": True},
        {"using_rocm_simulation": True},
        {"contains_simulated_data": True},
        {"emulated": True},
        {"is_synthetic": True},
        {"real_implementation": False},
        {"uses_real_hardware": "False"},
        {"backend": "MockBackend"},
        {"implementation_type": "rocm_mock"},
        {"description": "Simulated results for a demonstration"},
        {"device_name": "Simulated ROCm device"},
    ],
)
def test_a_flag_is_known_by_its_words(marks):
    assert graded(S03 | marks)[0] == "simulated"


@pytest.mark.parametrize(
    "marks",
    [
        {"using_simulation": False},
        {"using_webgpu_simulation": True},
        {"allow_simulation": True},
        {"no_mock": True},
        {"simulation_available": True},
        {"use_dummy_input": True},
        {"mock_image": True},
        {"mock_tests": 1},
        {"real_time": False},
        {"real_implementation": True},
    ],
)
def test_what_may_be_simulated_and_what_only_the_input_is_says_nothing(marks):
    assert graded(S03 | marks)[0] == "measured"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("REAL (not simulated)", "measured"),
        ("non-mock", "measured"),
        ("python run.py --no-simulation", "measured"),
        ("is_mock=False, device=rocm", "measured"),
        ("Simulation mode: False", "measured"),
        ("simulation disabled", "measured"),
        ("unsimulated", "measured"),
        ("not simulated but mocked", "simulated"),
        ("Success (MOCK) no output", "simulated"),
        ("Mock: no GPU available", "simulated"),
        ("GPU: no - simulated", "simulated"),
        ("simulation disabled for webgpu, mock for rocm", "simulated"),
    ],
)
def test_a_text_that_denies_a_mock_is_no_mark(text, verdict):
    assert graded(inside(S03, *PLATFORM, note=text))[0] == verdict


@pytest.mark.parametrize("closed", [False, "false", 0])
def test_a_browser_that_was_not_opened_is_told_in_wrappers_too(closed):
    document = samples.web(is_simulation=False, browser_opened=closed)
    document["metrics"] = {"inference_time_ms": 81.2345678}
    assert graded(document) == graded({"data": document}) == ("simulated", "browser_opened is false")


@pytest.mark.parametrize("platform", ["webgpu", "webnn"])
@pytest.mark.parametrize(
    "document",
    [
        lambda platform: samples.seconds({platform: 1.0}),
        lambda platform: (
            ON_CUDA | {"results": {platform: {"execution_time": 0.0123456, "implementation_type": "REAL"}}}
        ),
        lambda platform: samples.OUTCOME | {"platform": platform, "success": True, "error": None},
    ],
)
def test_no_browser_platform_is_measured_by_a_script(document, platform):
    assert graded(document(platform)) == ("claimed", "no browser is shown to have run it")


def test_a_failure_on_a_browser_platform_is_one_without_a_browser():
    assert graded(samples.OUTCOME | {"platform": "webgpu", "success": False, "error": "boom"})[0] == "measured"


@pytest.mark.parametrize("marks", [{"WARNING": "x"}, {"warnings": ["POTENTIALLY MISLEADING DATA"]}])
def test_a_warning_that_names_no_hardware_leaves_only_the_cpu_measured(marks):
    assert graded(S03 | marks) == (
        "claimed",
        "a warning in the file says that its figures may be simulated, and not of which hardware",
    )
    assert graded(samples.direct() | marks)[0] == "measured"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (samples.direct(hardware="cuda"), "asked for cuda, ran on cpu"),
        (samples.direct(hardware="openvino"), "asked for openvino, ran on cpu"),
        (inside(S03, *PLATFORM, device="CPU"), "asked for rocm, ran on CPU"),
        (inside(ON_CUDA, "results", "cuda", device="cpu"), "asked for cuda, ran on cpu"),
        (inside(ON_CUDA, "results", "cuda", implementation_type="CPU_FALLBACK"), "asked for cuda, ran on cpu"),
        (samples.OUTCOME | {"platform": "cuda", "device": "cpu"}, "asked for cuda, ran on cpu"),
    ],
)
def test_what_ran_elsewhere_than_asked_is_no_measurement_of_what_was_asked_for(document, reason):
    assert graded(document) == ("claimed", reason)


@pytest.mark.parametrize(("asked", "used"), [("cuda", "cuda:0"), ("rocm", "cuda:0"), ("cuda", "Quadro P4000")])
def test_another_name_of_the_same_device_is_no_contradiction(asked, used):
    assert graded(samples.direct(hardware=asked, device=used))[0] == "measured"
