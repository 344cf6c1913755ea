"""The commands. Without one, the flags of the first version work as they did: measure, or `--report`."""

from __future__ import annotations

import os
import sys
from datetime import UTC
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ipfs_accel_pipeline.cli.compare import compare
from ipfs_accel_pipeline.cli.errors import SOME_FAILED, clear_errors, sigterm_stops
from ipfs_accel_pipeline.cli.migrate import migration_options, run_migration
from ipfs_accel_pipeline.cli.options import (
    database_option,
    measuring_options,
    report_options,
    selection_options,
    settings_of_published,
    settings_of_stored,
)
from ipfs_accel_pipeline.cli.progress import TerminalProgress
from ipfs_accel_pipeline.cli.recommend import recommend
from ipfs_accel_pipeline.cli.regressions import regressions
from ipfs_accel_pipeline.cli.speech import say
from ipfs_accel_pipeline.cli.tables import platform_table
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.pipeline.asked_models import known_ids
from ipfs_accel_pipeline.pipeline.changes import chosen_sensitivity
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.reporting import make_report, require_runs, write_all_reports
from ipfs_accel_pipeline.pipeline.run import (
    RunResult,
    choose_platforms,
    choose_qualcomm,
    detect_and_store,
    find_models,
    run_pipeline,
)
from ipfs_accel_pipeline.qualcomm.access import DEFAULT_DEVICE, DEVICES_VARIABLE
from ipfs_accel_pipeline.records import HardwarePlatform, Status
from ipfs_accel_pipeline.reports.write import write_report
from ipfs_accel_pipeline.settings import Settings, load_settings
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ipfs-accel-pipeline", prog_name="ipfs-accel")
@selection_options
@database_option
@measuring_options
@report_options
@click.option("--report", is_flag=True, help="Write the report of what is stored; measure nothing.")
@click.pass_context
@clear_errors
def main(context: click.Context, report: bool, **options: Any) -> None:
    """Measure which AI model runs how well on which hardware, and report it.

    Without a command: measure as `run` does, or with --report only report.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_before(context)
        return
    if report:
        _refuse_measuring_options(context)
        _report(settings_of_published(options["db_path"]), options)
        return
    sys.exit(_run(options))


@main.command()
@database_option
@clear_errors
def detect(db_path: str | None) -> None:
    """Show the hardware of this machine, with the reason for every type that is absent, and store it."""
    click.echo(platform_table(detect_and_store(load_settings(db_path))))


@main.command()
@selection_options
@database_option
@measuring_options
@report_options
@clear_errors
def run(**options: Any) -> None:
    """Measure models on this machine, store the results and end with a report."""
    sys.exit(_run(options))


@main.command()
@selection_options
@database_option
@report_options
@clear_errors
def report(**options: Any) -> None:
    """Report what is stored."""
    _report(settings_of_published(options["db_path"]), options)


@main.command()
@database_option
@clear_errors
def snapshot(db_path: str | None) -> None:
    """Publish a read-only copy of the database for notebooks and dashboards."""
    settings = settings_of_stored(db_path)
    click.echo(publish_snapshot(settings.database, settings.snapshot))


@main.command()
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8050, show_default=True)
@click.option("--token", envvar="IPFS_ACCEL_TOKEN", help="Ask every visitor for this token. Default: none.")
@click.option("--dagster-url", default="http://127.0.0.1:3000", show_default=True, help="For links to runs.")
@clear_errors
def dashboard(db_path: str | None, host: str, port: int, token: str | None, dagster_url: str) -> None:
    """Browse the published snapshot: screens, downloads and an API. Read-only, and needs no Dagster."""
    # Imported here: the web framework takes a second that no other command should pay.
    from ipfs_accel_pipeline.dashboard.serve import serve

    settings = settings_of_published(db_path)
    serve(
        settings,
        host=host,
        port=port,
        token=token,
        dagster_url=dagster_url,
        say=lambda text: click.echo(text, err=True),
    )


@main.command()
@database_option
@migration_options
@clear_errors
def migrate(**options: Any) -> None:
    """Import legacy results: files, folders, patterns, .tar.gz and .zip archives; `-` reads names from standard input.

    A second run over the same files writes nothing. Imported rows are labelled and never ranked with measured ones.
    """
    sys.exit(run_migration(**options))


for command in (compare, regressions, recommend):
    main.add_command(command)


def _refuse_options_before(context: click.Context) -> None:
    """They would be read by nobody."""
    for flag in _given(context, set(context.params)):
        raise UsageError(f"Write {flag} after the command: `ipfs-accel {context.invoked_subcommand} {flag} ...`.")


def _refuse_measuring_options(context: click.Context) -> None:
    """A report measures nothing; that it is quiet asks for nothing to be measured."""
    measuring, reporting = ({str(option.name) for option in main.commands[name].params} for name in ("run", "report"))
    for flag in _given(context, measuring - reporting - {"quiet"}):
        raise UsageError(f"{flag} is for measuring, and --report only reports what is stored. Leave one of them out.")


def _given(context: click.Context, names: set[str]) -> list[str]:
    """The flags of these options that somebody typed."""
    typed = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    return ["--" + name.replace("_", "-") for name in typed if name in names]


def _run(options: dict[str, Any]) -> int:
    settings = load_settings(options["db_path"])
    chosen_sensitivity()  # read when all is measured: a slip in it must not wait until then
    config = _config(options)
    specs = find_models(options["models"], settings)
    if options["compare"]:
        require_runs(settings_of_published(options["db_path"]), options["compare"])
    platforms = _platforms(settings, options)
    with sigterm_stops(), TerminalProgress(options["quiet"]) as progress:
        result = run_pipeline(settings, config, specs, platforms, progress)
    options = {**options, "models": [spec.model_id for spec in specs]}
    try:
        paths = write_all_reports(settings)
    except UsageError:
        _finish(settings, options, result, {})  # the report that was asked for is another file
        raise
    _finish(settings, options, result, paths)
    return _exit_code(result)


def _config(options: dict[str, Any]) -> RunConfig:
    return RunConfig(
        models=options["models"],
        profile=options["profile"],
        precisions=options["precisions"],
        batch_sizes=options["batch_sizes"],
        sequence_lengths=options["sequence_lengths"],
        weights=options["weights"],
        threads=options["threads"],
        memory_limit_mb=options["memory_limit_mb"],
        new_tokens=options["new_tokens"],
    )


def _platforms(settings: Settings, options: dict[str, Any]) -> list[HardwarePlatform]:
    if not options["qualcomm"]:
        return choose_platforms(detect_and_store(settings), options["hardware"])
    if DEVICES_VARIABLE not in os.environ:  # whoever asks for Qualcomm wants a device, also without having chosen one
        os.environ[DEVICES_VARIABLE] = DEFAULT_DEVICE
    found = detect_and_store(settings)
    chosen = choose_qualcomm(found)
    for one in chosen:
        if one.acceleration == "emulated":
            why = one.runtime.get("absent_endpoints", {}).get("aihub")
            say(f"The emulator tells what runs and how right it is, never how fast. {why or ''}", err=True)
    others = choose_platforms(found, options["hardware"]) if options["hardware"] else []
    return [*others, *(one for one in chosen if one not in others)]


def _finish(settings: Settings, options: dict[str, Any], result: RunResult, paths: dict[str, Path]) -> None:
    if options["json_output"]:
        say("--json-output is deprecated: results are in the database; use `ipfs-accel report`.", err=True)
        write_report(make_report(settings, "json"), options["json_output"])
    if options["output"] or not options["quiet"]:
        _report(settings, {**options, "hardware": ()})
    if not options["quiet"]:
        passed = sum(observation.status is Status.PASSED for observation in result.observations)
        say(
            f"Run {result.run_id}: {passed} of {len(result.observations)} rounds passed. "
            f"Database: {settings.database}. Reports: {', '.join(str(path) for path in paths.values()) or 'none'}.",
            err=True,
        )


def _report(settings: Settings, options: dict[str, Any]) -> None:
    models = known_ids(options["models"], settings) or None
    since = options["since"] and options["since"].replace(tzinfo=UTC)
    text = make_report(
        settings, options["format"], models, options["hardware"] or None, since=since, compare=options["compare"]
    )
    if options["output"]:
        say(f"Report written to {write_report(text, options['output'])}", err=True)
    else:
        say(text)


def _exit_code(result: RunResult) -> int:
    if not result.shards:
        raise UsageError("This machine has no hardware that can be measured; see `ipfs-accel detect`.")
    return 0 if all(one.status is Status.PASSED for one in result.observations) else SOME_FAILED
