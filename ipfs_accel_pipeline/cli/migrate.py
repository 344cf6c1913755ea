"""The command `migrate`: imports the result files of the first project, or verifies what was imported."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from ipfs_accel_pipeline.cli.errors import WRONG_USE
from ipfs_accel_pipeline.cli.migration_progress import MigrationProgress
from ipfs_accel_pipeline.cli.options import Command, settings_of_stored
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.pipeline.migration.report import MigrationReport, as_json, as_markdown
from ipfs_accel_pipeline.pipeline.migration.run import MigrationOptions, migrate
from ipfs_accel_pipeline.pipeline.migration.verify import Verification, verify
from ipfs_accel_pipeline.settings import Settings, load_settings
from ipfs_accel_pipeline.storage.legacy_json.archives import Limits

_RENDERERS = {"md": as_markdown, "json": as_json}
_PROBLEMS_SHOWN = 50
_A_FILE = click.Path(dir_okay=False, path_type=Path)
_A_FOLDER = click.Path(file_okay=False, path_type=Path)


def migration_options(command: Command) -> Command:
    for option in reversed(
        [
            click.argument("paths", nargs=-1),
            click.option("--dry-run", is_flag=True, help="Read everything, write nothing, report what it would be."),
            click.option("--verify", "only_verify", is_flag=True, help="Compare every imported value with its source."),
            click.option(
                "--report", "report_format", type=click.Choice(list(_RENDERERS)), default="md", show_default=True
            ),
            click.option("--output", type=_A_FILE, help="Where to write the report. Default: the screen."),
            click.option("--quarantine", type=_A_FOLDER, help="Copy what is unreadable or unknown here."),
            click.option("--accept-claimed", is_flag=True, help="Figures that are only claimed are results too."),
            click.option("--max-file-mb", type=click.IntRange(1), default=64, show_default=True, help="Of one file."),
            click.option("--quiet", is_flag=True, help="No progress."),
        ]
    ):
        command = option(command)
    return command


def run_migration(paths: tuple[str, ...], db_path: str | None, only_verify: bool, **options: Any) -> int:
    """The exit code: 1 when a verification found differences, 2 when something that was named is not there."""
    limits = Limits(file_bytes=options["max_file_mb"] * 2**20)
    if only_verify:
        return _verify(settings_of_stored(db_path), paths, limits)
    settings = load_settings(db_path)
    if not paths:
        raise UsageError("Name what to migrate: files, folders, archives, or - for a list on standard input.")
    chosen = MigrationOptions(options["dry_run"], options["quarantine"], options["accept_claimed"], limits)
    sources = list(_names(paths))
    missing = [source for source in sources if not _leads_somewhere(source)]
    with MigrationProgress(options["quiet"]) as progress:
        report = migrate(settings, sources, chosen, progress)
    _show(report, options["report_format"], options["output"])
    for source in missing:
        click.echo(f"Error: There is no file or folder {source!r}, and no file matches it as a pattern.", err=True)
    return WRONG_USE if missing else 0


def _leads_somewhere(source: str) -> bool:
    return os.path.lexists(source) or any(glob.iglob(source, recursive=True))


def _names(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        if path == "-":
            yield from (line.rstrip("\r\n") for line in sys.stdin if line.strip())
        else:
            yield path


def _show(report: MigrationReport, report_format: str, output: Path | None) -> None:
    text = _RENDERERS[report_format](report)
    if output is None:
        click.echo(text)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    click.echo(f"Report written to {output}", err=True)


def _verify(settings: Settings, paths: Sequence[str], limits: Limits) -> int:
    """1 when anything differs."""
    if paths:
        raise UsageError("--verify reads the places that the database remembers: name no paths.")
    result = verify(settings, limits)
    for problem in result.problems[:_PROBLEMS_SHOWN]:
        click.echo(f"{problem.path} {problem.pointer}: {problem.reason}")
    if len(result.problems) > _PROBLEMS_SHOWN:
        click.echo(f"... and {len(result.problems) - _PROBLEMS_SHOWN} more")
    click.echo(_verdict(result))
    return 1 if result.problems else 0


def _verdict(result: Verification) -> str:
    compared = f"{result.values} values of {result.tests} rows from {result.files} files compared with their sources"
    return f"{compared}: {f'{len(result.problems)} problems' if result.problems else 'all agree'}."
