"""How far one runtime's outputs are from the reference: the numbers an export is accepted or refused by.

The benchmark has its own gate, per precision, before timing. This one only decides whether an exported fp32 graph is
the same model, so its limits are wide apart: right exports agree to 1e-5, the wrong ones met had cosine 0.2 to 0.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

MIN_COSINE = 0.999
MAX_RELATIVE_ERROR = 1e-2
# An output smaller than this carries no signal (seen: logits of 1e-40 from untrained batch norm).
DEGENERATE_BELOW = 1e-6

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Agreement:
    """The worst output of one inference. `problem` says why the outputs cannot be compared at all."""

    cosine: float | None
    max_abs: float | None
    relative_error: float | None  # max |difference| / max |reference|
    problem: str | None = None

    def refusal(self, min_cosine: float = MIN_COSINE, max_relative_error: float = MAX_RELATIVE_ERROR) -> str | None:
        """Why this is not the same model within these limits, by default those of an export in fp32; None if it is."""
        if self.problem or self.cosine is None or self.relative_error is None:
            return self.problem
        # Asked so that NaN, which a reference may hold, is never within a limit.
        if self.cosine >= min_cosine and self.relative_error <= max_relative_error:
            return None
        return f"wrong output: cosine {self.cosine:.4f}, relative error {self.relative_error:.3g}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(reference: Arrays, outputs: Arrays) -> Agreement:
    """Outputs must be complete, of the reference's shapes and finite, or that is the problem."""
    problem = next((found for name in reference if (found := _problem(name, reference[name], outputs))), None)
    if problem:
        return Agreement(None, None, None, problem)
    pairs = [
        (reference[name].astype(np.float64).ravel(), outputs[name].astype(np.float64).ravel()) for name in reference
    ]
    return Agreement(
        cosine=min(_cosine(*pair) for pair in pairs),
        max_abs=max(_max_abs(*pair) for pair in pairs),
        relative_error=max(_relative(*pair) for pair in pairs),
    )


def degenerate_outputs(reference: Arrays, batch_size: int) -> dict[str, str]:
    """Outputs that cannot show a wrong answer, with the reason: all but zero, or the same for every item."""
    reasons = {name: _degenerate(value, batch_size) for name, value in reference.items()}
    return {name: reason for name, reason in reasons.items() if reason}


def _degenerate(value: np.ndarray, batch_size: int) -> str | None:
    size = float(np.abs(value).max(initial=0.0))
    if not np.isfinite(size):
        return "contains NaN or infinity"
    if size < DEGENERATE_BELOW:
        return f"largest value {size:.3g}"
    per_item = batch_size > 1 and value.ndim > 0 and value.shape[0] == batch_size
    if per_item and float(np.abs(value[0] - value[1]).max(initial=0.0)) < DEGENERATE_BELOW * size:
        return "does not depend on the input"
    return None


def _problem(name: str, expected: np.ndarray, outputs: Arrays) -> str | None:
    if name not in outputs:
        return f"output {name} is missing (there are: {', '.join(outputs) or 'none'})"
    if outputs[name].shape != expected.shape:
        return f"output {name} has shape {outputs[name].shape} instead of {expected.shape}"
    if not np.isfinite(outputs[name]).all():
        return f"output {name} contains NaN or infinity"
    return None


def _max_abs(expected: np.ndarray, got: np.ndarray) -> float:
    return float(np.abs(got - expected).max(initial=0.0))


def _relative(expected: np.ndarray, got: np.ndarray) -> float:
    size = float(np.abs(expected).max(initial=0.0))
    difference = _max_abs(expected, got)
    return difference / max(size, DEGENERATE_BELOW)  # a difference of 1e-9 from zero is no error


def _cosine(expected: np.ndarray, got: np.ndarray) -> float:
    if _max_abs(expected, got) < DEGENERATE_BELOW:  # also two zeros, which have no angle
        return 1.0
    norms = float(np.linalg.norm(expected) * np.linalg.norm(got))
    return float(np.clip(expected @ got / norms, -1.0, 1.0)) if norms else 0.0
