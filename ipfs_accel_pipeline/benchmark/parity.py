"""Are the outputs right? A backend's output against the fp32 torch CPU reference on the same weights and inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ipfs_accel_pipeline.records import ParityResult

# Below this size an output carries no signal to compare (seen: logits of 1e-40 from untrained batch norm).
_DEGENERATE_BELOW = 1e-6

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Tolerance:
    """How far an output may be from the reference and still count as the same model."""

    min_cosine: float
    max_relative_error: float  # max |difference| / max |reference|


# fp32 paths that are right agree to 1e-5; the wrong ones seen had cosine 0.2-0.4. Lower precisions are bounded by
# their mantissa (fp16 11 bits, bf16 8 bits) grown over the depth of a network; int8 by its 127 steps.
TOLERANCES = {
    "fp32": Tolerance(0.9999, 1e-2),
    "fp16": Tolerance(0.999, 5e-2),
    "bf16": Tolerance(0.99, 0.25),
    "int8": Tolerance(0.95, 0.5),
}


def compare(
    reference: Arrays, outputs: Arrays, precision: str, batch_size: int, sequence_length: int | None
) -> ParityResult:
    """The worst output of one inference. A missing output, another shape or NaN is a failure with that reason."""
    compared = [_compare_one(name, reference[name], outputs.get(name), TOLERANCES[precision]) for name in reference]
    worst = min(compared, key=lambda one: (one.passed, one.cosine))
    return ParityResult(
        batch_size=batch_size,
        sequence_length=sequence_length,
        cosine=min(one.cosine for one in compared),
        max_abs=max(one.max_abs for one in compared),
        relative_error=max(one.relative_error for one in compared),
        passed=worst.passed,
        reason=worst.reason or next((one.reason for one in compared if one.reason), None),
    )


@dataclass(frozen=True)
class _Comparison:
    cosine: float
    max_abs: float
    relative_error: float
    passed: bool
    reason: str | None


def _compare_one(name: str, reference: np.ndarray, output: np.ndarray | None, tolerance: Tolerance) -> _Comparison:
    unusable = _unusable(name, reference, output)
    if unusable or output is None:
        return _Comparison(0.0, float("inf"), float("inf"), False, unusable)
    expected, got = reference.astype(np.float64).ravel(), output.astype(np.float64).ravel()
    size = float(np.abs(expected).max(initial=0.0))
    max_abs = float(np.abs(got - expected).max(initial=0.0))
    if size < _DEGENERATE_BELOW:
        return _Comparison(1.0, max_abs, 0.0, max_abs < _DEGENERATE_BELOW, f"{name}: degenerate output")
    relative, cosine = max_abs / size, _cosine(expected, got)
    passed = cosine >= tolerance.min_cosine and relative <= tolerance.max_relative_error
    reason = None if passed else f"{name}: wrong output, cosine {cosine:.4f}, relative error {relative:.3g}"
    return _Comparison(cosine, max_abs, relative, passed, reason)


def _unusable(name: str, reference: np.ndarray, output: np.ndarray | None) -> str | None:
    if output is None:
        return f"{name}: output is missing"
    if output.shape != reference.shape:
        return f"{name}: shape {output.shape} instead of {reference.shape}"
    if not np.isfinite(output).all():
        return f"{name}: output contains NaN or infinity"
    return None


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.clip(a @ b / norms, -1.0, 1.0)) if norms else 0.0
