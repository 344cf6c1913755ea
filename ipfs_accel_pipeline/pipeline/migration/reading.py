"""One file from bytes to rows, with one of six outcomes. Whatever goes wrong in a file stays in that file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice

from ipfs_accel_pipeline.pipeline.migration.dimension_rows import Catalogued
from ipfs_accel_pipeline.pipeline.migration.files import File, id_by_name
from ipfs_accel_pipeline.pipeline.migration.rows import FileRows, add_rows
from ipfs_accel_pipeline.storage.legacy_json.archives import MEMBER_MARK
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused
from ipfs_accel_pipeline.storage.legacy_json.findings import Grade, LeftOut
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin
from ipfs_accel_pipeline.storage.legacy_json.registry import read_document, unknown_reason
from ipfs_accel_pipeline.storage.legacy_json.sources import Source, load

SEEN = "seen before"
TROUBLED = ("refused", "unknown")
# Things that a file says, some 5 kB each as findings and rows: what is kept of one file at a time.
PORTION = 5000
# Of one file. Its rows are committed together, and until then DuckDB keeps 1 to 4 kB of each in memory.
MOST = 150_000


@dataclass
class ReadFile:
    """What is known of a file, or of a portion of it, before the database is asked."""

    id: str  # what it is known by: its hash, or where its name tells the model, that and the model
    label: str
    sha256: str
    size_bytes: int
    shape: str | None
    outcome: str
    reason: str | None
    read_at: datetime
    rows: FileRows = field(default_factory=FileRows)
    data: bytes | None = None  # of an archive's member that is refused or unknown, for the quarantine
    whole: object | None = None  # of a portion: the same for all portions of the file


def read_source(
    source: Source, catalogue: Catalogued, accepted: frozenset[Grade], now: datetime, most: int = PORTION
) -> Iterator[ReadFile]:
    """The file, or where it says more than `most` things, portions of it. The last one tells what became of all."""
    file = ReadFile(source.sha256, source.label, source.sha256, source.size_bytes, None, "refused", None, now)
    try:
        yield from _read(file, source, catalogue, accepted, most)
    except Refused as error:
        file.rows = FileRows()
        file.outcome, file.reason = "refused", str(error)
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
    yield file


def _read(
    file: ReadFile, source: Source, catalogue: Catalogued, accepted: frozenset[Grade], most: int
) -> Iterator[ReadFile]:
    """Yields all portions but the last, which is left in `file`."""
    document, problems = load(source)
    shape, found = read_document(document, Origin(source.name))
    statements = iter(found)
    if shape is None:
        file.rows.refusals.extend(one for one in statements if isinstance(one, LeftOut))
        file.outcome, file.reason = "unknown", file.rows.refusals.reason
    else:
        file.shape = shape.name
        origin = File(source.label, source.sha256, source.modified, shape.name, file.read_at)
        add_rows(file.rows, islice(statements, most), origin, catalogue, accepted)
        if file.rows.by_name:
            file.id = id_by_name(source)
        imported = _holds_rows(file.rows)
        for portions, statement in enumerate(statements, 1):
            if portions * most >= MOST:
                raise Refused(f"it holds more than {MOST} results: split it into files of fewer")
            file.outcome, file.whole = "imported", file.whole or object()
            yield replace(file)
            file.rows = FileRows(refusals=file.rows.refusals)
            add_rows(file.rows, chain((statement,), islice(statements, most - 1)), origin, catalogue, accepted)
            imported = imported or _holds_rows(file.rows)
        if shape.is_result and not imported and file.rows.refusals.reason is None:
            reason = f"it looks like {shape.name}, but its reader finds nothing in it: {unknown_reason(document)}"
            file.rows.refusals.append(LeftOut("", reason))
            file.outcome, file.reason = "unknown", reason
        else:
            file.outcome, file.reason = ("imported", None) if imported else _nothing(file.rows, shape.is_result)
    file.rows.refusals.extend(problems)


def _holds_rows(rows: FileRows) -> bool:
    return bool(rows.tests or rows.hardware or rows.models)


def _nothing(rows: FileRows, is_result: bool) -> tuple[str, str]:
    return ("left_out" if is_result else "ignored"), rows.refusals.reason or "it holds nothing"
