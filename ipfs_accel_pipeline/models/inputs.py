"""What a model is fed: the door to its input specifications, and the seeded arrays made from them.

Pure numpy, because the children that run ONNX Runtime and OpenVINO never import torch. How the specifications are
found lives in `transformers_inputs` (built models) and `file_inputs` (ONNX and OpenVINO files).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.file_inputs import specs_from_onnx, specs_from_openvino
from ipfs_accel_pipeline.models.spec import BATCH, SEQUENCE, InputSpec
from ipfs_accel_pipeline.models.transformers_inputs import input_specs

__all__ = ["has_sequence", "input_specs", "make_arrays", "maximum_sequence", "specs_from_onnx", "specs_from_openvino"]

_BOX_GRID = 1000  # layout models take box corners on a 0..1000 grid


def has_sequence(specs: Sequence[InputSpec]) -> bool:
    """Whether the model has a token axis; if not, its `sequence_length` is None."""
    return any(SEQUENCE in spec.shape for spec in specs)


def maximum_sequence(specs: Sequence[InputSpec]) -> int | None:
    """The longest sequence that every input allows; None without a limit."""
    return min((spec.maximum for spec in specs if spec.maximum is not None), default=None)


def make_arrays(
    specs: Sequence[InputSpec], batch_size: int, sequence_length: int | None, seed: int = 0
) -> dict[str, np.ndarray]:
    """One array per input. The same arguments give the same arrays in every process."""
    _check(specs, batch_size, sequence_length)
    sizes = {BATCH: batch_size, SEQUENCE: sequence_length or 0}
    random = np.random.default_rng(seed)
    return {spec.name: _array(spec, sizes, random) for spec in specs}


def _check(specs: Sequence[InputSpec], batch_size: int, sequence_length: int | None) -> None:
    if batch_size < 1 or (sequence_length is not None and sequence_length < 1):
        raise Unsupported(f"batch size {batch_size} and sequence length {sequence_length} must be at least 1")
    _check_batch(specs, batch_size)
    if not has_sequence(specs):
        if sequence_length is not None:
            raise Unsupported(f"the model has no token axis: sequence length {sequence_length} means nothing to it")
        return
    if sequence_length is None:
        raise Unsupported("the model has a token axis: name a sequence length")
    maximum = maximum_sequence(specs)
    if maximum is not None and sequence_length > maximum:
        raise Unsupported(f"sequence length {sequence_length} exceeds the model's maximum of {maximum}")


def _check_batch(specs: Sequence[InputSpec], batch_size: int) -> None:
    """A file exported with a fixed batch runs at that batch only."""
    if any(BATCH in spec.shape for spec in specs):
        return
    fixed = specs[0]
    if fixed.shape[0] != batch_size:
        raise Unsupported(f"input {fixed.name} has the fixed shape {fixed.shape}: batch size {batch_size} does not fit")


def _array(spec: InputSpec, sizes: dict[str, int], random: np.random.Generator) -> np.ndarray:
    shape = tuple(sizes[size] if isinstance(size, str) else size for size in spec.shape)
    values = _MAKERS[spec.kind](spec, shape, random).astype(spec.dtype)
    if spec.prefix is None:
        return values
    value, count = spec.prefix
    lead = np.full((shape[0], count, *shape[2:]), value, dtype=spec.dtype)
    return np.concatenate([lead, values], axis=1)


def _integers(spec: InputSpec, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    return random.integers(int(spec.low), int(spec.high), shape)


def _normal(spec: InputSpec, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    return random.standard_normal(shape)


def _uniform(spec: InputSpec, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    return random.uniform(spec.low, spec.high, shape)


def _ones(spec: InputSpec, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    return np.ones(shape)


def _boxes(spec: InputSpec, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """x0, y0, x1, y1 with x0 < x1 and y0 < y1, as layout models demand."""
    upper_left = random.integers(0, _BOX_GRID // 2, (*shape[:-1], 2))
    size = random.integers(1, _BOX_GRID // 2, (*shape[:-1], 2))
    return np.concatenate([upper_left, upper_left + size], axis=-1)


_MAKERS = {"integers": _integers, "normal": _normal, "uniform": _uniform, "ones": _ones, "boxes": _boxes}
