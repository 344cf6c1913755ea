"""One file from bytes to rows, with one of six outcomes. Whatever goes wrong in a file stays in that file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ipfs_accel_pipeline.pipeline.migration.dimension_rows import Catalogued
from ipfs_accel_pipeline.pipeline.migration.files import File
from ipfs_accel_pipeline.pipeline.migration.rows import FileRows, rows_of
from ipfs_accel_pipeline.storage.legacy_json.archives import MEMBER_MARK
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused
from ipfs_accel_pipeline.storage.legacy_json.findings import Grade, LeftOut
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin
from ipfs_accel_pipeline.storage.legacy_json.registry import read_document
from ipfs_accel_pipeline.storage.legacy_json.sources import Source, load

SEEN = "seen before"
TROUBLED = ("refused", "unknown")


@dataclass
class ReadFile:
    """What is known of a file before the database is asked."""

    label: str
    sha256: str
    size_bytes: int
    shape: str | None
    outcome: str
    reason: str | None
    read_at: datetime
    rows: FileRows = field(default_factory=FileRows)
    data: bytes | None = None  # of an archive's member that is refused or unknown, for the quarantine


def read_source(source: Source, catalogue: Catalogued, accepted: frozenset[Grade], now: datetime) -> ReadFile:
    file = ReadFile(source.label, source.sha256, source.size_bytes, None, "refused", None, now)
    try:
        document, problems = load(source)
        shape, statements = read_document(document, Origin(os.path.basename(source.label)))
        if shape is None:
            file.outcome, file.reason = (
                "unknown",
                _first_reason([one for one in statements if isinstance(one, LeftOut)]),
            )
        else:
            file.shape = shape.name
            origin = File(source.label, source.sha256, source.modified, shape.name, now)
            file.rows = rows_of(statements, origin, catalogue, accepted)
            file.outcome, file.reason = _outcome(file.rows, shape.is_result)
        file.rows.refusals += problems
    except Refused as error:
        file.reason = str(error)
    except RecursionError:
        file.reason = "nested too deep to be read"
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        # A key of the right name with a value of the wrong kind: the keys promised a shape that the rest breaks.
        file.rows = FileRows()
        file.outcome = "refused"
        file.reason = f"looks like {file.shape or 'a known shape'}, but breaks it: {type(error).__name__}: {error}"
    except MemoryError:
        file.rows = FileRows()
        file.outcome, file.reason = "refused", "reading it takes more memory than there is"
    if file.outcome in TROUBLED and MEMBER_MARK in source.label:
        file.data = source.data
    return file


def _outcome(rows: FileRows, is_result: bool) -> tuple[str, str | None]:
    if rows.tests or rows.hardware or rows.models:
        return "imported", None
    reason = _first_reason(rows.refusals) or "it holds nothing"
    return ("left_out" if is_result else "ignored"), reason


def _first_reason(left_out: Sequence[LeftOut]) -> str | None:
    if not left_out:
        return None
    more = f" (and {len(left_out) - 1} more places)" if len(left_out) > 1 else ""
    return left_out[0].reason + more
