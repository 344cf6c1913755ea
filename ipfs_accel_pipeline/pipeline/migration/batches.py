"""Cuts the stream of sources into batches that fit memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipfs_accel_pipeline.storage.legacy_json.sources import Source


def batched(sources: Iterable[Source], most_files: int, most_bytes: int = 64 * 2**20) -> Iterator[list[Source]]:
    """At most so many files, and no further one once so many bytes are held."""
    batch: list[Source] = []
    size = 0
    for source in sources:
        batch.append(source)
        size += len(source.data or b"")
        if len(batch) >= most_files or size >= most_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
