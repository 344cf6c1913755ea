"""How the keys of a document tell its shape: small questions from which the registry makes its detectors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ipfs_accel_pipeline.records import HardwareType
from ipfs_accel_pipeline.storage.legacy_json.columns import COLUMNS, NESTED, names_results
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type, split_prefix
from ipfs_accel_pipeline.storage.legacy_json.origin import results_of
from ipfs_accel_pipeline.storage.legacy_json.status_words import is_outcome

Detector = Callable[[Any], bool]
_LONGEST_WORD = 2000  # longer is a program or a log, not an outcome
_MARK = re.compile(r"\((?:REAL|MOCK)\)", re.IGNORECASE)
_PRECISION = re.compile(r"(?:fp|bf|int)\d{1,2}")
_API_KEYS = frozenset(
    {
        "api_models",
        "apis",
        "backoff_factor",
        "backoff_test",
        "chat_completion",
        "chat_models",
        "endpoint_handler_creation",
        "error_handling_auth",
        "post_request",
        "request_formatting",
        "streaming",
        "successful_requests",
    }
)
_API_NAMES = frozenset({"claude", "gemini", "groq", "hf_tei", "hf_tgi", "ollama", "openai", "ovms"})
_ENDPOINTS = frozenset({"local_endpoint", "qualcomm_endpoint", "webnn_endpoint", "webgpu_endpoint"})
_CAPABILITIES = ("cuda", "openvino", "torch", "onnx", "mps", "rocm", "webnn", "webgpu")


@dataclass(frozen=True)
class Keys:
    """An object that has every `needed` key, one of `some` if there are any, and none of `without`."""

    needed: frozenset[str]
    some: frozenset[str]
    without: frozenset[str]
    condition: Callable[[Any], bool] | None = None  # on the values, asked last

    def possible(self, keys: frozenset[str]) -> bool:
        return self.needed <= keys and (not self.some or bool(self.some & keys)) and not (self.without & keys)

    def __call__(self, value: Any) -> bool:
        if not isinstance(value, dict) or not self.possible(frozenset(value)):
            return False
        return self.condition is None or self.condition(value)


def keys(*needed: str, one_of: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Keys:
    return Keys(frozenset(needed), frozenset(one_of), frozenset(without))


def both(detector: Keys, condition: Callable[[Any], bool]) -> Keys:
    return replace(detector, condition=condition)


def records(*needed: str, one_of: tuple[str, ...] = ()) -> Detector:
    """A list of objects of which the first has these keys."""
    first = keys(*needed, one_of=one_of)
    return lambda value: isinstance(value, list) and bool(value) and first(value[0])


def values(*needed: str, one_of: tuple[str, ...] = ()) -> Detector:
    """An object whose every member is an object with these keys."""
    every = keys(*needed, one_of=one_of)

    def detect(value: Any) -> bool:
        items = results_of(value)
        return bool(items) and all(every(item) for item in items.values())

    return detect


def value_is(key: str, *types: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value[key], types)


def any_value(key: str, condition: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value[key], dict) and any(condition(item) for item in value[key].values())


def is_about_apis(value: Any) -> bool:
    """Results and states of remote services."""
    if not isinstance(value, dict):
        return False
    return not _API_KEYS.isdisjoint(value) or len(_API_NAMES.intersection(value)) > 1


def is_flat(value: Any) -> bool:
    """Keys such as `cpu_init` whose values are words, at least one of which tells an outcome or what was run."""
    if not isinstance(value, dict):
        return False
    return any(
        isinstance(item, str)
        and len(item) <= _LONGEST_WORD
        and "_" in key
        and split_prefix(key) is not None
        and (is_outcome(key, item) or _MARK.search(item) is not None)
        for key, item in value.items()
    )


def is_nested_by_test(value: Any) -> bool:
    """Test names, bare or under the platform they were run for."""
    tests = results_of(value)
    if all(key.startswith("test_") for key in tests):
        return any(is_flat(test) or has_words(test) for test in tests.values())
    return all(hardware_type(key) is not None for key in tests) and any(map(is_nested_by_test, tests.values()))


def has_endpoints(value: Any) -> bool:
    """What became of a model at its endpoints."""
    return isinstance(value, dict) and not _ENDPOINTS.isdisjoint(value)


def endpoints_by_model(value: Any) -> bool:
    models = results_of(value)
    return bool(models) and all(map(has_endpoints, models.values()))


def has_words(value: Any) -> bool:
    """`status` with a word for each step."""
    return isinstance(value, dict) and isinstance(value.get("status"), dict)


def has_status_words(value: dict[str, Any]) -> bool:
    return has_words(value["results"])


def holds_records(value: Any, depth: int = 4) -> bool:
    """Objects within objects, every one of which ends in a record that says what happened to a model on a platform."""
    if isinstance(value, dict) and "model_name" in value:
        return is_record(value)
    inner = results_of(value)
    return depth > 0 and bool(inner) and all(holds_records(item, depth - 1) for item in inner.values())


def is_record(value: dict[str, Any]) -> bool:
    """Whether its columns, and the figures within them, say what happened to a model on a platform."""
    nested = (value[name] for name in NESTED if isinstance(value.get(name), dict))
    return names_results([*value, *(column for place in nested for column in place if column in COLUMNS)])


def first_is_record(value: Any) -> bool:
    """A list whose first element is one."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and is_record(value[0])


def is_of_runtime(value: dict[str, Any]) -> bool:
    """A list of results on the devices of one runtime, `openvino`."""
    kind = value["benchmark_type"]
    return isinstance(kind, str) and hardware_type(kind) is not None and isinstance(value["results"], list)


def is_by_precision(value: Any) -> bool:
    """Platforms, each with a precision for every key, and models in it."""
    platforms = results_of(value)
    return (
        bool(platforms)
        and all(hardware_type(key) is not None for key in platforms)
        and all(
            isinstance(held, dict) and bool(held) and all(_PRECISION.fullmatch(key) for key in held)
            for held in platforms.values()
        )
    )


def has_verdicts(value: dict[str, Any]) -> bool:
    """By test `PASS`, or `FAIL` and why."""
    results = value["results"]
    return isinstance(results, dict) and bool(results) and all(map(_is_verdict, results.values()))


def _is_verdict(said: Any) -> bool:
    return isinstance(said, str) and said.startswith(("PASS", "FAIL", "ERROR", "SKIP"))


def is_in_browser(value: dict[str, Any]) -> bool:
    """On one of the two platforms of a browser."""
    platform = value["platform"]
    return isinstance(platform, str) and hardware_type(platform) in (HardwareType.WEBNN, HardwareType.WEBGPU)


def has_platform_members(value: dict[str, Any]) -> bool:
    results = value["results"]
    return isinstance(results, dict) and any(
        isinstance(item, dict) and hardware_type(key) is not None for key, item in results.items()
    )


def names_platform(results: Any) -> bool:
    return isinstance(results, dict) and any(split_prefix(key) for key in results)


def is_availability(value: Any) -> bool:
    """True or false for several platforms, whatever else is told of them."""
    return isinstance(value, dict) and sum(isinstance(value.get(name), bool) for name in _CAPABILITIES) > 1


def is_detection(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    keys = value.keys()
    named = {"hardware", "details"} <= keys or bool({"standard", "cuda_devices"} & keys)
    return named or sum(name in keys for name in _CAPABILITIES) > 1
