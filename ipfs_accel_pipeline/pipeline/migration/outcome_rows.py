"""A row of test_results for each finding, whatever its grade, with the place of every value in `details`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.pipeline.migration.files import File, When
from ipfs_accel_pipeline.pipeline.migration.numbers import not_negative, whole
from ipfs_accel_pipeline.pipeline.migration.refusals import Refusals
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.encoding import json_text
from ipfs_accel_pipeline.storage.legacy_json.findings import NOTHING_RAN, Cited, Finding, Grade
from ipfs_accel_pipeline.storage.legacy_json.model_names import Resolved


class OutcomeRow(NamedTuple):
    """The columns of test_results that a finding may know, without those that all imports share."""

    id: str
    timestamp: datetime
    test_date: str
    status: str
    model_id: str
    hardware_id: str
    endpoint_type: str
    success: bool
    error_message: str | None
    execution_time: float | None
    memory_usage: float | None
    details: str | None
    requested_device: str
    actual_device: str | None
    precision: str | None
    batch_size: int | None
    sequence_length: int | None


def outcome_row(
    finding: Finding,
    file: File,
    platform_id: str,
    resolved: Resolved,
    when: When,
    verdict: Grade,
    reasons: list[str],
    refusals: Refusals,
) -> OutcomeRow:
    batch, sequence = (whole(finding, name, refusals) for name in ("batch_size", "sequence_length"))
    passed = finding.status is Status.PASSED and verdict not in NOTHING_RAN
    status = finding.status if passed or finding.status is not Status.PASSED else Status.SKIPPED
    precision = finding.notes.get("precision")
    return OutcomeRow(
        id=_test_id(finding, file, resolved.model_id, platform_id, when),
        timestamp=when.at,
        test_date=when.at.date().isoformat(),
        status=str(status),
        model_id=resolved.model_id,
        hardware_id=platform_id,
        endpoint_type=str(finding.endpoint.value) if finding.endpoint else "unknown",
        success=passed,
        error_message=None if passed else finding.error_message or f"{verdict}: {reasons[0]}",
        execution_time=not_negative(finding, "execution_time", refusals) if verdict not in NOTHING_RAN else None,
        memory_usage=not_negative(finding, "memory_peak_mb", refusals) if verdict not in NOTHING_RAN else None,
        # As text already: it is made in the process that read the file, and crosses to the writing one for less.
        details=json_text(_details(finding, file, resolved, when, verdict, reasons)),
        requested_device=str(finding.hardware.value),
        actual_device=str(finding.actual_device.value) if finding.actual_device else None,
        precision=precision if isinstance(precision, str) else None,
        batch_size=batch,
        sequence_length=sequence,
    )


def _test_id(finding: Finding, file: File, model_id: str, platform_id: str, when: When) -> str:
    """The same finding in a file and in the wrapper around that file is one row: its own time tells it."""
    place = when.at.isoformat() if when.in_content else f"{file.sha256}{finding.pointer}"
    figures = [(name, cited.raw) for name, cited in sorted(finding.values.items())]
    runs = finding.latencies.raw if finding.latencies else None
    return row_id(
        "import", model_id, platform_id, place, finding.label, finding.status, finding.error_message, figures, runs
    )


def _details(
    finding: Finding, file: File, resolved: Resolved, when: When, verdict: Grade, reasons: list[str]
) -> dict[str, Any]:
    cited = dict(finding.values)
    cited |= {"model": finding.model, "requested_device": finding.hardware}
    if when.cited is not None:
        cited["timestamp"] = when.cited
    if finding.actual_device is not None:
        cited["actual_device"] = finding.actual_device
    source: dict[str, Any] = {
        "sha256": file.sha256,
        "path": file.label,
        "shape": file.shape,
        "pointer": finding.pointer,
        "values": {name: [one.value, one.pointer, one.unit, _short(one)] for name, one in cited.items()},
    }
    if finding.latencies is not None:
        source["latencies"] = [len(finding.latencies.value), finding.latencies.pointer, finding.latencies.unit]
    return {
        "evidence": str(verdict),
        "evidence_reasons": reasons,
        "stated_status": str(finding.status),
        "time_source": when.source,
        "model_resolution": resolved.how,
        "label": finding.label,
        "hostname": finding.hostname,
        "source": source,
    } | {name: value for name, value in finding.notes.items() if value is not None}


def _short(cited: Cited) -> Any:
    """What stands in the file, where it is not the value itself."""
    return None if cited.raw == cited.value else cited.raw
