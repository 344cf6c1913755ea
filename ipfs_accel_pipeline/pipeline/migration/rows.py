"""From the statements of one file to table rows. Pure: neither the database nor the disk is asked.

Only findings graded `measured` get a performance row. Nothing is made up: what a file does not say is NULL, and what
was computed from its runs says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ipfs_accel_pipeline.benchmark.statistics import Summary, noise_reasons, summarize
from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.records import (
    HardwarePlatform,
    HardwareType,
    Model,
    PerformanceResult,
    Provenance,
    Status,
    TestResult,
)
from ipfs_accel_pipeline.storage.legacy_json.findings import (
    NOTHING_RAN,
    Cited,
    Finding,
    Grade,
    LeftOut,
    ModelClaim,
    PlatformClaim,
    Statement,
)
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type
from ipfs_accel_pipeline.storage.legacy_json.model_names import Resolved, resolve_model
from ipfs_accel_pipeline.storage.legacy_json.times import parse_time, states_zone, time_in_name
from ipfs_accel_pipeline.storage.legacy_json.trust import grade

ID_PREFIX = "imported-"  # a device of a legacy file never shares history with one that this machine has
_UNKNOWN_DEVICE = "unknown device"
_IMPORTED_REASON = "imported from legacy results; never detected by this installation"
_TYPE_OF_FAMILY = {"vision": "vision", "audio": "audio", "multimodal": "multimodal"}
_LARGEST_INTEGER = 2**31 - 1
# Numbers of a performance row that a file may state itself, with what they must be to be taken.
_STATED = ("min_latency_ms", "max_latency_ms", "model_load_ms", "first_inference_ms", "memory_peak_mb")
# Columns that a file does not say are unknown.
_UNKNOWN_TEST: dict[str, Any] = dict.fromkeys(column.name for column in fields(TestResult))
_UNKNOWN_PERFORMANCE: dict[str, Any] = dict.fromkeys(column.name for column in fields(PerformanceResult))


@dataclass(frozen=True)
class Catalogued:
    """The models that are known by name: every name -> id, and the row of each id."""

    by_name: dict[str, str]
    rows: Mapping[str, Model]
    _resolved: dict[str, Resolved] = field(default_factory=dict)

    def resolve(self, written: str) -> Resolved:
        """The model that a file means by this name."""
        found = self._resolved.get(written)
        if found is None:
            found = self._resolved[written] = resolve_model(written, self.by_name)
        return found


@dataclass(frozen=True)
class File:
    """The file that the statements come from."""

    label: str
    sha256: str
    modified: float | None
    shape: str
    imported_at: datetime


def run_id_of(sha256: str) -> str:
    """All rows of one file have it."""
    return f"import-{sha256[:12]}"


@dataclass
class FileRows:
    """What one file adds to the tables, and what of it does not."""

    hardware: dict[str, HardwarePlatform] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    tests: dict[str, TestResult] = field(default_factory=dict)
    performance: dict[str, PerformanceResult] = field(default_factory=dict)  # by test id
    refusals: list[LeftOut] = field(default_factory=list)
    grades: dict[str, Grade] = field(default_factory=dict)  # by test id
    repeated: int = 0  # findings that are in this file twice


def rows_of(statements: Iterable[Statement], file: File, catalogue: Catalogued, accepted: frozenset[Grade]) -> FileRows:
    """`accepted` are the grades whose figures may enter performance_results."""
    rows = FileRows()
    for statement in statements:
        if isinstance(statement, Finding):
            _add_finding(rows, statement, file, catalogue, accepted)
        elif isinstance(statement, ModelClaim):
            _add_model_claim(rows, statement, file, catalogue)
        elif isinstance(statement, PlatformClaim):
            _add_platform_claim(rows, statement, file)
        else:
            rows.refusals.append(statement)
    return rows


def _add_finding(
    rows: FileRows, finding: Finding, file: File, catalogue: Catalogued, accepted: frozenset[Grade]
) -> None:
    kind = hardware_type(str(finding.hardware.value))
    resolved = catalogue.resolve(str(finding.model.value))
    if kind is None or not resolved.model_id:
        why = f"no hardware is called {finding.hardware.value!r}" if kind is None else resolved.how
        rows.refusals.append(LeftOut(finding.pointer, str(why)))
        return
    when = _when(finding.timestamp, file)
    platform = _platform(kind, finding.device_name, finding.hostname, when.at)
    verdict, reasons = grade(finding)
    test = _test_row(finding, file, kind, platform.hardware_id, resolved, when, verdict, reasons, rows.refusals)
    if test.id in rows.tests:
        rows.repeated += 1
        return
    rows.grades[test.id] = verdict
    rows.hardware.setdefault(platform.hardware_id, platform)
    rows.models.setdefault(resolved.model_id, _model(resolved.model_id, resolved.family, None, when.at, catalogue))
    rows.tests[test.id] = test
    if verdict in accepted and test.success:
        performance = _performance_row(finding, test, verdict, rows.refusals)
        if performance is not None:
            rows.performance[test.id] = performance


@dataclass(frozen=True)
class _When:
    at: datetime
    source: str
    in_content: bool
    cited: Cited | None = None


def _when(cited: Cited | None, file: File) -> _When:
    """The time in the content, else in the file's name, else the file's own date, always saying which."""
    found = parse_time(cited.value) if cited is not None else None
    if cited is not None and found is not None:
        zone = "" if states_zone(cited.value) else ", without a zone: taken as UTC"
        return _When(found, f"the file's content{zone}", True, cited)
    named = parse_time(time_in_name(file.label))
    if named is not None:
        return _When(named, "the file's name, without a zone: taken as UTC", False)
    if file.modified is not None:
        return _When(datetime.fromtimestamp(file.modified, UTC), "the file's own date: the content states none", False)
    return _When(file.imported_at, "the time of the import: the file states none", False)


def _test_row(
    finding: Finding,
    file: File,
    kind: HardwareType,
    platform_id: str,
    resolved: Resolved,
    when: _When,
    verdict: Grade,
    reasons: list[str],
    refusals: list[LeftOut],
) -> TestResult:
    batch, sequence = (_whole(finding, name, refusals) for name in ("batch_size", "sequence_length"))
    passed = finding.status is Status.PASSED and verdict not in NOTHING_RAN
    status = finding.status if passed or finding.status is not Status.PASSED else Status.SKIPPED
    precision = finding.notes.get("precision")
    known: dict[str, Any] = dict(
        id=_test_id(finding, file, resolved.model_id, platform_id, when),
        timestamp=when.at,
        test_date=when.at.date().isoformat(),
        status=str(status),
        test_type="import",
        model_id=resolved.model_id,
        hardware_id=platform_id,
        endpoint_type=str(finding.endpoint.value) if finding.endpoint else "unknown",
        success=passed,
        error_message=None if passed else finding.error_message or f"{verdict}: {reasons[0]}",
        execution_time=_not_negative(finding, "execution_time", refusals) if verdict not in NOTHING_RAN else None,
        memory_usage=_not_negative(finding, "memory_peak_mb", refusals) if verdict not in NOTHING_RAN else None,
        details=_details(finding, file, resolved, when, verdict, reasons),
        run_id=run_id_of(file.sha256),
        provenance=str(Provenance.IMPORTED),
        requested_device=str(finding.hardware.value),
        actual_device=str(finding.actual_device.value) if finding.actual_device else None,
        precision=precision if isinstance(precision, str) else None,
        batch_size=batch,
        sequence_length=sequence,
    )
    return TestResult(**{**_UNKNOWN_TEST, **known})


def _test_id(finding: Finding, file: File, model_id: str, platform_id: str, when: _When) -> str:
    """The same finding in a file and in the wrapper around that file is one row: its own time tells it."""
    place = when.at.isoformat() if when.in_content else f"{file.sha256}{finding.pointer}"
    figures = [(name, cited.raw) for name, cited in sorted(finding.values.items())]
    runs = finding.latencies.raw if finding.latencies else None
    return row_id(
        "import", model_id, platform_id, place, finding.label, finding.status, finding.error_message, figures, runs
    )


def _details(
    finding: Finding, file: File, resolved: Resolved, when: _When, verdict: Grade, reasons: list[str]
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


def _performance_row(
    finding: Finding, test: TestResult, verdict: Grade, refusals: list[LeftOut]
) -> PerformanceResult | None:
    summary = summarize([finding.latencies.value]) if finding.latencies and min(finding.latencies.value) > 0 else None
    average = summary.average_ms if summary else _positive(finding, "average_latency_ms", refusals)
    if average is None:
        return None
    stated = {name: _positive(finding, name, refusals) for name in _STATED}
    if summary is None and not _in_order(stated["min_latency_ms"], average, stated["max_latency_ms"]):
        refusals.append(LeftOut(finding.pointer, "the average lies outside of minimum and maximum"))
        return None
    known: dict[str, Any] = dict(
        id=row_id("performance", test.id),
        model_id=test.model_id,
        hardware_id=test.hardware_id,
        batch_size=test.batch_size,
        sequence_length=test.sequence_length,
        average_latency_ms=average,
        throughput_items_per_second=_positive(finding, "throughput_items_per_second", refusals),
        memory_peak_mb=stated["memory_peak_mb"],
        test_timestamp=test.timestamp,
        test_id=test.id,
        run_id=test.run_id,
        provenance=test.provenance,
        endpoint_type=test.endpoint_type,
        precision=test.precision,
        iterations=summary.iterations if summary else _iterations(finding, refusals),
        rounds=1,
        is_noisy=bool(noise_reasons([finding.latencies.value], [True], summary))
        if summary and finding.latencies
        else None,
        model_load_ms=stated["model_load_ms"],
        first_inference_ms=stated["first_inference_ms"],
        environment={"evidence": str(verdict), "hostname": finding.hostname},
        **_distribution(summary, stated),
    )
    return PerformanceResult(**{**_UNKNOWN_PERFORMANCE, **known})


def _distribution(summary: Summary | None, stated: Mapping[str, float | None]) -> dict[str, float | None]:
    """The columns that need the runs; an average alone has no percentile."""
    if summary is None:
        names = ("p50_latency_ms", "p90_latency_ms", "p99_latency_ms", "std_latency_ms", "ci95_low_ms", "ci95_high_ms")
        return dict.fromkeys((*names, "coefficient_of_variation")) | {
            name: stated[name] for name in ("min_latency_ms", "max_latency_ms")
        }
    return {
        "p50_latency_ms": summary.p50_ms,
        "p90_latency_ms": summary.p90_ms,
        "p99_latency_ms": summary.p99_ms,
        "min_latency_ms": summary.min_ms,
        "max_latency_ms": summary.max_ms,
        "std_latency_ms": summary.std_ms,
        "ci95_low_ms": summary.ci95_low_ms,
        "ci95_high_ms": summary.ci95_high_ms,
        "coefficient_of_variation": summary.coefficient_of_variation,
    }


def _iterations(finding: Finding, refusals: list[LeftOut]) -> int | None:
    stated = _whole(finding, "iterations", refusals)
    return stated if stated is not None else finding.notes.get("iterations")


def _in_order(low: float | None, middle: float, high: float | None) -> bool:
    return (low is None or low <= middle) and (high is None or middle <= high)


def _positive(finding: Finding, name: str, refusals: list[LeftOut]) -> float | None:
    cited = finding.values.get(name)
    if cited is None:
        return None
    if cited.value <= 0:
        refusals.append(LeftOut(cited.pointer, f"{name} {cited.raw!r} is not positive: taken as unknown"))
        return None
    return float(cited.value)


def _not_negative(finding: Finding, name: str, refusals: list[LeftOut]) -> float | None:
    cited = finding.values.get(name)
    if cited is None:
        return None
    if cited.value < 0:
        refusals.append(LeftOut(cited.pointer, f"{name} {cited.raw!r} is negative: taken as unknown"))
        return None
    return float(cited.value)


def _whole(finding: Finding, name: str, refusals: list[LeftOut]) -> int | None:
    cited = finding.values.get(name)
    if cited is None:
        return None
    if cited.value != int(cited.value) or not 0 < cited.value <= _LARGEST_INTEGER:
        refusals.append(LeftOut(cited.pointer, f"{name} {cited.raw!r} is no possible count: taken as unknown"))
        return None
    return int(cited.value)


@lru_cache(1024)
def _platform_id(kind: HardwareType, device: str) -> str:
    return ID_PREFIX + hardware_id(kind, device)


def _platform(
    kind: HardwareType, device: str | None, hostname: str | None, seen_at: datetime, claim: PlatformClaim | None = None
) -> HardwarePlatform:
    name = device or _UNKNOWN_DEVICE
    reason = claim.unavailable_reason if claim and claim.unavailable_reason else _IMPORTED_REASON
    return HardwarePlatform(
        hardware_id=_platform_id(kind, name),
        hardware_type=str(kind),
        device_name=name,
        compute_units=claim.compute_units if claim else None,
        memory_capacity=claim.memory_mb if claim else None,
        driver_version=claim.driver_version if claim else None,
        supported_precisions=None,
        max_batch_size=None,
        detected_at=seen_at,
        available=False,
        unavailable_reason=reason,
        acceleration=None,
        hostname=hostname or "unknown",
        runtime={"device": None, "source": "legacy results"} | (claim.notes if claim else {}),
    )


def _add_platform_claim(rows: FileRows, claim: PlatformClaim, file: File) -> None:
    kind = hardware_type(claim.hardware)
    if kind is None or claim.device_name is None:
        rows.refusals.append(LeftOut(claim.pointer, f"no hardware is called {claim.hardware!r}"))
        return
    platform = _platform(kind, claim.device_name, claim.hostname, _when(claim.timestamp, file).at, claim)
    rows.hardware[platform.hardware_id] = platform


def _add_model_claim(rows: FileRows, claim: ModelClaim, file: File, catalogue: Catalogued) -> None:
    resolved = catalogue.resolve(claim.name)
    if resolved.model_id:
        seen_at = _when(None, file).at
        rows.models[resolved.model_id] = _model(resolved.model_id, claim.family, claim, seen_at, catalogue)


def _model(
    model_id: str, family: str | None, claim: ModelClaim | None, seen_at: datetime, catalogue: Catalogued
) -> Model:
    known = catalogue.rows.get(model_id)
    if known is not None:
        return known
    return Model(
        model_id=model_id,
        model_name=model_id.rsplit("/", 1)[-1],
        model_family=family or "unknown",
        model_type=_TYPE_OF_FAMILY.get(family or "", "unknown"),
        model_size=claim.size if claim else None,
        parameters_million=claim.parameters_million if claim else None,
        added_at=seen_at,
        source="imported",
        revision=None,
        task=None,
        modality=claim.modality if claim else None,
        license=None,
    )
