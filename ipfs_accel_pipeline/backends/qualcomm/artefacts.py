"""Which prepared graph serves which precision on a Qualcomm NPU, and how it is cut to one shape."""

from __future__ import annotations

from ipfs_accel_pipeline.backends.library import require_precision

# Float graphs run in fp16 there; quantized ones must bring the ranges of their activations.
ARTEFACTS = {"fp16": "onnx", "int8": "onnx_qdq_int8", "int8_a16": "onnx_qdq_int8_a16"}


def artefact(backend: str, precision: str) -> str:
    require_precision(backend, "a Hexagon NPU", precision, tuple(ARTEFACTS))
    return ARTEFACTS[precision]
