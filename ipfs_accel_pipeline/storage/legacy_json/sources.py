"""Finds the files: paths, folders, globs, archives. Each becomes bytes and a label; nothing is extracted to disk.

Whatever cannot be read becomes a Source with the reason, so that the report counts it and the rest goes on.
"""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.storage.legacy_json.archives import ARCHIVES, DATABASES, MEMBER_MARK, Limits, Member, members
from ipfs_accel_pipeline.storage.legacy_json.databases import (
    duckdb_document,
    is_duckdb,
    is_sqlite,
    locked,
    sqlite_document,
)
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused, parse
from ipfs_accel_pipeline.storage.legacy_json.findings import LeftOut
from ipfs_accel_pipeline.storage.legacy_json.tabular import csv_document, is_parquet, parquet_document

_CHUNK = 2**20
# In a folder only these are looked at; a file that is named is always looked at.
_WANTED = (".json", ".csv", ".parquet", *DATABASES, *ARCHIVES)
# Changes of a database that are not yet in its file: no source of their own.
_LOGS = (".wal", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or one member of an archive. `data` is None where `refused` says why, or for a DuckDB file."""

    label: str  # path, or archive!member
    size_bytes: int
    sha256: str
    modified: float | None  # seconds since 1970
    data: bytes | None = None
    path: Path | None = None  # of a DuckDB file, which is read by DuckDB itself
    refused: str | None = None

    @property
    def name(self) -> str:
        """The file's own name; of a member the one within its archive."""
        base = os.path.basename(self.label)
        archive, _, member = base.rpartition(MEMBER_MARK)
        return member if archive.casefold().endswith(ARCHIVES) else base


@dataclass
class Found:
    """What discovery counted besides the sources."""

    other_files: int = 0  # files in folders whose name is of no kind that is looked at


def list_entries(paths: Iterable[str], found: Found) -> list[str | Source]:
    """The files and archives that paths, folders and patterns lead to, in a stable order; nothing is opened yet.

    Plain names: a hundred thousand Path objects take seconds to make and to hand to another process.
    """
    return [entry for path in paths for entry in _expand(path, found)]


def find(entries: Iterable[str | Source], limits: Limits) -> Iterator[Source]:
    """Each entry read, archives member by member."""
    for entry in entries:
        if isinstance(entry, Source):
            yield entry
        elif entry.casefold().endswith(ARCHIVES):
            yield from _archive(Path(entry), limits)
        else:
            yield _file(entry, limits)


def load(source: Source) -> tuple[Any, list[LeftOut]]:
    """The document of a source, or Refused."""
    if source.refused is not None:
        raise Refused(source.refused)
    if source.path is not None:
        return duckdb_document(source.path), []
    data = source.data or b""
    if is_duckdb(data[:16]):
        raise Refused("a DuckDB file inside an archive: unpack it and name the file")
    if is_sqlite(data[:16]):
        if _pending(f"{source.label}-wal"):
            raise Refused("changes lie in the -wal file beside it: open and close it once with SQLite")
        return sqlite_document(data), []
    if is_parquet(data[:16]):
        return parquet_document(data), []
    if source.label.casefold().endswith(_LOGS):
        raise Refused("the log of a database: name the database itself")
    if source.label.casefold().endswith(".csv"):
        return csv_document(data), []
    document = parse(data)
    return document.value, document.problems


def _refused(label: str, reason: str, size: int = 0) -> Source:
    # What could not be read has no content to be known by: its label stands in, so that it is tried again.
    return Source(
        label, size, hashlib.sha256(f"{label}\n{reason}".encode("utf-8", "replace")).hexdigest(), None, refused=reason
    )


def _expand(named: str, found: Found) -> Iterator[str | Source]:
    path = os.path.abspath(named)  # verification has to find it from anywhere
    if os.path.isdir(path):
        yield from _folder(Path(path), found)
    elif os.path.lexists(path):
        yield path
    else:
        matches = _reached_once(glob.glob(path, recursive=True))
        for match in matches:
            yield from _expand(match, found)
        if not matches:
            yield _refused(named, "no such file, folder or pattern")


def _reached_once(matches: Iterable[str]) -> list[str]:
    """By their shortest paths: a link to a folder leads to the same files again, and a loop of links forty times."""
    folders: dict[str, str] = {}
    reached: dict[tuple[str, str], str] = {}
    for match in sorted(matches, key=lambda match: (len(match), match)):
        folder, name = os.path.split(match)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        reached.setdefault((folders[folder], name), match)
    return sorted(reached.values())


def _folder(root: Path, found: Found) -> Iterator[str | Source]:
    """Depth first, sorted; a folder that was entered already (a symlink loop) is told and left."""
    entered: dict[tuple[int, int], Path] = {}
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            status = folder.stat()
            known = entered.setdefault((status.st_dev, status.st_ino), folder)
            if known is not folder:
                yield _refused(str(folder), f"a link to {known}, which is read already")
                continue
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield _refused(str(folder), f"cannot be read: {error.strerror}")
            continue
        folders = {entry.name for entry in entries if _is_folder(entry)}
        pending += [folder / name for name in sorted(folders, reverse=True)]
        for entry in entries:
            if entry.name in folders:
                continue
            name = entry.name.casefold()
            if any(kind in name for kind in _WANTED) and not name.endswith(_LOGS):
                yield entry.path
            else:
                found.other_files += 1


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _file(label: str, limits: Limits) -> Source:
    try:
        descriptor = os.open(label, os.O_RDONLY | os.O_NONBLOCK)  # a pipe must not make us wait
    except OSError as error:
        return _refused(label, f"cannot be read: {error.strerror or error}")
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        return _opened(label, stream, limits)


def _opened(label: str, stream: FileIO, limits: Limits) -> Source:
    try:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            return _refused(label, "no regular file")
        if status.st_size > limits.file_bytes:
            return _large(label, status, stream, b"", limits)
        data = stream.read(status.st_size + 1)
        if is_duckdb(data[:16]):
            return _large(label, status, stream, data, limits)
    except OSError as error:
        return _refused(label, f"cannot be read: {error.strerror or error}")
    return Source(label, len(data), hashlib.sha256(data).hexdigest(), status.st_mtime, data)


def _large(label: str, status: os.stat_result, stream: FileIO, start: bytes, limits: Limits) -> Source:
    """Hashed piece by piece and not kept: DuckDB reads its own files itself, others are refused."""
    start = start or stream.read(_CHUNK)
    digest = hashlib.sha256(start)
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    if is_duckdb(start[:16]):
        return _duckdb(label, status, digest)
    reason = limits.too_large(status.st_size)
    return Source(label, status.st_size, digest.hexdigest(), status.st_mtime, refused=reason)


def _duckdb(label: str, status: os.stat_result, digest: Any) -> Source:
    """The log beside it is part of its content; a file that is locked has no content that it is known by."""
    reason = locked(Path(label))
    if reason is not None:
        return _refused(label, reason, status.st_size)
    with suppress(OSError):
        digest.update(Path(f"{label}.wal").read_bytes())
    return Source(label, status.st_size, digest.hexdigest(), status.st_mtime, path=Path(label))


def _pending(log: str) -> bool:
    return os.path.exists(log) and os.path.getsize(log) > 0


def _archive(path: Path, limits: Limits) -> Iterator[Source]:
    for member in members(path, limits):
        yield _member(path, member)


def _member(path: Path, member: Member) -> Source:
    label = f"{path}{MEMBER_MARK}{member.name}" if member.name else str(path)
    if member.data is None:
        return _refused(label, member.refused or "no content", member.size_bytes)
    digest = hashlib.sha256(member.data).hexdigest()
    return Source(label, len(member.data), digest, member.modified, member.data)
