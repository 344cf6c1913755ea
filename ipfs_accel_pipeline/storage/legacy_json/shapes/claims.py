"""Shapes that say in words that it worked: status and examples (S08), flat keys (S09, S10c, S15), by test (S32)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type, split_prefix
from ipfs_accel_pipeline.storage.legacy_json.marks import flag_of, texts_of
from ipfs_accel_pipeline.storage.legacy_json.model_names import key_in_name
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, model_of, results_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.status_words import failure_status, harness_failure, is_outcome, status_of

_WORDS = "the file says it in words, without a number that shows it"
_MODELS = ("metadata/model_name", "metadata/model_id", "metadata/model", "model_name", "model")
_FIGURES = {
    "elapsed_time": ("execution_time", "s"),
    "tokens_per_second": ("tokens_per_second", "per s"),
    "inference_time_ms": ("inference_time_ms", "ms"),
    "gpu_memory_mb": ("device_memory_mb", "MB"),
    "generation_time": ("generation_time_s", "s"),
    "processing_time_ms": ("processing_time_ms", "ms"),
}


def status_examples(node: Node, origin: Origin) -> Iterator[Statement]:
    """S08: `status` in words, `examples` with elapsed seconds, `metadata` with the model."""
    yield from _by_platform(node, node.at("status"), model_of(node, *_MODELS) or origin.model_by_name(), origin)


def flat_prefixed(node: Node, origin: Origin) -> Iterator[Statement]:
    """S09: `cpu_handler`, `cuda_tests` and so on; mostly no model, so the file's name has to say it."""
    yield from _by_platform(node, node, model_of(node, *_MODELS) or origin.model_by_name(), origin)


def metadata_results(node: Node, origin: Origin) -> Iterator[Statement]:
    """S10c: S09 under `results`, with the test file in `metadata`."""
    model = model_of(node, *_MODELS, "metadata/test_file") or origin.model_by_name()
    results = node.at("results")
    words = results.at("status")
    yield from _by_platform(node, words if isinstance(words.value, dict) else results, model, origin)


def performance_suite(node: Node, origin: Origin) -> Iterator[Statement]:
    """S15: per test file the wall time of the script and claims per platform."""
    for file, result in node.at("results").items():
        model = Cited(key_in_name(file), result.pointer, "key", file)
        platforms = list(first(result.at("performance_metrics"), result.at("metrics")).items())
        for hardware, metrics in platforms:
            if hardware_type(hardware) is None:
                yield LeftOut(metrics.pointer, f"no hardware is called {hardware!r}")
                continue
            yield _finding(node, metrics, model, hardware, _outcomes(metrics, result), origin, dict(metrics.items()))
        if not platforms:
            yield LeftOut(result.pointer, f"{file}: {result.get('status')}, and no platform is named")


def nested_by_test(node: Node, origin: Origin) -> Iterator[Statement]:
    """S32: one S09 or S08 per test name, bare or under a platform."""
    for test in results_of(node.value):
        result = node.at(test)
        if hardware_type(test) is not None:
            yield from nested_by_test(result, origin.inside(result))
        elif isinstance(result.value, dict):
            read = status_examples if isinstance(result.get("status"), dict) else flat_prefixed
            model = Cited(key_in_name(test), result.pointer, "key", test)
            yield from read(result, origin.inside(result, model))
        elif isinstance(result.value, str):
            yield LeftOut(result.pointer, f"{test}: no platform is named: {result.value[:120]}")


def verdicts(node: Node, origin: Origin) -> Iterator[Statement]:
    """S43: one model on one device, by test `PASS`, or `FAIL` and why."""
    model = model_of(node, "model") or origin.model_by_name()
    for test, said in node.at("results").items():
        status, error = _ended({test: said.value})
        yield Finding(
            pointer=said.pointer,
            model=model,
            hardware=written(node.at("device")),
            status=status,
            prior=Grade.CLAIMED,
            prior_reason=_WORDS,
            label=test,
            error_message=error,
            timestamp=time_of(node) or origin.timestamp,
            marks=(said.value,),
        )


def _by_platform(node: Node, flat: Node, model: Cited, origin: Origin) -> Iterator[Statement]:
    """One finding for every platform that the keys of an object begin with, or are."""
    groups: dict[str, dict[str, Node]] = {}
    of_all: list[str] = []
    for key, value in flat.items():
        split = split_prefix(key)
        if split is not None:
            groups.setdefault(split[0], {})[split[1] or "status"] = value
        elif isinstance(value.value, str):
            of_all.append(value.value)
    for hardware, members in groups.items():
        outcomes = {key: text for key, one in members.items() if (text := one.text()) and is_outcome(key, text)}
        finding = _finding(node, flat, model, hardware, outcomes, origin, members)
        finding.marks += tuple(texts_of(of_all))
        broken = harness_failure(*outcomes.values())
        if broken:
            yield LeftOut(flat.pointer, f"{hardware}: failure of the test script: {broken}")
        elif outcomes or finding.values:
            yield finding
        else:
            yield LeftOut(flat.pointer, f"{hardware}: neither an outcome nor a figure")
    if not groups:
        yield LeftOut(flat.pointer, "no platform is named")


def _finding(
    node: Node,
    place: Node,
    model: Cited,
    hardware: str,
    outcomes: dict[str, str],
    origin: Origin,
    members: dict[str, Node],
) -> Finding:
    examples = [one for one in node.at("examples").elements() if _is_of(one, hardware)]
    examples += [one for one in members.values() if isinstance(one.value, dict)]
    status, error = _ended(outcomes)
    return Finding(
        pointer=place.pointer,
        model=model,
        hardware=Cited(hardware, place.pointer, "prefix", hardware),
        status=status,
        prior=Grade.CLAIMED,
        prior_reason=_WORDS,
        label="claim",
        error_message=error,
        timestamp=next((found for one in examples if (found := time_of(one))), None)
        or time_of(node)
        or origin.timestamp,
        values=_values(members, examples),
        is_flagged=flag_of({key: one.value for key, one in members.items()}),
        marks=tuple(texts_of([one.value for one in (*members.values(), *examples)])),
        device_name=_device(node) if hardware == "cuda" else None,
        notes={"outcomes": outcomes},
    )


def _ended(outcomes: dict[str, str]) -> tuple[Status, str | None]:
    """The worst of the outcomes; what is only absent is skipped."""
    statuses = {key: status_of(text) for key, text in outcomes.items()}
    bad = {key: outcomes[key] for key, status in statuses.items() if status not in (Status.PASSED, Status.SKIPPED)}
    if bad:
        message = "; ".join(f"{key}: {text}" for key, text in bad.items())
        return failure_status(message), message
    absent = {key: outcomes[key] for key, status in statuses.items() if status is Status.SKIPPED}
    if absent or not outcomes:
        return Status.SKIPPED, "; ".join(f"{key}: {text}" for key, text in absent.items()) or "no outcome is stated"
    return Status.PASSED, None


def _outcomes(metrics: Node, result: Node) -> dict[str, str]:
    said = first(metrics.at("status"), result.at("status")).text()
    return {"status": said} if said else {}


def _values(members: dict[str, Node], examples: list[Node]) -> dict[str, Cited]:
    """The examples' own figures first, then those beside the words."""
    values: dict[str, Cited] = {}
    places = [place for one in examples for place in (one, one.at("metrics"), one.at("performance_metrics"))]
    for key, one in chain.from_iterable([*(place.items() for place in places), members.items()]):
        # Prompts and generated text have rates of their own, which keep their names.
        rate = (key, "per s") if key.endswith("_tokens_per_second") else None
        name, unit = _FIGURES.get(key) or rate or (None, "")
        cited = one.cite(unit) if name else None
        if name and cited is not None:
            values.setdefault(name, cited)
    return values


def _is_of(example: Node, hardware: str) -> bool:
    platform = example.get("platform")
    return isinstance(platform, str) and hardware_type(platform) is hardware_type(hardware) is not None


def _device(node: Node) -> str | None:
    return first(node.at("metadata", "cuda_capabilities", "device_name"), node.at("metadata", "cuda_device")).text()
