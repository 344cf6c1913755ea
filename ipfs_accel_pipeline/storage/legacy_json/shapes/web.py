"""Shapes of browser platforms: S11, S11b, S23, S34, S35. No browser is shown to have run in any of them."""

from __future__ import annotations

from collections.abc import Iterator

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.marks import truth_of
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, numbers
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, model_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.shapes.left_out import not_as_expected
from ipfs_accel_pipeline.storage.legacy_json.status_words import failure_status, status_of
from ipfs_accel_pipeline.storage.legacy_json.trust import NO_BROWSER


def web_result(node: Node, origin: Origin) -> Iterator[Statement]:
    """S11: `implementation_type` says REAL while `is_simulation` says that it is not."""
    metrics = first(node.at("metrics"), node.at("performance_metrics"))
    values = numbers(
        metrics,
        average_latency_ms=("inference_time_ms", "ms"),
        model_load_ms=("load_time_ms", "ms"),
        memory_used_mb=("memory_mb", "MB"),
        throughput_items_per_second=("throughput_items_per_second", "per s"),
    ) or numbers(
        metrics,
        average_latency_ms=("latency_ms", "ms"),
        memory_used_mb=("memory_usage_mb", "MB"),
        throughput_items_per_second=("throughput_items_per_sec", "per s"),
    )
    stated = node.get("status") or node.get("success")
    said = str(stated)
    passed = said == "True" or status_of(said) is Status.PASSED or (stated is None and bool(values))
    error = None if passed else str(node.get("error") or said)
    yield Finding(
        pointer=node.pointer,
        model=model_of(node, "model_name", "model_key", "model") or origin.model_by_name(),
        hardware=written(node.at("platform")),
        status=Status.PASSED if passed else failure_status(error),
        prior=Grade.CLAIMED,
        prior_reason=NO_BROWSER,
        label="browser",
        error_message=error,
        timestamp=time_of(node) or origin.timestamp,
        values=values | numbers(node, batch_size=("batch_size", "count")),
        is_flagged=_flag(node),
        marks=tuple(text for key in ("implementation_type", "error") if (text := node.at(key).text())),
        notes={key: node.get(key) for key in ("implementation_type", "browser_opened", "browser")},
    )


def _flag(node: Node) -> str | None:
    if truth_of(node.get("is_simulation")):
        return "is_simulation is true"
    if truth_of(node.at("platform_support").get("simulated")):
        return "platform_support.simulated is true"
    return unopened_browser(node)


def unopened_browser(node: Node) -> str | None:
    return "browser_opened is false" if truth_of(node.get("browser_opened")) is False else None


def web_results(node: Node, origin: Origin) -> Iterator[Statement]:
    """S11b: a list of S11, bare or under `results`."""
    for one in (node if isinstance(node.value, list) else node.at("results")).elements():
        yield from web_result(one, origin.inside(node))


def coverage(node: Node, origin: Origin) -> Iterator[Statement]:
    """S44: by browser, model and batch what a script printed of WebNN; the rest are percentages."""
    for _, models in node.at("webnn_benchmarks").items():
        for _, batches in models.items():
            for _, one in batches.items():
                yield _covered(one, origin.inside(node))
    for key in ("cross_browser_comparisons", "optimization_tests"):
        if node.get(key):
            yield LeftOut(f"{node.pointer}/{key}", "percentages of improvement are no measurement")


def _covered(one: Node, origin: Origin) -> Statement:
    model, status = model_of(one, "model"), one.at("status").text() or "no status"
    if model is None:
        return LeftOut(one.pointer, "no model is named")
    passed = status == "real_hardware"
    return Finding(
        pointer=one.pointer,
        model=model,
        hardware=Cited("webnn", one.pointer, "key", "webnn"),
        status=Status.PASSED if passed or status == "simulation" else failure_status(one.at("error").text() or status),
        prior=Grade.CLAIMED if passed else Grade.SIMULATED if status == "simulation" else Grade.CLAIMED,
        prior_reason=NO_BROWSER,
        label=f"browser {one.get('browser')}",
        error_message=None if passed or status == "simulation" else one.at("error").text() or status,
        timestamp=origin.timestamp,
        values=numbers(one, average_latency_ms=("webnn_time", "ms"), batch_size=("batch_size", "count")),
        is_flagged="simulation is true" if truth_of(one.get("simulation")) else None,
    )


def browser_comparison(node: Node, origin: Origin) -> Iterator[Statement]:
    """S23: percentages of improvement over nothing that is in the file."""
    for one in node.at("tests").elements():
        yield LeftOut(one.pointer, f"{one.get('browser')}: a percentage of improvement is no measurement")


def parallel_loading(node: Node, origin: Origin) -> Iterator[Statement]:
    """S34: loading with and without parallel parts."""
    for _, group in node.items():
        for variant in ("with_parallel", "without_parallel"):
            one = group.at(variant)
            implementation = one.at("implementation_type").text()
            model = model_of(one, "model_name") or model_of(group, "model_name")
            if implementation is None or model is None:
                continue
            word = next((word for word in ("webnn", "webgpu") if word in implementation.casefold()), None)
            if word is None:
                yield LeftOut(one.pointer, f"{implementation}: no platform is named")
                continue
            yield _loading(one, model, word, implementation, variant, time_of(node) or origin.timestamp)


def _as_written(text: str, word: str) -> str:
    start = text.casefold().index(word)
    return text[start : start + len(word)]


def _loading(one: Node, model: Cited, word: str, implementation: str, variant: str, timestamp: Cited | None) -> Finding:
    passed = one.get("success") is True
    return Finding(
        pointer=one.pointer,
        model=model,
        hardware=Cited(word, f"{one.pointer}/implementation_type", "in text", _as_written(implementation, word)),
        status=Status.PASSED if passed else Status.ERROR,
        prior=Grade.SIMULATED,
        prior_reason=f"{NO_BROWSER}: written by the simulation of the loader",
        label=variant,
        error_message=None if passed else str(one.get("error") or "no reason given"),
        timestamp=timestamp,
        values=numbers(
            one.at("performance"),
            average_latency_ms=("avg_inference_time_ms", "ms"),
            min_latency_ms=("min_inference_time_ms", "ms"),
            max_latency_ms=("max_inference_time_ms", "ms"),
            iterations=("iterations", "count"),
        )
        | numbers(one, first_inference_ms=("first_inference_time_ms", "ms")),
        marks=(implementation,),
    )


def platform_comparison(node: Node, origin: Origin) -> Iterator[Statement]:
    """S35: a table of models on WebNN and WebGPU."""
    for _, models in node.at("results_by_modality").items():
        if not isinstance(models.value, list):
            yield not_as_expected(models, "a list of models")
        for entry in models.elements():
            model = model_of(entry, "model", "model_name")
            for hardware in ("webnn", "webgpu"):
                one = entry.at(hardware)
                if model is not None and isinstance(one.value, dict):
                    yield _compared(one, model, hardware, time_of(node) or origin.timestamp)


def _compared(one: Node, model: Cited, hardware: str, timestamp: Cited | None) -> Finding:
    passed = one.get("success") is True
    return Finding(
        pointer=one.pointer,
        model=model,
        hardware=written(one, hardware),
        status=Status.PASSED if passed else failure_status(str(one.get("error"))),
        prior=Grade.HAND_WRITTEN,
        prior_reason="a table of round figures with one time for all",
        label="comparison",
        error_message=None if passed else str(one.get("error") or "no reason given"),
        timestamp=timestamp,
        values=numbers(one, average_latency_ms=("time_ms", "ms"), memory_used_mb=("memory_mb", "MB")),
        marks=tuple(text for text in (first(one.at("implementation"), one.at("error")).text(),) if text),
    )
