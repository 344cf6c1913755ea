"""Finds the files: paths, folders, globs, archives. Each becomes bytes and a label; nothing is extracted to disk.

Whatever cannot be read becomes a Source with the reason, so that the report counts it and the rest goes on.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.storage.legacy_json.archives import ARCHIVES, MEMBER_MARK, Limits, Member, members
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused, parse
from ipfs_accel_pipeline.storage.legacy_json.findings import LeftOut
from ipfs_accel_pipeline.storage.legacy_json.tabular import csv_document, duckdb_document, is_duckdb

_CHUNK = 2**20
# In a folder only these are looked at; a file that is named is always looked at.
_WANTED = (".json", ".csv", ".duckdb", ".db", *ARCHIVES)


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


@dataclass
class Found:
    """What discovery counted besides the sources."""

    other_files: int = 0  # files in folders whose name is of no kind that is looked at


def list_entries(paths: Iterable[str], found: Found) -> list[Path | Source]:
    """The files and archives that paths, folders and patterns lead to, in a stable order; nothing is opened yet."""
    return [entry for path in paths for entry in _expand(path, found)]


def find(entries: Iterable[Path | Source], limits: Limits) -> Iterator[Source]:
    """Each entry read, archives member by member."""
    for entry in entries:
        if isinstance(entry, Source):
            yield entry
        elif entry.name.casefold().endswith(ARCHIVES):
            yield from _archive(entry, limits)
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
    if source.label.casefold().endswith(".csv"):
        return csv_document(data), []
    document = parse(data)
    return document.value, document.problems


def _refused(label: str, reason: str, size: int = 0) -> Source:
    # What could not be read has no content to be known by: its label stands in, so that it is tried again.
    return Source(
        label, size, hashlib.sha256(f"{label}\n{reason}".encode("utf-8", "replace")).hexdigest(), None, refused=reason
    )


def _expand(named: str, found: Found) -> Iterator[Path | Source]:
    path = os.path.abspath(named)  # verification has to find it from anywhere
    if os.path.isdir(path):
        yield from _folder(Path(path), found)
    elif os.path.lexists(path):
        yield Path(path)
    else:
        matches = sorted(glob.glob(path, recursive=True))
        for match in matches:
            yield from _expand(match, found)
        if not matches:
            yield _refused(named, "no such file, folder or pattern")


def _folder(root: Path, found: Found) -> Iterator[Path | Source]:
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
        pending += [Path(entry.path) for entry in reversed(entries) if entry.is_dir()]
        for entry in entries:
            if entry.is_dir():
                continue
            if any(kind in entry.name.casefold() for kind in _WANTED):
                yield Path(entry.path)
            else:
                found.other_files += 1


def _file(path: Path, limits: Limits) -> Source:
    label = str(path)
    try:
        status = path.stat()
        if not path.is_file():
            return _refused(label, "no regular file")
        with path.open("rb") as stream:
            start = stream.read(16)
            if is_duckdb(start) or status.st_size > limits.file_bytes:
                digest = hashlib.sha256(start)
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
                return _large(path, status, digest.hexdigest(), start, limits)
            data = start + stream.read(limits.file_bytes + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        return _refused(label, f"cannot be read: {reason}")
    return Source(label, len(data), hashlib.sha256(data).hexdigest(), status.st_mtime, data)


def _large(path: Path, status: os.stat_result, sha256: str, start: bytes, limits: Limits) -> Source:
    if is_duckdb(start):
        return Source(str(path), status.st_size, sha256, status.st_mtime, path=path)
    return Source(str(path), status.st_size, sha256, status.st_mtime, refused=limits.too_large(status.st_size))


def _archive(path: Path, limits: Limits) -> Iterator[Source]:
    for member in members(path, limits):
        yield _member(path, member)


def _member(path: Path, member: Member) -> Source:
    label = f"{path}{MEMBER_MARK}{member.name}" if member.name else str(path)
    if member.data is None:
        return _refused(label, member.refused or "no content", member.size_bytes)
    digest = hashlib.sha256(member.data).hexdigest()
    return Source(label, len(member.data), digest, member.modified, member.data)
