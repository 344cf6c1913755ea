"""The journal of a run that is still measuring: one line per observation, on the disk before the next one begins.

A crash of the next benchmark, of this process or of the machine loses none of the lines before it.
"""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.records import Observation
from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.shard_files import (
    Content,
    Header,
    Shard,
    digest_of,
    header_line,
    note_line,
    observation_line,
    shard_path,
    understood,
)
from ipfs_accel_pipeline.storage.whole_files import sync_folder, write_atomically

JOURNAL_SUFFIX = ".journal"


class Journal:
    """Append, then seal. Leaving the `with` block unsealed keeps the journal for the next attempt of the same run."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._content = Content(header)
        self._descriptor: int | None = None

    def __enter__(self) -> Journal:
        with as_storage_errors(f"Cannot open the journal {self.path}"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._acquire()
            try:
                self._open()
            except BaseException:
                self._lock.release()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._lock.release()

    @property
    def header(self) -> Header:
        return self._content.header

    def observations(self) -> list[Observation]:
        """What was recorded so far, by this attempt and by earlier ones of the same run."""
        return list(self._content.observations)

    def notes(self) -> list[str]:
        return list(self._content.notes)

    def append(self, observation: Observation) -> None:
        """Returns when the observation is on the disk."""
        self._write(observation_line(observation))
        self._content.observations.append(observation)

    def seal(self) -> Shard:
        """Turns the journal into an immutable shard; doing it again after a crash in between gives the same shard."""
        lines = self.path.read_bytes()
        shard_id = digest_of(lines)
        path = shard_path(self.path.parent, self.header, shard_id)
        with as_storage_errors(f"Cannot seal the journal {self.path}"):
            write_atomically(path, gzip.compress(lines, mtime=0))  # no time inside: same lines, same bytes
            self._remove()
        return Shard(shard_id, path, self.header, tuple(self._content.observations), tuple(self._content.notes))

    def discard(self) -> None:
        """Remove a journal that holds nothing."""
        self._remove()

    def _acquire(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise StorageError(
                f"Another process is writing the journal {self.path}. "
                "Two runs with one run id cannot measure the same hardware: wait for it, or stop it."
            ) from error

    def _open(self) -> None:
        lines = self.path.read_bytes() if self.path.exists() else b""
        whole, _, torn = lines.rpartition(b"\n")
        whole = whole + b"\n" if whole else b""
        if whole:
            self._content = understood(whole, self.path)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        # Killed in the middle of a write: the torn line must go, or the next one would be glued to it.
        os.ftruncate(self._descriptor, len(whole))
        if not whole:
            self._write(header_line(self.header))
            sync_folder(self.path.parent)
        elif torn:
            self._note(f"dropped an incomplete last line of {len(torn)} bytes (the process was killed while writing)")

    def _note(self, note: str) -> None:
        self._write(note_line(note))
        self._content.notes.append(note)

    def _write(self, line: bytes) -> None:
        if self._descriptor is None:
            raise StorageError(f"The journal {self.path} is not open: use it inside `with`, and not after seal().")
        with as_storage_errors(f"Cannot write the journal {self.path}"):
            start = os.fstat(self._descriptor).st_size
            try:
                if os.write(self._descriptor, line) < len(line):
                    raise OSError("No space left on device")
                os.fsync(self._descriptor)
            except OSError:
                # A half line may be all that fitted on the disk; what was there before must stay readable.
                with suppress(OSError):
                    os.ftruncate(self._descriptor, start)
                raise

    def _remove(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self.path.unlink(missing_ok=True)
        Path(self._lock.lock_file).unlink(missing_ok=True)
