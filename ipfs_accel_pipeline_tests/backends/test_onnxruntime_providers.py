from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest

from ipfs_accel_pipeline.backends.onnxruntime import OnnxRuntimeBackend, _actual_device
from ipfs_accel_pipeline.backends.ort_plugins import PLUGINS_VARIABLE, plugin_sources, register_plugin
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported, UsageError
from ipfs_accel_pipeline.models.bundles import bundle_folder, open_bundle
from ipfs_accel_pipeline.models.export import prepare
from ipfs_accel_pipeline_tests.models.graph_files import onnx_linear

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def proof(providers: list[str], nodes: dict[str, int] | None) -> dict[str, Any]:
    return {"providers": providers, "nodes_per_provider": nodes}


def test_a_provider_that_did_not_start_is_no_run_on_its_device():
    with pytest.raises(BackendUnavailable, match="fell back to CPUExecutionProvider"):
        _actual_device(proof([CPU], {CPU: 10}), CUDA, "cuda:0")


def test_most_nodes_on_the_cpu_is_no_run_on_the_device():
    with pytest.raises(Unsupported, match="only 10%"):
        _actual_device(proof([CUDA, CPU], {CUDA: 1, CPU: 9}), CUDA, "cuda:0")


def test_a_runtime_that_cannot_show_where_it_ran_is_no_proof_of_a_device():
    with pytest.raises(BackendUnavailable, match=r"1\.24"):
        _actual_device(proof([CUDA, CPU], None), CUDA, "cuda:0")
    assert _actual_device(proof([CPU], None), CPU, "cpu") == "cpu"


def test_shape_arithmetic_on_the_cpu_is_allowed_and_recorded():
    seen = proof([CUDA, CPU], {CUDA: 90, CPU: 10})
    assert _actual_device(seen, CUDA, "cuda:0") == "cuda:0"
    assert seen["share_on_device"] == 0.9


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_is_refused_before_any_process_is_started(precision):
    with pytest.raises(Unsupported, match=r"it can: fp32, int8"):
        OnnxRuntimeBackend().artefact(precision)


def test_inputs_and_outputs_can_stay_in_a_devices_memory(tmp_path):
    spec = onnx_linear(tmp_path / "linear.onnx")
    assert prepare(spec.to_json(), str(tmp_path), "onnx")["ok"]
    bundle = open_bundle(bundle_folder(spec, tmp_path))
    session = OnnxRuntimeBackend().load(bundle, "cpu", "fp32", threads=1)
    session._device = ("cpu", 0)  # bound like a GPU's memory, which this machine may lack
    first, second = bundle.parity_cases()
    kept = session.infer(session.prepare(first.inputs))
    session.infer(session.prepare(second.inputs))
    np.testing.assert_allclose(session.arrays(kept)["y"], first.reference["y"], rtol=1e-5, atol=1e-6)


def test_plugins_are_named_in_one_variable():
    text = "QNNExecutionProvider=onnxruntime_qnn; WebGpuExecutionProvider=/opt/webgpu.so;"
    assert plugin_sources(text) == {
        "QNNExecutionProvider": "onnxruntime_qnn",
        "WebGpuExecutionProvider": "/opt/webgpu.so",
    }


def test_a_plugin_without_a_library_is_wrong_use():
    with pytest.raises(UsageError, match="not <provider>=<library path or package>"):
        plugin_sources("QNNExecutionProvider")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", f"set {PLUGINS_VARIABLE}=MyProvider"),
        ("MyProvider=/nowhere/lib.so", "is not there: /nowhere/lib.so"),
        ("MyProvider=no_such_package", "needs the package no_such_package"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_says_what_is_missing(monkeypatch, value, reason):
    monkeypatch.setenv(PLUGINS_VARIABLE, value)
    with pytest.raises(BackendUnavailable, match=reason):
        register_plugin(onnxruntime.SessionOptions(), "MyProvider")


def test_a_library_that_is_no_plugin_is_refused(monkeypatch, tmp_path):
    library = tmp_path / "lib.so"
    library.write_bytes(b"not a library")
    monkeypatch.setenv(PLUGINS_VARIABLE, f"MyProvider={library}")
    with pytest.raises(BackendUnavailable, match="did not load as MyProvider"):
        register_plugin(onnxruntime.SessionOptions(), "MyProvider")
