"""Makes the artefact `reference`: weights, inputs, and the fp32 answers that every other runtime is held against.

For a transformers model the answers are torch's on the CPU. A user's ONNX file is its own reference, run without graph
optimizations; an OpenVINO file too, run in f32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.agreement import degenerate_outputs
from ipfs_accel_pipeline.models.attempts import Made, is_transient
from ipfs_accel_pipeline.models.batch_norm import calibrate, has_batch_norm
from ipfs_accel_pipeline.models.build import build_model, load_saved
from ipfs_accel_pipeline.models.bundles import ParityCase, save_cases
from ipfs_accel_pipeline.models.graph_runs import onnx_run, openvino_run
from ipfs_accel_pipeline.models.inputs import (
    has_sequence,
    input_specs,
    make_arrays,
    maximum_sequence,
    specs_from_onnx,
    specs_from_openvino,
)
from ipfs_accel_pipeline.models.names import as_float32, flatten_outputs, match_inputs
from ipfs_accel_pipeline.models.onnx_files import float_parameters, require_fp32
from ipfs_accel_pipeline.models.reasons import reason_of
from ipfs_accel_pipeline.models.spec import BATCH, InputSpec, ModelSpec
from ipfs_accel_pipeline.models.store import write_json
from ipfs_accel_pipeline.models.weights import WeightsSource, files_digest, weight_files

# Two shapes, and neither length is the one that exports are traced at: a baked-in size cannot pass.
PARITY_SHAPES = ((1, 16), (2, 24))
_INPUT_SEED = 1  # of the first case; each case has its own, or they would share their first items
_CALIBRATION_SEED = 50
_CALIBRATION_BATCH = 8

Answer = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]


def reference_of_transformers(spec: ModelSpec, weights: WeightsSource, target: Path) -> Made:
    built = build_model(spec, weights)
    architecture = type(built.model).__name__
    specs = input_specs(built.model)
    is_calibrated = weights.kind == "random" and _calibrate_if_degenerate(built.model, specs)
    built.model.save_pretrained(str(target / "model"))
    # The answers come from the weights as saved: they are what every runtime will load.
    saved = load_saved(target / "model", architecture)
    facts: dict[str, Any] = {
        "architecture": architecture,
        "parameters": sum(parameter.numel() for parameter in saved.parameters()),  # tied ones once
        "weights_digest": files_digest(weight_files(target / "model")),
        "reference_runtime": "pytorch",
        "writes_text": built.model.can_generate(),
        "details": {"batch_norm_calibrated": is_calibrated, "newly_initialized": list(built.newly_initialized)},
    }
    return _write(spec, weights, specs, torch_answer(saved), target, facts)


def reference_of_onnx(spec: ModelSpec, weights: WeightsSource, target: Path) -> Made:
    path = Path(str(spec.path))
    require_fp32(path)
    facts: dict[str, Any] = {
        "architecture": None,
        "parameters": float_parameters(path),
        "weights_digest": weights.identity.removeprefix("files:"),
        "reference_runtime": "onnxruntime, graph optimizations off",
        "details": {},
    }
    return _write(spec, weights, specs_from_onnx(path), onnx_run(path, optimized=False), target, facts)


def reference_of_openvino(spec: ModelSpec, weights: WeightsSource, target: Path) -> Made:
    path = Path(str(spec.path))
    facts: dict[str, Any] = {
        "architecture": None,
        "parameters": None,  # an IR does not tell weights from other constants
        "weights_digest": weights.identity.removeprefix("files:"),
        "reference_runtime": "openvino, f32",
        "details": {},
    }
    return _write(spec, weights, specs_from_openvino(path), openvino_answer(path), target, facts)


def openvino_answer(path: Path) -> Answer:
    """As OpenVINO runs the file, where the shapes fit: along free dimensions it computes with whatever lies behind
    inputs that are too small for its weights, and says nothing."""
    import openvino

    model = openvino.Core().read_model(str(path))
    run = openvino_run(path)

    def answer(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        fed = match_inputs([port.get_names() for port in model.inputs], arrays)
        model.reshape({port: arrays[name].shape for port, name in zip(model.inputs, fed, strict=True)})
        return run(arrays)

    return answer


def torch_answer(model: Any) -> Answer:
    """The named tensors of a torch model's output, as float32."""
    import torch

    def answer(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        with torch.inference_mode():
            outputs = model(**torch_inputs(arrays))
        return as_float32({name: value.numpy() for name, value in flatten_outputs(outputs).items()})

    return answer


def torch_inputs(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    import torch

    return {name: torch.from_numpy(value) for name, value in arrays.items()}


def _calibrate_if_degenerate(model: Any, specs: tuple[InputSpec, ...]) -> bool:
    if not has_batch_norm(model):
        return False
    case = _case(specs, _shapes(specs)[-1], torch_answer(model), _INPUT_SEED)
    if not degenerate_outputs(case.reference, case.batch_size):
        return False
    arrays = make_arrays(specs, _CALIBRATION_BATCH, case.sequence_length, seed=_CALIBRATION_SEED)
    calibrate(model, torch_inputs(arrays))
    return True


def _write(
    spec: ModelSpec,
    weights: WeightsSource,
    specs: tuple[InputSpec, ...],
    answer: Answer,
    target: Path,
    facts: dict[str, Any],
) -> Made:
    if not specs:
        raise Unsupported("the model takes no input: its answer never changes, so there is nothing to measure")
    cases = [_case(specs, shape, answer, _INPUT_SEED + index) for index, shape in enumerate(_shapes(specs))]
    degenerate = degenerate_outputs(cases[-1].reference, cases[-1].batch_size)
    common = {
        "writes_text": False,  # a user's file is not known to
        "model_id": spec.model_id,
        "source": spec.source,
        "weights": weights.kind,
        "inputs": [one.to_json() for one in specs],
        "outputs": list(cases[0].reference),
        "degenerate_outputs": degenerate,
        "cases": save_cases(target, cases),
    }
    write_json(target / "reference.json", common | facts)
    return Made(str(facts["reference_runtime"]), details={"degenerate_outputs": degenerate, **facts["details"]})


def _shapes(specs: tuple[InputSpec, ...]) -> list[tuple[int, int | None]]:
    """The parity shapes that this model has: a fixed batch leaves one, no token axis leaves no length."""
    if not any(BATCH in spec.shape for spec in specs):
        return [(int(specs[0].shape[0]), PARITY_SHAPES[0][1] if has_sequence(specs) else None)]
    if not has_sequence(specs):
        return [(batch, None) for batch, _ in PARITY_SHAPES]
    longest = maximum_sequence(specs) or max(length for _, length in PARITY_SHAPES)
    return [(batch, min(length, longest)) for batch, length in PARITY_SHAPES]


def _case(specs: tuple[InputSpec, ...], shape: tuple[int, int | None], answer: Answer, seed: int) -> ParityCase:
    arrays = make_arrays(specs, *shape, seed=seed)
    try:
        outputs = answer(arrays)
    except Exception as error:
        if is_transient(error) or isinstance(error, Unsupported):
            raise
        shapes = {name: value.shape for name, value in arrays.items()}
        raise Unsupported(f"the generated inputs {shapes} do not feed this model: {reason_of(error)}") from error
    if not outputs:
        raise Unsupported("the model returns no tensors to compare")
    return ParityCase(*shape, arrays, outputs)
