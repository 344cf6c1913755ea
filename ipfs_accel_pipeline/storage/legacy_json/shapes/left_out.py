"""Shapes that become no rows: derived tables, APIs, errors without a subject, and files that are no results at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ipfs_accel_pipeline.storage.legacy_json.findings import LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin

Reader = Callable[[Node, Origin], Iterator[Statement]]


def because(reason: str) -> Reader:
    """A reader that leaves the whole object out for this reason."""

    def read(node: Node, origin: Origin) -> Iterator[Statement]:
        yield LeftOut(node.pointer, reason)

    return read


def not_as_expected(node: Node, expected: str) -> LeftOut:
    """For what stands where a reader expects something else."""
    return LeftOut(node.pointer, f"{expected} is expected here, not a value of type {type(node.value).__name__}")


def error_only(node: Node, origin: Origin) -> Iterator[Statement]:
    """S26: an error that names neither model nor platform."""
    yield LeftOut(
        node.pointer, f"an error without model and platform: {str(node.get('error', node.get('test_error')))[:120]}"
    )
