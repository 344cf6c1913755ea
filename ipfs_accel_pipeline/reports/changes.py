"""What changed since the report before, and two runs side by side: read from the database, judged by the intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.reports.foreign_text import first_line
from ipfs_accel_pipeline.reports.frames import plain_lines
from ipfs_accel_pipeline.reports.rows import Change, ComparedCase, Comparison
from ipfs_accel_pipeline.storage.compared import compared_cases
from ipfs_accel_pipeline.storage.queries import run_query
from ipfs_accel_pipeline.storage.reading import read_table

_CASE = ("model_id", "hardware_id", "endpoint_type", "precision", "batch_size", "sequence_length")
_ORDER = ("broken", "slower", "fixed", "faster", "new")


@dataclass(frozen=True)
class EarlierReport:
    """The report that changes are told against: when it was made, and the newest test of every case in it."""

    made_at: datetime
    test_ids: tuple[str, ...] | None = None  # None where it did not say: then all tests until it was made


def is_any_test_newer(connection: Any, earlier: EarlierReport) -> bool:
    """Whether the newest test of a measured case is one that this report does not know."""
    return bool(plain_lines(run_query(connection, "report_change", **_asked(earlier))))


def _asked(earlier: EarlierReport) -> dict[str, Any]:
    known = None if earlier.test_ids is None else list(earlier.test_ids)
    return {"earlier": earlier.made_at, "known": known}


def changes_since(connection: Any, scope: Mapping[str, Any], earlier: EarlierReport | None) -> tuple[Change, ...]:
    """The worst news first; nothing where there was no report before."""
    if earlier is None:
        return ()
    asked = {"models": scope["models"], "hardware": scope["hardware"], **_asked(earlier)}
    changed = [_change(line) for line in plain_lines(run_query(connection, "report_change", **asked))]
    return tuple(sorted((one for one in changed if one), key=lambda one: _ORDER.index(one.kind)))


def _change(line: dict[str, Any]) -> Change | None:
    kind = _kind(line)
    if kind is None:
        return None
    ratio = line["p50_after_ms"] / line["p50_before_ms"] if kind in ("slower", "faster") else None
    return Change(
        **{name: line[name] for name in _CASE},
        kind=kind,
        status_before=line["status_before"],
        status_after=line["status_after"],
        error=first_line(line["error"]),
        p50_before_ms=line["p50_before_ms"],
        p50_after_ms=line["p50_after_ms"],
        p50_ratio=ratio,
        test_id_before=line["test_id_before"],
        test_id_after=line["test_id_after"],
    )


def _kind(line: dict[str, Any]) -> str | None:
    before, after = line["status_before"], line["status_after"]
    if before is None:
        return "new"
    if (before == "passed") != (after == "passed"):
        return "fixed" if after == "passed" else "broken"
    return _change_of_speed(line) if after == "passed" and line["is_same_setting"] else None


def _change_of_speed(line: dict[str, Any]) -> str | None:
    """None where the intervals overlap or one is unknown, or the host of the slower one was slow all the time."""
    ends = ("ci95_low_before_ms", "ci95_high_before_ms", "ci95_low_after_ms", "ci95_high_after_ms")
    low_before, high_before, low_after, high_after = (line[end] for end in ends)
    if None in (low_before, high_before, low_after, high_after):
        return None
    if low_after > high_before:
        return None if line["is_disturbed_after"] else "slower"
    return "faster" if high_after < low_before and not line["is_disturbed_before"] else None


def compare_runs(connection: Any, scope: Mapping[str, Any], runs: tuple[str, str] | None) -> Comparison | None:
    """UsageError if a run has no result: a comparison with nothing would look like good news."""
    if runs is None:
        return None
    require_runs(connection, runs)
    filters = {"models": scope["models"], "hardware": scope["hardware"]}
    found = compared_cases(connection, "run", *runs, filters)
    return Comparison(runs[0], runs[1], tuple(_compared(one) for one in found))


def require_runs(connection: Any, runs: Sequence[str]) -> None:
    """UsageError for the first of them that has no result."""
    for run_id in runs:
        if read_table(connection, "performance_results", {"run_id": run_id}, ["id"]).empty:
            raise UsageError(
                f"The run {run_id!r} has no result. `ipfs-accel dashboard` lists the runs on its first page."
            )


def _compared(one: dict[str, Any]) -> ComparedCase:
    a, b = one["a"], one["b"]
    known = b or a
    return ComparedCase(
        **{name: known[name] for name in _CASE},
        p50_a_ms=a["p50_latency_ms"] if a else None,
        p50_b_ms=b["p50_latency_ms"] if b else None,
        p50_ratio=one["p50_ratio"],
        verdict=one["verdict"],
        reason=one["reason"],
    )
