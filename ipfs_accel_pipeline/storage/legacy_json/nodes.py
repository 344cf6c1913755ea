"""A value of a document together with its JSON pointer (RFC 6901), so that nothing is read without its place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ipfs_accel_pipeline.storage.legacy_json.findings import Cited
from ipfs_accel_pipeline.storage.legacy_json.units import converted

_MISSING = object()


class Node:
    """Missing keys give a node whose value is None: legacy files lack any key at any time."""

    __slots__ = ("pointer", "value")

    def __init__(self, value: Any, pointer: str = "") -> None:
        self.value = value
        self.pointer = pointer

    def at(self, *keys: str | int) -> Node:
        value, pointer = self.value, self.pointer
        for key in keys:
            value = _child(value, key)
            pointer = f"{pointer}/{escaped(key)}"
        return Node(value, pointer)

    def items(self) -> Iterator[tuple[str, Node]]:
        """The members of an object; none if it is no object."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield key, Node(value, f"{self.pointer}/{escaped(key)}")

    def elements(self) -> Iterator[Node]:
        """The elements of an array; none if it is no array."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Node(value, f"{self.pointer}/{index}")

    def get(self, key: str, default: Any = None) -> Any:
        return self.value.get(key, default) if isinstance(self.value, dict) else default

    def text(self) -> str | None:
        return self.value if isinstance(self.value, str) and self.value.strip() else None

    def cite(self, unit: str) -> Cited | None:
        """The value in our unit; None where there is none, or several."""
        value = None if isinstance(self.value, list) else converted(self.value, unit)
        return None if value is None else Cited(value, self.pointer, unit, self.value)

    def cite_runs(self, unit: str) -> Cited | None:
        """All of an array of numbers in our unit; None where it is anything else, or empty."""
        value = converted(self.value, unit) if isinstance(self.value, list) else None
        return Cited(value, self.pointer, unit, self.value) if value else None


def first(*nodes: Node) -> Node:
    """The first that has a value, else the last."""
    return next((node for node in nodes if node.value is not None), nodes[-1])


def numbers(node: Node, **wanted: tuple[str, str]) -> dict[str, Cited]:
    """`average_latency_ms=("avg_latency", "s->ms")`: those keys of an object that hold numbers, cited.

    What holds anything else is there too, unread: by its pointer.
    """
    if not isinstance(node.value, dict):
        return {}
    found: dict[str, Cited] = {}
    for name, (key, unit) in wanted.items():
        raw = node.value.get(key)
        if raw is not None:
            place = Node(raw, f"{node.pointer}/{escaped(key)}")
            cited = place.cite(unit)
            found |= {name: cited} if cited is not None else unread(place, unit)
    return found


def unread(place: Node, unit: str) -> dict[str, Cited]:
    """Something where a number in this unit was looked for."""
    return {place.pointer: Cited(None, place.pointer, unit, place.value)}


@lru_cache(1024)  # the same few keys in most files
def escaped(key: str | int) -> str:
    text = str(key)
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text


def resolve(document: Any, pointer: str) -> Any:
    """What stands at a pointer. KeyError where nothing does."""
    value = document
    for part in pointer.split("/")[1:]:
        value = _child(value, part.replace("~1", "/").replace("~0", "~"), missing=_MISSING)
        if value is _MISSING:
            raise KeyError(pointer)
    return value


def _child(value: Any, key: str | int, missing: Any = None) -> Any:
    if isinstance(value, dict):
        return value.get(str(key), missing)
    if isinstance(value, list) and str(key).isdigit() and int(key) < len(value):
        return value[int(key)]
    return missing
