"""The migration itself: batch after batch is read without the database and written in one short transaction.

A batch is all or nothing, and `imported_files` remembers it: whoever was stopped goes on, a second run finds nothing
to do, and two at once share the work without doubling a row.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, groupby
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from ipfs_accel_pipeline.models.catalogue import load_catalogue, model_row
from ipfs_accel_pipeline.pipeline.migration.batches import batched
from ipfs_accel_pipeline.pipeline.migration.chunks import Chunk, merged
from ipfs_accel_pipeline.pipeline.migration.dimension_rows import Catalogued, ModelRow
from ipfs_accel_pipeline.pipeline.migration.quarantine import Quarantine
from ipfs_accel_pipeline.pipeline.migration.report import MigrationReport
from ipfs_accel_pipeline.pipeline.migration.workers import Entry, Reader, rare_collections, read_all
from ipfs_accel_pipeline.pipeline.migration.writing import Written, first_of_each, write_batch, write_portions
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.imported import disproved, known_files, withdraw
from ipfs_accel_pipeline.storage.legacy_json.archives import Limits
from ipfs_accel_pipeline.storage.legacy_json.findings import Grade
from ipfs_accel_pipeline.storage.legacy_json.registry import TOOL_VERSION
from ipfs_accel_pipeline.storage.legacy_json.sources import Found, list_entries
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot

# Large enough that DuckDB's cost per write does not count, small enough that a stop loses seconds.
_BATCH_CHUNKS = 40
_BATCH_BYTES = 64 * 2**20  # as Arrow holds them
# For rows that are not committed yet; beyond it DuckDB puts them on disk.
_LARGE_FILE = {"memory_limit": "256MB"}


class Progress(Protocol):
    """Told what happens, as it happens."""

    def found(self, entries: int) -> None: ...

    def read(self, files: int) -> None: ...

    def warn(self, message: str) -> None: ...


class Silent:
    """Nobody is watching."""

    def found(self, entries: int) -> None: ...

    def read(self, files: int) -> None: ...

    def warn(self, message: str) -> None: ...


@dataclass(frozen=True)
class MigrationOptions:
    dry_run: bool = False
    quarantine: Path | None = None  # where copies go of what cannot be read or nobody knows
    accept_claimed: bool = False  # figures that somebody claims get performance rows too, labelled
    limits: Limits = field(default_factory=Limits)

    @property
    def accepted(self) -> frozenset[Grade]:
        return frozenset({Grade.MEASURED, Grade.CLAIMED} if self.accept_claimed else {Grade.MEASURED})


def migrate(
    settings: Settings, paths: Iterable[str], options: MigrationOptions, progress: Progress | None = None
) -> MigrationReport:
    """Import everything that the paths lead to, and publish the snapshot."""
    told = progress or Silent()
    report = MigrationReport(dry_run=options.dry_run)
    catalogue = load_names(settings)
    quarantine = Quarantine(None if options.dry_run else options.quarantine)
    with _target(settings, options.dry_run) as target:
        with open_database(target.database) as connection:
            known = known_files(connection, TOOL_VERSION, options.accept_claimed)
        reader = Reader(catalogue, options.accepted, options.limits, frozenset(known))
        with rare_collections():
            chunks = read_all(reader, _entries(paths, report, told))
            for whole, some in groupby(chunks, key=lambda chunk: chunk.whole):
                if whole is not None:
                    _one_large_file(target, some, known, options, quarantine, report, told)
                    continue
                for batch in batched(some, _BATCH_CHUNKS, _BATCH_BYTES, lambda chunk: chunk.held_bytes):
                    _one_batch(target, merged(batch), known, options, quarantine, report, told)
        with open_database(target.database) as connection:
            _withdraw(connection, report)
        if not options.dry_run:
            publish_snapshot(target.database, target.snapshot)
    return report


def load_names(settings: Settings) -> Catalogued:
    """Every model that the catalogue knows, by every name it goes by."""
    catalogue = load_catalogue(settings.user_catalogue)
    now = datetime.now(UTC)
    last: dict[str, set[str]] = {}
    for model_id in catalogue:
        last.setdefault(model_id.rsplit("/", 1)[-1], set()).add(model_id)
    unique = {name: ids.pop() for name, ids in last.items() if len(ids) == 1}
    names = unique | catalogue.aliases | {model_id: model_id for model_id in catalogue}
    rows = {model_id: ModelRow(**vars(model_row(spec, now))) for model_id, spec in catalogue.items()}
    return Catalogued(names, rows)


@contextmanager
def _target(settings: Settings, dry_run: bool) -> Iterator[Settings]:
    """The database to write to; a dry run writes all the same, into a copy that is thrown away."""
    if not dry_run:
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="ipfs-accel-dry-run-") as folder:
        copy = replace(settings, database=Path(folder) / settings.database.name)
        if settings.database.exists():
            publish_snapshot(settings.database, copy.database)
        yield copy


def _entries(paths: Iterable[str], report: MigrationReport, told: Progress) -> list[Entry]:
    found = Found()
    entries = list_entries(paths, found)
    report.other_files = found.other_files
    told.found(len(entries))
    return entries


def _one_batch(
    target: Settings,
    batch: Chunk,
    known: set[str],
    options: MigrationOptions,
    quarantine: Quarantine,
    report: MigrationReport,
    told: Progress,
) -> None:
    fresh = batch.only(first_of_each(batch.files["id"].to_pylist(), known))
    written = None
    if fresh.files.num_rows:
        with open_database(target.database) as connection:
            written = write_batch(connection, fresh, options.accept_claimed)
    _count(batch.files, written, quarantine, report, told)


def _one_large_file(
    target: Settings,
    portions: Iterator[Chunk],
    known: set[str],
    options: MigrationOptions,
    quarantine: Quarantine,
    report: MigrationReport,
    told: Progress,
) -> None:
    """Read while it is written: all of its rows at once would not fit memory."""
    first = next(portions)
    written = None
    if all(first_of_each(first.files["id"].to_pylist(), known)):
        with open_database(target.database, config=_LARGE_FILE) as connection:
            written = write_portions(connection, chain((first,), portions), options.accept_claimed)
    _count(first.files, written, quarantine, report, told)


def _count(
    files: pa.Table, written: Written | None, quarantine: Quarantine, report: MigrationReport, told: Progress
) -> None:
    """`written` is None where all of the files were known."""
    new = written.new if written is not None else None
    if new is not None:
        report.add(new)
        _tell(new, quarantine, told)
    if written is not None:
        report.add_claims(written.claims)
    report.files += files.num_rows
    report.megabytes += (pc.sum(files["size_bytes"]).as_py() or 0) / 1e6
    report.seen_before += files.num_rows - (new.files.num_rows if new is not None else 0)
    told.read(files.num_rows)


def _tell(new: Chunk, quarantine: Quarantine, told: Progress) -> None:
    for file_id in new.files["id"].to_pylist():
        file = new.troubled.get(file_id)
        if file is not None:
            told.warn(f"{file.label}: {file.outcome}: {file.reason}")
            quarantine.keep(file)


def _withdraw(connection: Any, report: MigrationReport) -> None:
    reasons = disproved(connection)
    for test in withdraw(connection, reasons, str(Grade.CLAIMED)):
        report.lower(test.run_id, test.details, str(Grade.CLAIMED), reasons[test.id])
