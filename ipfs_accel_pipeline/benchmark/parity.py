"""Are the outputs right? A backend's output against the fp32 torch CPU reference on the same weights and inputs.

How far two outputs are apart is measured in `models.agreement`; here is what each precision is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipfs_accel_pipeline.models.agreement import Arrays, degenerate_outputs
from ipfs_accel_pipeline.models.agreement import compare as measure_agreement
from ipfs_accel_pipeline.records import ParityResult


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
    "int8_a16": Tolerance(0.95, 0.5),  # its weights have the same 127 steps
}


def compare(
    reference: Arrays, outputs: Arrays, precision: str, batch_size: int, sequence_length: int | None
) -> ParityResult:
    """The worst output of one inference. A missing output, another shape or NaN is a failure with that reason."""
    agreement = measure_agreement(reference, outputs)
    tolerance = TOLERANCES[precision]
    refusal = agreement.refusal(tolerance.min_cosine, tolerance.max_relative_error)
    return ParityResult(
        batch_size=batch_size,
        sequence_length=sequence_length,
        cosine=agreement.cosine,
        max_abs=agreement.max_abs,
        relative_error=agreement.relative_error,
        passed=refusal is None,
        reason=refusal or _degenerate(reference, batch_size),
    )


def _degenerate(reference: Arrays, batch_size: int) -> str | None:
    """A pass that proves little is flagged, since an output of zeros agrees with anything that gives zeros."""
    found = degenerate_outputs(reference, batch_size)
    return "degenerate output: " + "; ".join(f"{name} {why}" for name, why in found.items()) if found else None
