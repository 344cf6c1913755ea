"""From the statements of one file to table rows. Pure: neither the database nor the disk is asked.

Only findings graded `measured` get a performance row. Nothing is made up: what a file does not say is NULL, and what
was computed from its runs says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ipfs_accel_pipeline.pipeline.migration.dimension_rows import (
    Catalogued,
    ModelRow,
    PlatformRow,
    model_row,
    platform_id,
    platform_row,
)
from ipfs_accel_pipeline.pipeline.migration.files import File, when_of
from ipfs_accel_pipeline.pipeline.migration.outcome_rows import OutcomeRow, outcome_row
from ipfs_accel_pipeline.pipeline.migration.performance_rows import PerformanceRow, performance_row
from ipfs_accel_pipeline.pipeline.migration.refusals import Refusals
from ipfs_accel_pipeline.storage.legacy_json.findings import (
    Finding,
    Grade,
    LeftOut,
    ModelClaim,
    PlatformClaim,
    Statement,
)
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type
from ipfs_accel_pipeline.storage.legacy_json.trust import grade


@dataclass
class FileRows:
    """What one file, or a portion of it, adds to the tables, and what of it does not."""

    hardware: dict[str, PlatformRow] = field(default_factory=dict)
    models: dict[str, ModelRow] = field(default_factory=dict)
    tests: dict[str, OutcomeRow] = field(default_factory=dict)
    performance: dict[str, PerformanceRow] = field(default_factory=dict)  # by test id
    refusals: Refusals = field(default_factory=Refusals)  # of the whole file
    grades: dict[str, Grade] = field(default_factory=dict)  # by test id
    repeated: int = 0  # findings that are in this file twice
    by_name: bool = False  # a model is known by the file's name only


def add_rows(
    rows: FileRows, statements: Iterable[Statement], file: File, catalogue: Catalogued, accepted: frozenset[Grade]
) -> None:
    """`accepted` are the grades whose figures may enter performance_results."""
    for statement in statements:
        if isinstance(statement, Finding):
            _add_finding(rows, statement, file, catalogue, accepted)
        elif isinstance(statement, ModelClaim):
            _add_model_claim(rows, statement, file, catalogue)
        elif isinstance(statement, PlatformClaim):
            _add_platform_claim(rows, statement, file)
        else:
            rows.refusals.append(statement)


def _add_finding(
    rows: FileRows, finding: Finding, file: File, catalogue: Catalogued, accepted: frozenset[Grade]
) -> None:
    _refuse_unread(rows, finding)
    rows.by_name = rows.by_name or finding.model.unit == "file name"
    kind = hardware_type(str(finding.hardware.value))
    resolved = catalogue.resolve(str(finding.model.value))
    if kind is None or not resolved.model_id:
        why = f"no hardware is called {finding.hardware.value!r}" if kind is None else resolved.how
        rows.refusals.append(LeftOut(finding.pointer, str(why)))
        return
    when = when_of(finding.timestamp, file)
    platform = platform_id(kind, finding.device_name)
    verdict, reasons = grade(finding)
    test = outcome_row(finding, file, platform, resolved, when, verdict, reasons, rows.refusals)
    if test.id in rows.tests:
        rows.repeated += 1
        return
    rows.grades[test.id] = verdict
    if platform not in rows.hardware:
        rows.hardware[platform] = platform_row(kind, finding.device_name, finding.hostname, when.at)
    if resolved.model_id not in rows.models:
        rows.models[resolved.model_id] = model_row(resolved.model_id, resolved.family, None, when.at, catalogue)
    rows.tests[test.id] = test
    if verdict in accepted and test.success:
        performance = performance_row(finding, test, verdict, rows.refusals)
        if performance is not None:
            rows.performance[test.id] = performance


def _refuse_unread(rows: FileRows, finding: Finding) -> None:
    for name, cited in list(finding.values.items()):
        if cited.value is None:
            del finding.values[name]
            said = f"{str(cited.raw)[:60]!r} is no number in {cited.unit.partition('->')[0]}: taken as unknown"
            rows.refusals.append(LeftOut(cited.pointer, said))


def _add_platform_claim(rows: FileRows, claim: PlatformClaim, file: File) -> None:
    kind = hardware_type(claim.hardware)
    if kind is None or claim.device_name is None:
        rows.refusals.append(LeftOut(claim.pointer, f"no hardware is called {claim.hardware!r}"))
        return
    platform = platform_row(kind, claim.device_name, claim.hostname, when_of(claim.timestamp, file).at, claim)
    rows.hardware[platform.hardware_id] = platform


def _add_model_claim(rows: FileRows, claim: ModelClaim, file: File, catalogue: Catalogued) -> None:
    resolved = catalogue.resolve(claim.name)
    if resolved.model_id:
        seen_at = when_of(None, file).at
        rows.models[resolved.model_id] = model_row(resolved.model_id, claim.family, claim, seen_at, catalogue)
