"""Cuts a stream into batches that fit memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], most: int, heaviest: int, weight: Callable[[Item], int]) -> Iterator[list[Item]]:
    """At most so many items, and no further one once they weigh so much."""
    batch: list[Item] = []
    total = 0
    for item in items:
        batch.append(item)
        total += weight(item)
        if len(batch) >= most or total >= heaviest:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch
