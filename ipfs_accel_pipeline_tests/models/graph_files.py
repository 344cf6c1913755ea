"""Small graph files such as a user would bring, made without an exporter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import openvino

from ipfs_accel_pipeline.models.spec import ModelSpec

WEIGHTS = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)


def onnx_linear(path: Path, external: bool = False) -> ModelSpec:
    """y = x @ W with a dynamic batch; the weights beside the graph if `external`."""
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["batch", 6])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["batch", 4])
    node = onnx.helper.make_node("MatMul", ["x", "W"], ["y"])
    graph = onnx.helper.make_graph([node], "linear", [x], [y], [onnx.numpy_helper.from_array(WEIGHTS, "W")])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    where = {"save_as_external_data": True, "location": "weights.data", "size_threshold": 0} if external else {}
    onnx.save_model(model, str(path), **where)
    return custom_spec("onnx", path)


def openvino_linear(path: Path) -> ModelSpec:
    x = openvino.opset13.parameter([-1, 6], openvino.Type.f32, name="x")
    x.output(0).get_tensor().set_names({"x"})
    product = openvino.opset13.matmul(x, openvino.opset13.constant(WEIGHTS), False, False)
    product.output(0).get_tensor().set_names({"y"})
    openvino.save_model(openvino.Model([openvino.opset13.result(product)], [x]), str(path), compress_to_fp16=False)
    return custom_spec("openvino", path)


def custom_spec(source: str, path: Path) -> ModelSpec:
    return ModelSpec(path.stem, "custom", "custom", "text", source, path=str(path))
