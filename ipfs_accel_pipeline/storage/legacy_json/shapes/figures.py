"""Shapes of figures without runs: S12 by model and hardware, S16 flat records, S17 by platform, S27 tables."""

from __future__ import annotations

from collections.abc import Iterator

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, PlatformClaim, Statement
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, numbers
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, model_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.status_words import failure_status, status_of

_NO_RUNS = "figures without the runs that they would come from"
RECORD_COLUMNS: dict[str, tuple[str, str]] = {
    "batch_size": ("batch_size", "count"),
    "sequence_length": ("sequence_length", "count"),
    "average_latency_ms": ("average_latency_ms", "ms"),
    "p50_latency_ms": ("p50_latency_ms", "ms"),
    "p90_latency_ms": ("p90_latency_ms", "ms"),
    "p99_latency_ms": ("p99_latency_ms", "ms"),
    "throughput_items_per_second": ("throughput_items_per_second", "per s"),
    "memory_peak_mb": ("memory_peak_mb", "MB"),
    "iterations": ("iterations", "count"),
    "warmup_iterations": ("warmup_iterations", "count"),
    "execution_time": ("total_time_seconds", "s"),
    "power_watts": ("power_watts", "W"),
    "tokens_per_second": ("tokens_per_second", "per s"),
}
# Shorter names of the same columns; the full name wins.
SHORT_COLUMNS: dict[str, tuple[str, str]] = {
    "average_latency_ms": ("latency_ms", "ms"),
    "throughput_items_per_second": ("throughput", "per s"),
    "memory_used_mb": ("memory_mb", "MB"),
}


def by_model_and_hardware(node: Node, origin: Origin) -> Iterator[Statement]:
    """S12: a throughput and a latency per batch, and the command that would have measured them."""
    model = model_of(node, "model_path", "model_name", "model_key", "model") or origin.model_by_name()
    hardware = first(node.at("hardware_key"), node.at("hardware"))
    for batch, result in node.at("batch_sizes").items():
        passed = result.get("success") is not False and not result.get("error")
        error = None if passed else str(result.get("error") or "no reason given")
        values = numbers(
            result,
            average_latency_ms=("latency_ms", "ms"),
            throughput_items_per_second=("throughput", "per s"),
            memory_used_mb=("memory_usage_mb", "MB"),
        )
        if batch.isdigit() and int(batch) > 0:
            values["batch_size"] = Cited(int(batch), result.pointer, "key", batch)
        yield Finding(
            pointer=result.pointer,
            model=model,
            hardware=written(hardware),
            status=Status.PASSED if passed else failure_status(error),
            prior=Grade.CLAIMED,
            prior_reason=_NO_RUNS,
            label="benchmark",
            error_message=error,
            timestamp=time_of(node) or origin.timestamp,
            values=values,
            notes={"compatible": node.get("compatible")},
        )
    if not node.get("batch_sizes"):
        yield LeftOut(node.pointer, f"no batch was run: {node.get('error') or 'no reason given'}")


def flat_records(node: Node, origin: Origin) -> Iterator[Statement]:
    """S16: a list whose keys are almost our columns."""
    for record in node.elements():
        yield from flat_record(record, origin)


def flat_record(record: Node, origin: Origin) -> Iterator[Statement]:
    model = model_of(record, "model_name", "model_id", "model")
    hardware = first(record.at("hardware_type"), record.at("hardware"))
    if model is None or hardware.text() is None:
        yield LeftOut(record.pointer, "model and hardware are numbers of another table, which is not in this file")
        return
    success = record.get("success")
    status = status_of(str(record.get("status"))) if record.get("status") else None
    passed = success is True or (success is None and status in (None, Status.PASSED))
    error = (
        None if passed else str(record.get("error_message") or record.get("error") or record.get("status") or "failed")
    )
    yield Finding(
        pointer=record.pointer,
        model=model,
        hardware=written(hardware),
        status=Status.PASSED if passed else failure_status(error),
        prior=Grade.CLAIMED,
        prior_reason=_NO_RUNS,
        label=str(first(record.at("test_case"), record.at("test_type")).value or "record"),
        error_message=error,
        timestamp=time_of(record) or _time(record) or origin.timestamp,
        values=numbers(record, **SHORT_COLUMNS) | numbers(record, **RECORD_COLUMNS),
        is_flagged=_flag(record),
        device_name=record.at("device_name").text(),
        marks=tuple(text for key in ("simulation_details", "metrics", "details") if (text := record.at(key).text())),
        notes={"precision": record.get("precision"), "device_name": record.get("device_name")},
    )


def _flag(record: Node) -> str | None:
    if record.get("is_simulated") is not True and record.get("simulation_mode") is not True:
        return None
    why = record.get("simulation_reason") or record.get("simulation_details") or "without a reason"
    return f"the row is marked as simulated ({why})"


def _time(record: Node) -> Cited | None:
    found = record.at("test_timestamp")
    return found.cite("text") if found.value is not None else None


def tests_by_platform(node: Node, origin: Origin) -> Iterator[Statement]:
    """S17: one inference per platform, in seconds."""
    model = model_of(node, "model", "model_name") or origin.model_by_name()
    for hardware, result in node.at("tests").items():
        said = str(result.get("status"))
        status = status_of(said) or Status.ERROR
        yield Finding(
            pointer=result.pointer,
            model=model,
            hardware=written(result, hardware),
            status=status,
            prior=Grade.CLAIMED,
            prior_reason=_NO_RUNS,
            label="test",
            error_message=None if status is Status.PASSED else said,
            timestamp=time_of(result) or time_of(node) or origin.timestamp,
            values=numbers(
                result,
                average_latency_ms=("inference_time", "s->ms"),
                model_load_ms=("load_time", "s->ms"),
                memory_peak_mb=("peak_memory_mb", "MB"),
                realtime_factor=("realtime_factor", "ratio"),
            ),
            marks=(said,),
            is_flagged=None,
        )


def table_rows(node: Node, origin: Origin) -> Iterator[Statement]:
    """S27: a CSV dump; rows whose model and hardware are only numbers say of nothing what they say."""
    yield from flat_records(node.at("rows"), origin)


def database(node: Node, origin: Origin) -> Iterator[Statement]:
    """A DuckDB file of the original, its tables joined with names (see `tabular.py`)."""
    for record in node.at("hardware_platforms").elements():
        yield _platform(record)
    for table in ("performance_results", "test_results", "hardware_compatibility"):
        for record in node.at(table).elements():
            yield from flat_record(record, origin) if table != "hardware_compatibility" else _compatibility(record)
    for record in node.at("power_metrics").elements():
        yield LeftOut(record.pointer, "power without the way in which it was measured")


def _compatibility(record: Node) -> Iterator[Statement]:
    yield LeftOut(record.pointer, "compatibility is derived from tests, never imported")


def _platform(record: Node) -> Statement:
    hardware, device = record.at("hardware_type").text(), record.at("device_name").text()
    if hardware is None or device is None:
        return LeftOut(record.pointer, "a platform without type or device")
    memory = first(record.at("memory_gb"), record.at("memory_capacity")).value
    return PlatformClaim(
        record.pointer,
        hardware,
        device,
        time_of(record),
        memory_mb=memory * 1024 if isinstance(memory, (int, float)) and memory > 0 else None,
        compute_units=record.get("compute_units") if isinstance(record.get("compute_units"), int) else None,
        driver_version=record.at("driver_version").text(),
    )
