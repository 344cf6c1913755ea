"""How the keys of a document tell its shape: small questions from which the registry makes its detectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ipfs_accel_pipeline.storage.legacy_json.columns import names_results
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type, split_prefix

Detector = Callable[[Any], bool]
_LONGEST_WORD = 2000  # longer is a program or a log, not an outcome
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
# Markers that were put into many files later, beside what they hold.
_MARKERS = frozenset({"WARNING", "warnings", "simulated_hardware"})
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
        items = _unmarked(value)
        return bool(items) and all(every(item) for item in items.values())

    return detect


def _unmarked(value: Any) -> dict[str, Any]:
    """The members of an object without the markers; none if it is no object."""
    return {key: item for key, item in value.items() if key not in _MARKERS} if isinstance(value, dict) else {}


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
    """Keys such as `cpu_init` whose values are words."""
    if not isinstance(value, dict):
        return False
    return any(
        isinstance(item, str) and len(item) <= _LONGEST_WORD and "_" in key and split_prefix(key)
        for key, item in value.items()
    )


def is_nested_by_test(value: Any) -> bool:
    """Test names, bare or under the platform they were run for."""
    if not isinstance(value, dict):
        return False
    names = [key for key in value if key not in _MARKERS]
    if all(key.startswith("test_") for key in names):
        return any(is_flat(value[name]) or has_words(value[name]) for name in names)
    return all(hardware_type(key) is not None for key in names) and any(
        is_nested_by_test(value[name]) for name in names
    )


def has_words(value: Any) -> bool:
    """`status` with a word for each step."""
    return isinstance(value, dict) and isinstance(value.get("status"), dict)


def has_status_words(value: dict[str, Any]) -> bool:
    return has_words(value["results"])


def holds_records(value: Any, depth: int = 4) -> bool:
    """Objects within objects, every one of which ends in a record that says what happened to a model on a platform."""
    if not isinstance(value, dict) or not value:
        return False
    if "model_name" in value:
        return names_results(value)
    return depth > 0 and all(holds_records(item, depth - 1) for key, item in value.items() if key not in _MARKERS)


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
