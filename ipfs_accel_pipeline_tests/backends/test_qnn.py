"""The emulator of a Hexagon NPU, really run: float16, and 8-bit weights with 8- and 16-bit activations."""

import importlib.util

import pytest

from ipfs_accel_pipeline.backends.qualcomm import qnn
from ipfs_accel_pipeline.backends.qualcomm.aihub import AiHubBackend
from ipfs_accel_pipeline.backends.qualcomm.qnn import QnnBackend, QnnEmulatorBackend
from ipfs_accel_pipeline.benchmark.parity import compare
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported
from ipfs_accel_pipeline.qualcomm.qnn import EMULATOR, NPU, PROVIDER, is_npu, load_provider, provider_devices

INSTALLED = importlib.util.find_spec("onnxruntime_qnn") is not None
needs_qnn = pytest.mark.skipif(not INSTALLED, reason="onnxruntime-qnn is not installed: [qnn]")


@pytest.fixture(scope="module")
def emulator():
    if not INSTALLED:
        pytest.skip("onnxruntime-qnn is not installed: pip install 'ipfs-accel-pipeline[qnn]'")
    onnxruntime, _ = load_provider()
    if any(is_npu(onnxruntime, device) for device in provider_devices(onnxruntime)):
        pytest.skip("this machine has a real NPU")
    return QnnEmulatorBackend()


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp16", "int8", "int8_a16"])
def test_the_emulator_agrees_with_the_reference(emulator, tiny_resnet_bundle, precision):
    session = emulator.load(tiny_resnet_bundle, EMULATOR, precision, threads=1)
    for case in tiny_resnet_bundle.parity_cases():
        outputs = session.arrays(session.infer(session.prepare(case.inputs)))
        parity = compare(case.reference, outputs, precision, case.batch_size, case.sequence_length)
        assert parity.passed, parity.reason
        assert parity.max_abs > 0, "bit for bit the fp32 answer: nothing ran in lower precision"
    assert session.device_proof["share_on_device"] > 0.9
    assert session.device_proof["nodes_per_provider"][PROVIDER] > 10
    assert session.load_ms > 0
    session.close()


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["int8", "int8_a16"])
def test_a_transformer_runs_quantized_on_the_emulator(emulator, tiny_bert_bundle, precision):
    session = emulator.load(tiny_bert_bundle, EMULATOR, precision, threads=1)
    for case in tiny_bert_bundle.parity_cases():
        outputs = session.arrays(session.infer(session.prepare(case.inputs)))
        assert compare(case.reference, outputs, precision, case.batch_size, case.sequence_length).passed
    session.close()


@pytest.mark.slow
def test_qualcomms_compiler_loses_what_is_broadcast_over_a_batch_in_fp16_and_parity_says_so(emulator, tiny_bert_bundle):
    """When this fails, the defect is mended there, and the README's note can go."""
    session = emulator.load(tiny_bert_bundle, EMULATOR, "fp16", threads=1)
    one, two = tiny_bert_bundle.parity_cases()
    assert (one.batch_size, two.batch_size) == (1, 2)
    verdicts = [
        compare(case.reference, outputs, "fp16", case.batch_size, case.sequence_length).passed
        for case in (one, two)
        for outputs in [session.arrays(session.infer(session.prepare(case.inputs)))]
    ]
    assert verdicts == [True, False]
    session.close()


@pytest.mark.slow
def test_each_shape_is_compiled_once(emulator, tiny_resnet_bundle):
    session = emulator.load(tiny_resnet_bundle, EMULATOR, "int8", threads=1)
    first, second = tiny_resnet_bundle.parity_cases()
    assert session.prepare(first.inputs)[0] is session.prepare(first.inputs)[0]
    assert session.prepare(second.inputs)[0] is not session.prepare(first.inputs)[0]
    session.close()


@needs_qnn
@pytest.mark.slow
def test_a_real_npu_is_not_replaced_by_its_emulator(emulator, tiny_resnet_bundle):
    with pytest.raises(BackendUnavailable, match="finds no Hexagon NPU"):
        QnnBackend().load(tiny_resnet_bundle, NPU, "int8", threads=1)
    with pytest.raises(BackendUnavailable, match="has no device 'qnn-npu'"):
        emulator.load(tiny_resnet_bundle, NPU, "int8", threads=1)


def test_a_model_that_would_run_on_the_cpu_is_refused():
    class Node:
        op_type = "Erf"

    class Part:
        def __init__(self, name, count):
            self.ep_name, self._nodes = name, [Node()] * count

        def get_nodes(self):
            return self._nodes

    class Session:
        def __init__(self, *parts):
            self.get_provider_graph_assignment_info = lambda: parts

    proof = qnn._proof(Session(Part(PROVIDER, 9), Part("CPUExecutionProvider", 1)))
    assert (proof["share_on_device"], proof["operators_on_cpu"]) == (0.9, {"Erf": 1})
    with pytest.raises(Unsupported, match="only 10%"):
        qnn._proof(Session(Part(PROVIDER, 1), Part("CPUExecutionProvider", 9)))


@pytest.mark.parametrize("backend", [QnnBackend(), QnnEmulatorBackend(), AiHubBackend()])
def test_an_npu_has_no_fp32_and_says_what_it_has(backend):
    assert [backend.artefact(precision) for precision in ("fp16", "int8", "int8_a16")] == [
        "onnx",
        "onnx_qdq_int8",
        "onnx_qdq_int8_a16",
    ]
    with pytest.raises(Unsupported, match=r"cannot be asked for fp32 .it can: fp16, int8, int8_a16"):
        backend.artefact("fp32")


def test_a_missing_provider_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BackendUnavailable, match=r"pip install 'ipfs-accel-pipeline\[qnn\]'"):
        load_provider()
