"""Every shape is told apart by its keys, and read in its own units."""

from __future__ import annotations

import copy

import pytest

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.legacy_json.findings import Finding, Grade, LeftOut, ModelClaim, PlatformClaim
from ipfs_accel_pipeline.storage.legacy_json.nodes import resolve
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin
from ipfs_accel_pipeline.storage.legacy_json.registry import SHAPES, WRAPPER, read_document, shape_of
from ipfs_accel_pipeline.storage.legacy_json.trust import grade
from ipfs_accel_pipeline_tests import legacy_samples as samples


def findings(document, name="file.json"):
    return [one for one in read_document(document, Origin(name))[1] if isinstance(one, Finding)]


def left_out(document, name="file.json"):
    return [one.reason for one in read_document(document, Origin(name))[1] if isinstance(one, LeftOut)]


@pytest.mark.parametrize("shape", samples.BY_SHAPE)
def test_each_sample_is_told_apart_by_its_keys(shape):
    found = shape_of(samples.BY_SHAPE[shape][0])
    assert found is not None
    assert found.name == shape


def test_every_shape_has_a_sample():
    tabular = {"S27 table", "D1 database"}  # in test_tabular.py and test_databases.py: they are no JSON
    assert {shape.name for shape in (*SHAPES, WRAPPER)} - tabular == set(samples.BY_SHAPE)


@pytest.mark.parametrize("shape", samples.BY_SHAPE)
def test_every_number_stands_where_its_pointer_says(shape):
    document = samples.BY_SHAPE[shape][0]
    for finding in findings(document):
        for name, cited in finding.values.items():
            if cited.unit != "key":
                assert resolve(document, cited.pointer) == cited.raw, name
        assert resolve(document, finding.pointer) is not None


@pytest.mark.parametrize("document", [{"colour": "red", "size": 3}, [1, 2], [], {}, "text", 7, None, [{"a": 1}]])
def test_what_nobody_knows_is_unknown_and_says_its_keys(document):
    shape, statements = read_document(document, Origin("direct_benchmark_bert_cpu.json"))
    assert shape is None
    assert statements[0].reason.startswith("no known shape")
    if document == {"colour": "red", "size": 3}:
        assert "colour, size" in statements[0].reason


def test_direct_benchmarks_are_in_milliseconds_and_their_memory_is_no_peak():
    (finding,) = findings(samples.direct())
    assert finding.latencies.value == samples.RUNS_MS
    assert finding.values["average_latency_ms"].value == pytest.approx(23.1)
    assert "memory_peak_mb" not in finding.values
    assert finding.values["resident_memory_mb"].value == 512.25
    assert finding.actual_device.value == "cpu"


def test_runs_without_their_average_are_still_a_result():
    (finding,) = findings(samples.direct(avg_latency_ms=None))
    assert finding.status is Status.PASSED
    assert "average_latency_ms" not in finding.values


def test_hardware_benchmarks_are_in_seconds():
    one, four, eight = findings(samples.seconds({"cpu": 1.0}))
    assert one.latencies.value[0] == pytest.approx(100.0)
    assert one.values["model_load_ms"].value == 6500.0
    assert [f.values["batch_size"].value for f in (one, four, eight)] == [1, 4, 8]
    assert four.values["throughput_items_per_second"].value == pytest.approx(
        4000 / four.values["average_latency_ms"].value
    )


@pytest.mark.parametrize(
    ("key", "sizes"),
    [
        ("batch_2_seq_128", {"batch_size": 2, "sequence_length": 128}),
        ("batch_1_audio_5s", {"batch_size": 1}),
        ("batch_4_img_224x224", {"batch_size": 4}),
        ("batch_8", {"batch_size": 8}),
        ("default", {}),
    ],
)
def test_the_key_of_a_configuration_holds_its_sizes(key, sizes):
    document = samples.seconds({"cpu": 1.0})
    platform = document["benchmarks"]["multimodal"]["openai/clip-vit-base-patch32"]["cpu"]
    platform["benchmark_results"] = {key: platform["benchmark_results"]["batch_1"]}
    (finding,) = findings(document)
    known = ("batch_size", "sequence_length")
    assert {name: finding.values[name].value for name in known if name in finding.values} == sizes


def test_a_time_out_keeps_the_iterations_that_were_completed():
    document = samples.seconds({"cpu": 1.0})
    results = document["benchmarks"]["multimodal"]["openai/clip-vit-base-patch32"]["cpu"]["benchmark_results"]
    results.clear()
    results["batch_1"] = {"status": "timeout", "error": "Timeout after 600 s", "completed_iterations": 4}
    (finding,) = findings(document)
    assert finding.status is Status.TIMEOUT
    assert finding.values["iterations"].value == 4


def test_three_runs_give_an_average_and_no_percentile():
    passed, failed = findings(samples.THREE_RUNS)
    assert passed.values["average_latency_ms"].value == 12.515625
    assert passed.values["iterations"].value == 3
    assert passed.latencies is None
    assert failed.status is Status.ERROR
    assert failed.error_message == "no weights"


def test_times_without_an_outcome_of_their_own_are_read_from_their_key():
    document = samples.THREE_RUNS | {"results": {"device": "cuda", "pipeline_success": True}}
    (finding,) = findings(document)
    assert (finding.hardware.value, finding.hardware.unit, finding.status) == ("cuda", "key", Status.PASSED)
    assert finding.pointer == "/performance/pipeline_cuda"
    assert finding.values["average_latency_ms"].value == 12.515625


def test_the_runs_of_a_transformers_test_give_percentiles():
    runs = [0.0123456, 0.0121987, 0.0129876]
    result = {"device": "cuda", "pipeline_success": True, "pipeline_avg_time": sum(runs) / 3, "pipeline_times": runs}
    (finding,) = findings(samples.THREE_RUNS | {"results": {"pipeline": result}})
    assert finding.latencies.value == pytest.approx([12.3456, 12.1987, 12.9876])
    assert (finding.latencies.pointer, finding.prior_reason) == (
        "/results/pipeline/pipeline_times",
        "every run was timed",
    )


def test_the_one_inference_of_openvino_is_a_time():
    document = samples.THREE_RUNS | {
        "results": {"openvino": {"openvino_success": True, "device": "openvino"}},
        "performance": {"openvino": {"inference_time": 0.0345678, "load_time": 3.2145678}},
    }
    (finding,) = findings(document)
    assert finding.values["average_latency_ms"].value == pytest.approx(34.5678)
    assert finding.values["model_load_ms"].value == pytest.approx(3214.5678)
    assert (finding.notes["iterations"], grade(finding)[0]) == (1, Grade.MEASURED)


def test_the_load_time_of_from_pretrained_is_called_that_of_the_model():
    document = samples.THREE_RUNS | {
        "results": {"from_pretrained_cuda": {"device": "cuda", "from_pretrained_success": True}},
        "performance": {"from_pretrained_cuda": {"avg_time": 0.01207447, "model_load_time": 0.68366789}},
    }
    (finding,) = findings(document)
    assert finding.values["model_load_ms"].value == pytest.approx(683.66789)


def test_every_test_of_all_hardware_is_read_with_its_own_times():
    def pipeline(device, seconds):
        return {"device": device, "pipeline_success": True, "pipeline_avg_time": seconds}

    document = samples.THREE_RUNS | {
        "results": {
            "pipeline": pipeline("cuda", 0.0123456),
            "all_hardware": {
                "cpu_pipeline": pipeline("cpu", 0.1123456),
                "cpu_pretrained": {"device": "cpu", "from_pretrained_error": "no weights"},
                "cuda_pipeline": pipeline("cuda", 0.0133456),  # which took the place of the first under `performance`
                "openvino": {"openvino_success": True, "openvino_inference_time": 0.0345678},
            },
        },
        "performance": {
            "pipeline_cuda": {"avg_time": 0.0133456, "min_time": 0.0131, "num_runs": 3},
            "pipeline_cpu": {"avg_time": 0.1123456, "num_runs": 3},
            "openvino": {"inference_time": 0.0345678},
        },
    }
    found = [
        (one.label, one.hardware.value, one.values["average_latency_ms"].raw if one.values else one.error_message)
        for one in findings(document)
    ]
    assert found == [
        ("pipeline", "cuda", 0.0123456),
        ("pipeline", "cpu", 0.1123456),
        ("from_pretrained", "cpu", "no weights"),
        ("pipeline", "cuda", 0.0133456),
        ("openvino", "openvino", 0.0345678),
    ]
    assert "min_latency_ms" not in findings(document)[0].values


def test_a_test_has_one_name_on_all_devices():
    result = {"pipeline_success": True}
    document = samples.THREE_RUNS | {"results": {"pipeline_cuda": result, "pipeline_cpu": result}}
    assert {one.label for one in findings(document)} == {"pipeline"}


def test_objects_of_one_shape_by_model_or_platform_are_each_read():
    by_platform = {name: samples.direct(hardware=name, device=name) for name in ("cpu", "cuda")}
    assert [one.hardware.value for one in findings({"data": {"results": by_platform}})] == ["cpu", "cuda"]
    assert shape_of(by_platform | {"settings": {"anything": {}}}) is None


def test_the_path_of_a_model_names_it_before_the_name_of_the_file():
    document = samples.SINGLE_RUN | {"metadata": {"model_path": "facebook/detr-resnet-50"}}
    assert findings(document, "run_cpu_test.json")[0].model.value == "facebook/detr-resnet-50"


def test_a_run_that_failed_before_its_first_batch_is_an_outcome():
    document = {"model": "t5-small", "hardware": "cpu", "success": False, "batch_results": {}, "error": "no weights"}
    (finding,) = findings(document)
    assert (finding.status, finding.error_message) == (Status.ERROR, "no weights")


def test_a_record_may_stand_alone_and_use_short_names():
    (finding,) = findings({"model_name": "t5-small", "hardware": "cpu", "latency_ms": 5.25, "throughput": 190.5})
    assert finding.values["average_latency_ms"].pointer == "/latency_ms"
    assert grade(finding)[0] is not Grade.MEASURED


def test_the_system_of_a_benchmark_becomes_a_platform():
    statements = read_document(samples.seconds({"cpu": 1.0}), Origin("f.json"))[1]
    (platform,) = [one for one in statements if isinstance(one, PlatformClaim)]
    assert (platform.device_name, platform.memory_mb, platform.compute_units) == ("Quadro P4000", 7680.0, 14)


def test_a_claim_per_platform_comes_from_prefixed_keys():
    statuses = {f.hardware.value: f.status for f in findings(samples.FLAT, "hf_llava_test_results.json")}
    assert statuses == {"cpu": Status.PASSED, "cuda": Status.SKIPPED, "qualcomm": Status.ERROR}


def test_a_model_that_only_the_file_name_tells_is_marked_so():
    finding = findings(samples.FLAT, "hf_llava_test_results.json")[0]
    assert (finding.model.value, finding.model.unit) == ("llava", "file name")


def test_answers_of_a_model_are_no_outcomes():
    (finding,) = findings({"cpu_init": "Success", "cpu_output": "The operation failed with an error"})
    assert finding.status is Status.PASSED


def test_a_wrapper_hands_its_test_file_down_as_the_model():
    wrapper = {"test_file": "skills/test_hf_t5.py", "return_code": 0, "json_result": {"cpu_init": "Success"}}
    (finding,) = findings(wrapper)
    assert finding.model.value == "skills/test_hf_t5.py"
    assert finding.pointer == "/json_result"


def test_wrappers_end_somewhere():
    document = {"cpu_init": "Success"}
    for _ in range(30):
        document = {"test_file": "t.py", "json_result": document}
    assert left_out(document) == ["wrapped more than 8 times"]


@pytest.mark.parametrize(
    "stderr",
    [
        "  File 'x.py', line 1\nSyntaxError: unterminated string literal",
        "ModuleNotFoundError: No module named 'transformers'",
        "AttributeError: 'TestBertModels' object has no attribute 'run_tests'",
    ],
)
def test_a_broken_test_script_says_nothing_about_the_model(stderr):
    document = {"model": "bert", "platform": "cpu", "success": False, "returncode": 1, "stderr": stderr}
    assert findings(document) == []
    assert "failure of the test script" in left_out(document)[0]


@pytest.mark.parametrize(
    "error",
    [
        "No module named 'timm'",
        "cannot import name 'X' from 'transformers'",
        "invalid syntax (test_hf_x.py, line 12)",
        "unexpected indent (test_hf_x.py, line 12)",
        "'(' was never closed (test_hf_x.py, line 3)",
        "module 'test_hf_x' has no attribute 'TestX'",
    ],
)
def test_a_broken_test_script_is_known_by_the_text_of_its_exception_alone(error):
    failed = {"success": False, "error": error}
    single = {"results": {"cpu": failed}, "metadata": samples.SINGLE_RUN["metadata"]}
    step = {"status": "Failed", "steps": {"create": {"error": error}}}
    for document in (
        samples.OUTCOME | failed,
        samples.direct(avg_latency_ms=None, latencies_ms=None, **failed),
        samples.THREE_RUNS | {"results": {"pipeline_cuda": failed}, "performance": {}},
        single,
        {"model_results": {"acme/tiny": {"cuda:0": step}}},
        {"status": {"cpu_tests": f"Error: {error}"}},
    ):
        assert findings(document) == []
        assert "failure of the test script" in left_out(document)[0]


def of_platform(**result):
    """S18 on CUDA."""
    return {"results": {"cuda": result}, "metadata": samples.SINGLE_RUN["metadata"]}


def of_method(name, **result):
    """S10 without times."""
    return samples.THREE_RUNS | {"results": {name: result}, "performance": {}}


def of_family(platform):
    """S03 on ROCm."""
    return samples.seconds({}) | {"benchmarks": {"text": {"acme/tiny": {"rocm": platform}}}}


def s17(**result):
    return {"model": "acme/tiny", "tests": {"cuda": result}}


def s21(**result):
    return samples.BY_SHAPE["S21 progress"][0] | {
        "failed_benchmarks": [{"model_type": "bert", "hardware_type": "cuda"} | result]
    }


def s30(**result):
    return {"model_results": {"acme/tiny": {"cuda:0": result}}}


def s31(**result):
    return {"ipfs_accelerate_tests": {"acme/tiny": {"local_endpoint": {"cuda:0": result}}}}


@pytest.mark.parametrize(
    "document",
    [of_platform(success=False, error="no driver"), of_family({"status": "failed", "error": "no driver"})],
)
def test_a_failure_is_not_said_to_be_timed(document):
    (finding,) = findings(document)
    assert finding.prior_reason == "outcome of a real process"


@pytest.mark.parametrize("key", ["8", "batch_8"])
def test_the_batch_size_is_read_from_its_key(key):
    (batch,) = samples.direct(batch_size=None)["batch_results"].values()
    (finding,) = findings(samples.direct() | {"batch_results": {key: batch}})
    assert (finding.values["batch_size"].value, finding.values["batch_size"].raw) == (8, key)


def test_a_success_without_times_is_not_called_timed():
    (finding,) = findings(samples.direct(avg_latency_ms=None, latencies_ms=[]))
    assert (finding.status, finding.prior_reason) == (Status.PASSED, "outcome of a real process")


@pytest.mark.parametrize(
    ("document", "status", "error"),
    [
        (samples.OUTCOME | {"success": False, "return_code": 0, "error": None}, "error", "no reason given"),
        (samples.OUTCOME | {"success": "true", "error": None}, "passed", None),
        (samples.OUTCOME | {"success": None, "return_code": 0, "error": None}, "passed", None),
        (samples.OUTCOME | {"success": None, "return_code": 1, "error": None}, "error", "no reason given"),
        (samples.direct(success="False"), "error", "no reason given"),
        (samples.direct(success="False", error="boom"), "error", "boom"),
        (of_platform(success="true"), "passed", None),
        (of_platform(init="Failed to load"), "error", "Failed to load"),
        (of_platform(success=False, error="CUDA not available"), "skipped", "CUDA not available"),
        (of_method("pipeline_cuda", success="true"), "passed", None),
        (of_method("from_pretrained_cpu", from_pretrained_success=True), "passed", None),
        (of_method("all_hardware", cuda={"success": True}), "passed", None),
        (of_family({"status": "failed", "error": "ROCm not available"}), "skipped", "ROCm not available"),
        (of_family({"status": "skipped", "reason": "no driver"}), "skipped", "no driver"),
        (s17(success=True), "passed", None),
        (s17(error="boom"), "error", "boom"),
        (s21(error="CUDA not available"), "skipped", "CUDA not available"),
        (s21(error="x", error_type="hardware_unavailable"), "skipped", "x"),
        (
            s21(error="Command failed with exit code 1", stderr="RuntimeError: CUDA out of memory"),
            "out_of_memory",
            "Command failed with exit code 1; RuntimeError: CUDA out of memory",
        ),
        (s30(success=True), "passed", None),
        (s31(status="Success"), "passed", None),
    ],
)
def test_how_something_ended_is_what_it_says_itself(document, status, error):
    (finding,) = findings(document)
    assert (finding.status, finding.error_message) == (Status(status), error)


@pytest.mark.parametrize(
    "document",
    [
        {key: said for key, said in samples.OUTCOME.items() if key != "error"} | {"success": None},
        of_platform(init="Success"),
        of_method("pipeline"),
        of_family({"benchmark_results": {"batch_1": {}}}),
        of_family({"status": "completed", "benchmark_results": {}}),
        s17(),
        s30(steps={}),
        s31(latency=1),
        {"summary": {}, "tests": [{"status": "done", "model": "acme/tiny", "platform_status": {"cpu": "pending"}}]},
    ],
)
def test_what_does_not_say_how_it_ended_is_left_out_and_no_failure(document):
    assert findings(document) == []
    assert len(left_out(document)) == 1


def test_times_alone_say_that_it_ran():
    (finding,) = findings(samples.THREE_RUNS | {"results": {"pipeline": {}}})
    assert (finding.status, finding.values["average_latency_ms"].value) == (Status.PASSED, 12.515625)
    (finding,) = findings(samples.direct(success=None))
    assert finding.status is Status.PASSED


@pytest.mark.parametrize("error", ["fp16 is not supported by this model", "weights not found", "file unavailable: x"])
def test_what_is_absent_besides_the_hardware_is_a_failure(error):
    (finding,) = findings(of_platform(success=False, error=error))
    assert finding.status is Status.ERROR


def test_the_log_names_the_checkpoint_of_a_key():
    document = {
        "model": "bert",
        "platform": "cpu",
        "success": True,
        "stderr": "INFO - Testing model: bert-base-uncased",
    }
    (finding,) = findings(document)
    assert finding.model.value == "bert-base-uncased"


def test_a_run_filed_under_the_wrong_platform_is_left_out():
    inner = samples.BY_SHAPE["S07 functionality"][0] | {"stats": {"hardware_platforms": ["cpu"]}}
    document = {"models": {}, "functionality_verification": {"cpu": inner, "cuda": inner}}
    assert [f.hardware.value for f in findings(document)] == ["cpu"]
    assert left_out(document) == ["filed under cuda, but it is the run on cpu"]


def test_a_loader_that_names_no_platform_is_not_guessed_to_be_one():
    document = samples.BY_SHAPE["S34 parallel_loading"][0]
    assert [f.hardware.value for f in findings(document)] == ["webgpu"]
    assert left_out(document) == ["SIMULATION: no platform is named"]


def test_what_the_file_lists_as_simulated_is_simulated():
    document = samples.constants("rocm", "AMD ROCm") | {"simulated_hardware": ["rocm", "webgpu"]}
    (finding,) = findings(document)
    assert grade(finding)[0] is Grade.SIMULATED


def test_a_list_of_models_claims_models():
    statements = list(read_document(samples.BY_SHAPE["N_model_list"][0], Origin("f.json"))[1])
    assert statements == [ModelClaim("/bert", "acme/tiny", "embedding", None, None)]


def platforms(document):
    found = read_document(document, Origin("x.json"))[1]
    return [(one.hardware, one.device_name, one.memory_mb) for one in found if isinstance(one, PlatformClaim)]


def test_devices_are_found_in_every_variant_of_a_hardware_detection_and_for_every_type():
    details = {
        "cuda": {"devices": [{"name": "RTX 3080", "memory": 8192}]},
        "rocm": {"devices": [{"name": "MI210", "total_memory": 64.0}]},
        "mps": {"device_name": "Apple M2"},
    }
    hardware = {"cuda": True, "rocm": True, "mps": True}
    expected = [("cuda", "RTX 3080", 8192.0), ("rocm", "MI210", 65536.0), ("mps", "Apple M2", None)]
    for document in (
        {"standard": hardware, "comprehensive": {"hardware": hardware, "details": details}},
        {"hardware": hardware, "details": details},
    ):
        assert platforms(document) == expected


def test_a_browser_adapter_is_called_what_its_object_says():
    adapter = {"vendor": "nvidia", "architecture": "ampere", "name": "RTX 3080"}
    document = {"browser": "edge", "webgpu": {"supported": True, "adapter": adapter}}
    assert platforms(document) == [("webgpu", "edge nvidia, ampere, RTX 3080", None)]


def test_endpoints_keep_their_own_name():
    (finding,) = findings(samples.ENDPOINTS)
    assert finding.endpoint.value == "cuda:0"
    assert finding.error_message == "Failed - no endpoint; list indices must be integers"


def test_results_that_name_their_endpoint_themselves_are_read_and_those_without_told():
    one = {"status": "Error getting endpoint handler", "model": "acme/tiny", "endpoint_type": "cuda:0", "error": "no"}
    (finding,) = findings({"model_results": {"bert": one}})
    assert (finding.model.value, finding.hardware.value, finding.endpoint.value) == ("acme/tiny", "cuda:0", "cuda:0")
    assert finding.hardware.pointer == "/model_results/bert/endpoint_type"
    assert left_out({"model_results": {"bert": {"status": "Error", "error": "no"}}}) == [
        "bert: Error, no platform is named"
    ]


def test_words_under_results_or_under_a_platform_are_claims():
    words = {"status": {"cpu_init": "Success (REAL)"}, "metadata": {}}
    for document in ({"metadata": {"model": "t5"}, "results": words}, {"cpu": {"test_hf_t5": words}}):
        (finding,) = findings(document)
        assert (finding.model.value, finding.hardware.value) == ("t5", "cpu")


def test_what_only_looks_like_words_about_a_model_is_none():
    detection = {"cuda": True, "openvino": True, "mps_error": "MPS not available", "openvino_version": "2025.0"}
    assert shape_of(detection).name == "S29 hardware_detection"
    assert shape_of({"cpu_embedding": "import torch\n# failed\n" * 200}) is None


@pytest.mark.parametrize(
    "shape", [name for name, (document, _) in samples.BY_SHAPE.items() if isinstance(document, dict)]
)
def test_markers_that_were_put_in_later_change_no_shape(shape):
    marked = samples.BY_SHAPE[shape][0] | {"simulated_hardware": ["rocm"], "warnings": ["x"], "WARNING": "MISLEADING"}
    assert shape_of(marked).name == shape
    assert len(findings(marked)) == len(findings(samples.BY_SHAPE[shape][0]))


RECORD = {"model_name": "acme/one", "timestamp": samples.TIME}


@pytest.mark.parametrize(
    ("rest", "hardware", "status"),
    [
        ({"hardware": "cuda", "success": False, "error": "CUDA out of memory"}, "cuda", Status.OUT_OF_MEMORY),
        ({"device": "cpu", "latency_ms": 12.34567}, "cpu", Status.PASSED),
        ({"platform": "cuda", "status": "success", "performance": {"latency_ms": 12.34567}}, "cuda", Status.PASSED),
        ({"platform": "cuda", "performance": {"latency_ms": 12.34567}}, "cuda", Status.PASSED),
        ({"platform": "cpu", "status": "success"}, "cpu", Status.PASSED),
    ],
)
def test_a_record_that_stands_alone_is_read_whatever_its_keys(rest, hardware, status):
    document = RECORD | rest
    assert shape_of(document).name == "S16 flat_records"
    (finding,) = findings(document)
    assert (finding.model.value, finding.hardware.value, finding.status) == ("acme/one", hardware, status)


def test_a_browser_result_without_flags_is_still_one():
    document = {key: said for key, said in samples.web().items() if key not in ("is_simulation", "browser_opened")}
    assert shape_of(document).name == "S11 web_platform"
    assert len(findings(document)) == 1


@pytest.mark.parametrize(
    ("document", "shape"),
    [
        ({"cuda": True, "cuda_version": "12.4", "cuda_devices": [{"name": "Quadro", "memory": 7.92}]}, "S29"),
        ({"benchmark_iterations": 10, "cuda_precision": "fp16"}, "N_config"),
        ({"files_fixed": 1, "cpu_fixes": "done"}, "N_code_fix_report"),
        ({"total_files": 3, "files_with_issues": 3, "files_analyzed": []}, "N_code_fix_report"),
        ({"changed_files": 1, "results": [{"file": "test_hf_bert.py", "success": True}]}, "N_code_fix_report"),
        ({"platform_coverage": {"cpu": 0.0}, "model_results": [{"model": "bert"}]}, "N_code_fix_report"),
        ([{"model": "bert", "fixed_file": "test_hf_bert.py", "platforms_fixed": ["cpu"]}], "N_code_fix_report"),
        ({"models": ["bert"], "batch_sizes": [1], "openvino_device": "CPU"}, None),
        ({"cuda_version": "unknown", "driver": "550"}, None),
    ],
)
def test_settings_and_machines_with_platforms_in_their_keys_are_no_results(document, shape):
    found = shape_of(document)
    assert (found.name.split()[0] if found else None) == shape
    assert findings(document) == []


def test_a_platform_of_which_nothing_is_said_becomes_no_row():
    document = {"cpu_init": "Success (REAL)", "cuda_device": "Quadro"}
    assert [finding.hardware.value for finding in findings(document)] == ["cpu"]
    assert left_out(document) == ["cuda: neither an outcome nor a figure"]


WORDS = {"cpu_init": "Success (REAL)"}


@pytest.mark.parametrize(
    "document",
    [
        WORDS | {"metadata": {"model_name": "facebook/opt-350m"}},
        WORDS | {"model": "facebook/opt-350m"},
        {"results": WORDS, "metadata": {"model_name": "facebook/opt-350m", "test_file": "test_hf_opt.py"}},
        {"results": WORDS, "metadata": {"model": "facebook/opt-350m"}},
        {"test_hf_opt": WORDS | {"model_name": "facebook/opt-350m"}},
    ],
)
def test_a_model_that_the_content_names_goes_before_other_names(document):
    assert [finding.model.value for finding in findings(document, "hf_bert_results.json")] == ["facebook/opt-350m"]


def test_each_of_several_skills_in_one_file_keeps_its_own_model():
    skills = {"llava": {"json_result": WORDS}, "t1": {"test_file": "skills/test_hf_clap.py", "json_result": WORDS}}
    found = findings({"skill_tests": skills}, "performance_test_skills_llava|t1_20250228_012242.json")
    assert [finding.model.value for finding in found] == ["llava", "skills/test_hf_clap.py"]


ENDPOINT = {"local_endpoint": {"cpu:0": {"status": "Success"}}}


@pytest.mark.parametrize(
    "inner",
    [
        {"acme/tiny": ENDPOINT},
        {"test_ipfs_accelerate": {"acme/tiny": ENDPOINT}},
        {"test_ipfs_accelerate": {"status": "success", "ipfs_accelerate_tests": {"acme/tiny": ENDPOINT}}},
        {"test_ipfs_accelerate": {"test_ipfs_accelerate": {"acme/tiny": ENDPOINT}}},
    ],
)
def test_the_master_results_are_read_at_any_depth(inner):
    (finding,) = findings({"test_ipfs_accelerate": inner})
    assert (finding.model.value, finding.endpoint.value) == ("acme/tiny", "cpu:0")


def test_what_is_unknown_within_the_master_results_is_told_with_its_keys():
    assert left_out({"test_ipfs_accelerate": {"odd": {"colour": "red"}}}) == ["no known shape; its keys: colour"]


def test_every_kind_of_endpoint_is_read_or_told():
    result = {"webgpu_endpoint": {"status": "Success"}, "abacus_endpoint": {"status": "Success"}}
    document = {"ipfs_accelerate_tests": {"acme/tiny": result, "acme/none": {"status": "Success"}}}
    assert [finding.hardware.value for finding in findings(document)] == ["webgpu", "abacus"]
    assert left_out(document) == ["acme/none: no endpoint is named"]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (samples.direct() | {"batch_results": [{"batch_size": 1, "avg_latency_ms": 2.5}]}, "/batch_results"),
        (samples.seconds({}) | {"benchmarks": {"text": [{"model": "acme/tiny"}]}}, "/benchmarks/text"),
        (samples.COMPARED | {"results_by_modality": {"audio": {"acme/tiny": {}}}}, "/results_by_modality/audio"),
    ],
)
def test_a_container_of_another_type_is_told_with_its_place(document, pointer):
    assert [one.pointer for one in read_document(document, Origin("f.json"))[1] if isinstance(one, LeftOut)] == [
        pointer
    ]


def test_claims_keep_the_rates_and_the_memory_that_stand_beside_them():
    example = {"platform": "CUDA", "generation_tokens_per_second": 55.512, "gpu_memory_mb": 812.4}
    words = {"cuda_init": "Success (REAL)"}
    expected = {"generation_tokens_per_second": 55.512, "device_memory_mb": 812.4}
    flat = words | {f"cuda_{key}": number for key, number in example.items() if key != "platform"}
    for document in (samples.claim(status=words, examples=[example]), flat):
        (finding,) = findings(document)
        assert {name: cited.value for name, cited in finding.values.items()} == expected


def test_a_figure_of_one_platform_is_not_given_to_another():
    document = {"cpu_init": "Success", "cpu_tokens_per_second": 112.5, "cuda_init": "Success"}
    cpu, cuda = findings(document)
    assert (cpu.values["tokens_per_second"].value, cuda.values) == (112.5, {})


def test_a_suites_test_that_names_its_platform_is_an_outcome():
    tests = [
        {"status": "error", "model": "acme/a", "platform": "cuda", "error": "CUDA out of memory"},
        {"status": "success", "model": "acme/b", "hardware": "cpu", "elapsed_time": 1.5},
        {"status": "success", "model": "acme/c", "hardware": "cpu", "return_code": 0},
        {"status": "queued", "model": "acme/d", "hardware": "cpu"},
    ]
    document = {"summary": {}, "tests": tests}
    assert [(one.model.value, one.status) for one in findings(document)] == [
        ("acme/a", Status.OUT_OF_MEMORY),
        ("acme/b", Status.PASSED),
        ("acme/c", Status.PASSED),
    ]
    assert left_out(document) == ["acme/d: it does not say how it ended"]


@pytest.mark.parametrize(
    "document",
    [
        {"bert": {"status": "success", "elapsed_time": 1.2, "return_code": 0}},
        samples.BY_SHAPE["S32 nested_by_test"][0],
        samples.BY_SHAPE["S34 parallel_loading"][0],
        samples.BY_SHAPE["S36 nested_records"][0],
    ],
)
def test_a_time_and_metadata_beside_the_results_change_no_shape(document):
    beside = {"timestamp": samples.TIME, "metadata": {"model_name": "x", "status": "y"}, "summary": {"total": 1}}
    assert shape_of(document | beside).name == shape_of(document).name
    with_beside = list(read_document(document | beside, Origin("f.json"))[1])
    assert len(with_beside) == len(list(read_document(document, Origin("f.json"))[1]))


@pytest.mark.parametrize("shape", ["S01 direct_benchmark", "S08 status_examples", "S12 key_model_hw", "S16", "S19"])
def test_lists_and_wrappers_of_known_results_are_read(shape):
    document = next(sample for name, (sample, _) in samples.BY_SHAPE.items() if name.startswith(shape))
    one = document[0] if isinstance(document, list) else document
    for wrapper in ([one], {"results": [one], "count": 1}, {"benchmark_data": one}, {"data": {"runs": [one, one]}}):
        assert {finding.model.value for finding in findings(wrapper)} == {
            finding.model.value for finding in findings(document)
        }


def test_a_file_name_names_no_model_of_several_results():
    assert {finding.model.value for finding in findings([WORDS, WORDS], "hf_bert_results.json")} == {"unknown"}


def test_an_element_of_a_list_keeps_its_own_flag_and_an_unknown_one_is_told():
    document = [samples.claim() | {"is_simulated": True}, {"colour": "red"}]
    assert {grade(finding)[0] for finding in findings(document)} == {Grade.SIMULATED}
    assert left_out(document) == ["no known shape; its keys: colour"]


def test_an_error_with_no_more_than_a_time_is_left_out_with_the_reason():
    document = {"error": "boom", "timestamp": samples.TIME}
    assert left_out(document) == ["an error without model and platform: boom"]


def numbers_within(value, path=()):
    """The places of all numbers in a document."""
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from numbers_within(item, (*path, key))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path


@pytest.mark.parametrize("shape", samples.BY_SHAPE)
@pytest.mark.parametrize("odd", [[1.5], {}, "x", 1e308, [[]], None], ids=repr)
def test_one_odd_value_does_not_cost_the_rest_of_the_file(shape, odd):
    for *way, last in list(numbers_within(samples.BY_SHAPE[shape][0])):
        document = copy.deepcopy(samples.BY_SHAPE[shape][0])
        place = document
        for key in way:
            place = place[key]
        place[last] = odd
        for finding in findings(document):
            grade(finding)
