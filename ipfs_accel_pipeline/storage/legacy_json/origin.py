"""What a reader knows besides the object it reads: the file's name, and what the enclosing objects said."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from ipfs_accel_pipeline.storage.legacy_json.findings import Cited
from ipfs_accel_pipeline.storage.legacy_json.model_names import key_in_name
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node
from ipfs_accel_pipeline.storage.legacy_json.times import parse_time

DEEPEST_WRAPPER = 8


@dataclass(frozen=True)
class Origin:
    name: str  # the file's name, for what the content does not say
    timestamp: Cited | None = None
    model: Cited | None = None
    wrappers: int = 0

    def inside(self, node: Node, model: Cited | None = None) -> Origin:
        """For an object within a wrapper."""
        return replace(
            self, timestamp=time_of(node) or self.timestamp, model=model or self.model, wrappers=self.wrappers + 1
        )

    def model_by_name(self) -> Cited:
        """The model that an enclosing object named, else the key in the file's name."""
        return self.model or Cited(key_in_name(self.name) or "unknown", "", "file name", self.name)


_NO_NAMES = frozenset({"unknown", "unknown_model", "none", "n/a"})
TIME_KEYS = (
    "timestamp",
    "test_timestamp",
    "test_datetime",
    "test_date",
    "run_date",
    "last_tested",
    "date",
    "created_at",
    "run_started_at",
)
# What stands beside results: their time, and markers that were put into many files later.
_BESIDE = frozenset({*TIME_KEYS, "metadata", "summary", "WARNING", "warnings", "simulated_hardware"})


def results_of(value: Any) -> dict[str, Any]:
    """The members of an object without what stands beside results; none if it is no object."""
    return {key: item for key, item in value.items() if key not in _BESIDE} if isinstance(value, dict) else {}


def time_of(node: Node) -> Cited | None:
    """The time that an object, or its metadata, states."""
    return _stated_time(node.value, node.pointer) or _stated_time(node.get("metadata"), f"{node.pointer}/metadata")


def unclear_time(node: Node) -> Cited | None:
    """What an object states as its time that is none of the known ways to write one."""
    stated = ((node.get(key), f"{node.pointer}/{key}") for key in TIME_KEYS)
    return next((Cited(raw, place, "text", raw) for raw, place in stated if raw is not None), None)


def _stated_time(place: Any, pointer: str) -> Cited | None:
    if not isinstance(place, dict) or place.keys().isdisjoint(TIME_KEYS):
        return None
    for key in TIME_KEYS:
        raw = place.get(key)
        if raw is not None and parse_time(raw) is not None:
            return Cited(raw, f"{pointer}/{key}", "text", raw)
    return None


def model_of(node: Node, *keys: str) -> Cited | None:
    """The first of these keys that holds a name."""
    for key in keys:
        found = node.at(*key.split("/"))
        text = found.text()
        if text is not None and text.casefold() not in _NO_NAMES:
            return Cited(text, found.pointer, "text", text)
    return None


def written(node: Node, name: str | None = None) -> Cited:
    """A name with its place: the node's text, or `name` where it is a key on the way to the node."""
    value = node.value if name is None else name
    return Cited(value, node.pointer, "text" if name is None else "key", value)


def device_used(*nodes: Node) -> Cited | None:
    """The device that one of these objects says it ran on; the CPU also where only its implementation names that."""
    for node in nodes:
        for key in _DEVICE_KEYS:
            if isinstance(said := node.get(key), str) and said.strip():
                return written(node.at(key))
        implementation = node.get("implementation_type")
        found = _CPU.search(implementation) if isinstance(implementation, str) else None
        if found:
            return Cited("cpu", f"{node.pointer}/implementation_type", "in text", found[0])
    return None


_DEVICE_KEYS = ("actual_device", "device_used", "device")
_CPU = re.compile(r"(?<![a-z])cpu(?![a-z])", re.IGNORECASE)  # of `REAL_CPU`, `CPU_FALLBACK`
