"""The report over the published snapshot: as text, or as files in every format."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ipfs_accel_pipeline.reports.content import gather
from ipfs_accel_pipeline.reports.write import FORMATS, SUFFIXES, render_report, write_report
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.snapshot import open_snapshot


def make_report(
    settings: Settings, format: str, models: Sequence[str] | None = None, hardware: Sequence[str] | None = None
) -> str:
    """One report as text. `models` and `hardware` narrow it down."""
    with open_snapshot(settings.snapshot) as connection:
        content = gather(connection, models=models, hardware=hardware, generated_at=datetime.now(UTC))
    return render_report(content, format)


def write_all_reports(settings: Settings) -> dict[str, Path]:
    """`report.md`, `report.html` and `report.json` in the reports folder, by format."""
    return {
        format: write_report(make_report(settings, format), settings.reports / f"report{SUFFIXES[format]}")
        for format in FORMATS
    }
