"""An ONNX model as files: the graph and the external weights it names."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.errors import Unsupported

_QUANTIZED_OPS = {
    "QuantizeLinear",
    "DequantizeLinear",
    "DynamicQuantizeLinear",
    "MatMulInteger",
    "ConvInteger",
    "QLinearMatMul",
    "QLinearConv",
    "MatMulNBits",
}


@dataclass(frozen=True)
class GraphInput:
    """`shape` mixes fixed sizes with the graph's names for those that may change."""

    name: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True)
class GraphSignature:
    """What a graph is fed and gives, in its own names, and how many operators it has."""

    inputs: tuple[GraphInput, ...]
    outputs: tuple[str, ...]
    nodes: int


def graph_signature(path: Path) -> GraphSignature:
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}  # old graphs list them as inputs, too
    inputs = tuple(
        GraphInput(one.name, tuple(size.dim_param or size.dim_value for size in one.type.tensor_type.shape.dim))
        for one in graph.input
        if one.name not in weights
    )
    return GraphSignature(inputs, tuple(one.name for one in graph.output), len(graph.node))


def free_dimensions(inputs: Sequence[GraphInput], arrays: Mapping[str, np.ndarray]) -> dict[str, int]:
    """The graph's named dimensions with the sizes that these arrays give them; an input without an array tells none."""
    return {
        dimension: int(size)
        for one in inputs
        if one.name in arrays
        for dimension, size in zip(one.shape, arrays[one.name].shape, strict=True)
        if isinstance(dimension, str)
    }


def external_files(path: Path) -> list[Path]:
    """Files beside `path` that hold its weights."""
    import onnx
    from onnx.external_data_helper import uses_external_data

    graph = onnx.load(str(path), load_external_data=False).graph
    locations = {
        entry.value
        for tensor in _tensors(graph)
        if uses_external_data(tensor)
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return [_beside(path, location) for location in sorted(locations)]


def copy_model(path: Path, target: Path) -> None:
    """Copy the graph to `target` and its weights beside it, under the names the graph knows them by."""
    shutil.copyfile(path, target)
    for file in external_files(path):
        copied = target.parent / file.relative_to(path.parent)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copied)


def float_parameters(path: Path) -> int:
    """Elements of the graph's floating-point initializers: weights, and the few constants an exporter folded."""
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    floats = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE}
    sizes = (tensor.dims for tensor in graph.initializer if tensor.data_type in floats)
    return sum(math.prod(dims) for dims in sizes)


def require_fp32(path: Path) -> None:
    """A file that is quantized or halved already would be stored as an fp32 result: Unsupported, with what it holds."""
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    quantized = sorted({node.op_type for one in _graphs(graph) for node in one.node} & _QUANTIZED_OPS)
    if quantized:
        raise Unsupported(f"{path.name} is quantized already ({', '.join(quantized)}): bring the fp32 model")
    halves = {onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16}
    if any(tensor.data_type in halves for tensor in _tensors(graph)):
        raise Unsupported(f"{path.name} holds 16-bit weights: bring the fp32 model")


def _graphs(graph: Any) -> Iterator[Any]:
    """The graph, and those within its nodes: branches and bodies of loops."""
    yield graph
    for attribute in (attribute for node in graph.node for attribute in node.attribute):
        for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            yield from _graphs(inner)


def _tensors(graph: Any) -> Iterator[Any]:
    """Initializers and constants, wherever they are."""
    for one in _graphs(graph):
        yield from one.initializer
        for attribute in (attribute for node in one.node for attribute in node.attribute):
            yield from [attribute.t] if attribute.HasField("t") else []
            yield from attribute.tensors


def _beside(path: Path, location: str) -> Path:
    # A graph must not make us read any file it likes. Links are the user's: a hub's cache has nothing else.
    file = Path(os.path.abspath(path.parent / location))
    if not file.is_relative_to(os.path.abspath(path.parent)):
        raise Unsupported(f"{path.name} names weights outside its folder: {location}")
    if not file.exists():
        raise Unsupported(f"{path.name} names weights that are missing: {location}")
    return path.parent / location
