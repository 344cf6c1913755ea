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
from itertools import chain, groupby, islice

from ipfs_accel_pipeline.errors import PipelineError
from ipfs_accel_pipeline.pipeline.migration.batches import batched
from ipfs_accel_pipeline.pipeline.migration.chunks import Chunk, chunk_of
from ipfs_accel_pipeline.pipeline.migration.dimension_rows import Catalogued
from ipfs_accel_pipeline.pipeline.migration.files import id_by_name
from ipfs_accel_pipeline.pipeline.migration.reading import PORTION, SEEN, ReadFile, read_source
from ipfs_accel_pipeline.storage.legacy_json.archives import ARCHIVES, Limits
from ipfs_accel_pipeline.storage.legacy_json.findings import Grade
from ipfs_accel_pipeline.storage.legacy_json.sources import Source, find

Entry = str | Source

# A process takes seconds to import what it needs: that has to pay.
FEWEST_FILES = 5000
_CHUNK_FILES = 500
_CHUNK_ROWS = 2 * PORTION
_MOST_WORKERS = 8
# What they read while the database is written. Rows of a chunk take 1 MB, of a hostile one 15.
_CHUNKS_AHEAD = 24
_WORKERS_LARGEST_BYTES = 4 * 2**20  # one process at a time takes a file apart that takes ten times its size in memory
# Rows hold no cycles; Python's own 700 has it search them for some, again and again.
_COLLECT_AFTER = 50_000


@dataclass(frozen=True)
class Reader:
    """All that reading a file needs; goes to each process once."""

    catalogue: Catalogued
    accepted: frozenset[Grade]
    limits: Limits
    known: frozenset[str]  # ids of files that need not be read again

    def read(self, source: Source) -> Iterator[ReadFile]:
        """The file, or portions of it."""
        now = datetime.now(UTC)
        seen = next((one for one in _possible_ids(source) if one in self.known), None)
        if seen is not None:
            yield ReadFile(seen, source.label, source.sha256, source.size_bytes, None, SEEN, None, now)
        else:
            yield from read_source(source, self.catalogue, self.accepted, now, PORTION)

    def chunks(self, entries: Iterable[Entry]) -> Iterator[Chunk]:
        """In this process, one file after the other: of each only its rows are kept."""
        read = (file for source in find(entries, self.limits) for file in self.read(source))
        for whole, files in groupby(read, key=lambda file: file.whole):
            most = _CHUNK_FILES if whole is None else 1
            yield from map(chunk_of, batched(files, most, _CHUNK_ROWS, _rows))

    def chunk_and_rest(self, entries: Sequence[Entry]) -> tuple[Chunk, Sequence[Entry]]:
        """What is left begins with a file that is too large for one of several processes, or for this chunk."""
        files: list[ReadFile] = []
        rows = 0
        for number, source in enumerate(find(entries, self.limits)):
            read = self.read(source) if source.size_bytes <= _WORKERS_LARGEST_BYTES else iter(())
            portions = list(islice(read, 2))
            if len(portions) != 1 or rows > _CHUNK_ROWS:
                return chunk_of(files), entries[number:]
            files += portions
            rows += _rows(portions[0])
        return chunk_of(files), []


def _possible_ids(source: Source) -> Iterator[str]:
    """Which of the two it is shows only once it is read."""
    yield source.sha256
    yield id_by_name(source)


def _rows(file: ReadFile) -> int:
    return len(file.rows.tests)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Python's search for cycles comes less often within."""
    usual = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def read_all(reader: Reader, entries: Sequence[Entry], fewest: int = FEWEST_FILES) -> Iterator[Chunk]:
    """Every file. Archives come last: their members are not known in number."""
    archives = [entry for entry in entries if _is_archive(entry)]
    files = [entry for entry in entries if not _is_archive(entry)]
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    few = len(files) < fewest or workers < 2
    read = reader.chunks(files) if few else _in_processes(reader, files, workers)
    return chain(read, reader.chunks(archives))


def _is_archive(entry: Entry) -> bool:
    return isinstance(entry, str) and entry.casefold().endswith(ARCHIVES)


def _in_processes(reader: Reader, files: Sequence[Entry], workers: int) -> Iterator[Chunk]:
    # spawn: a copy of this process would share its locks and DuckDB's threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(reader,))
    tasks = deque(files[start : start + _CHUNK_FILES] for start in range(0, len(files), _CHUNK_FILES))
    waiting: deque[Future[tuple[Chunk, Sequence[Entry]]]] = deque()
    try:
        while tasks or waiting:
            # No further ahead: what is read and not yet written fills memory.
            while tasks and len(waiting) < _CHUNKS_AHEAD:
                waiting.append(pool.submit(_read, tasks.popleft()))
            chunk, rest = waiting.popleft().result()
            yield chunk
            if rest:
                yield from reader.chunks(rest[:1])
                waiting.appendleft(pool.submit(_read, rest[1:]))
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


def _read(entries: Sequence[Entry]) -> tuple[Chunk, Sequence[Entry]]:
    assert _reader is not None
    return _reader.chunk_and_rest(entries)
