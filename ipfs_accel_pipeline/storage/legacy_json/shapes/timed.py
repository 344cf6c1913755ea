"""Shapes with times that a clock took: benchmarks (S01-S03) and single runs (S18); S10 is in `three_runs.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipfs_accel_pipeline.records import HardwareType, Status
from ipfs_accel_pipeline.storage.legacy_json.ending import NOTHING_SAID, Ending, ending
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type
from ipfs_accel_pipeline.storage.legacy_json.marks import truth_of
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, numbers
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, device_used, model_of, results_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.shapes.left_out import not_as_expected
from ipfs_accel_pipeline.storage.legacy_json.shapes.machines import platforms_of_system
from ipfs_accel_pipeline.storage.legacy_json.status_words import failure_status, harness_failure, last_line, status_of

_KEY = re.compile(r"^(?:batch_(?P<batch>\d+)(?:_seq_(?P<sequence>\d+))?|(?P<alone>\d+)$)")


def direct_benchmark(node: Node, origin: Origin) -> Iterator[Statement]:
    """S01: one model on one device; milliseconds; `memory_mb` is the resident size, not a peak."""
    model, hardware = written(node.at("model")), written(node.at("hardware"))
    for batch, result in node.at("batch_results").items():
        timed = result.get("avg_latency_ms") is not None or bool(result.get("latencies_ms"))
        ended = ending(result, node.get("error"), has_figures=timed)
        if ended is None:
            yield LeftOut(result.pointer, NOTHING_SAID)
            continue
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
            status=ended.status,
            prior=Grade.MEASURED,
            prior_reason="every run was timed" if timed else "outcome of a real process",
            label="benchmark",
            actual_device=device_used(result),
            error_message=ended.error,
            timestamp=time_of(result) or time_of(node),
            values=values | _batch(result, batch),
            latencies=result.at("latencies_ms").cite_runs("ms"),
        )
    batches = node.at("batch_results")
    if not batches.value:
        yield _no_result(node, origin)
    elif not isinstance(batches.value, dict):
        yield not_as_expected(batches, "an object by batch size")


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
    if broken or truth_of(entry.get("success")) or not entry.get("model"):
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
    yield from _hardware_results(node.at("benchmarks"), (), host, time_of(node))


def _hardware_results(node: Node, names: tuple[str, ...], host: _Host, timestamp: Cited | None) -> Iterator[Statement]:
    """`names` are the family, the model and the platform that lead to the node."""
    if not isinstance(node.value, dict):
        yield not_as_expected(node, ("families", "models by id", "platforms by name", "a result")[len(names)])
    elif len(names) == 3:
        yield from _hardware_result(node, names[1], names[2], host, timestamp)
    else:
        for name, inner in node.items():
            yield from _hardware_results(inner, (*names, name), host, timestamp)


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
        ended = ending(result)
        if ended is None or ended.error is None:
            yield LeftOut(result.pointer, "no configuration was run, and no failure is told")
        else:
            yield _seconds_finding(result, result, model, hardware, host, timestamp, "load", ended)
    for key, one in configurations:
        ended = ending(one, has_figures=one.get("avg_latency") is not None or bool(one.get("latencies")))
        if ended is None:
            yield LeftOut(one.pointer, NOTHING_SAID)
        else:
            yield _seconds_finding(result, one, model, hardware, host, timestamp, key, ended)


def _seconds_finding(
    result: Node,
    one: Node,
    model: str,
    hardware: str,
    host: _Host,
    timestamp: Cited | None,
    key: str,
    ended: Ending,
) -> Finding:
    values = numbers(
        one,
        average_latency_ms=("avg_latency", "s->ms"),
        throughput_items_per_second=("throughput", "per s"),
        iterations=("iterations", "count"),
        memory_peak_mb=("memory_peak_mb", "MB"),
    ) | numbers(result, model_load_ms=("model_load_time", "s->ms"))
    runs = first(one.at("latencies"), one.at("latency_values"))
    used = device_used(one, result)
    completed = one.at("completed_iterations").cite("count")
    if completed is not None:
        values["iterations"] = completed
    return Finding(
        pointer=one.pointer,
        model=written(result, model),
        hardware=written(result, hardware),
        status=ended.status,
        prior=Grade.MEASURED,
        prior_reason="every run was timed"
        if runs.value
        else "a process was timed"
        if "average_latency_ms" in values
        else "outcome of a real process",
        label=key,
        error_message=ended.error,
        timestamp=time_of(result) or timestamp,
        values=values | _batch_of_key(one, key),
        latencies=runs.cite_runs("s->ms"),
        actual_device=used,
        device_name=host.only_gpu
        if hardware_type(str(used.value if used else hardware)) is HardwareType.CUDA
        else None,
        hostname=host.name,
        notes={"model_class": result.get("model_class"), "configuration": key},
    )


def single_run(node: Node, origin: Origin) -> Iterator[Statement]:
    """S18: one inference per platform, timed once, in seconds."""
    keys = ("model_id", "model_name", "model", "model_path")
    model = model_of(node, *(f"metadata/{key}" for key in keys)) or origin.model_by_name()
    for hardware, result in node.at("results").items():
        was_set_up = status_of(str(result.get("init"))) is Status.PASSED  # which says nothing of the inference
        words = ("handler_created", "status") if was_set_up else ("handler_created", "status", "init")
        ended = ending(result, words=words, has_figures=result.get("execution_time") is not None)
        broken = harness_failure(result.get("traceback")) if ended and ended.error else None
        if ended is None or broken:
            yield LeftOut(result.pointer, f"failure of the test script: {broken}" if broken else NOTHING_SAID)
            continue
        values = numbers(result, average_latency_ms=("execution_time", "s->ms"), execution_time=("execution_time", "s"))
        yield Finding(
            pointer=result.pointer,
            model=model,
            hardware=written(result, hardware),
            status=ended.status,
            prior=Grade.MEASURED,
            prior_reason="one inference was timed" if values and ended.error is None else "outcome of a real process",
            label="single run",
            error_message=ended.error,
            timestamp=_example_time(node, hardware) or time_of(node) or origin.timestamp,
            values=values if ended.error is None else {},
            actual_device=device_used(result),
            marks=tuple(value for value in result.value.values() if isinstance(value, str))
            if isinstance(result.value, dict)
            else (),
            notes={"iterations": 1, "implementation_type": result.get("implementation_type")},
        )


def quantization(node: Node, origin: Origin) -> Iterator[Statement]:
    """S46: by platform, precision and model one inference, in seconds."""
    for hardware in results_of(node.value):
        for precision, models in node.at(hardware).items():
            for model, one in models.items():
                yield _quantized(one, model, hardware, precision, origin.inside(node))
            if not models.value:
                yield LeftOut(models.pointer, f"{hardware}: nothing was run in {precision}")


def _quantized(one: Node, model: str, hardware: str, precision: str, origin: Origin) -> Statement:
    ended = ending(one)
    broken = harness_failure(ended.error) if ended else None
    if ended is None or broken:
        return LeftOut(one.pointer, f"failure of the test script: {broken}" if broken else NOTHING_SAID)
    values = numbers(one, average_latency_ms=("inference_time", "s->ms"), memory_peak_mb=("memory_usage_mb", "MB"))
    passed = ended.error is None
    under_other_name = passed and hardware_type(hardware) is HardwareType.OPENVINO
    return Finding(
        pointer=one.pointer,
        model=written(one, model),
        hardware=written(one, hardware),
        status=ended.status,
        prior=Grade.MEASURED,
        prior_reason="one inference was timed" if passed and values else "outcome of a real process",
        label="quantization",
        doubt="the script ran PyTorch on the CPU under the name of OpenVINO" if under_other_name else None,
        error_message=ended.error,
        timestamp=time_of(one) or origin.timestamp,
        values=values if passed else {},
        notes={"precision": precision, "iterations": 1},
    )


def _example_time(node: Node, hardware: str) -> Cited | None:
    for example in node.at("examples").elements():
        if str(example.get("platform")).casefold() == hardware.casefold():
            return time_of(example)
    return None


def _batch(result: Node, key: str) -> dict[str, Cited]:
    """The batch size as a number in the object, else its key."""
    stated = numbers(result, batch_size=("batch_size", "count"))
    return stated if "batch_size" in stated else stated | _batch_of_key(result, key)


def _batch_of_key(one: Node, key: str) -> dict[str, Cited]:
    """`batch_1_seq_128`, `batch_1_audio_5s`, `batch_1_img_224x224`, `batch_1`, `1`."""
    found = _KEY.match(key)
    if found is None:
        return {}
    sizes = {"batch_size": found["batch"] or found["alone"], "sequence_length": found["sequence"]}
    return {name: Cited(int(text), one.pointer, "key", key) for name, text in sizes.items() if text and int(text) > 0}
