"""The file that rows come from, what it is known by, and when what it tells took place."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

from ipfs_accel_pipeline.storage.legacy_json.findings import Cited
from ipfs_accel_pipeline.storage.legacy_json.model_names import key_in_name
from ipfs_accel_pipeline.storage.legacy_json.sources import Source
from ipfs_accel_pipeline.storage.legacy_json.times import is_date_alone, parse_time, states_zone, time_in_name


class File(NamedTuple):
    """The file that the statements come from."""

    label: str
    sha256: str
    modified: float | None
    shape: str
    imported_at: datetime


def id_by_name(source: Source) -> str:
    """What a file is known by whose content leaves the model to its name; all others are known by their content."""
    key = key_in_name(source.name) or ""
    return hashlib.sha256(f"{source.sha256}\n{key}".encode("utf-8", "replace")).hexdigest()


def run_id_of(file_id: str) -> str:
    """All rows of one file have it."""
    return f"import-{file_id[:12]}"


class When(NamedTuple):
    at: datetime
    source: str
    in_content: bool
    cited: Cited | None = None


def when_of(cited: Cited | None, file: File) -> When:
    """The time in the content, else in the file's name, else the file's own date, always saying which."""
    found = parse_time(cited.value) if cited is not None else None
    if cited is not None and found is not None:
        zone = "" if states_zone(cited.value) else ", without a zone: taken as UTC"
        alone = ", a date alone: its midnight in UTC" if is_date_alone(cited.value) else zone
        return When(found, f"the file's content{alone}", True, cited)
    why = "the content states none"
    if cited is not None:
        why = f"the stated time {str(cited.value)[:60]!r} at {cited.pointer} is not understood"
    named = parse_time(time_in_name(file.label))
    if named is not None:
        return When(named, f"the file's name, without a zone: taken as UTC{'' if cited is None else f'; {why}'}", False)
    if file.modified is not None:
        return When(datetime.fromtimestamp(file.modified, UTC), f"the file's own date: {why}", False)
    return When(file.imported_at, f"the time of the import: {why}", False)
