"""What every backend owes the benchmark: one suite for each endpoint, device and precision that this machine has."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ipfs_accel_pipeline.backends import library
from ipfs_accel_pipeline.backends.interface import Session
from ipfs_accel_pipeline.backends.registry import load_backend
from ipfs_accel_pipeline.benchmark.parity import compare
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported
from ipfs_accel_pipeline.models.bundles import Bundle, ParityCase
from ipfs_accel_pipeline.models.inputs import has_sequence, make_arrays

pytestmark = pytest.mark.slow

THREADS = 1
# What could be here, by traces that cost nothing to look for; a trace without its driver becomes a skip with reason.
TRACES = {
    ("CPU", "pytorch", "cpu"): True,
    ("CPU", "onnxruntime", "cpu"): True,
    ("CUDA", "pytorch", "cuda:0"): Path("/dev/nvidia0").exists(),
    ("CUDA", "onnxruntime", "cuda:0"): Path("/dev/nvidia0").exists(),
    ("MPS", "pytorch", "mps"): sys.platform == "darwin",
    ("MPS", "onnxruntime", "mps"): sys.platform == "darwin",
    ("OpenVINO", "openvino", "CPU"): True,
    ("OpenVINO", "openvino", "GPU"): Path("/dev/dri").exists(),
}
DEVICES = [device for device, is_likely in TRACES.items() if is_likely]
ENDPOINTS = [
    (*device, precision) for device in DEVICES for precision in load_backend(*device[:2]).precisions(device[2])
]
# Every machine that runs the tests has these, so here a refusal is a failure and no skip.
EVERYWHERE = {"cpu", "CPU"}


def load(bundle: Bundle, endpoint: tuple[str, str, str, str]) -> Session:
    hardware_type, endpoint_type, device, precision = endpoint
    try:
        return load_backend(hardware_type, endpoint_type).load(bundle, device, precision, THREADS)
    except Unsupported as reason:
        if device in EVERYWHERE and precision == "fp32":
            raise
        pytest.skip(f"not on this machine: {reason}")


@pytest.fixture(params=["tiny_bert_bundle", "tiny_resnet_bundle"], scope="module")
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=ENDPOINTS, ids="-".join, scope="module")
def endpoint(request: pytest.FixtureRequest) -> tuple[str, str, str, str]:
    return request.param


@pytest.fixture(scope="module")
def session(bundle: Bundle, endpoint: tuple[str, str, str, str]) -> Iterator[Session]:
    session = load(bundle, endpoint)
    yield session
    session.close()


@pytest.fixture(scope="module")
def cases(bundle: Bundle) -> list[ParityCase]:
    return bundle.parity_cases()


def answer(session: Session, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return session.arrays(session.infer(session.prepare(arrays)))


def test_outputs_agree_with_the_reference_at_every_shape(session, endpoint, cases):
    for case in reversed(cases):  # the larger first: a graph that fits itself to its first input must not pass
        outputs = answer(session, case.inputs)
        parity = compare(case.reference, outputs, endpoint[3], case.batch_size, case.sequence_length)
        assert parity.passed, parity.reason


def test_outputs_are_float32_under_the_names_of_the_reference(session, bundle, cases):
    outputs = answer(session, cases[0].inputs)
    assert tuple(outputs) == bundle.output_names()
    assert {value.dtype for value in outputs.values()} == {np.dtype(np.float32)}


def test_batch_and_sequence_may_change(session, bundle):
    specs = bundle.input_specs
    for batch, length in ((3, 7), (1, 33)):
        arrays = make_arrays(specs, batch, length if has_sequence(specs) else None)
        outputs = answer(session, arrays)
        assert {value.shape[0] for value in outputs.values()} == {batch}
        assert all(np.isfinite(value).all() for value in outputs.values())


def test_an_answer_stays_valid_when_the_next_one_comes(session, cases):
    first, second = (session.prepare(make_like(case, cases[1])) for case in cases)
    kept = session.infer(first)
    before = {name: value.copy() for name, value in session.arrays(kept).items()}
    other = session.arrays(session.infer(second))
    after = session.arrays(kept)
    for name in before:
        np.testing.assert_array_equal(after[name], before[name])
    assert any(not np.array_equal(before[name], other[name]) for name in before)


def make_like(case: ParityCase, shape: ParityCase) -> dict[str, np.ndarray]:
    """The first item of `case`, repeated to the shape of another one, so that buffers could be shared."""
    sizes = {name: value.shape for name, value in shape.inputs.items()}
    return {name: np.resize(value[:1], sizes[name]) for name, value in case.inputs.items()}


def test_prepared_inputs_may_be_used_again(session, cases):
    prepared = session.prepare(cases[0].inputs)
    first, second = (session.arrays(session.infer(prepared)) for _ in range(2))
    assert first
    for name in first:
        np.testing.assert_allclose(first[name], second[name], rtol=1e-5, atol=1e-6)


def test_the_actual_device_is_proven(session, endpoint, cases):
    answer(session, cases[0].inputs)
    assert session.actual_device.lower().startswith(endpoint[2].lower())
    proof = session.device_proof
    proven = {
        "pytorch": lambda: proof["parameter_devices"] == proof["output_devices"] == [session.actual_device],
        "onnxruntime": lambda: sum(proof["nodes_per_provider"].values()) > 0 and proof["share_on_device"] > 0.5,
        "openvino": lambda: proof["execution_devices"] == [session.actual_device],
    }
    assert proven[endpoint[1]](), proof


def test_the_precision_is_read_back(session, endpoint):
    assert session.effective_precision == endpoint[3]


def test_loading_took_time(session):
    assert session.load_ms > 0
    assert session.compile_ms is None or session.compile_ms > 0


def test_device_memory_is_known_on_cuda_only(session, endpoint):
    peak = session.take_device_memory_peak_mb()
    assert (peak is not None) == (endpoint[:2] == ("CUDA", "pytorch"))


def test_the_peak_of_device_memory_begins_anew_when_it_was_asked_for(session, bundle):
    peaks = []
    for batch in (64, 1):
        arrays = make_arrays(bundle.input_specs, batch, 16 if has_sequence(bundle.input_specs) else None)
        answer(session, arrays)
        peaks.append(session.take_device_memory_peak_mb())
    assert peaks == [None, None] or peaks[0] > peaks[1] > 0


def test_closing_frees_the_model(bundle, endpoint):
    session = load(bundle, endpoint)
    held = [weakref.ref(value) for value in vars(session).values() if is_model(value)]
    assert held
    session.close()
    gc.collect()
    assert [reference() for reference in held] == [None] * len(held)


def is_model(value: object) -> bool:
    return type(value).__name__ in ("CompiledModel", "InferenceSession") or hasattr(value, "named_parameters")


@pytest.mark.parametrize("device", DEVICES, ids="-".join)
def test_a_precision_that_it_cannot_be_asked_for_is_unsupported(tiny_bert_bundle, device):
    with pytest.raises(Unsupported, match="int3"):
        load_backend(*device[:2]).load(tiny_bert_bundle, device[2], "int3", THREADS)


@pytest.mark.parametrize("device", DEVICES, ids="-".join)
def test_a_missing_library_says_what_to_install(tiny_bert_bundle, device, monkeypatch):
    monkeypatch.setattr(library.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BackendUnavailable, match="pip install"):
        load_backend(*device[:2]).load(tiny_bert_bundle, device[2], "fp32", THREADS)


@pytest.mark.parametrize(
    ("hardware_type", "endpoint_type", "device"),
    [
        ("CUDA", "pytorch", "cuda:99"),
        ("ROCm", "pytorch", "rocm:99"),
        ("ROCm", "onnxruntime", "rocm:99"),
        ("OpenVINO", "openvino", "GPU.99"),
    ],
)
def test_a_missing_device_says_what_to_install(tiny_bert_bundle, hardware_type, endpoint_type, device):
    with pytest.raises(BackendUnavailable, match="Install"):
        load_backend(hardware_type, endpoint_type).load(tiny_bert_bundle, device, "fp32", THREADS)


def test_int8_that_quantizes_next_to_nothing_is_not_called_int8(tiny_resnet_bundle):
    with pytest.raises(Unsupported, match="Linear layers only"):
        load_backend("CPU", "pytorch").load(tiny_resnet_bundle, "cpu", "int8", THREADS)
