"""The report over the published snapshot: as text, or as files in every format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.reports import changes
from ipfs_accel_pipeline.reports.changes import EarlierReport
from ipfs_accel_pipeline.reports.content import gather
from ipfs_accel_pipeline.reports.write import FORMATS, SUFFIXES, render_report, write_report
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.snapshot import open_snapshot

_REMEDY = (
    "Free some space there or fix the rights of that folder. The results are kept: `ipfs-accel report` shows them."
)


def make_report(
    settings: Settings,
    format: str,
    models: Sequence[str] | None = None,
    hardware: Sequence[str] | None = None,
    *,
    since: datetime | None = None,
    compare: tuple[str, str] | None = None,
) -> str:
    """One report as text. `models`, `hardware` and `since` narrow it down; `compare` adds two runs side by side.

    What changed is told against the last report that a run left in the reports folder.
    """
    with open_snapshot(settings.snapshot) as connection:
        content = gather(
            connection,
            models=models,
            hardware=hardware,
            generated_at=datetime.now(UTC),
            since=since,
            earlier=_earlier_report(settings, connection),
            compare=compare,
            shards=settings.shards,
        )
    return render_report(content, format)


def require_runs(settings: Settings, runs: Sequence[str]) -> None:
    """UsageError where a report could not compare these runs: to be asked before hours of measuring, not after."""
    with open_snapshot(settings.snapshot) as connection:
        changes.require_runs(connection, runs)


def write_all_reports(settings: Settings) -> dict[str, Path]:
    """`report.md`, `report.html` and `report.json` in the reports folder, by format."""
    # All are made before the first is written: the one that is replaced says what they are compared with.
    texts = {format: make_report(settings, format) for format in FORMATS}
    return {
        format: write_report(text, settings.reports / f"report{SUFFIXES[format]}", _REMEDY)
        for format, text in texts.items()
    }


def _earlier_report(settings: Settings, connection: Any) -> EarlierReport | None:
    """The JSON report in the reports folder, if tests came after it; None where none can be read.

    A report of the same tests says what that one said: reading it twice must not make its news disappear.
    """
    path = settings.reports / f"report{SUFFIXES['json']}"
    try:
        last = json.loads(path.read_text(encoding="utf-8"))
        of_last = EarlierReport(datetime.fromisoformat(last["generated_at"]), tuple(_test_ids(last)))
        return of_last if changes.is_any_test_newer(connection, of_last) else _before(last)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _test_ids(report: dict[str, Any]) -> set[str]:
    return {test["test_id"] for test in report["latest_tests"]}


def _before(report: dict[str, Any]) -> EarlierReport | None:
    """What this report was itself compared with."""
    if report["earlier_report_at"] is None:
        return None
    made_at = datetime.fromisoformat(report["earlier_report_at"])
    told = report["changes"]
    if any("test_id_after" not in one for one in told):  # written by a version that told changes without their tests
        return EarlierReport(made_at)
    known = _test_ids(report) - {one["test_id_after"] for one in told}
    return EarlierReport(made_at, tuple(known | {one["test_id_before"] for one in told if one["test_id_before"]}))
