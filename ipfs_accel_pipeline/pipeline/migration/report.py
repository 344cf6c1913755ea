"""What a migration did: counts by shape and outcome, every refusal with its place. As data, Markdown or JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson
import pyarrow as pa

from ipfs_accel_pipeline.pipeline.migration.chunks import FILE, GRADE, Chunk
from ipfs_accel_pipeline.pipeline.migration.files import run_id_of

OUTCOMES = ("imported", "duplicate", "left_out", "ignored", "unknown", "refused")
_LONGEST_REASON = 240


@dataclass(frozen=True)
class Refusal:
    """One file, or part of one, that became no row."""

    path: str
    pointer: str
    reason: str


@dataclass
class MigrationReport:
    """Counts of one run. `seen_before` are contents that an earlier run, or an earlier path of this one, had.

    `claims_taken` are those of them whose claimed figures got performance rows now.
    """

    dry_run: bool = False
    files: int = 0
    seen_before: int = 0
    claims_taken: int = 0
    other_files: int = 0
    megabytes: float = 0.0
    by_shape: dict[str, Counter[str]] = field(default_factory=dict)
    grades: dict[str, Counter[str]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    downgraded: list[Refusal] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    refusals_not_listed: int = 0
    runs: set[str] = field(default_factory=set)  # of the files that were new

    @property
    def outcomes(self) -> Counter[str]:
        return sum(self.by_shape.values(), Counter())

    def add(self, new: Chunk) -> None:
        """What one batch added to the tables."""
        self.rows.update({table: rows.num_rows for table, rows in new.rows.items() if rows.num_rows})
        self.duplicates += sum(new.files["duplicate_rows"].to_pylist())
        self.runs.update(map(run_id_of, new.files["id"].to_pylist()))
        shapes = {file: shape or f"({outcome})" for file, shape, outcome in _lists(new.files, FILE, "shape", "outcome")}
        _count(self.by_shape, zip(shapes.values(), new.files["outcome"].to_pylist(), strict=True))
        _count(self.grades, ((shapes[file], grade) for file, grade in _lists(new.rows["test_results"], FILE, GRADE)))
        for path, refusals in _lists(new.files, "path", "refusals"):
            for refusal in orjson.loads(refusals):
                self.refuse(Refusal(path, refusal["pointer"], refusal["reason"]))

    def add_claims(self, claims: Mapping[str, int]) -> None:
        """Performance rows that files which were seen before gave now."""
        self.claims_taken += sum(count > 0 for count in claims.values())
        if self.claims_taken:
            self.rows["performance_results"] += sum(claims.values())

    def lower(self, run_id: str, details: Mapping[str, Any], grade: str, reasons: list[str]) -> None:
        """A test of this or an earlier import whose figures were taken back; `details` are what it had until now."""
        source = details["source"]
        self.downgraded.append(Refusal(source["path"], source["pointer"], "; ".join(reasons)))
        self.rows["performance_results"] -= 1
        if run_id in self.runs:
            counts = self.grades[source["shape"]]
            counts[details["evidence"]] -= 1
            counts[grade] += 1

    def refuse(self, refusal: Refusal, most: int = 100_000) -> None:
        """Kept up to a limit, so that memory stays bounded; all of them are in `imported_files`."""
        if len(self.refusals) < most:
            self.refusals.append(refusal)
        else:
            self.refusals_not_listed += 1


def _count(counts: dict[str, Counter[str]], pairs: Iterable[tuple[str, str]]) -> None:
    for (shape, name), count in Counter(pairs).items():
        counts.setdefault(shape, Counter())[name] += count


def _lists(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def as_json(report: MigrationReport) -> str:
    plain = {name.name: getattr(report, name.name) for name in fields(report) if name.name != "runs"}
    listed = {name: [asdict(one) for one in plain[name]] for name in ("downgraded", "refusals")}
    return json.dumps(plain | listed | {"outcomes": report.outcomes}, indent=2, ensure_ascii=False)


def as_markdown(report: MigrationReport) -> str:
    parts = ["# Migration of legacy results", _summary(report), "## Files by shape and outcome", _shapes(report)]
    parts += ["## Evidence of the rows", _grades(report)]
    if report.downgraded:
        parts += ["## Rows that all files together disprove", _refusals(report.downgraded)]
    if report.refusals:
        parts += ["## What became no row", _refusals(report.refusals)]
    if report.refusals_not_listed:
        parts.append(f"{report.refusals_not_listed} more are in the table `imported_files`.")
    return "\n\n".join(parts) + "\n"


def _summary(report: MigrationReport) -> str:
    rows = ", ".join(f"{count} {table}" for table, count in sorted(report.rows.items()) if count) or "none"
    mode = " (dry run: nothing was written)" if report.dry_run else ""
    lines = [
        f"- Files seen: {report.files} ({report.megabytes:.1f} MB){mode}",
        f"- Content seen before, so left alone: {report.seen_before - report.claims_taken}",
        f"- Content seen before of which the claimed figures were taken now: {report.claims_taken}",
        f"- Files in folders that are of another kind: {report.other_files}",
        f"- Rows added: {rows}",
        f"- Findings that another file had given already: {report.duplicates}",
    ]
    return "\n".join(lines)


def _shapes(report: MigrationReport) -> str:
    if not report.by_shape:
        return "No file that was not seen before."
    lines = [
        [shape, *(str(counts[outcome] or "") for outcome in OUTCOMES), str(counts.total())]
        for shape, counts in sorted(report.by_shape.items())
    ]
    total = report.outcomes
    lines.append(["**all**", *(str(total[outcome] or "") for outcome in OUTCOMES), str(total.total())])
    return _table(["shape", *(outcome.replace("_", " ") for outcome in OUTCOMES), "files"], lines)


def _grades(report: MigrationReport) -> str:
    names = sorted({grade for counts in report.grades.values() for grade in counts if counts[grade]})
    if not names:
        return "No rows."
    lines = [
        [shape, *(str(counts[name] or "") for name in names)]
        for shape, counts in sorted(report.grades.items())
        if counts
    ]
    return _table(["shape", *names], lines)


def _refusals(refusals: list[Refusal]) -> str:
    return _table(
        ["file", "place", "reason"], [[one.path, one.pointer or "(all of it)", one.reason] for one in refusals]
    )


def _table(headings: list[str], lines: Iterable[list[str]]) -> str:
    rows = [headings, ["---"] * len(headings), *([_cell(text) for text in line] for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cell(text: str) -> str:
    flat = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return flat if len(flat) <= _LONGEST_REASON else flat[:_LONGEST_REASON] + " ..."
