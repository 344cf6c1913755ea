"""Every endpoint of a browser on real tiny models: right answers, times from the page, proof of who did the work."""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ipfs_accel_pipeline.backends import browser
from ipfs_accel_pipeline.backends.browser import WasmBackend, WebNnBackend
from ipfs_accel_pipeline.backends.interface import TimesItself
from ipfs_accel_pipeline.backends.registry import load_backend
from ipfs_accel_pipeline.benchmark.parity import compare
from ipfs_accel_pipeline.benchmark.worker import RoundRequest, measure_round
from ipfs_accel_pipeline.errors import BackendUnavailable, OutOfItsMemoryError, Unsupported
from ipfs_accel_pipeline.models.inputs import has_sequence, make_arrays
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.timing import Protocol
from ipfs_accel_pipeline_tests.browsers import CHROMIUM, WEBNN, needs_browser, needs_webnn, remains

SHORT = Protocol(rounds=1, min_iterations=3, min_duration_s=0, max_iterations=4, max_warmup_s=0, warmup_iterations=1)
WASM = ("CPU", "wasm", f"wasm@{CHROMIUM}")
WEBGPU = ("WebGPU", "webgpu-browser", f"webgpu@{CHROMIUM}")
WEBNN_CPU = ("WebNN", "webnn", f"webnn-cpu@{WEBNN}")
PROOFS = {"wasm": None, "webgpu-browser": "gpu_dispatches", "webnn": "ml_dispatches"}
ENDPOINTS = [
    pytest.param(WASM, marks=needs_browser, id="wasm"),
    pytest.param(WEBGPU, marks=needs_browser, id="webgpu"),
    pytest.param(WEBNN_CPU, marks=needs_webnn, id="webnn"),
]


def measured(bundle, endpoint, precision="fp32", threads=2):
    length = 16 if has_sequence(bundle.input_specs) else None
    return measure_round(RoundRequest(bundle.folder, *endpoint, precision, 1, length, threads, SHORT))


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("model", ["tiny_bert_bundle", "tiny_resnet_bundle"])
def test_a_round_passes_with_proof_and_leaves_nothing(endpoint, model, request):
    bundle = request.getfixturevalue(model)
    fields = measured(bundle, endpoint)
    assert fields["status"] is Status.PASSED, fields["error_message"]
    assert max(one.max_abs for one in fields["parity"]) < 1e-4
    assert 3 <= len(fields["latencies_ms"]) <= 4
    assert fields["cpu_times_ms"] == ()
    assert min(fields["latencies_ms"]) > 0
    assert min(fields["first_inference_ms"], fields["compile_ms"], fields["model_load_ms"]) > 0
    assert fields["memory_peak_mb"] > 0
    assert fields["environment"]["threads"] == fields["device_proof"]["wasm_threads"] == 2
    calls = fields["device_proof"]["calls_in_first_inference"]
    proof = PROOFS[endpoint[1]]
    assert proof is None or calls[proof] > 0
    assert all(count == 0 for name, count in calls.items() if (proof or "none")[:2] != name[:2])
    assert remains(os.getpid()) == set()


@pytest.mark.slow
@needs_webnn
def test_webnn_takes_a_whole_graph_and_not_a_node_of_it(tiny_bert_bundle):
    proof = measured(tiny_bert_bundle, WEBNN_CPU)["device_proof"]
    assert proof["calls_in_first_inference"]["ml_dispatches"] == 1
    assert proof["calls_in_compiling"]["ml_builds"] == 1
    assert proof["calls_in_compiling"]["ml_operators"] > proof["graph_nodes"] / 3
    assert proof["device_asked_for"] == "cpu"


@pytest.mark.slow
@needs_browser
def test_int8_runs_on_webassembly(tiny_bert_bundle):
    fields = measured(tiny_bert_bundle, WASM, precision="int8", threads=1)
    assert fields["status"] is Status.PASSED, fields["error_message"]
    assert fields["environment"]["threads"] == 1


@pytest.mark.slow
@needs_browser
def test_a_silent_fallback_to_the_cpu_is_refused(tiny_bert_bundle, monkeypatch):
    monkeypatch.setattr(WasmBackend, "api", replace(browser._WASM, proof="gpu_dispatches"))
    with pytest.raises(Unsupported, match="made no call of gpu_dispatches, so the browser's CPU did the work"):
        measured(tiny_bert_bundle, WASM)


@pytest.mark.slow
@needs_browser
def test_a_gpu_process_that_is_killed_fails_the_case_and_not_the_next_one(tiny_bert_bundle):
    session = load_backend(*WEBGPU[:2]).load(tiny_bert_bundle, WEBGPU[2], "fp32", 1)
    try:
        prepared = session.prepare(make_arrays(tiny_bert_bundle.input_specs, 1, 16))
        session.time_first(prepared)
        for process in session._page.browser.processes():
            if "--type=gpu-process" in process.cmdline():
                process.kill()
        with pytest.raises(RuntimeError, match="slice failed in the browser"):
            session.time_series(prepared, SimpleNamespace(in_slices=lambda time_slice: time_slice(50)))
    finally:
        session.close()
    assert measured(tiny_bert_bundle, WEBGPU)["status"] is Status.PASSED


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("kind", ["FLOAT16", "UINT32", "UINT64", "BOOL"])
def test_inputs_may_have_every_type_that_the_runtime_reads(kind, tmp_path):
    path = tmp_path / "model.onnx"
    x = helper.make_tensor_value_info("x", getattr(TensorProto, kind), ["batch", 2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])
    graph = helper.make_graph([helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)], "cast", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    bundle = SimpleNamespace(artefact_path=lambda name: path, output_names=lambda: ("y",))
    session = WasmBackend().load(bundle, WASM[2], "fp32", 1)
    try:
        value = np.array([[0, 1]], helper.tensor_dtype_to_np_dtype(getattr(TensorProto, kind)))
        assert session.infer(session.prepare({"x": value}))["y"].tolist() == [[0, 1]]
    finally:
        session.close()


@pytest.mark.slow
@needs_browser
def test_an_adapter_that_was_not_detected_is_refused(tiny_bert_bundle):
    detected = {"adapter": {"vendor": "nvidia", "architecture": "hopper", "description": "", "is_fallback": False}}
    request = RoundRequest(tiny_bert_bundle.folder, *WEBGPU, "fp32", 1, 16, 1, SHORT, detected)
    with pytest.raises(Unsupported, match="which was detected"):
        measure_round(request)
    assert remains(os.getpid()) == set()


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", [*ENDPOINTS[:2]])
def test_a_model_that_needs_what_the_runtime_lacks_is_unsupported(endpoint, tmp_path):
    """onnxruntime-web casts no 64-bit floats."""
    path = tmp_path / "model.onnx"
    x = helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["batch", 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 8])
    graph = helper.make_graph([helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)], "cast", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    bundle = SimpleNamespace(artefact_path=lambda name: path, output_names=lambda: ("y",))
    with pytest.raises(Unsupported, match=r"onnxruntime-web says: .*Cast"):
        load_backend(*endpoint[:2]).load(bundle, endpoint[2], "fp32", 1)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (
            "ERROR_CODE: 9, ERROR_MESSAGE: Could not find an implementation for Cast(13) node with name ''",
            "Could not find an implementation for Cast(13) node with name ''",
        ),
        (
            "transformer_memcpy.cc:254 bool onnxruntime::Is(const Node &) const !node_provider_type.empty() was false. "
            "Provider type for Cast node with name '' is not set.",
            "Provider type for Cast node with name '' is not set.",
        ),
        (
            "WebGPU validation failed. Buffer size (2304000000) exceeds the max buffer size limit (1073741824).",
            "Buffer size (2304000000) exceeds the max buffer size limit (1073741824). This adapter cannot hold it: "
            "take a smaller batch, sequence or model.",
        ),
    ],
)
def test_what_the_runtime_lacks_is_told_from_what_went_wrong(told, reason):
    assert browser._lacking(f"first failed in the browser: Error: {told}") == f"onnxruntime-web says: {reason}"
    assert browser._lacking("slice failed in the browser: Error: the device was lost") is None


@pytest.mark.slow
@needs_browser
def test_what_exceeds_the_memory_of_a_page_tells_its_limit_and_not_that_of_the_process(tmp_path):
    """One matrix of 4.6 GB, which nobody gets as far as to allocate."""
    path = tmp_path / "model.onnx"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 34000])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [])
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["t", "x"], ["m"]),
        helper.make_node("ReduceSum", ["m"], ["y"], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "outer_product", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    bundle = SimpleNamespace(artefact_path=lambda name: path, output_names=lambda: ("y",))
    session = WasmBackend().load(bundle, WASM[2], "fp32", 1)
    try:
        prepared = session.prepare({"x": np.ones((1, 34000), np.float32)})
        with pytest.raises(OutOfItsMemoryError, match="WebAssembly memory of 4 GiB is not enough"):
            session.infer(prepared)
    finally:
        session.close()


@pytest.mark.slow
@needs_browser
def test_batch_and_sequence_may_change_and_answers_stay(tiny_bert_bundle):
    session = load_backend(*WASM[:2]).load(tiny_bert_bundle, WASM[2], "fp32", 1)
    try:
        assert isinstance(session, TimesItself)
        kept = {}
        for case in reversed(tiny_bert_bundle.parity_cases()):
            outputs = session.infer(session.prepare(case.inputs))
            kept[case.batch_size] = (case, outputs)
        for case, outputs in kept.values():
            parity = compare(case.reference, session.arrays(outputs), "fp32", case.batch_size, case.sequence_length)
            assert parity.passed, parity.reason
        assert tuple(session.arrays(outputs)) == tiny_bert_bundle.output_names()
        assert {value.dtype for value in session.arrays(outputs).values()} == {np.dtype(np.float32)}
    finally:
        session.close()


@pytest.mark.parametrize("device", ["cpu", "wasm", "webgpu@/usr/bin/chromium"])
def test_a_device_without_its_browser_is_unavailable(device):
    with pytest.raises(BackendUnavailable, match="names no browser for wasm"):
        WasmBackend().load(SimpleNamespace(), device, "fp32", 1)


def test_what_was_never_implemented_is_unsupported():
    with pytest.raises(Unsupported, match="int8"):
        WebNnBackend().artefact("int8")


def test_a_model_that_no_page_can_hold_is_unsupported(tmp_path, monkeypatch):
    model = tmp_path / "model.onnx"
    model.write_bytes(b"x" * 11)
    monkeypatch.setattr(browser, "_LARGEST_MODEL_BYTES", 10)
    monkeypatch.setattr(browser, "external_files", lambda path: [])
    with pytest.raises(Unsupported, match="WebAssembly memory of 4 GiB"):
        browser._model_files(model)
