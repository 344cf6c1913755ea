"""What is written in a journal or shard, line by line, and how its file is named.

Both hold the same lines: first a header, then observations and notes. A shard is its journal, compressed and never
changed again; its id is the SHA-256 of those lines, so the same measurements always have the same id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.records import Observation
from ipfs_accel_pipeline.storage.json_values import as_word, json_ready
from ipfs_accel_pipeline.storage.observation_json import FORMAT, observation_from_json, observation_to_json

SHARD_SUFFIX = ".jsonl.gz"
_TIME = "%Y%m%dT%H%M%S.%fZ"
_LONGEST_NAME = 120  # file systems allow 255 bytes for a name, and ours has a time and a digest besides


@dataclass(frozen=True)
class Header:
    """Whose measurements these are. `started_at` is when the journal was begun."""

    hardware_id: str
    run_id: str
    started_at: datetime
    details: dict[str, Any] = field(default_factory=dict)  # what the caller wants to keep: host, versions, protocol


@dataclass(frozen=True)
class Shard:
    shard_id: str
    path: Path
    header: Header
    observations: tuple[Observation, ...]
    notes: tuple[str, ...] = ()  # what was lost or repaired on the way


@dataclass(frozen=True)
class ShardInfo:
    """What a shard's path says; reading the content is another step, because it may be damaged."""

    path: Path
    hardware_id: str
    run_id: str
    started_at: datetime
    digest: str  # the first 12 characters of the shard id


@dataclass
class Content:
    """The lines of a journal or shard, understood."""

    header: Header
    observations: list[Observation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def safe_name(text: str) -> str:
    """A file name for any id; `unquote` gives the id back unless it was very long."""
    name = quote(text, safe="")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > _LONGEST_NAME:
        return name[:_LONGEST_NAME] + "%" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return name or "%00"


def shard_path(folder: Path, header: Header, shard_id: str) -> Path:
    return folder / f"{header.started_at:{_TIME}}-{safe_name(header.run_id)}-{shard_id[:12]}{SHARD_SUFFIX}"


def info_of(path: Path) -> ShardInfo | None:
    """What the path says, or None if it is not the path of a shard."""
    time, _, rest = path.name.removesuffix(SHARD_SUFFIX).partition("-")
    run_id, _, digest = rest.rpartition("-")
    try:
        started_at = datetime.strptime(time, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return ShardInfo(path, unquote(path.parent.name), unquote(run_id), started_at, digest)


def header_line(header: Header) -> bytes:
    return _line(
        {
            "header": {
                "format": FORMAT,
                "hardware_id": header.hardware_id,
                "run_id": header.run_id,
                "started_at": header.started_at.isoformat(),
                "details": json_ready(header.details, as_word),
            }
        }
    )


def observation_line(observation: Observation) -> bytes:
    return _line({"observation": observation_to_json(observation)})


def note_line(note: str) -> bytes:
    return _line({"note": note})


def digest_of(lines: bytes) -> str:
    return hashlib.sha256(lines).hexdigest()


def understood(lines: bytes, path: Path) -> Content:
    """The content of complete lines; StorageError naming the file and line that cannot be read."""
    first, *rest = lines.splitlines() or [b""]
    with _naming(path, 1):
        header, version = _header(json.loads(first)["header"])
    content = Content(header)
    for number, line in enumerate(rest, start=2):
        with _naming(path, number):
            _take(content, json.loads(line), version)
    return content


@contextmanager
def _naming(path: Path, number: int) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, StorageError) as error:
        raise StorageError(f"{path}, line {number}, cannot be read: {error}") from error


def _take(content: Content, entry: dict[str, Any], version: int) -> None:
    if "note" in entry:
        content.notes.append(entry["note"])
    else:
        content.observations.append(observation_from_json(entry["observation"], version))


def _header(data: dict[str, Any]) -> tuple[Header, int]:
    version = data["format"]
    if version > FORMAT:
        raise StorageError(
            f"it is of format {version}, this package reads up to {FORMAT}. Upgrade ipfs-accel-pipeline."
        )
    started_at = datetime.fromisoformat(data["started_at"])
    return Header(data["hardware_id"], data["run_id"], started_at, data["details"]), version


def _line(entry: dict[str, Any]) -> bytes:
    # One form only (sorted, no spaces, ASCII), because the id is made from these bytes. ASCII also keeps lone
    # surrogates and line separators, which the stderr of a crashed process may hold, from breaking a line.
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), allow_nan=False).encode() + b"\n"
