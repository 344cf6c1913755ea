"""Numbers of a finding as columns want them; what cannot be is unknown, and told with its place."""

from __future__ import annotations

from ipfs_accel_pipeline.pipeline.migration.refusals import Refusals
from ipfs_accel_pipeline.storage.legacy_json.findings import Finding, LeftOut

_LARGEST_INTEGER = 2**31 - 1


def positive(finding: Finding, name: str, refusals: Refusals) -> float | None:
    """For what takes time or room: 0 is no measurement."""
    return _at_least(finding, name, refusals, zero_too=False)


def not_negative(finding: Finding, name: str, refusals: Refusals) -> float | None:
    return _at_least(finding, name, refusals, zero_too=True)


def whole(finding: Finding, name: str, refusals: Refusals) -> int | None:
    """For what is counted."""
    cited = finding.values.get(name)
    if cited is None:
        return None
    if cited.value != int(cited.value) or not 0 < cited.value <= _LARGEST_INTEGER:
        refusals.append(LeftOut(cited.pointer, f"{name} {cited.raw!r} is no possible count: taken as unknown"))
        return None
    return int(cited.value)


def _at_least(finding: Finding, name: str, refusals: Refusals, zero_too: bool) -> float | None:
    cited = finding.values.get(name)
    if cited is None:
        return None
    if cited.value < 0 or (cited.value == 0 and not zero_too):
        refusals.append(LeftOut(cited.pointer, f"{name} {cited.raw!r} cannot be: taken as unknown"))
        return None
    return float(cited.value)
