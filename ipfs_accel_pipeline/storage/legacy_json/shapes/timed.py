"""Shapes with times that a clock took: benchmarks (S01-S03), tests of three runs (S10), single runs (S18)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, numbers
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, model_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.shapes.machines import platforms_of_system
from ipfs_accel_pipeline.storage.legacy_json.status_words import failure_status, harness_failure, last_line, status_of

_KEY = re.compile(r"^batch_(?P<batch>\d+)(?:_seq_(?P<sequence>\d+))?")


def direct_benchmark(node: Node, origin: Origin) -> Iterator[Statement]:
    """S01: one model on one device; milliseconds; `memory_mb` is the resident size, not a peak."""
    model, hardware = written(node.at("model")), written(node.at("hardware"))
    for batch, result in node.at("batch_results").items():
        timed = result.get("avg_latency_ms") is not None or bool(result.get("latencies_ms"))
        passed = result.get("success") is not False and timed
        error = None if passed else str(result.get("error") or node.get("error") or "no reason given")
        values = numbers(
            result,
            average_latency_ms=("avg_latency_ms", "ms"),
            throughput_items_per_second=("throughput_items_per_second", "per s"),
            resident_memory_mb=("memory_mb", "MB"),
        )
        yield Finding(
            pointer=result.pointer,
            model=model,
            hardware=hardware,
            status=Status.PASSED if passed else failure_status(error),
            prior=Grade.MEASURED,
            prior_reason="every run was timed",
            label="benchmark",
            actual_device=written(result.at("device")) if result.at("device").text() else None,
            error_message=error,
            timestamp=time_of(result) or time_of(node),
            values=values | _batch(result, batch),
            latencies=result.at("latencies_ms").cite_runs("ms"),
        )
    if not node.get("batch_results"):
        yield _no_result(node, origin)


def batch_benchmarks(node: Node, origin: Origin) -> Iterator[Statement]:
    """S02: the printed output of several S01 runs, with their files inside."""
    for _, entry in node.at("results").items():
        inner = entry.at("benchmark_data")
        if inner.get("batch_results") is not None:
            yield from direct_benchmark(inner, origin)
        else:
            yield _no_result(entry, origin)


def _no_result(entry: Node, origin: Origin) -> Statement:
    """A run that ended without a result: its error, or the last line it printed, says why."""
    error = last_line(entry.get("stderr")) or str(entry.get("error") or "no batch was run, no reason given")
    broken = harness_failure(entry.get("stderr"), error)
    if broken or entry.get("success") is True or not entry.get("model"):
        return LeftOut(entry.pointer, f"the benchmark gave no result: {broken or error}")
    return Finding(
        pointer=entry.pointer,
        model=written(entry.at("model")),
        hardware=written(entry.at("hardware")),
        status=failure_status(error),
        prior=Grade.MEASURED,
        prior_reason="outcome of a real process",
        label="benchmark",
        error_message=error,
        timestamp=time_of(entry) or origin.timestamp,
    )


def hardware_benchmark(node: Node, origin: Origin) -> Iterator[Statement]:
    """S03: models of a family on several platforms; seconds; the platform's label is not proof of where it ran."""
    yield from platforms_of_system(node.at("system_info"), time_of(node))
    host = _Host.of(node.at("system_info"))
    for _, family in node.at("benchmarks").items():
        for model, platforms in family.items():
            for hardware, result in platforms.items():
                yield from _hardware_result(result, model, hardware, host, time_of(node))


class _Host(NamedTuple):
    name: str | None
    only_gpu: str | None  # where there are several, the file does not say which was used

    @classmethod
    def of(cls, system: Node) -> _Host:
        gpus = [device.at("name").text() for device in system.at("cuda_devices").elements()]
        return cls(system.at("hostname").text(), gpus[0] if len(gpus) == 1 else None)


def _hardware_result(
    result: Node, model: str, hardware: str, host: _Host, timestamp: Cited | None
) -> Iterator[Statement]:
    configurations = list(result.at("benchmark_results").items())
    if not configurations:
        failure = str(result.get("error") or result.get("reason") or "no configuration was run")
        if harness_failure(failure):
            yield LeftOut(result.pointer, f"failure of the test script: {harness_failure(failure)}")
            return
        yield _seconds_finding(result, result, model, hardware, host, timestamp, "load", failure)
    for key, one in configurations:
        error = (
            None if status_of(str(one.get("status"))) is Status.PASSED else str(one.get("error") or one.get("status"))
        )
        yield _seconds_finding(result, one, model, hardware, host, timestamp, key, error)


def _seconds_finding(
    result: Node,
    one: Node,
    model: str,
    hardware: str,
    host: _Host,
    timestamp: Cited | None,
    key: str,
    error: str | None,
) -> Finding:
    values = numbers(
        one,
        average_latency_ms=("avg_latency", "s->ms"),
        throughput_items_per_second=("throughput", "per s"),
        iterations=("iterations", "count"),
        memory_peak_mb=("memory_peak_mb", "MB"),
    ) | numbers(result, model_load_ms=("model_load_time", "s->ms"))
    runs = first(one.at("latencies"), one.at("latency_values"))
    completed = one.at("completed_iterations").cite("count")
    if completed is not None:
        values["iterations"] = completed
    return Finding(
        pointer=one.pointer,
        model=written(result, model),
        hardware=written(result, hardware),
        status=Status.PASSED if error is None else failure_status(error),
        prior=Grade.MEASURED,
        prior_reason="every run was timed" if runs.value else "a process was timed",
        label=key,
        error_message=error,
        timestamp=time_of(result) or timestamp,
        values=values | _batch_of_key(one, key),
        latencies=runs.cite_runs("s->ms"),
        actual_device=written(one.at("device")) if one.at("device").text() else None,
        device_name=host.only_gpu if hardware.split(":")[0] == "cuda" else None,
        hostname=host.name,
        notes={"model_class": result.get("model_class"), "configuration": key},
    )


def transformers_test(node: Node, origin: Origin) -> Iterator[Statement]:
    """S10: pipeline and from_pretrained on a device; avg, min and max seconds of three runs, no percentiles."""
    model = model_of(node, "metadata/model", "metadata/model_name", "metadata/model_id") or origin.model_by_name()
    preferred = node.at("hardware", "preferred_device")
    told: set[str] = set()
    for method, result in node.at("results").items():
        if isinstance(result.value, dict):
            device = first(result.at("device"), _suffix(result, method), preferred)
            told.update(key for key, _ in node.at("performance").items() if _belongs(key, method, device.value))
            yield from _method_results(node, method, result, model, device, origin)
    for key, timed in node.at("performance").items():
        if key not in told and timed.get("avg_time") is not None:
            yield from _method_results(node, key, timed, model, _suffix(timed, key), origin)


def _suffix(node: Node, key: str) -> Node:
    """`cuda` of `pipeline_cuda`, standing where the key does."""
    word = key.rsplit("_", 1)[-1]
    return Node(word if hardware_type(word) else None, node.pointer)


def _method_results(
    node: Node, method: str, result: Node, model: Cited, device: Node, origin: Origin
) -> Iterator[Statement]:
    timed = [(key, one) for key, one in node.at("performance").items() if _belongs(key, method, device.value)]
    error = _method_error(method, result)
    if device.text() is None:
        yield LeftOut(result.pointer, f"{method}: {error or 'passed'}, but no device is named")
        return
    if error and result.get(f"{method}_error_type") == "missing_dependency":
        yield LeftOut(result.pointer, f"failure of the test's surroundings: {error}")
        return
    performance = timed[0][1] if timed and error is None else Node(None, result.pointer)
    yield Finding(
        pointer=result.pointer,
        model=model,
        hardware=written(device, device.value if device.pointer == result.pointer else None),
        status=Status.PASSED if error is None else failure_status(error),
        prior=Grade.MEASURED,
        prior_reason="a process was timed" if timed else "outcome of a real process",
        label=method,
        error_message=error,
        timestamp=time_of(node) or origin.timestamp,
        values=_seconds(performance) | numbers(node.at("metadata"), model_size_mb=("model_size_mb", "MB")),
        marks=tuple(value for value in result.value.values() if isinstance(value, str)),
        notes={"task": node.at("metadata", "task").value},
    )


def _seconds(performance: Node) -> dict[str, Cited]:
    return numbers(
        performance,
        average_latency_ms=("avg_time", "s->ms"),
        min_latency_ms=("min_time", "s->ms"),
        max_latency_ms=("max_time", "s->ms"),
        model_load_ms=("load_time", "s->ms"),
        iterations=("num_runs", "count"),
    )


def _belongs(key: str, method: str, device: object) -> bool:
    return key == method or (isinstance(device, str) and key == f"{method}_{device.split(':')[0]}")


def _method_error(method: str, result: Node) -> str | None:
    """None for success: told by a boolean, by `pipeline_success` or by the text of `pipeline_test`."""
    success = first(result.at(f"{method}_success"), result.at("success")).value
    if success is True or (success is None and result.get("avg_time") is not None):
        return None
    said = first(result.at(f"{method}_error"), result.at(f"{method}_test"), result.at("error"))
    text = said.text()
    if success is None and text is not None and status_of(text) is Status.PASSED:
        return None
    return text or "no reason given"


def single_run(node: Node, origin: Origin) -> Iterator[Statement]:
    """S18: one inference per platform, timed once, in seconds."""
    model = model_of(node, "metadata/model_id", "metadata/model_name", "metadata/model") or origin.model_by_name()
    for hardware, result in node.at("results").items():
        passed = result.get("success") is True or status_of(str(result.get("handler_created") or "")) is Status.PASSED
        error = None if passed else str(result.get("error") or result.get("init") or "no reason given")
        if error and harness_failure(error, result.get("traceback")):
            yield LeftOut(
                result.pointer, f"failure of the test script: {harness_failure(error, result.get('traceback'))}"
            )
            continue
        values = numbers(result, average_latency_ms=("execution_time", "s->ms"), execution_time=("execution_time", "s"))
        yield Finding(
            pointer=result.pointer,
            model=model,
            hardware=written(result, hardware),
            status=Status.PASSED if passed else failure_status(error),
            prior=Grade.MEASURED,
            prior_reason="one inference was timed",
            label="single run",
            error_message=error,
            timestamp=_example_time(node, hardware) or time_of(node) or origin.timestamp,
            values=values if passed else {},
            marks=tuple(value for value in result.value.values() if isinstance(value, str))
            if isinstance(result.value, dict)
            else (),
            notes={"iterations": 1, "implementation_type": result.get("implementation_type")},
        )


def _example_time(node: Node, hardware: str) -> Cited | None:
    for example in node.at("examples").elements():
        if str(example.get("platform")).casefold() == hardware.casefold():
            return time_of(example)
    return None


def _batch(result: Node, key: str) -> dict[str, Cited]:
    """The batch size as a number in the object, else its key."""
    stated = numbers(result, batch_size=("batch_size", "count"))
    if "batch_size" not in stated and key.isdigit() and int(key) > 0:
        stated["batch_size"] = Cited(int(key), result.pointer, "key", key)
    return stated


def _batch_of_key(one: Node, key: str) -> dict[str, Cited]:
    """`batch_1_seq_128`, `batch_1_audio_5s`, `batch_1_img_224x224`, `batch_1`."""
    found = _KEY.match(key)
    if found is None:
        return {}
    sizes = {"batch_size": found["batch"], "sequence_length": found["sequence"]}
    return {name: Cited(int(text), one.pointer, "key", key) for name, text in sizes.items() if text and int(text) > 0}
