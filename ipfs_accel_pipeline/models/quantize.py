"""The int8 artefacts: ONNX Runtime's dynamic quantization, and OpenVINO's post-training quantization by NNCF.

Their agreement with the fp32 reference is recorded, not judged: how much loss int8 may cost is the benchmark's
question. Only a graph that does not run, or answers in other shapes, is refused.
"""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.attempts import ExportPath
from ipfs_accel_pipeline.models.inputs import has_sequence, make_arrays, maximum_sequence
from ipfs_accel_pipeline.models.onnx_files import external_files
from ipfs_accel_pipeline.models.quiet import silent
from ipfs_accel_pipeline.models.spec import BATCH, InputSpec
from ipfs_accel_pipeline.models.torch_exports import save_openvino

CALIBRATION_SAMPLES = 16
_CALIBRATION_SEED = 100  # not a seed that parity cases use
_CALIBRATION_SEQUENCE = 32
_EXTERNAL_ABOVE_BYTES = 1 << 30  # a protobuf ends at 2 GiB; int8 graphs of larger models keep their weights beside
_INTEGER_OPS = ("MatMulInteger", "ConvInteger", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "QAttention")
_FLOAT_OPS = ("MatMul", "Gemm", "Conv", "ConvTranspose", "LSTM", "GRU", "Attention")


def onnx_int8_paths(onnx_path: Path) -> list[ExportPath]:
    """Preprocessing gives the quantizer shapes and folds batch norm; it fails on some graphs that quantize without."""
    return [
        ExportPath("quantize_dynamic, preprocessed", lambda target: _quantize_preprocessed(onnx_path, target)),
        ExportPath("quantize_dynamic", lambda target: _quantize_dynamic(onnx_path, target)),
    ]


def openvino_int8_paths(openvino_path: Path, specs: tuple[InputSpec, ...]) -> list[ExportPath]:
    if importlib.util.find_spec("nncf") is None:
        raise Unsupported("OpenVINO int8 needs NNCF: pip install 'ipfs-accel-pipeline[nncf]'")
    return [ExportPath("nncf.quantize", lambda target: _quantize_by_nncf(openvino_path, specs, target))]


def _quantize_preprocessed(onnx_path: Path, target: Path) -> None:
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if _size_bytes(onnx_path) > _EXTERNAL_ABOVE_BYTES:
        raise Unsupported("preprocessing wants the whole model in one protobuf, which this one is too large for")
    with tempfile.TemporaryDirectory(dir=target) as folder, silent():
        single, prepared = Path(folder) / "single.onnx", Path(folder) / "prepared.onnx"
        onnx.save(onnx.load(str(onnx_path)), str(single))  # the preprocessor loses sight of external weights
        # Symbolic shape inference stops at newer operators; the plain kind is enough for weights.
        quant_pre_process(str(single), str(prepared), skip_symbolic_shape=True)
        _quantize_dynamic(prepared, target)


def _quantize_dynamic(onnx_path: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with silent():
        quantize_dynamic(
            str(onnx_path),
            str(target / "model.onnx"),
            # Unsigned weights: the CPU's ConvInteger takes no signed ones, and signed ones saturate without VNNI.
            weight_type=QuantType.QUInt8,
            use_external_data_format=_size_bytes(onnx_path) > _EXTERNAL_ABOVE_BYTES,
        )
    _require_quantized(target / "model.onnx")


def _require_quantized(path: Path) -> None:
    """A graph that computes mostly in floats would be an fp32 result under the name int8."""
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    quantized = sum(node.op_type in _INTEGER_OPS for node in graph.node)
    # Products of two activations (attention) have no weights to quantize and do not count.
    floating = sum(node.op_type in _FLOAT_OPS and bool(weights & set(node.input)) for node in graph.node)
    if quantized <= floating:
        raise Unsupported(f"only {quantized} of {quantized + floating} matrix products and convolutions became int8")


def _size_bytes(onnx_path: Path) -> int:
    return sum(file.stat().st_size for file in (onnx_path, *external_files(onnx_path)))


def _quantize_by_nncf(openvino_path: Path, specs: tuple[InputSpec, ...], target: Path) -> None:
    import nncf
    import openvino

    model = openvino.Core().read_model(str(openvino_path))
    with silent():
        quantized = nncf.quantize(
            model,
            nncf.Dataset(_calibration_inputs(model, specs)),
            subset_size=CALIBRATION_SAMPLES,
            model_type=None if _is_convolutional(model) else nncf.ModelType.TRANSFORMER,
        )
    save_openvino(quantized, target / "model.xml")


def _calibration_inputs(model: Any, specs: tuple[InputSpec, ...]) -> list[dict[str, Any]]:
    return calibration_samples(specs, {name for port in model.inputs for name in port.get_names()})


def calibration_samples(specs: tuple[InputSpec, ...], wanted: set[str]) -> list[dict[str, Any]]:
    """Generated, like every input here: the ranges are those of random inputs, not of anyone's data."""
    length = (
        min(_CALIBRATION_SEQUENCE, maximum_sequence(specs) or _CALIBRATION_SEQUENCE) if has_sequence(specs) else None
    )
    batch = 1 if any(BATCH in spec.shape for spec in specs) else int(specs[0].shape[0])
    seeds = range(_CALIBRATION_SEED, _CALIBRATION_SEED + CALIBRATION_SAMPLES)
    samples = (make_arrays(specs, batch, length, seed) for seed in seeds)
    return [{name: value for name, value in sample.items() if name in wanted} for sample in samples]


def _is_convolutional(model: Any) -> bool:
    """Without attention. NNCF keeps precision around attention if it is told that there is some."""
    kinds = {operation.get_type_name() for operation in model.get_ops()}
    return not kinds & {"ScaledDotProductAttention", "Softmax"}
