"""Cuts a stream of files into batches that fit memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar


class Sized(Protocol):
    @property
    def size_bytes(self) -> int: ...


Item = TypeVar("Item", bound=Sized)


def batched(files: Iterable[Item], most_files: int, most_bytes: int = 64 * 2**20) -> Iterator[list[Item]]:
    """At most so many files, and no further one once they were so many bytes."""
    batch: list[Item] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.size_bytes
        if len(batch) >= most_files or size >= most_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
