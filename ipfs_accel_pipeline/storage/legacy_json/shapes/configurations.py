"""S39: the benchmark of one model on one device, setting by setting: batch sizes, sequence lengths, accelerators.

Every benchmark script of the original has its own words for this; what a key means follows from its unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ipfs_accel_pipeline.storage.legacy_json.columns import HARDWARE_NAMES, MODEL_NAMES, figures_of
from ipfs_accel_pipeline.storage.legacy_json.ending import NOTHING_SAID, Ending, ending
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.marks import flag_of
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, numbers
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, device_used, model_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.shapes.spread import Spread, runs_of, spread_of
from ipfs_accel_pipeline.storage.legacy_json.status_words import harness_failure

CONTAINERS = ("batch_results", "configurations", "results")
MODELS = (*MODEL_NAMES, "model_path", "model_key")
_KEY = re.compile(r"^(?:b|batch_)?(?P<batch>\d+)(?:_s(?:eq_)?(?P<sequence>\d+))?(?![\d.])")
_HARDWARE = ("hardware_key", *HARDWARE_NAMES)
_NESTED = ("metrics", "performance_metrics", "performance")
_INNER = "sequence_lengths"
_SAYS = frozenset({"success", "status", "error", _INNER})
_FIGURES = {
    "average_latency_ms": (
        *(("avg_latency_ms", "ms"), ("average_latency_ms", "ms"), ("latency_mean_ms", "ms"), ("latency_ms_mean", "ms")),
        *(("latency_ms", "ms"), ("average_latency_seconds", "s->ms"), ("average_latency", "s->ms")),
        ("forward_latency_ms", "ms"),
    ),
    "training_step_ms": (("average_total_latency_seconds", "s->ms"),),  # no inference
    "generation_latency_ms": (("generation_latency_ms", "ms"),),
    "throughput_items_per_second": (
        *(("throughput_items_per_second", "per s"), ("throughput_items_per_sec", "per s")),
        *(("throughput_samples_per_sec", "per s"), ("average_throughput_items_per_second", "per s")),
        *(("throughput", "per s"), ("forward_throughput_items_per_sec", "per s")),
    ),
    "memory_peak_mb": (("memory_peak_mb", "MB"), ("peak_memory_mb", "MB"), ("max_memory_usage_mb", "MB")),
    "memory_used_mb": (("memory_usage_mb", "MB"), ("memory_mb", "MB"), ("forward_memory_usage_mb", "MB")),
    "iterations": (("iterations", "count"), ("iterations_completed", "count")),
    "batch_size": (("batch_size", "count"),),
    "sequence_length": (("sequence_length", "count"),),
}
# One call for a whole batch: beside this rate, `average_latency_seconds` is that of one input of the batch.
_RATE = "inputs_per_second"
_OF_ONE_CALL = {
    "average_latency_ms": (("inference_time_seconds", "s->ms"),),
    "throughput_items_per_second": ((_RATE, "per s"),),
    "device_memory_mb": (("cuda_memory_used_mb", "MB"),),
    "batch_size": (("batch_size", "count"),),
}
_LOADING = (
    *(("load_results/load_time_seconds", "s->ms"), ("load_time_seconds", "s->ms"), ("model_load_time", "s->ms")),
    ("startup_time", "s->ms"),
)
_NOT_RUN = Spread({}, None, Grade.MEASURED, "outcome of a real process")
_TIMES = ("average_latency_ms", "training_step_ms")
_TIME_KEYS = frozenset(key for name in _TIMES for key, _ in _FIGURES[name])


class Subject(NamedTuple):
    """What all settings of a benchmark share."""

    model: Cited
    hardware: Cited
    ran_on: Cited | None
    timestamp: Cited | None


def is_benchmark(value: Any) -> bool:
    """One that names its model and its device itself."""
    return isinstance(value, dict) and names_subject(value) and (has_settings(value) or has_no_settings(value))


def names_subject(value: dict[str, Any]) -> bool:
    return any(isinstance(value.get(key), str) for key in MODELS) and any(
        isinstance(value.get(key), str) for key in _HARDWARE
    )


def has_settings(value: Any) -> bool:
    """Objects by setting, or a list of them, with a figure or an outcome."""
    return isinstance(value, dict) and any(map(_is_setting, _settings_of(value)))


def has_no_settings(value: dict[str, Any]) -> bool:
    """Nothing was run: the model could not be loaded."""
    return value.get("batch_results") in ({}, []) and isinstance(value.get("error"), str)


def are_benchmarks(value: Any) -> bool:
    """A list of them, of which the first could be run."""
    return isinstance(value, list) and bool(value) and is_benchmark(value[0])


def benchmarks(node: Node, origin: Origin) -> Iterator[Statement]:
    """S39, a list: what could not be run has an error in place of its settings."""
    for one in node.elements():
        if isinstance(one.value, dict) and names_subject(one.value):
            yield from benchmark(one, origin)
        else:
            yield LeftOut(one.pointer, "no model or no platform is named")


def benchmark(node: Node, origin: Origin) -> Iterator[Statement]:
    """S39, by its own words."""
    model = model_of(node, *MODELS) or origin.model_by_name()
    hardware = next((node.at(key) for key in _HARDWARE if node.at(key).text()), node.at("hardware"))
    yield from settings(node, model, written(hardware), origin)


def settings(node: Node, model: Cited, hardware: Cited, origin: Origin) -> Iterator[Statement]:
    """Every setting, or what kept all from being run."""
    subject = Subject(model, hardware, device_used(node), time_of(node) or origin.timestamp)
    load = _load(node)
    leaves = list(_leaves(node))
    for one, sizes in leaves:
        yield _setting(node, one, sizes, subject, load)
    if not leaves:
        ended = ending(node)
        if ended is None or ended.error is None:
            yield LeftOut(node.pointer, "no setting was run, and no failure is told")
        else:
            yield _finding(node, node, subject, ended, {}, _NOT_RUN)


def _setting(node: Node, one: Node, sizes: dict[str, Cited], subject: Subject, load: dict[str, Cited]) -> Statement:
    values = _values(one)
    spread = spread_of(one, *(one.at(name) for name in _NESTED))
    values = spread.values | values
    has_figures = any(name in values for name in _TIMES) or spread.runs is not None
    failed = next((text for name in _NESTED if (text := one.at(name, "error").text())), None)
    ended = ending(one, failed, has_figures=has_figures and not failed)
    if failed and (ended is None or ended.error is None):
        ended = ending(Node({"error": failed}))
    if ended is None:
        return LeftOut(one.pointer, NOTHING_SAID)
    broken = harness_failure(ended.error)
    if broken:
        return LeftOut(one.pointer, f"failure of the test script: {broken}")
    if one.get(_RATE) and spread.prior is Grade.CLAIMED and (one.get("output_shapes") or one.get("output_shape")):
        # The handler may have been a mock, whose answers have no shape.
        spread = spread._replace(prior=Grade.MEASURED, reason="one inference was timed, and its output has a shape")
    if ended.error is not None:
        values = {name: cited for name, cited in values.items() if name in ("batch_size", "sequence_length")}
        spread = _NOT_RUN
    return _finding(node, one, subject, ended, load | sizes | values, spread)


def _finding(
    node: Node, one: Node, subject: Subject, ended: Ending, values: dict[str, Cited], spread: Spread
) -> Finding:
    precision = first(one.at("precision"), node.at("precision")).value
    return Finding(
        pointer=one.pointer,
        model=subject.model,
        hardware=subject.hardware,
        status=ended.status,
        prior=spread.prior,
        prior_reason=spread.reason,
        label="training" if "training_step_ms" in values else "benchmark",
        actual_device=device_used(one) or subject.ran_on,
        error_message=ended.error,
        timestamp=time_of(one) or subject.timestamp,
        values=values,
        latencies=spread.runs,
        is_flagged=flag_of(one.value),
        notes={
            "precision": precision if isinstance(precision, str) else None,
            "mode": node.get("mode"),
            "iterations": 1 if one.get(_RATE) else None,
        },
    )


def _values(one: Node) -> dict[str, Cited]:
    """A memory of 0 stands for one that was not asked for: on the CPU nobody did."""
    found: dict[str, Cited] = {}
    for place in (one, *(one.at(name) for name in _NESTED)):
        for name, keys in (_OF_ONE_CALL if _RATE in (place.value or ()) else _FIGURES).items():
            for key, unit in keys:
                if name not in found and not isinstance(place.get(key), (dict, list)):
                    found |= numbers(place, **{name: (key, unit)})
    return {name: cited for name, cited in found.items() if not (name.startswith("memory") and cited.value == 0)}


def _load(node: Node) -> dict[str, Cited]:
    for path, unit in _LOADING:
        cited = node.at(*path.split("/")).cite(unit)
        if cited is not None and cited.value > 0:
            return {"model_load_ms": cited}
    return {}


def _of_key(one: Node, key: str) -> dict[str, Cited]:
    """`b1_s128`, `batch_4`, `8`, `batch_4_default`."""
    found = _KEY.match(key)
    sizes = {"batch_size": found["batch"], "sequence_length": found["sequence"]} if found else {}
    return {name: Cited(int(text), one.pointer, "key", key) for name, text in sizes.items() if text and int(text) > 0}


def _leaves(node: Node) -> Iterator[tuple[Node, dict[str, Cited]]]:
    """Each setting with the sizes that stand around it."""
    container = next((node.at(key) for key in CONTAINERS if isinstance(node.get(key), (dict, list))), Node(None))
    for key, one in list(container.items()) or [("", one) for one in container.elements()]:
        inner = list(one.at(_INNER).elements())
        sizes = _of_key(one, key) | (numbers(one, batch_size=("batch_size", "count")) if inner else {})
        yield from [(within, sizes) for within in inner or [one]]


def _settings_of(value: dict[str, Any]) -> Iterator[Any]:
    for key in CONTAINERS:
        held = value.get(key)
        if isinstance(held, (dict, list)):
            yield from held.values() if isinstance(held, dict) else held


def _is_setting(one: Any) -> bool:
    if not isinstance(one, dict):
        return False
    places = (one, *(one[name] for name in _NESTED if isinstance(one.get(name), dict)))
    return bool(_SAYS & one.keys()) or any(
        not _TIME_KEYS.isdisjoint(place) or figures_of(place) or runs_of(Node(place)) for place in places
    )
