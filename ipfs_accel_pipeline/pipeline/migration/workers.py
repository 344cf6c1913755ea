"""Reads many files in several processes; few files, and archives, in this one.

Order is kept, so that of two files with the same finding the first one gives it, however many processes there are.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from ipfs_accel_pipeline.errors import PipelineError
from ipfs_accel_pipeline.pipeline.migration.batches import batched
from ipfs_accel_pipeline.pipeline.migration.chunks import Chunk, chunk_of
from ipfs_accel_pipeline.pipeline.migration.dimension_rows import Catalogued
from ipfs_accel_pipeline.pipeline.migration.reading import SEEN, ReadFile, read_source
from ipfs_accel_pipeline.storage.legacy_json.archives import ARCHIVES, Limits
from ipfs_accel_pipeline.storage.legacy_json.findings import Grade
from ipfs_accel_pipeline.storage.legacy_json.sources import Source, find

Entry = str | Source

# A process takes seconds to import what it needs: that has to pay.
FEWEST_FILES = 5000
_CHUNK_FILES = 500
_MOST_WORKERS = 8
# Large enough that DuckDB's cost per write does not count, small enough that a stop loses seconds.
_BATCH_CHUNKS = 40
_BATCH_BYTES = 64 * 2**20  # of the files; their rows are a fraction of that
# Rows hold no cycles; Python's own 700 has it search them for some, again and again.
_COLLECT_AFTER = 50_000


@dataclass(frozen=True)
class Reader:
    """All that reading a file needs; goes to each process once."""

    catalogue: Catalogued
    accepted: frozenset[Grade]
    limits: Limits
    known: frozenset[str]  # contents that need not be read again

    def read(self, source: Source) -> ReadFile:
        now = datetime.now(UTC)
        if source.sha256 in self.known:
            return ReadFile(source.label, source.sha256, source.size_bytes, None, SEEN, None, now)
        return read_source(source, self.catalogue, self.accepted, now)

    def chunks(self, entries: Iterable[Entry]) -> Iterator[Chunk]:
        """In this process, one file after the other: of each only its rows are kept."""
        files = (self.read(source) for source in find(entries, self.limits))
        return map(chunk_of, batched(files, _CHUNK_FILES, _BATCH_BYTES))


@contextmanager
def rare_collections() -> Iterator[None]:
    """Python's search for cycles comes less often within."""
    usual = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def read_all(reader: Reader, entries: Sequence[Entry], fewest: int = FEWEST_FILES) -> Iterator[list[Chunk]]:
    """Every file, in batches that fit memory. Archives come last: their members are not known in number."""
    archives = [entry for entry in entries if _is_archive(entry)]
    files = [entry for entry in entries if not _is_archive(entry)]
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    few = len(files) < fewest or workers < 2
    read = reader.chunks(files) if few else _in_processes(reader, files, workers)
    return batched(chain(read, reader.chunks(archives)), _BATCH_CHUNKS, _BATCH_BYTES)


def _is_archive(entry: Entry) -> bool:
    return isinstance(entry, str) and entry.casefold().endswith(ARCHIVES)


def _in_processes(reader: Reader, files: Sequence[Entry], workers: int) -> Iterator[Chunk]:
    # spawn: a copy of this process would share its locks and DuckDB's threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(reader,))
    waiting: deque[Future[list[Chunk]]] = deque()
    try:
        for start in range(0, len(files), _CHUNK_FILES):
            waiting.append(pool.submit(_read_chunk, files[start : start + _CHUNK_FILES]))
            if len(waiting) > 2 * workers:  # no further ahead: what is read and not yet written fills memory
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise PipelineError(
            "A process that reads files died (out of memory?). What was written is kept: run the migration again, "
            "with a smaller --max-file-mb."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_reader: Reader | None = None  # of this worker process


def _begin(reader: Reader) -> None:
    global _reader
    _reader = reader
    gc.set_threshold(_COLLECT_AFTER)


def _read_chunk(entries: Sequence[Entry]) -> list[Chunk]:
    assert _reader is not None
    return list(_reader.chunks(entries))
