"""Does this model run on this hardware? Judged by the latest test of each case, imported claims left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.records import HardwareCompatibility, Provenance, Status

_REASON_LENGTH = 300


@dataclass(frozen=True)
class Evidence:
    """The latest test of one case (endpoint, precision, batch size, sequence length)."""

    model_id: str
    hardware_id: str
    endpoint_type: str
    precision: str | None
    status: str
    error_message: str | None
    timestamp: datetime
    provenance: str


def compatibility_rows(evidence: Iterable[Evidence]) -> list[HardwareCompatibility]:
    """One row for each model and hardware with at least one test that says something.

    Score: the share of cases that passed. Compatible: all of them; partial: some. A skipped case says nothing. An
    emulated pass is evidence that the model runs, an imported one only that somebody said so.
    """
    pairs: dict[tuple[str, str], list[Evidence]] = {}
    for one in evidence:
        if one.status != Status.SKIPPED and one.provenance != Provenance.IMPORTED:
            pairs.setdefault((one.model_id, one.hardware_id), []).append(one)
    return [_row(*pair, cases) for pair, cases in sorted(pairs.items())]


def _row(model_id: str, hardware_id: str, cases: list[Evidence]) -> HardwareCompatibility:
    failed = [one for one in cases if one.status != Status.PASSED]
    status = "compatible" if not failed else "incompatible" if len(failed) == len(cases) else "partial"
    return HardwareCompatibility(
        id=row_id("compatibility", model_id, hardware_id),
        model_id=model_id,
        hardware_id=hardware_id,
        compatibility_status=status,
        compatibility_score=1 - len(failed) / len(cases),
        recommended=None,
        last_tested=max(one.timestamp for one in cases),
        reason=_reason(failed, len(cases)),
    )


def _reason(failed: list[Evidence], cases: int) -> str | None:
    """How many failed, and the most frequent way, with its first line."""
    if not failed:
        return None
    ways = Counter((one.endpoint_type, one.status, (one.error_message or "").partition("\n")[0]) for one in failed)
    (endpoint, status, message), _ = max(ways.items(), key=lambda item: (item[1], item[0]))
    return f"{len(failed)} of {cases} cases failed; {endpoint}: {status}: {message}"[:_REASON_LENGTH]
