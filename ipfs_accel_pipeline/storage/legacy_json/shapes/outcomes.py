"""Shapes that say how a process ended: exit codes, error texts, tracebacks (S07 S19 S20 S21 S30 S31)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.legacy_json.ending import NOTHING_SAID, ending
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, ModelClaim, Statement
from ipfs_accel_pipeline.storage.legacy_json.marks import texts_of
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, numbers
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, device_used, model_of, results_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.shapes.left_out import not_as_expected
from ipfs_accel_pipeline.storage.legacy_json.status_words import failure_status, harness_failure, last_line

_REAL = "outcome of a real process"
_NAMED_IN_LOG = re.compile(r"Testing model: (\S+)")
_ERROR_KEYS = ("error", "error_message", "traceback", "stderr", "error_summary")


def functionality(node: Node, origin: Origin) -> Iterator[Statement]:
    """S07: one process per model and platform, with exit code and stderr."""
    timestamp = time_of(node.at("stats")) or time_of(node) or origin.timestamp
    details = list(node.at("detailed_results").elements())
    for result in details:
        yield outcome(result, timestamp, hardware_keys=("hardware", "platform"))
    if not details:
        yield LeftOut(node.pointer, "only true and false per model, without an exit code")


def comprehensive_run(node: Node, origin: Origin) -> Iterator[Statement]:
    """S05: a model list, one S07 per platform (the cuda one is sometimes a copy of cpu's), and summaries."""
    yield from model_list(node.at("models"), origin)
    keys = {key: str(entry.get("name")) for key, entry in node.at("models").items() if entry.get("name")}
    for platform, inner in node.at("functionality_verification").items():
        ran_on = inner.at("stats", "hardware_platforms").value or [platform]
        if platform not in ran_on:
            yield LeftOut(inner.pointer, f"filed under {platform}, but it is the run on {', '.join(map(str, ran_on))}")
            continue
        for statement in functionality(inner, origin.inside(node)):
            yield _with_known_id(statement, keys)
    if node.get("performance_benchmarks") is not None:
        yield LeftOut(f"{node.pointer}/performance_benchmarks", "summaries of other files")


def _with_known_id(statement: Statement, keys: dict[str, str]) -> Statement:
    if isinstance(statement, Finding) and statement.model.value in keys:
        statement.model = statement.model._replace(value=keys[statement.model.value], unit="model list")
    return statement


def single_outcome(node: Node, origin: Origin) -> Iterator[Statement]:
    """S19: one model on one platform."""
    yield outcome(node, time_of(node) or origin.timestamp, hardware_keys=("platform", "hardware"))


def outcome_list(node: Node, origin: Origin) -> Iterator[Statement]:
    """S19b: a list of them."""
    for one in node.elements():
        yield from single_outcome(one, origin)


def by_platform(node: Node, origin: Origin) -> Iterator[Statement]:
    """S37: one process per platform, under the model; bare or in a list."""
    for entry in node.elements() if isinstance(node.value, list) else (node,):
        model = model_of(entry, "model", "model_name", "model_id")
        for hardware, result in entry.at("hardware_results").items():
            yield outcome(result, time_of(entry) or origin.timestamp, (), model, written(result, hardware))


def progress(node: Node, origin: Origin) -> Iterator[Statement]:
    """S21: what a batch of benchmarks had finished; only the failures are told here."""
    for one in node.at("failed_benchmarks").elements():
        yield outcome(one, time_of(node), hardware_keys=("hardware_type", "hardware"))
    for key in ("completed_benchmarks", "skipped_benchmarks"):
        for one in node.at(key).elements():
            yield LeftOut(one.pointer, f"{key.split('_')[0]} without a number; the result is in a file of its own")


def suite(node: Node, origin: Origin) -> Iterator[Statement]:
    """S20 and S20b: tests by model key, no platform unless `platform_status` names one."""
    by_key = first(node.at("results"), node)
    tests = list(node.at("tests").elements()) or [by_key.at(key) for key in results_of(by_key.value)]
    for one in tests:
        platforms = list(one.at("platform_status").items())
        for hardware, status in platforms:
            yield _platform_status(one, hardware, status, node, origin)
        if not platforms and isinstance(one.value, dict):
            yield _suite_test(one, time_of(one) or time_of(node) or origin.timestamp)


def _suite_test(one: Node, timestamp: Cited | None) -> Statement:
    """A test that says itself where it ran; the most of them do not."""
    model = _model_of_test(one)
    hardware = next((place for key in ("platform", "hardware") if (place := one.at(key)).text()), None)
    broken = harness_failure(*_errors(one))
    if broken or hardware is None:
        reason = f"failure of the test script: {broken}" if broken else f"{one.get('status')}, no platform is named"
        return LeftOut(one.pointer, f"{model.value}: {reason}")
    if one.value.keys() & {"success", "return_code", "returncode"}:
        return outcome(one, timestamp, (), model, written(hardware))
    ended = ending(one)
    if ended is None:
        return LeftOut(one.pointer, f"{model.value}: {NOTHING_SAID}")
    return Finding(
        pointer=one.pointer,
        model=model,
        hardware=written(hardware),
        status=ended.status,
        prior=Grade.CLAIMED,
        prior_reason="the status of a test in words",
        error_message=ended.error,
        timestamp=timestamp,
        values=_duration(one),
        marks=tuple(_errors(one)),
    )


def _model_of_test(one: Node) -> Cited:
    """Its own name, else its key; its place in a list names no model."""
    key = one.pointer.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")
    return model_of(one, "model", "model_name") or written(one, "unknown" if key.isdigit() else key)


def _platform_status(one: Node, hardware: str, status: Node, node: Node, origin: Origin) -> Statement:
    ended = ending(status)
    if ended is None:
        return LeftOut(status.pointer, f"{hardware}: {NOTHING_SAID}")
    return Finding(
        pointer=status.pointer,
        model=_model_of_test(one),
        hardware=written(status, hardware),
        status=ended.status,
        prior=Grade.CLAIMED,
        prior_reason="the status of a platform in words",
        error_message=ended.error,
        timestamp=time_of(one) or time_of(node) or origin.timestamp,
        marks=tuple(texts_of(status.value)),
    )


def endpoint_results(node: Node, origin: Origin) -> Iterator[Statement]:
    """S30: per model its endpoints such as `cuda:0`, step by step; or one result that names its endpoint itself."""
    for model, endpoints in node.at("model_results").items():
        if isinstance(endpoints.get("status"), str):
            yield from _of_one_model(node, model, endpoints, origin)
            continue
        for endpoint, result in endpoints.items():
            steps = {name: step.value for name, step in result.at("steps").items()}
            yield _endpoint(result, model, endpoint, time_of(node), {"steps": sorted(steps)})


def _of_one_model(node: Node, model: str, result: Node, origin: Origin) -> Iterator[Statement]:
    platforms = list(result.at("platform_status").items())
    for hardware, status in platforms:
        yield _platform_status(result, hardware, status, node, origin)
    endpoint = result.at("endpoint_type")
    if endpoint.text():
        said = _endpoint(result, model, endpoint.value, time_of(node), {})
        if isinstance(said, Finding):
            said.model = model_of(result, "model", "model_name") or said.model
            said.hardware = said.endpoint = written(endpoint)
            said.marks += tuple(text for key in ("implementation_type", "output") if (text := result.at(key).text()))
        yield said
    elif not platforms:
        broken = harness_failure(*_errors(result))
        reason = f"failure of the test script: {broken}" if broken else f"{result.get('status')}, no platform is named"
        yield LeftOut(result.pointer, f"{model}: {reason}")


def accelerate_tests(node: Node, origin: Origin) -> Iterator[Statement]:
    """S31, newer: per model its local, Qualcomm, API and browser endpoints."""
    yield from endpoints_by_model(node.at("ipfs_accelerate_tests"), origin.inside(node))


def endpoints_by_model(node: Node, origin: Origin) -> Iterator[Statement]:
    """S31 without its wrapper."""
    for model in results_of(node.value):
        yield from endpoints_of(node.at(model), model, time_of(node) or origin.timestamp)


def endpoints_of(result: Node, model: str, timestamp: Cited | None) -> Iterator[Statement]:
    """What each endpoint of one model said: local ones by their own names, others such as `webnn_endpoint`."""
    named = {key.removesuffix("_endpoint"): one for key, one in result.items() if key.endswith("_endpoint")}
    local = named.pop("local", Node(None))
    api = named.pop("api", Node(None))
    for endpoint, one in (*local.items(), *named.items()):
        if one.value or endpoint not in named:
            yield _endpoint(one, model, endpoint, timestamp, {})
    if api.value:
        yield LeftOut(api.pointer, "a remote API runs on no hardware of ours")
    if local.value and not isinstance(local.value, dict):
        yield not_as_expected(local, "endpoints by name")
    if not (local.value or named or api.value):
        yield LeftOut(result.pointer, f"{model}: no endpoint is named")


def harness_error(name: str, said: Node) -> LeftOut:
    return LeftOut(said.pointer, f"{name}: no model and no platform is named: {last_line(said.value)}")


def _endpoint(result: Node, model: str, endpoint: str, timestamp: Cited | None, notes: dict[str, Any]) -> Statement:
    errors = _errors(result)
    for _, step in result.at("steps").items():
        errors += _errors(step)
    broken = harness_failure(*errors)
    if broken:
        return LeftOut(result.pointer, f"failure of the test script: {broken}")
    ended = ending(result, *errors)
    if ended is None:
        return LeftOut(result.pointer, f"{model} on {endpoint}: {NOTHING_SAID}")
    said = result.text() or result.at("status").text()
    told = [text for text in (said, *(last_line(text) for text in errors[:1])) if text]
    error = ("; ".join(told) or ended.error) if ended.error else None
    return Finding(
        pointer=result.pointer,
        model=written(result, model),
        hardware=written(result, endpoint),
        endpoint=written(result, endpoint),
        status=ended.status if ended.status is not Status.ERROR else failure_status(error),
        prior=Grade.MEASURED,
        prior_reason=_REAL,
        label=f"endpoint {endpoint}",
        actual_device=device_used(result),
        error_message=error,
        timestamp=time_of(result) or timestamp,
        marks=(said or "", *errors),
        notes=notes,
    )


def outcome(
    node: Node,
    timestamp: Cited | None,
    hardware_keys: tuple[str, ...],
    model: Cited | None = None,
    hardware: Cited | None = None,
) -> Statement:
    """Of one process; the model and hardware are told by the object itself unless they are known from around it."""
    model = model or _named_in_log(node) or model_of(node, "model", "model_name", "model_type", "model_id")
    named = next((place for key in hardware_keys if (place := node.at(key)).text() is not None), None)
    hardware = written(named) if hardware is None and named is not None else hardware
    errors = _errors(node)
    ended = ending(node)
    broken = harness_failure(*errors) if ended is None or ended.error else None
    if broken:
        subject = model.value if model else "no model"
        return LeftOut(node.pointer, f"{subject}: failure of the test script, not of the model: {broken}")
    if model is None or hardware is None:
        return LeftOut(node.pointer, "no model or no platform is named")
    if ended is None:
        return LeftOut(node.pointer, f"{model.value}: {NOTHING_SAID}")
    return Finding(
        pointer=node.pointer,
        model=model,
        hardware=hardware,
        status=ended.status,
        prior=Grade.MEASURED,
        prior_reason=_REAL,
        label="outcome",
        actual_device=device_used(node),
        error_message=ended.error,
        timestamp=time_of(node) or timestamp,
        values=_duration(node),
        marks=tuple(errors) + tuple(text for key in ("stdout", "implementation_type") if (text := node.at(key).text())),
        notes={
            key: node.get(key)
            for key in ("return_code", "returncode", "exit_code", "error_type")
            if node.get(key) is not None
        },
    )


def _duration(node: Node) -> dict[str, Cited]:
    found: dict[str, Cited] = {}
    for key in ("total_execution_time", "execution_time", "elapsed_time"):
        found |= numbers(node, execution_time=(key, "s"))
        if "execution_time" in found and found["execution_time"].value > 0:
            return found
    found.pop("execution_time", None)
    return found


def _named_in_log(node: Node) -> Cited | None:
    """The script's own log names the checkpoint where the file has only a key."""
    for key in ("stderr", "stdout"):
        found = _NAMED_IN_LOG.search(node.get(key) or "") if isinstance(node.get(key), str) else None
        if found:
            return Cited(found[1], f"{node.pointer}/{key}", "in text", found[1])
    return None


def _errors(node: Node) -> list[str]:
    return [text for key in _ERROR_KEYS if (text := node.at(key).text())]


def model_list(node: Node, origin: Origin) -> Iterator[Statement]:
    """Key -> hub id, family, size, modality."""
    for _, entry in node.items():
        name = entry.at("name").text()
        if name is not None:
            yield ModelClaim(
                entry.pointer, name, entry.at("family").text(), entry.at("modality").text(), entry.at("size").text()
            )


def classification(node: Node, origin: Origin) -> Iterator[Statement]:
    """S33: families by heuristics."""
    for entry in node.elements():
        name = first(entry.at("model_name"), entry.at("model")).text()
        if name is not None:
            yield ModelClaim(entry.pointer, name, first(entry.at("family"), entry.at("model_family")).text())
