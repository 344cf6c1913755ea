"""Input specifications of a user's own ONNX or OpenVINO file, read from its graph.

A file tells names, types and shapes, not meaning. Dynamic dimension 0 is the batch, another dynamic dimension the
sequence; what cannot be guessed from that is `Unsupported`, with the input named.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.spec import BATCH, SEQUENCE, InputSpec

# No file says how many ids its embedding has. Below 10 every vocabulary we know is safe.
_SAFE_IDS = 10
_INTEGERS = ("int64", "int32", "int8", "uint8", "int16")
_FLOATS = ("float32", "float16", "float64")


def specs_from_onnx(path: Path) -> tuple[InputSpec, ...]:
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    weights = {initializer.name for initializer in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    return tuple(_spec(value.name, _onnx_dtype(value), _onnx_dims(value)) for value in inputs)


def specs_from_openvino(path: Path) -> tuple[InputSpec, ...]:
    import openvino

    model = openvino.Core().read_model(str(path))
    return tuple(_openvino_spec(port) for port in model.inputs)


def _onnx_dtype(value: Any) -> str:
    import onnx

    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        raise Unsupported(f"input {value.name} is a {str(kind).removesuffix('_type')}; only tensors can be generated")
    return str(onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))


def _onnx_dims(value: Any) -> list[int | None]:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        raise Unsupported(f"input {value.name} has no shape in the file; save it with inferred shapes")
    return [dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in tensor.shape.dim]


def _openvino_spec(port: Any) -> InputSpec:
    name = port.get_any_name()
    shape = port.get_partial_shape()
    if shape.rank.is_dynamic:
        raise Unsupported(f"input {name} has no rank in the file; reshape the model before saving it")
    dims = [None if dim.is_dynamic else dim.get_length() for dim in shape]
    return _spec(name, port.get_element_type().to_dtype().name, dims)


def _spec(name: str, dtype: str, dims: Sequence[int | None]) -> InputSpec:
    """`dims`: sizes, None where dynamic."""
    if "past_key" in name or name == "beam_idx":
        raise Unsupported(
            f"input {name} is a cache of earlier tokens; export the model without a cache (use_cache=False)"
        )
    if not dims:
        raise Unsupported(f"input {name} is a scalar whose meaning the file does not tell")
    kind, low, high = _values(name, dtype)
    return InputSpec(name, dtype, _shape(name, dims), kind, low, high)


def _shape(name: str, dims: Sequence[int | None]) -> tuple[int | str, ...]:
    dynamic = [index for index, size in enumerate(dims) if size is None and index > 0]
    if len(dynamic) > 1:
        raise Unsupported(
            f"input {name} has {len(dynamic)} dynamic dimensions beside the batch ({dynamic}); fix all but the "
            "sequence, for example with `python -m onnxruntime.tools.make_dynamic_shape_fixed`"
        )
    names = {0: BATCH, **dict.fromkeys(dynamic, SEQUENCE)}
    return tuple(names[index] if size is None else size for index, size in enumerate(dims))


def _values(name: str, dtype: str) -> tuple[str, float, float]:
    """Kind, low and high of the values to feed."""
    if "mask" in name:
        return "ones", 0.0, 1.0
    if dtype == "bool":
        return "ones", 0.0, 1.0
    if dtype in _INTEGERS:
        only_zero = "token_type" in name or "segment" in name or "position" in name  # valid in every model
        return "integers", 0.0, 1.0 if only_zero else float(_SAFE_IDS)
    if dtype in _FLOATS:
        return "normal", 0.0, 1.0
    raise Unsupported(f"input {name} has type {dtype}; only integers, floats and booleans can be generated")
