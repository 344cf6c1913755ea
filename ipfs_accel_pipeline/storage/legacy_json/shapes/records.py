"""Shapes of rows with columns: S16 flat and S36 nested records, S27 tables (CSV, Parquet), D1 databases."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.legacy_json.columns import (
    COLUMNS,
    DEVICE_NAMES,
    FIGURES,
    HARDWARE_NAMES,
    MODEL_NAMES,
    NESTED,
)
from ipfs_accel_pipeline.storage.legacy_json.databases import NOT_READ, TABLES, is_platforms
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, PlatformClaim, Statement
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type
from ipfs_accel_pipeline.storage.legacy_json.marks import WORDS, flag_of, texts_of
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, unread
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, device_used, model_of, results_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.shapes.spread import NO_RUNS, Spread, spread_of
from ipfs_accel_pipeline.storage.legacy_json.shapes.web import unopened_browser
from ipfs_accel_pipeline.storage.legacy_json.status_words import failure_status, harness_failure, status_of

_NO_NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\d+", re.IGNORECASE)
# Only scripts that timed their runs have these.
_OF_A_CLOCK = ("Latency Std (ms)", "Forward Latency Std (ms)", "time_per_batch_ms")
_LONGEST_NOTE = 200
_PREFERENCE = {column: place for place, column in enumerate(COLUMNS)}
_SAID_ELSEWHERE = frozenset(
    {*COLUMNS, *NESTED, "precision", "endpoint_type", *DEVICE_NAMES, *MODEL_NAMES[:2], "error_message", "error"}
)


def flat_records(node: Node, origin: Origin) -> Iterator[Statement]:
    """S16: a list whose keys are almost our columns."""
    for record in node.elements():
        yield from flat_record(record, origin)


def nested_records(node: Node, origin: Origin) -> Iterator[Statement]:
    """S36: records under sizes, platforms and modalities."""
    if isinstance(node.value, dict) and "model_name" in node.value:
        yield from flat_record(node, origin)
        return
    for key in results_of(node.value):
        yield from nested_records(node.at(key), origin)


def table_rows(node: Node, origin: Origin) -> Iterator[Statement]:
    """S27: a dump; rows whose model and hardware are only numbers say of nothing what they say."""
    yield from flat_records(node.at("rows"), origin)


def database(node: Node, origin: Origin) -> Iterator[Statement]:
    """D1: tables with names in place of numbers (see `databases.py`), and the reason for each that is not read."""
    if not node.get(TABLES):
        yield LeftOut(node.pointer, "a database without tables")
    for table, columns in node.at(TABLES).items():
        if is_platforms(columns.value):
            yield from _platforms(node.at(table))
        else:
            for record in node.at(table).elements():
                yield from flat_record(record, origin, table)
    reasons: dict[str, list[str]] = {}
    for table, said in node.at(NOT_READ).items():
        rows, reason = said.value
        reasons.setdefault(reason, []).append(f"{table} ({rows} rows)" if rows else table)
    for reason, names in reasons.items():
        yield LeftOut(f"{node.pointer}/{NOT_READ}", f"{', '.join(names)}: {reason}")


def runtime_records(node: Node, origin: Origin) -> Iterator[Statement]:
    """S42: `benchmark_type` names the runtime, which is the platform; `device` one of its devices, `CPU` or `GPU`."""
    runtime = node.at("benchmark_type")
    for record in node.at("results").elements():
        for said in flat_record(record, origin.inside(node)):
            if isinstance(said, Finding):
                said.hardware, said.actual_device = written(runtime), None
                spread = spread_of(record)
                said.prior, said.prior_reason = spread.prior, spread.reason
                said.device_name = f"{runtime.value} {record.at('device').text() or ''}".strip()
            yield said


def flat_record(record: Node, origin: Origin, label: str = "record") -> Iterator[Statement]:
    """One row: the names of model and hardware, how it ended, and whatever figures it has."""
    if not isinstance(record.value, dict):
        yield LeftOut(record.pointer, "no record")
        return
    model = model_of(record, *MODEL_NAMES)
    hardware = _hardware(record)
    if model is None or _NO_NAME.fullmatch(model.value):
        yield LeftOut(record.pointer, _unnamed(record, "model", MODEL_NAMES))
        return
    if hardware.text() is None:
        yield LeftOut(record.pointer, _unnamed(record, "platform", HARDWARE_NAMES))
        return
    values = _values(record)
    ended = _ended(record, values)
    if isinstance(ended, str):
        yield LeftOut(record.pointer, ended)
        return
    status, error = ended
    broken = harness_failure(error)
    if broken:
        yield LeftOut(record.pointer, f"{model.value}: failure of the test script, not of the model: {broken}")
        return
    spread = spread_of(record, *(record.at(name) for name in NESTED if name in record.value))
    shown = _shown(record, status, spread)
    device = first(*(record.at(name) for name in DEVICE_NAMES)).text()
    endpoint = record.at("endpoint_type")
    yield Finding(
        pointer=record.pointer,
        model=model,
        hardware=written(hardware),
        status=status,
        prior=Grade.MEASURED if shown else Grade.CLAIMED,
        prior_reason=shown or NO_RUNS,
        label=str(first(*(record.at(name) for name in ("test_case", "test_type", "test_name"))).value or label),
        endpoint=written(endpoint) if endpoint.text() else None,
        error_message=error,
        timestamp=time_of(record) or origin.timestamp,
        values=spread.values | values,
        latencies=spread.runs,
        actual_device=device_used(record),
        is_flagged=flag_of(record.value) or unopened_browser(record),
        device_name=device,
        marks=tuple(texts_of(record.value)),
        notes={"precision": record.get("precision"), "device_name": device, "columns": _notes(record)},
    )


def _shown(record: Node, status: Status, spread: Spread) -> str | None:
    """What only a real call knows. Percentiles in columns are no such thing: databases were filled with samples."""
    if spread.runs is not None or isinstance(record.get("latency_ms"), dict):
        return spread.reason
    if any(isinstance(record.get(name), float) and record.get(name) > 0 for name in _OF_A_CLOCK):
        return "several runs were timed: how far they differ stands there"
    if record.get("output_shape") is not None:
        return "an inference was timed: the shape of its output stands there"
    return "the exception of a real call" if status is not Status.PASSED and record.at("error_type").text() else None


def _hardware(record: Node) -> Node:
    """The first name that is one of the eight types, else the first that is a name at all."""
    there: dict[str, Any] = record.value
    named = [name for name in HARDWARE_NAMES if name in there and isinstance(there[name], str) and there[name].strip()]
    known = next((name for name in named if hardware_type(there[name]) is not None), None)
    return record.at(known or (named or HARDWARE_NAMES)[0])


def _unnamed(record: Node, what: str, names: tuple[str, ...]) -> str:
    number = next(((name, record.get(name)) for name in names if record.get(name) is not None), None)
    if number is None or str(number[1]).casefold() in ("unknown", "unknown_model"):
        return f"no {what} is named"
    return f"{number[0]} {number[1]} is the number of a row that is not in this file: no {what} is named"


def _values(record: Node) -> dict[str, Cited]:
    """The row's own columns first, then what its JSON columns hold under the same names."""
    found: dict[str, Cited] = {}
    for place in (record, *(record.at(name) for name in NESTED if name in record.value)):
        if isinstance(place.value, dict):
            there = [column for column in place.value if column in COLUMNS]
            for column in sorted(there, key=_PREFERENCE.__getitem__):
                name, unit = COLUMNS[column]
                if name not in found:
                    cited = place.at(column).cite(unit)
                    if cited is not None:
                        found[name] = cited
                    elif place.value[column] is not None and not _is_spread(place.value[column]):
                        found |= unread(place.at(column), unit)
    return found


def _is_spread(value: Any) -> bool:
    """Read elsewhere: the runs, or their mean and bounds."""
    return isinstance(value, list) or (isinstance(value, dict) and "mean" in value)


def _ended(record: Node, values: dict[str, Cited]) -> tuple[Status, str | None] | str:
    """How it ended and the error, or why that cannot be said."""
    said = first(record.at("success"), record.at("is_compatible")).value
    success = WORDS.get(said.casefold() if isinstance(said, str) else said) if isinstance(said, (str, int)) else None
    word = record.at("status").text()
    status = status_of(word) if word else None
    error = first(record.at("error_message"), record.at("error")).text()
    figures = [values[name].value for name in FIGURES if name in values]
    if success is None and word and status is None:
        return f"the status {word!r} is no outcome"
    if success is None and status is None and error is None:
        if any(figures):
            return Status.PASSED, None
        return "neither an outcome nor a figure" + (": every figure is 0" if figures else "")
    if success is True and error and figures and not any(figures):  # said of the process around it
        success = False
    if success is True or (success is None and status is Status.PASSED):
        return Status.PASSED, None
    if status is Status.SKIPPED:
        return status, error or word
    return failure_status(error or word), error or word or "no reason given"


def _notes(record: Node) -> dict[str, Any] | None:
    """The columns that have no place of their own with us, as they stand."""
    kept = {
        name: value
        for name, value in record.value.items()
        if name not in _SAID_ELSEWHERE and value is not None and not isinstance(value, (dict, list))
    }
    return {name: value[:_LONGEST_NOTE] if isinstance(value, str) else value for name, value in kept.items()} or None


def _platforms(table: Node) -> Iterator[Statement]:
    """Devices with what is told of them; a row with a name alone is what the schema began with."""
    names: list[str] = []
    for record in table.elements():
        claim = _platform(record)
        if claim is None:
            names.append(str(first(*(record.at(name) for name in DEVICE_NAMES), record.at("hardware_type")).value))
        else:
            yield claim
    if names:
        yield LeftOut(table.pointer, f"platforms of which nothing but a name is told: {', '.join(names[:10])}")


def _platform(record: Node) -> PlatformClaim | None:
    hardware, device = record.at("hardware_type").text(), first(*(record.at(name) for name in DEVICE_NAMES)).text()
    memory = _positive(first(record.at("memory_gb"), record.at("memory_capacity")).value)
    units = _positive(record.get("compute_units"))
    driver = record.at("driver_version").text()
    driver = None if driver and driver.casefold() == "unknown" else driver
    if hardware is None or device is None or not (memory or units or driver):
        return None
    return PlatformClaim(
        record.pointer,
        hardware,
        device,
        time_of(record),
        memory_mb=memory * 1024 if memory else None,
        compute_units=int(units) if units else None,
        driver_version=driver,
    )


def _positive(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and 0 < value < math.inf else None
