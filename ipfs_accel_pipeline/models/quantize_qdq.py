"""The int8 artefacts of NPUs: static quantization with QuantizeLinear/DequantizeLinear pairs around every operator.

Unlike dynamic quantization the ranges of activations are fixed beforehand, from generated inputs. Activations have 8
bits (`int8`, elsewhere called W8A8) or 16 (`int8_a16`, W8A16), weights always 8.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.models.attempts import ExportPath
from ipfs_accel_pipeline.models.quantize import calibration_samples
from ipfs_accel_pipeline.models.quiet import silent
from ipfs_accel_pipeline.models.spec import InputSpec

# In place of -inf or -3.4e38, which attention adds to what it must not see. In fixed steps such a constant leaves one
# step for everything else, and Qualcomm's compiler runs out of memory over it; exp(-100) is nothing, too.
_MASKED = -100.0
_MASK_LIMIT = -1e30
_MASKING_OPS = {"Add", "Mul", "Where"}
_ACTIVATIONS = {"onnx_qdq_int8": "QUInt8", "onnx_qdq_int8_a16": "QUInt16"}


def onnx_qdq_paths(artefact: str, onnx_path: Path, specs: tuple[InputSpec, ...]) -> list[ExportPath]:
    return [ExportPath("quantize_static for QNN", lambda target: _quantize(artefact, onnx_path, specs, target))]


def _quantize(artefact: str, onnx_path: Path, specs: tuple[InputSpec, ...], target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize
    from onnxruntime.quantization.execution_providers.qnn import get_qnn_qdq_config, qnn_preprocess_model

    with tempfile.TemporaryDirectory(dir=target) as folder, silent():
        prepared = Path(folder) / "prepared.onnx"
        changed = qnn_preprocess_model(str(onnx_path), str(prepared))
        source = str(_with_small_masks(prepared if changed else onnx_path, Path(folder) / "masked.onnx"))
        config = get_qnn_qdq_config(
            source,
            _Calibration(source, specs),
            activation_type=QuantType[_ACTIVATIONS[artefact]],
            weight_type=QuantType.QUInt8,
        )
        quantize(source, str(target / "model.onnx"), config)


def _with_small_masks(path: Path, target: Path) -> Path:
    """The graph with mask constants that fixed steps can hold: `target`, or `path` if it has no other."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    elsewhere = {name for node in model.graph.node if node.op_type not in _MASKING_OPS for name in node.input}
    found = False
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or tensor.name in elsewhere:
            continue
        values = numpy_helper.to_array(tensor)
        if (values < _MASK_LIMIT).any():
            found = True
            values = np.where(values < _MASK_LIMIT, np.float32(_MASKED), values)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    if found:
        onnx.save(model, str(target), save_as_external_data=True)
    return target if found else path


class _Calibration:
    """ONNX Runtime's CalibrationDataReader over generated inputs."""

    def __init__(self, model: str, specs: tuple[InputSpec, ...]) -> None:
        import onnx

        graph = onnx.load(model, load_external_data=False).graph
        self._samples: Iterator[dict[str, np.ndarray]] = iter(
            calibration_samples(specs, {value.name for value in graph.input})
        )

    def get_next(self) -> dict[str, Any] | None:
        return next(self._samples, None)

    def __iter__(self) -> _Calibration:
        return self

    def __next__(self) -> dict[str, Any]:
        return next(self._samples)
