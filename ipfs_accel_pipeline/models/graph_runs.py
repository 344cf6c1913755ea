"""Runs a graph file once, in fp32, on the CPU: to check an export, or as the reference of a user's own file.

Not for timing; the sessions that are measured live in `backends`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.models.names import as_float32, match_inputs

Arrays = dict[str, np.ndarray]
Run = Callable[[Mapping[str, np.ndarray]], Arrays]


def onnx_run(path: Path, optimized: bool = True) -> Run:
    """A call from inputs to all outputs, under the graph's own names."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    wanted = [value.name for value in session.get_inputs()]
    names = [value.name for value in session.get_outputs()]

    def run(arrays: Mapping[str, np.ndarray]) -> Arrays:
        fed = match_inputs([[name] for name in wanted], arrays)
        feed = {name: arrays[key] for name, key in zip(wanted, fed, strict=True)}
        return as_float32(dict(zip(names, session.run(None, feed), strict=True)))

    return run


def openvino_run(path: Path) -> Run:
    import openvino

    # OpenVINO takes bf16 by itself on CPUs that have it; a check of the export must not.
    compiled = openvino.Core().compile_model(
        str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    )

    def run(arrays: Mapping[str, np.ndarray]) -> Arrays:
        fed = match_inputs([port.get_names() for port in compiled.inputs], arrays)
        results = compiled([arrays[key] for key in fed])
        return as_float32(named_outputs(compiled, results.to_tuple()))

    return run


def named_outputs(compiled: Any, values: Sequence[np.ndarray]) -> Arrays:
    """A port of OpenVINO may have several names; each leads to its value. One without a name, as the converter leaves
    them to torch models, goes by its place."""
    ports = enumerate(zip(compiled.outputs, values, strict=True))
    return {name: value for index, (port, value) in ports for name in sorted(port.get_names()) or [str(index)]}
