"""Members of .tar.gz and .zip archives, in memory, one at a time.

Nothing is ever written to a path that an archive names. A member whose name leads out of the archive is refused, and
an archive that would become far larger than it is (a bomb) is left where that shows.
"""

from __future__ import annotations

import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

ARCHIVES = (".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tar.xz", ".zip")
MEMBER_MARK = "!"
DATABASES = (".duckdb", ".db", ".sqlite")
_WANTED = (".json", ".csv", ".parquet", *DATABASES)
_MIB = 2**20
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error, RuntimeError, NotImplementedError)


@dataclass(frozen=True)
class Limits:
    """How much one run takes into memory. Beyond it a file is refused, never half read."""

    file_bytes: int = 64 * _MIB
    archive_bytes: int = 4096 * _MIB  # of all members together, unpacked
    archive_ratio: int = 200  # unpacked to packed; result files reach 30
    archive_members: int = 1_000_000

    def too_large(self, size: int) -> str:
        return f"{size / _MIB:.0f} MiB; {self.file_bytes / _MIB:.0f} MiB is the most for one file (--max-file-mb)"


@dataclass(frozen=True, slots=True)
class Member:
    """`name` is empty where the archive as a whole is meant."""

    name: str
    size_bytes: int
    modified: float | None
    data: bytes | None
    refused: str | None = None


def members(path: Path, limits: Limits) -> Iterator[Member]:
    """Every member that may be a result, and every one that is refused, with the reason."""
    try:
        packed = path.stat().st_size
        yield from _zip(path, limits) if path.suffix.casefold() == ".zip" else _tar(path, packed, limits)
    except _BROKEN as error:
        yield Member("", 0, None, None, f"broken archive: {error or type(error).__name__}")


def _zip(path: Path, limits: Limits) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        total = 0
        for count, info in enumerate(archive.infolist()):
            total += info.file_size
            bomb = _bomb(total, max(info.compress_size, 1), info.file_size, count, limits)
            if bomb:
                yield Member("", total, None, None, bomb)
                return
            if info.is_dir() or not _wanted(info.filename):
                continue
            modified = time.mktime((*info.date_time, 0, 0, -1))
            reason = _reason(info.filename, info.file_size, limits)
            if reason is None and info.flag_bits & 1:
                reason = "encrypted"
            if reason:
                yield Member(info.filename, info.file_size, modified, None, reason)
                continue
            with archive.open(info) as stream:
                yield _read(info.filename, stream.read(limits.file_bytes + 1), modified, limits)


def _tar(path: Path, packed: int, limits: Limits) -> Iterator[Member]:
    # As a stream: one pass, and no member is unpacked to reach the next before its size was looked at.
    with tarfile.open(path, "r|*") as archive:
        total = 0
        for count, info in enumerate(archive):
            total += info.size
            bomb = _bomb(total, max(packed, 1), total, count, limits)
            if bomb:
                yield Member("", total, None, None, bomb)
                return
            if info.isdir() or not _wanted(info.name):
                continue
            reason = _reason(info.name, info.size, limits)
            if reason is None and not info.isreg():
                reason = "a link or device, not a file"
            stream = archive.extractfile(info) if reason is None else None
            if stream is None:
                yield Member(info.name, info.size, info.mtime, None, reason or "no content")
                continue
            yield _read(info.name, stream.read(limits.file_bytes + 1), float(info.mtime), limits)


def _read(name: str, data: bytes, modified: float, limits: Limits) -> Member:
    """What a header says of its size may be a lie: what was read counts."""
    if len(data) > limits.file_bytes:
        return Member(name, len(data), modified, None, limits.too_large(len(data)))
    return Member(name, len(data), modified, data)


def _bomb(total: int, packed: int, unpacked: int, count: int, limits: Limits) -> str | None:
    if count >= limits.archive_members:
        return f"more than {limits.archive_members} members: the rest is not read"
    if total > limits.archive_bytes:
        return f"unpacks to more than {limits.archive_bytes / _MIB:.0f} MiB: the rest is not read"
    if unpacked > 16 * _MIB and unpacked / packed > limits.archive_ratio:
        return f"unpacks to {unpacked / packed:.0f} times its size, as a bomb does: the rest is not read"
    return None


def _wanted(name: str) -> bool:
    return any(kind in PurePosixPath(name).name.casefold() for kind in (*_WANTED, *ARCHIVES))


def _reason(name: str, size: int, limits: Limits) -> str | None:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or ".." in parts or PureWindowsPath(name).drive:
        return "its name leads out of the archive"
    if name.casefold().endswith((*ARCHIVES, ".duckdb")):
        return "an archive or database inside an archive: unpack it and name the file"
    return limits.too_large(size) if size > limits.file_bytes else None
