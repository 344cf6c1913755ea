"""The ways from a torch model to an ONNX graph and to an OpenVINO model, best first.

For ONNX the exporter of transformers with explicit dynamic axes is right most often. For OpenVINO its own converter is
right as often, makes models that run as fast, and takes a fifth of the time. The others are there for the models on
which the first one fails. Whether a graph is right is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.attempts import ExportPath
from ipfs_accel_pipeline.models.inputs import has_sequence, make_arrays, maximum_sequence
from ipfs_accel_pipeline.models.names import flatten_outputs
from ipfs_accel_pipeline.models.quiet import silent
from ipfs_accel_pipeline.models.reference import torch_inputs
from ipfs_accel_pipeline.models.spec import BATCH, SEQUENCE, InputSpec

# Not 1, which tracing takes for a constant, and a length that no parity case has.
_TRACED_BATCH = 2
_TRACED_SEQUENCE = 20
_LEGACY_OPSET = 17

LoadModel = Callable[[], Any]
Specs = tuple[InputSpec, ...]


def onnx_paths(load: LoadModel, specs: Specs, outputs: tuple[str, ...]) -> list[ExportPath]:
    """Each path loads its own model: an exporter that fails half-way may leave it patched."""
    return [
        ExportPath("transformers.OnnxExporter", lambda target: _onnx_by_transformers(load(), specs, target)),
        ExportPath("torch.onnx dynamo", lambda target: _onnx_by_dynamo(load(), specs, outputs, target)),
        ExportPath("torch.onnx legacy", lambda target: _onnx_by_tracing(load(), specs, outputs, target)),
    ]


def openvino_paths(load: LoadModel, specs: Specs, outputs: tuple[str, ...]) -> list[ExportPath]:
    return [
        ExportPath("openvino.convert_model", lambda target: _openvino_by_tracing(load(), specs, outputs, target)),
        ExportPath("transformers.OpenVINOExporter", lambda target: _openvino_by_transformers(load(), specs, target)),
    ]


def save_openvino(model: Any, path: Path) -> None:
    import openvino

    openvino.save_model(model, str(path), compress_to_fp16=False)  # its default halves the weights' precision


def _onnx_by_transformers(model: Any, specs: Specs, target: Path) -> None:
    from transformers.exporters import OnnxConfig, OnnxExporter

    with silent():
        config = OnnxConfig(dynamic=True, dynamic_shapes=dynamic_shapes(specs))
        exported = OnnxExporter().export(model, example_inputs(specs), config)
        OnnxExporter.save_program(exported.program, target / "model.onnx")


def _openvino_by_transformers(model: Any, specs: Specs, target: Path) -> None:
    from transformers.exporters import OpenVINOConfig, OpenVINOExporter

    with silent():
        config = OpenVINOConfig(dynamic=True, dynamic_shapes=dynamic_shapes(specs))
        exported = OpenVINOExporter().export(model, example_inputs(specs), config)
        save_openvino(exported.program, target / "model.xml")


def _onnx_by_dynamo(model: Any, specs: Specs, outputs: tuple[str, ...], target: Path) -> None:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    wrapped = _positional(model, specs, outputs)
    shapes = tuple(dynamic_shapes(specs).values())
    with silent(), sdpa_kernel(SDPBackend.MATH):  # the CPU's fused kernel asks for strides T5 and Swin do not have
        program = torch.onnx.export(
            wrapped,
            tuple(example_inputs(specs).values()),
            input_names=[spec.name for spec in specs],
            output_names=list(outputs),
            dynamic_shapes=(shapes,),  # one entry: forward takes *arrays
            dynamo=True,
        )
        program.save(str(target / "model.onnx"), external_data=True)


def _onnx_by_tracing(model: Any, specs: Specs, outputs: tuple[str, ...], target: Path) -> None:
    import torch

    axes = {
        spec.name: {axis: str(size) for axis, size in enumerate(spec.shape) if size in (BATCH, SEQUENCE)}
        for spec in specs
    }
    with silent():
        torch.onnx.export(
            _positional(model, specs, outputs),
            tuple(example_inputs(specs).values()),
            str(target / "model.onnx"),
            input_names=[spec.name for spec in specs],
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=_LEGACY_OPSET,
            dynamo=False,
        )


def _openvino_by_tracing(model: Any, specs: Specs, outputs: tuple[str, ...], target: Path) -> None:
    import openvino

    with silent():
        converted = openvino.convert_model(
            _positional(model, specs, outputs),
            example_input=tuple(example_inputs(specs).values()),
            input=[(_partial_shape(spec), np.dtype(spec.dtype).type) for spec in specs],
        )
    _name_ports(converted.inputs, [spec.name for spec in specs])
    _name_ports(converted.outputs, list(outputs))
    save_openvino(converted, target / "model.xml")


def example_inputs(specs: Specs) -> dict[str, Any]:
    length = min(_TRACED_SEQUENCE, maximum_sequence(specs) or _TRACED_SEQUENCE) if has_sequence(specs) else None
    return torch_inputs(make_arrays(specs, _TRACED_BATCH, length))


def dynamic_shapes(specs: Specs) -> dict[str, dict[int, Any]]:
    """Only the axes that really vary: with all axes dynamic the exporters take 2 to 5 times as long."""
    import torch

    auto = torch.export.Dim.AUTO
    return {spec.name: {axis: auto for axis, size in enumerate(spec.shape) if isinstance(size, str)} for spec in specs}


def _partial_shape(spec: InputSpec) -> list[int]:
    return [-1 if isinstance(size, str) else size for size in spec.shape]


def _positional(model: Any, specs: Specs, outputs: tuple[str, ...]) -> Any:
    """The model with its inputs as positional arguments and exactly the reference's outputs: tracers know no names."""
    import torch

    names = [spec.name for spec in specs]

    class Positional(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *arrays: Any) -> tuple[Any, ...]:
            named = flatten_outputs(self.model(**dict(zip(names, arrays, strict=True))))
            return tuple(named[name] for name in outputs)

    return Positional().eval()


def _name_ports(ports: Any, names: list[str]) -> None:
    if len(ports) != len(names):
        raise Unsupported(f"the converted model has {len(ports)} ports for {names}")
    for port, name in zip(ports, names, strict=True):
        port.get_tensor().set_names({name})
