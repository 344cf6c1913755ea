"""Options that several commands share: how each is read, and which database is meant."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click

from ipfs_accel_pipeline.benchmark.protocol import PROFILES
from ipfs_accel_pipeline.models.weights import CHOICES
from ipfs_accel_pipeline.records import PRECISIONS
from ipfs_accel_pipeline.reports.write import EXPORTS, FORMATS
from ipfs_accel_pipeline.settings import Settings, load_settings
from ipfs_accel_pipeline.storage.database import exists, require_database

Command = Callable[..., Any]


class _FiniteNumber(click.types.FloatParamType):
    """Python reads `nan` and `inf` as numbers; as a limit the one is kept by nothing and the other by everything."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float:
        number: float = super().convert(value, parameter, context)
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number that a value can be compared with.", parameter, context)
        return number


FINITE_NUMBER = _FiniteNumber()


def settings_of_stored(db_path: str | None) -> Settings:
    """For a command that judges what the database holds: a mistyped one is refused, and not made."""
    settings = load_settings(db_path)
    require_database(settings.database)
    return settings


def settings_of_published(db_path: str | None) -> Settings:
    """For a command that reads the snapshot, which may have been copied here without its database."""
    settings = load_settings(db_path)
    if not exists(settings.snapshot):
        require_database(settings.database)
    return settings


def names(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """What is left out is no name at all; an empty list is a slip (of a script's variable) and not everything."""
    if value is None:
        return ()
    found = tuple(name.strip() for name in value.split(",") if name.strip())
    if not found:
        raise click.BadParameter("the list is empty. Name something, or leave the option out.")
    return found


def _numbers(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in names(context, parameter, value))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of whole numbers such as 1,8,32") from None


def database_option(command: Command) -> Command:
    return click.option(
        "--db-path", type=click.Path(dir_okay=False), help="The DuckDB file. Default: BENCHMARK_DB_PATH, or data/."
    )(command)


def selection_options(command: Command) -> Command:
    for option in reversed(
        [
            click.option("--models", callback=names, help="Comma-separated names, ids, folders or files."),
            click.option("--hardware", callback=names, help="Comma-separated hardware ids or types. Default: all."),
        ]
    ):
        command = option(command)
    return command


def measuring_options(command: Command) -> Command:
    for option in reversed(
        [
            click.option("--profile", type=click.Choice(list(PROFILES)), default="standard", show_default=True),
            click.option(
                "--precisions",
                callback=names,
                help=f"Of {', '.join(PRECISIONS)}. Default: fp32, or fp16 on an NPU, which has no fp32.",
            ),
            click.option("--batch-sizes", callback=_numbers, default="1", show_default=True),
            click.option("--sequence-lengths", callback=_numbers, help="Default: each model's own."),
            click.option("--weights", type=click.Choice(CHOICES), default="auto", show_default=True),
            click.option(
                "--threads", type=int, help="Compute threads. Default: one per physical core that may be used."
            ),
            click.option(
                "--memory-limit-mb", type=FINITE_NUMBER, help="Of one benchmark process. Default: 90 % of memory."
            ),
            click.option(
                "--new-tokens",
                type=int,
                help="That models which write text append to a prompt. Default: the profile's. 0: none.",
            ),
            click.option("--qualcomm", is_flag=True, help="Measure Qualcomm: AI Hub or an NPU; else its emulator."),
            click.option("--json-output", type=click.Path(dir_okay=False), help="Deprecated: results as JSON."),
            click.option("--quiet", is_flag=True, help="No progress, no report on the screen."),
        ]
    ):
        command = option(command)
    return command


def report_options(command: Command) -> Command:
    for option in reversed(
        [
            click.option("--format", type=click.Choice([*FORMATS, *EXPORTS]), default="markdown", show_default=True),
            click.option("--since", type=click.DateTime(), help="Only tests from this day or time (UTC) on."),
            click.option("--compare", nargs=2, metavar="RUN_A RUN_B", help="Add two runs side by side."),
            click.option("--output", type=click.Path(), help="Where to write the report. Default: the screen."),
        ]
    ):
        command = option(command)
    return command
