"""S10, tests of transformers: a pipeline, from_pretrained and OpenVINO on a device, in seconds.

Each test writes its times beside its outcome and again under `performance`, where a later run on the same device takes
the place of an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ipfs_accel_pipeline.storage.legacy_json.ending import NOTHING_SAID, ending
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type, split_prefix
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, numbers
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, model_of, time_of, written

# The time of one run, or the average of several, whose keys may begin with the name of the test.
_TIME = re.compile(r"^(?P<test>(?:pipeline|from_pretrained|openvino|direct)_)?(?:avg|inference)_time$")
_AVERAGES = ("avg_time", "inference_time")
_MODELS = ("metadata/model", "metadata/model_name", "metadata/model_id")
BY_TEST = ("pipeline", "from_pretrained", "openvino", "model_loading")
FLAT = ("pipeline", "direct")
_WITH_RUNTIME = re.compile(r"\((OpenVINO)\)", re.IGNORECASE)
_METHODS = {"pretrained": "from_pretrained"}  # of `cuda_pretrained`


class _Test(NamedTuple):
    """One test and what it may find about itself under `performance`."""

    method: str
    result: Node
    device: Node
    performance: dict[str, Node]


def transformers_test(node: Node, origin: Origin) -> Iterator[Statement]:
    """Average, minimum and maximum of three runs, or one run; percentiles only where the runs stand there."""
    model = model_of(node, *_MODELS) or origin.model_by_name()
    told: set[str] = set()
    for test in _tests(node):
        told.update(test.performance)
        yield from _outcome(node, test, model, origin)
    for key, timed in node.at("performance").items():
        if key not in told and _is_timed(timed):
            yield from _outcome(node, _Test(key, timed, _suffix(timed, key), {key: timed}), model, origin)


def skill_test(node: Node, origin: Origin) -> Iterator[Statement]:
    """S10d: each test is a member of the file and holds its own times; only the metadata names a device for all."""
    model = model_of(node, *_MODELS) or origin.model_by_name()
    for method, result in node.items():
        if method in BY_TEST and isinstance(result.value, dict):
            device = first(result.at("device"), node.at("metadata", "device"))
            performance = {"": result.at("performance")}
            yield from _outcome(node, _Test(method, result, device, performance), model, origin)


def flat_test(node: Node, origin: Origin) -> Iterator[Statement]:
    """S10e: all tests in one object, whose keys begin with the name of the test."""
    model = model_of(node, "model_id", "model") or origin.model_by_name()
    for method in FLAT:
        own = {key: one.value for key, one in node.items() if key.startswith(f"{method}_")}
        if own:
            test = _Test(method, Node(own, node.pointer), node.at("device"), {})
            yield from _outcome(node, test, model, origin)


def _tests(node: Node) -> Iterator[_Test]:
    performance = dict(node.at("performance").items())
    preferred = node.at("hardware", "preferred_device")
    for method, result in node.at("results").items():
        platforms = list(_by_platform(method, result, performance))
        yield from platforms
        if isinstance(result.value, dict) and not platforms:
            device = first(result.at("device"), _suffix(result, method), preferred)
            yield _Test(method, result, device, _belonging(performance, method, device.value))


def _by_platform(method: str, result: Node, performance: dict[str, Node]) -> Iterator[_Test]:
    """Those of `all_hardware`: `cpu_pipeline`, `cuda_pretrained`, `openvino`."""
    for key, one in result.items():
        platform, rest = split_prefix(key) or (key, "")
        if not isinstance(one.value, dict) or hardware_type(platform) is None:
            continue
        inner = _METHODS.get(rest, rest) or (key if key in performance else method)
        yield _Test(inner, one, Node(platform, one.pointer), _belonging(performance, inner, platform))


def _suffix(node: Node, key: str) -> Node:
    """`cuda` of `pipeline_cuda`, standing where the key does."""
    word = key.rsplit("_", 1)[-1]
    return Node(word if hardware_type(word) else None, node.pointer)


def _without_platform(method: str) -> str:
    """The same test on two devices has one name, so that they can be compared."""
    test, _, word = method.rpartition("_")
    return test if test and hardware_type(word) else method


def _belonging(performance: dict[str, Node], method: str, device: object) -> dict[str, Node]:
    names = {method, f"{method}_{device.split(':')[0]}"} if isinstance(device, str) else {method}
    return {key: timed for key, timed in performance.items() if key in names}


def _is_timed(place: Node) -> bool:
    test = _test_of(place)
    return any(place.get(f"{test}{key}") is not None for key in _AVERAGES)


def _hardware(device: Node, result: Node) -> Cited:
    """`CPU (OpenVINO)` is OpenVINO; what a key says stands on the way to the result."""
    if device.pointer == result.pointer:
        return written(device, device.value)
    found = _WITH_RUNTIME.search(device.value)
    return Cited(found[1].casefold(), device.pointer, "in text", found[1]) if found else written(device)


def _outcome(node: Node, test: _Test, model: Cited, origin: Origin) -> Iterator[Statement]:
    method, result, device, performance = test
    timed = [place for place in (result, *performance.values()) if _is_timed(place)]
    words = tuple(key for key, _ in result.items() if key.endswith("_test"))
    ended = ending(result, words=words, has_figures=bool(timed))
    error = next((text for key in words if (text := result.at(key).text())), None) if ended is None else ended.error
    if device.text() is None:
        yield LeftOut(
            result.pointer, f"{method}: {error or ('passed' if ended else NOTHING_SAID)}, but no device is named"
        )
        return
    if error and "missing_dependency" in (one.value for key, one in result.items() if key.endswith("error_type")):
        yield LeftOut(result.pointer, f"failure of the test's surroundings: {error}")
        return
    if ended is None:
        yield LeftOut(result.pointer, f"{method}: {NOTHING_SAID}")
        return
    times = _times(result, timed) if timed and error is None else _NO_TIMES
    yield Finding(
        pointer=result.pointer,
        model=model,
        hardware=_hardware(device, result),
        status=ended.status,
        prior=Grade.MEASURED,
        prior_reason=times.reason,
        label=_without_platform(method),
        error_message=error,
        timestamp=time_of(node) or origin.timestamp,
        values=numbers(result, model_load_ms=("load_time", "s->ms"))
        | times.values
        | numbers(node.at("metadata"), model_size_mb=("model_size_mb", "MB")),
        latencies=times.runs,
        marks=tuple(value for value in result.value.values() if isinstance(value, str)),
        notes={"task": node.at("metadata", "task").value, "iterations": times.iterations},
    )


class _Times(NamedTuple):
    values: dict[str, Cited]
    runs: Cited | None
    iterations: int | None  # where the file does not state them
    reason: str


_NO_TIMES = _Times({}, None, None, "outcome of a real process")


def _times(result: Node, timed: list[Node]) -> _Times:
    """Those beside the outcome first, then what stands under `performance` of the same run."""
    values: dict[str, Cited] = {}
    for place in timed:
        others = _seconds(place)
        if not values or _average(values) == _average(others):
            values = others | values
    runs = result.at(f"{_test_of(result)}times").cite_runs("s->ms")
    is_single = any(one.pointer.endswith("inference_time") for one in values.values())
    reason = "every run was timed" if runs else "one inference was timed" if is_single else "a process was timed"
    return _Times(values, runs, 1 if is_single else None, reason)


def _average(values: dict[str, Cited]) -> float | None:
    return values["average_latency_ms"].value if "average_latency_ms" in values else None


def _test_of(place: Node) -> str:
    """What the keys of its times begin with: `pipeline_`, or nothing."""
    return next((found["test"] or "" for key, _ in place.items() if (found := _TIME.match(key))), "")


def _seconds(place: Node) -> dict[str, Cited]:
    test = _test_of(place)
    average = next(f"{test}{key}" for key in _AVERAGES if place.get(f"{test}{key}") is not None)
    values = numbers(
        place,
        average_latency_ms=(average, "s->ms"),
        min_latency_ms=(f"{test}min_time", "s->ms"),
        max_latency_ms=(f"{test}max_time", "s->ms"),
        iterations=("num_runs", "count"),
    )
    load = f"{test}load_time" if place.get(f"{test}load_time") is not None else "model_load_time"
    return values | numbers(place, model_load_ms=(load, "s->ms"))
