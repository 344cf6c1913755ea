"""Files of the original's writers of which none was kept: made after its code."""

from __future__ import annotations

import pytest

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused, parse
from ipfs_accel_pipeline.storage.legacy_json.findings import Finding, Grade, LeftOut
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin
from ipfs_accel_pipeline.storage.legacy_json.registry import read_document
from ipfs_accel_pipeline.storage.legacy_json.tabular import csv_document
from ipfs_accel_pipeline.storage.legacy_json.trust import grade
from ipfs_accel_pipeline_tests import legacy_samples as samples

AVERAGE = sum(samples.RUNS_MS) / 5


def statements(document):
    return list(read_document(document, Origin("results.json"))[1])


def findings(document):
    return [one for one in statements(document) if isinstance(one, Finding)]


def left_out(document):
    return [one.reason for one in statements(document) if isinstance(one, LeftOut)]


def graded(document):
    return [(one.hardware.value, one.status, grade(one)[0]) for one in findings(document)]


def test_an_average_with_its_spread_was_measured_and_a_memory_of_0_is_unknown():
    timed, failed = findings(samples.settings())
    assert grade(timed)[0] is Grade.MEASURED
    assert timed.values["average_latency_ms"].value == pytest.approx(AVERAGE)
    assert not [name for name in timed.values if name.startswith("memory")]
    assert (failed.status, failed.values["batch_size"].value) == (Status.OUT_OF_MEMORY, 8)


def test_an_average_alone_is_a_claim():
    bare = samples.settings(results=[{"batch_size": 1, "latency_ms": AVERAGE}])
    assert graded(bare) == [("cpu", Status.PASSED, Grade.CLAIMED)]


def test_what_was_asked_of_openvino_and_ran_on_the_cpu_is_a_claim():
    assert graded(samples.settings(hardware="openvino"))[0] == ("openvino", Status.PASSED, Grade.CLAIMED)


def test_a_benchmark_of_several_platforms_is_read_beside_what_was_available():
    error = {"model_name": "bert-base-uncased", "hardware": "mps", "error": "no kernel", "error_type": "RuntimeError"}
    document = {
        "timestamp": "20250314_101112",
        "model": "bert-base-uncased",
        "batch_sizes": [1, 8],
        "available_hardware": {"cpu": True, "cuda": False, "mps": True},
        "results": {"cpu": samples.settings(), "mps": error},
    }
    assert [(hardware, status) for hardware, status, _ in graded(document)] == [
        ("cpu", Status.PASSED),
        ("cpu", Status.OUT_OF_MEMORY),
        ("mps", Status.ERROR),
    ]
    assert findings(document)[0].timestamp.value == "20250314_101112"
    by_model = {"model_name": "bert-base-uncased", "hardware_results": document["results"]}
    assert graded(by_model) == graded(document) == graded({"bert-base-uncased": by_model})


def test_runs_in_milliseconds_by_batch_and_sequence():
    one = {"latency_ms": samples.RUNS_MS, "latency_mean_ms": AVERAGE, "success": True, "peak_memory_mb": 415.75}
    document = {
        "model_id": "bert-base-uncased",
        "device": "cpu",
        "load_results": {"success": True, "load_time_seconds": 2.345678},
        "batch_results": {"b2_s128": one},
    }
    (finding,) = findings(document)
    assert finding.latencies.value == samples.RUNS_MS
    numbers = {name: cited.value for name, cited in finding.values.items()}
    assert (numbers["batch_size"], numbers["sequence_length"], numbers["model_load_ms"]) == (2, 128, 2345.678)
    assert numbers["memory_peak_mb"] == 415.75


def test_a_model_that_was_not_loaded_failed_on_its_device():
    document = {"model_id": "t5-small", "device": "cuda", "batch_results": {}, "error": "no weights"}
    assert graded(document) == [("cuda", Status.ERROR, Grade.MEASURED)]


def test_latencies_in_seconds_by_batch_and_sequence_length_and_training_is_no_inference():
    one = {"sequence_length": 128, "average_latency_seconds": 0.0231234, "latency_std_dev": 0.000412}
    step = {"sequence_length": 128, "average_total_latency_seconds": 0.3661234, "latency_std_dev": 0.004123}
    subject = {"model_name": "t5-small", "model_family": "text_generation", "hardware_platform": "cpu", "device": "cpu"}
    document = {
        "hardware": {"cpu": True, "cuda": False},
        "benchmarks": [
            subject | {"status": "success", "batch_results": [{"batch_size": 4, "sequence_lengths": [one, step]}]},
            subject | {"status": "error", "error": "no memory left"},
        ],
    }
    inference, training, failed = findings(document)
    assert inference.values["average_latency_ms"].value == pytest.approx(23.1234)
    assert inference.values["batch_size"].pointer == "/benchmarks/0/batch_results/0/batch_size"
    assert "average_latency_ms" not in training.values
    assert training.values["training_step_ms"].value == pytest.approx(366.1234)
    assert failed.status is Status.ERROR


def test_runs_that_were_typed_are_hand_written():
    constants = {"latency_seconds": [0.1, 0.11, 0.12], "average_latency": 0.11, "batch_size": 1}
    entry = {
        "status": "success",
        "model_path": "facebook/opt-125m",
        "hardware": "cuda",
        "batch_results": {"b1": constants},
    }
    assert graded({"llama": {"cuda": entry}}) == [("cuda", Status.PASSED, Grade.HAND_WRITTEN)]


def test_a_benchmark_that_failed_within_a_process_that_did_not():
    zeros = {"throughput": 0, "latency_mean": 0, "latency_p50": 0, "success": True, "error": "index out of range"}
    assert graded({"model": "t5-small", "device": "cpu", **zeros})[0][1] is Status.ERROR
    runs = {"latency_mean": AVERAGE, "latencies": samples.RUNS_MS, "success": True}
    (finding,) = findings({"model": "t5-small", "device": "cpu", **runs})
    assert (finding.latencies.value, grade(finding)[0]) == (samples.RUNS_MS, Grade.MEASURED)


def test_mean_and_bounds_in_an_object():
    bounds = {"mean": AVERAGE, "min": 20.125, "max": 30.25}
    record = {"model_name": "t5-small", "hardware": "cuda", "device": "cpu", "success": True, "latency_ms": bounds}
    (finding,) = findings(record)
    assert {name: one.value for name, one in finding.values.items()} == {
        "average_latency_ms": AVERAGE,
        "min_latency_ms": 20.125,
        "max_latency_ms": 30.25,
    }
    assert grade(finding)[1][0] == "asked for cuda, ran on cpu"


def test_the_runtime_of_an_openvino_benchmark_is_the_platform_and_not_its_device():
    timed = {
        "status": "success",
        "model": "t5-small",
        "device": "CPU",
        "avg_latency_ms": AVERAGE,
        "p95_latency_ms": 30.25,
    }
    failed = {"status": "error", "model": "t5-small", "device": "GPU", "error": "not loaded"}
    document = {"benchmark_type": "openvino", "results": [timed, failed]}
    assert [one[:2] for one in graded(document)] == [("openvino", Status.PASSED), ("openvino", Status.ERROR)]
    assert graded(document)[0][2] is Grade.MEASURED
    assert findings(document)[1].device_name == "openvino GPU"


def test_tests_of_a_skill_hold_their_own_times():
    pipeline, pretrained, openvino = findings(samples.skill_test())
    assert pipeline.values["average_latency_ms"].value == pytest.approx(12.34567)
    assert pipeline.values["model_load_ms"].value == pytest.approx(1234.56)
    assert (pretrained.status, pretrained.hardware.value) == (Status.ERROR, "cuda")
    assert (openvino.hardware.value, openvino.hardware.raw) == ("openvino", "OpenVINO")
    assert {grade(one)[0] for one in (pipeline, pretrained, openvino)} == {Grade.MEASURED}


def test_tests_of_a_skill_with_mocks_are_simulated():
    mocked = samples.skill_test(using_real_inference=False, test_type="MOCK OBJECTS (CI/CD)")
    assert {grade(one)[0] for one in findings(mocked)} == {Grade.SIMULATED}


def test_without_its_libraries_nothing_is_said_of_the_model():
    document = samples.skill_test() | {
        "pipeline": {"success": False, "error": "Transformers library not available"},
    }
    assert left_out(document) == ["failure of the test script: library not available"]


def test_what_the_harness_for_phones_drew_at_random_is_simulated():
    assert graded(samples.on_phone()) == [("cpu", Status.PASSED, Grade.SIMULATED)]
    assert left_out(samples.on_phone()) == ["Pixel 7: npu is none of the hardware types"]
    assert graded(samples.on_phone(model_format="onnx"))[0][2] is Grade.MEASURED
    of_several = {
        "device_info": {},
        "models": {"a": samples.on_phone(), "b": {"status": "error", "message": "no file"}},
    }
    assert graded(of_several) == graded(samples.on_phone())
    assert left_out(of_several)[-1] == "b: no file; no platform is named"


def test_results_by_model_and_platform():
    within = {"results": {"cpu": {"execution_time": 0.0123456, "implementation_type": "REAL_CPU"}}}
    inner = within | {"metadata": {"model_id": "prajjwal1/bert-tiny"}}
    document = {
        "models_tested": {"bert": "prajjwal1/bert-tiny"},
        "hardware_platforms": ["cpu", "cuda"],
        "test_results": {
            "bert": {
                "cpu": {"status": "success", "test_result": inner},
                "cuda": {"status": "error", "error": "No test result file produced"},
            }
        },
    }
    timed, failed = findings(document)
    assert timed.values["average_latency_ms"].value == pytest.approx(12.3456)
    assert (failed.model.value, failed.hardware.value, failed.status) == ("bert", "cuda", Status.ERROR)


def test_an_inference_whose_output_has_a_shape_was_measured():
    one = {"success": True, "model_name": "t5-small", "hardware": "cpu", "inference_time": 0.0123456}
    assert graded(one | {"output_shape": "torch.Size([1, 5])"})[0][2] is Grade.MEASURED
    assert graded(one)[0][2] is Grade.CLAIMED


def test_platforms_of_which_no_model_is_named_are_no_detection():
    document = {"webgpu": {"success": True, "is_simulation": False}, "webnn": {"success": False, "error": "Not tested"}}
    assert left_out(document) == ["webgpu: no model is named", "webnn: no model is named"]


def test_tests_of_a_suite_may_hold_the_words_of_each_platform():
    words = {"status": {"cpu_handler": "Success (REAL)"}, "metadata": {"model_name": "bert-base-uncased"}}
    test = {"model": "bert", "status": "success", "elapsed_time": 12.5, "results": words}
    assert graded({"summary": {"total_tests": 1}, "results": {"bert": test}}) == [("cpu", Status.PASSED, Grade.CLAIMED)]


def test_results_in_a_browser_without_a_word_of_their_end_have_passed():
    one = {"model_name": "t5-small", "platform": "webgpu", "is_simulation": False, "metrics": {"latency_ms": AVERAGE}}
    assert graded([one]) == [("webgpu", Status.PASSED, Grade.CLAIMED)]
    assert findings([one])[0].values["average_latency_ms"].value == AVERAGE


def test_of_coverage_only_what_was_timed_is_a_result():
    one = {"model": "t5-small", "browser": "edge", "batch_size": 1}
    batches = {
        "1": one | {"status": "real_hardware", "webnn_time": 12.23456},
        "2": one | {"status": "simulation", "simulation": True, "webnn_time": 12.34567},
        "4": one | {"status": "timeout", "error": "Timeout after 600s"},
    }
    document = {"browser_capabilities": {}, "webnn_benchmarks": {"edge": {"t5-small": batches}}}
    assert [one[1:] for one in graded(document)] == [
        (Status.PASSED, Grade.CLAIMED),
        (Status.PASSED, Grade.SIMULATED),
        (Status.TIMEOUT, Grade.CLAIMED),
    ]


def test_one_call_for_a_batch_is_the_latency_of_the_batch_and_not_of_an_input():
    one = {"batch_size": 4, "platform": "cpu", "status": "Success", "inference_time_seconds": 0.1249381}
    bare = one | {"inputs_per_second": 4 / 0.1249381, "average_latency_seconds": 0.1249381 / 4}
    timed = bare | {"output_shape": [4, 128]}
    models = {
        "bert": {
            "model_name": "bert-base-uncased",
            "platforms": {
                "cpu": {"status": "Success", "batch_results": {"4": timed, "8": bare | {"batch_size": 8}}},
                "cuda": {"status": "Skipped", "error": "CUDA not available"},
            },
        },
        "t5": {"status": "Failed", "error": "no test class"},
    }
    document = {"metadata": {"test_timestamp": samples.TIME}, "model_results": models, "summary": {}}
    called, without_shape, skipped = findings(document)
    assert grade(without_shape)[0] is Grade.CLAIMED
    assert called.values["average_latency_ms"].value == pytest.approx(124.9381)
    assert grade(called)[0] is Grade.MEASURED
    assert (skipped.hardware.value, skipped.status) == ("cuda", Status.SKIPPED)
    assert left_out(document) == ["t5: no test class, and no platform is named"]


def test_tests_of_models_by_platform_beside_an_empty_status():
    platforms = {"cpu": {"platform": "cpu", "status": "Success", "elapsed_time": 3.21, "implementation_type": "REAL"}}
    mocked = {"openvino": {"platform": "openvino", "status": "Success", "implementation_type": "MOCK"}}
    tests = {"prajjwal1/bert-tiny": {"status": "Success", "platforms": platforms | mocked}}
    document = {"status": {}, "tests": tests, "metadata": {}}
    assert graded(document) == [
        ("cpu", Status.PASSED, Grade.MEASURED),
        ("openvino", Status.PASSED, Grade.SIMULATED),
    ]


def test_inferences_by_platform_and_precision_are_no_detection():
    timed = {"status": "Success (REAL)", "inference_time": 0.0234567, "memory_usage_mb": 123.5}
    failed = {"status": "Error", "error": "no kernel"}
    document = {"cuda": {"fp16": {"t5-small": timed}, "int8": {"t5-small": failed}}, "openvino": {"int8": {}}}
    one, other = findings(document)
    assert one.values["average_latency_ms"].value == pytest.approx(23.4567)
    assert (one.notes["precision"], grade(one)[0]) == ("fp16", Grade.MEASURED)
    assert other.status is Status.ERROR
    assert left_out(document) == ["openvino: nothing was run in int8"]
    # Its script loads OpenVINO and then calls PyTorch.
    assert graded({"openvino": {"int8": {"t5-small": timed}}}) == [("openvino", Status.PASSED, Grade.CLAIMED)]


def test_a_report_of_benchmarks_as_csv():
    head = "Model,Model Type,Hardware,Batch Size,Latency (ms),Latency Std (ms),Throughput (items/s),Memory (MB)"
    text = f"{head}\nt5-small,t5,cpu,2,14.345678,0.41234,139.4,N/A\nt5-small,error,mps,N/A,no kernel\n"
    document = csv_document(text.encode())
    (finding,) = findings(document)
    numbers = {name: cited.value for name, cited in finding.values.items()}
    assert numbers == {"batch_size": 2, "average_latency_ms": 14.345678, "throughput_items_per_second": 139.4}
    assert grade(finding)[0] is Grade.MEASURED


def test_several_documents_in_one_file_are_told_as_such():
    with pytest.raises(Refused, match="more than one JSON document: a second one begins at character 9"):
        parse(b'{"a": 1}\n{"a": 2}\n')


def test_tests_whose_names_begin_the_keys_have_their_own_times_and_ends():
    document = {
        "model_id": "bert-base-uncased",
        "timestamp": samples.TIME,
        "device": "cuda",
        "pipeline_success": True,
        "pipeline_load_time": 1.23456,
        "pipeline_inference_time": 0.0123456,
        "direct_success": False,
        "direct_error": "no weights",
    }
    pipeline, direct = findings(document)
    numbers = {name: cited.value for name, cited in pipeline.values.items()}
    assert numbers == {"average_latency_ms": pytest.approx(12.3456), "model_load_ms": pytest.approx(1234.56)}
    assert (pipeline.label, grade(pipeline)[0]) == ("pipeline", Grade.MEASURED)
    assert (direct.label, direct.status, direct.error_message) == ("direct", Status.ERROR, "no weights")


def test_what_a_formula_gave_is_no_result():
    one = {"model": "bert-tiny", "hardware": "cuda", "benchmark_type": "latency", "value": 12.345678, "unit": "ms"}
    document = {"run_id": "a", "configuration": {}, "results": [one], "summary": {}, "duration_seconds": 0.1}
    assert findings(document) == []
    assert left_out(document) == ["figures that a formula gave for a model and a platform: nothing was run"]
