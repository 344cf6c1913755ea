"""`ipfs-accel regressions`: what changed for the worse, why, and what a person says of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from ipfs_accel_pipeline.cli.errors import FOUND_WORSE, clear_errors
from ipfs_accel_pipeline.cli.options import FINITE_NUMBER, database_option, settings_of_stored
from ipfs_accel_pipeline.pipeline.changes import (
    STATUSES,
    chosen_sensitivity,
    current_changes,
    explained,
    is_open,
    refresh_changes,
    set_status,
)
from ipfs_accel_pipeline.records import PerformanceChange
from ipfs_accel_pipeline.reports.history import size_in_words
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot


@click.command()
@database_option
@click.option("--all", "everything", is_flag=True, help="Improvements, unstable series and answered ones too.")
@click.option("--set", "answer", nargs=2, metavar="STATUS ID", help=f"Answer one change: {', '.join(STATUSES)}.")
@click.option("--note", help="Why, to be kept with --set.")
@click.option(
    "--minimum-effect",
    type=FINITE_NUMBER,
    help="Relative; 0.03 is 3 %. Only shows what that finds, and keeps nothing of it. "
    "Default: BENCHMARK_MINIMUM_EFFECT, or 0.03.",
)
@click.option("--format", "format_", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@clear_errors
def regressions(
    db_path: str | None,
    everything: bool,
    answer: tuple[str, str] | None,
    note: str | None,
    minimum_effect: float | None,
    format_: str,
) -> None:
    """Analyse the stored history and list the regressions that nobody has dealt with. Exit code 1 if there are any."""
    settings = settings_of_stored(db_path)
    if answer:
        change = set_status(settings.database, answer[1], answer[0], note)
        publish_snapshot(settings.database, settings.snapshot)
        click.echo(f"{change.id[:8]} {change.metric} of {change.model_id} on {change.hardware_id}: {change.status}")
        return
    with open_database(settings.database) as connection:
        if minimum_effect is None:
            rows = refresh_changes(connection)
        else:
            rows = current_changes(connection, chosen_sensitivity(minimum_effect), datetime.now(UTC))
    if minimum_effect is None:
        publish_snapshot(settings.database, settings.snapshot)
    rows = sorted(rows, key=lambda row: (row.changed_at, row.id), reverse=True)
    shown = rows if everything else [row for row in rows if is_open(row)]
    click.echo(_RENDERERS[format_](shown))
    sys.exit(FOUND_WORSE if any(is_open(row) for row in rows) else 0)


def _text(rows: Sequence[PerformanceChange]) -> str:
    return "\n".join(_block(row) for row in rows) or "No regression is open."


def _block(row: PerformanceChange) -> str:
    lines = [
        f"{row.id[:8]}  {row.changed_at:%Y-%m-%d %H:%M}  {_state(row)}  {row.metric}: {_size(row)}",
        f"          {row.model_id} on {row.hardware_id}, {row.endpoint_type}, {_case(row)}",
        f"          changed there: {explained(row)}",
    ]
    return "\n".join([*lines, f"          note: {row.note}"] if row.note else lines)


def _markdown(rows: Sequence[PerformanceChange]) -> str:
    head = (
        "| changed | model | hardware | case | metric | change | what else changed | status | id |\n" + "|---" * 9 + "|"
    )
    lines = [
        f"| {row.changed_at:%Y-%m-%d %H:%M} | {row.model_id} | {row.hardware_id} ({row.endpoint_type}) | {_case(row)} "
        f"| {row.metric} | {_size(row)} | {explained(row)} | {_state(row)} | `{row.id[:8]}` |"
        for row in rows
    ]
    return "\n".join([head, *lines]) if lines else "No regression is open."


def _json(rows: Sequence[PerformanceChange]) -> str:
    return json.dumps([asdict(row) for row in rows], indent=2, default=_moment)


def _moment(value: Any) -> str:
    return str(value.isoformat())


_RENDERERS = {"text": _text, "markdown": _markdown, "json": _json}


def _state(row: PerformanceChange) -> str:
    said = row.status if row.still_found else f"{row.status}, no longer seen"
    return f"{row.kind} ({said}, recovered {row.recovered_at:%Y-%m-%d})" if row.recovered_at else f"{row.kind} ({said})"


def _size(row: PerformanceChange) -> str:
    size = size_in_words(row)
    if size is None:
        return "no level"
    parts = [f"{row.points_before} tests before, {row.points_after} after"]
    if row.relative_change_low is not None and row.relative_change_high is not None:
        parts.insert(0, f"95 % interval {row.relative_change_low:+.1%} to {row.relative_change_high:+.1%}")
    return f"{size}; {'; '.join(parts)}"


def _case(row: PerformanceChange) -> str:
    length = f" s{row.sequence_length}" if row.sequence_length else ""
    return f"{row.precision} b{row.batch_size}{length}"
