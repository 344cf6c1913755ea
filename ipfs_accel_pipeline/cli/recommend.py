"""`ipfs-accel recommend`: which hardware for this model, which models for this hardware, which few devices for all?"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click

from ipfs_accel_pipeline.analysis.candidates import PREFERENCES, Limits, Run, Wish, groups
from ipfs_accel_pipeline.analysis.fleet import Fleet, Suited, best_models, smallest_fleet
from ipfs_accel_pipeline.analysis.recommendation import Judged, judge
from ipfs_accel_pipeline.analysis.recommendation_words import endpoint_in_words
from ipfs_accel_pipeline.cli.errors import FOUND_WORSE, clear_errors
from ipfs_accel_pipeline.cli.options import FINITE_NUMBER, database_option, names, settings_of_published
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.pipeline.asked_models import stored_ids
from ipfs_accel_pipeline.pipeline.recommending import evidence, recommendation_row, tag_registry
from ipfs_accel_pipeline.storage.snapshot import open_snapshot


@click.command()
@database_option
@click.option("--model", "--models", "models", callback=names, help="Comma-separated; default: all that were measured.")
@click.option("--hardware", help="The other way round: the models that this device suits best.")
@click.option("--fleet", is_flag=True, help="The fewest devices that serve all these models within the limits.")
@click.option("--prefer", type=click.Choice(PREFERENCES), default="latency", show_default=True)
@click.option("--max-latency-ms", type=FINITE_NUMBER, help="Median.")
@click.option("--max-p99-ms", type=FINITE_NUMBER)
@click.option("--max-memory-mb", type=FINITE_NUMBER)
@click.option("--max-watts", type=FINITE_NUMBER)
@click.option("--min-throughput", type=FINITE_NUMBER, help="Items per second.")
@click.option("--min-parity", type=FINITE_NUMBER, help="Cosine against the fp32 reference.")
@click.option("--price", "prices", multiple=True, help="HARDWARE=PRICE per hour, such as cuda-nvidia-h200-0=2.5/h.")
@click.option("--precision", help="Only this one; default: each by itself.")
@click.option("--batch-size", type=int, help="Only this one; default: each by itself.")
@click.option("--max-age-days", type=FINITE_NUMBER, default=90.0, show_default=True, help="Older evidence is stale.")
@click.option("--tag-registry", is_flag=True, help="Write the verdicts as tags to the registered (MLflow) versions.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@clear_errors
def recommend(**options: Any) -> None:
    """Recommend hardware from what was measured, and say why not the rest.

    Exit code 1 if nothing is left, or if a fleet leaves a model unserved.

    Candidates that failed, were emulated or imported, are stale or beyond a limit are ruled out; a lead that chance
    could explain is a tie. Energy and cost need measured power and your prices.
    """
    if options["fleet"] and options["hardware"]:
        raise UsageError("--fleet looks for devices, --hardware names one: choose one of the two.")
    wish, now = _wish(options), datetime.now(UTC)
    settings = settings_of_published(options["db_path"])
    with open_snapshot(settings.snapshot) as connection:
        runs = evidence(connection, stored_ids(connection, options["models"], settings))
        judged = [judge(group, wish, now) for group in groups(_chosen(runs, options))]
        if not judged:
            raise UsageError("No test is stored for this choice. `ipfs-accel run` measures; `ipfs-accel report` shows.")
        if options["tag_registry"]:
            tagged = tag_registry(connection, judged)
            click.echo(f"Tagged: {', '.join(tagged) or 'none, as no registered version was measured'}", err=True)
    answer = _answer(judged, options, wish, now)
    click.echo(json.dumps(answer.data, indent=2, default=str) if options["format_"] == "json" else answer.text)
    sys.exit(0 if answer.is_found else FOUND_WORSE)


class _Answer(NamedTuple):
    text: str
    data: Any  # for JSON
    is_found: bool


def _answer(judged: Sequence[Sequence[Judged]], options: Mapping[str, Any], wish: Wish, now: datetime) -> _Answer:
    def row(one: Judged) -> dict[str, Any]:
        return asdict(recommendation_row(one, wish, now))

    if options["fleet"]:
        fleet = smallest_fleet(_by_work(judged))
        served = [row(one) for one in fleet.served.values()]
        data = {"hardware_ids": fleet.hardware_ids, "served": served, "unserved": fleet.unserved}
        return _Answer(_fleet_text(fleet), data, not fleet.unserved)
    if options["hardware"]:
        suited = best_models(_by_work(judged), options["hardware"])
        rows = [row(one.judged) | {"times_the_best": one.times_the_best} for one in suited]
        return _Answer(_models_text(options["hardware"], suited), rows, any(one.judged.place for one in suited))
    candidates = [one for group in judged for one in group]
    text = "\n\n".join(_group_text(group, wish) for group in judged)
    return _Answer(text, [row(one) for one in candidates], any(one.place for one in candidates))


def _wish(options: Mapping[str, Any]) -> Wish:
    limits = Limits(
        max_latency_ms=options["max_latency_ms"],
        max_p99_ms=options["max_p99_ms"],
        max_memory_mb=options["max_memory_mb"],
        max_watts=options["max_watts"],
        min_throughput=options["min_throughput"],
        min_parity=options["min_parity"],
    )
    return Wish(options["prefer"], limits, dict(_price(text) for text in options["prices"]), options["max_age_days"])


def _price(text: str) -> tuple[str, float]:
    hardware, _, price = text.rpartition("=")
    try:
        per_hour = float(price.removesuffix("/h"))
    except ValueError:
        per_hour = 0.0
    if not hardware or not 0 < per_hour < math.inf:
        raise UsageError(f"{text!r} is no price. Write for example: --price cuda-nvidia-h200-0=2.5/h")
    return hardware, per_hour


def _chosen(runs: Sequence[Run], options: Mapping[str, Any]) -> list[Run]:
    return [
        run
        for run in runs
        if options["precision"] in (None, run.precision) and options["batch_size"] in (None, run.batch_size)
    ]


def _by_work(judged: Sequence[Sequence[Judged]]) -> dict[str, Sequence[Judged]]:
    return {_work(group[0].newest): group for group in judged}


def _work(run: Run) -> str:
    length = f" s{run.sequence_length}" if run.sequence_length else ""
    return f"{run.model_id} {run.precision} b{run.batch_size}{length}"


def _group_text(group: Sequence[Judged], wish: Wish) -> str:
    return "\n".join([f"{_work(group[0].newest)}, by {wish.prefer}", *(f"  {_line(one)}" for one in group)])


def _line(one: Judged) -> str:
    run = one.newest
    endpoint = endpoint_in_words(run.endpoint_type, run.threads)
    chance = "" if one.probability_best is None else f" [best with probability {one.probability_best:.2f}]"
    return f"{one.verdict.replace('_', ' '):11} {run.hardware_id} ({endpoint}): {one.reason}{chance}"


def _models_text(hardware_id: str, suited: Sequence[Suited]) -> str:
    if not suited:
        raise UsageError(
            f"No test is stored of {hardware_id!r}. `ipfs-accel detect` lists the hardware of this machine."
        )
    return "\n".join(f"{_suited_text(one)}" for one in suited)


def _suited_text(one: Suited) -> str:
    if one.times_the_best is None:
        return f"{one.model_id}: {one.judged.reason}"
    place = "the best known" if one.times_the_best == 1 else f"{one.times_the_best:.2f} times the best known latency"
    return f"{one.model_id}: {place} ({one.judged.newest.endpoint_type}; {one.judged.verdict})"


def _fleet_text(fleet: Fleet) -> str:
    count = f"{len(fleet.hardware_ids)} device{'' if len(fleet.hardware_ids) == 1 else 's'}"
    lines = [f"{count}: {', '.join(fleet.hardware_ids) or 'none'} (each model alone; load is not added up)"]
    lines += [f"  {work}: {one.newest.hardware_id} ({one.newest.endpoint_type})" for work, one in fleet.served.items()]
    return "\n".join([*lines, *(f"  {work}: nothing serves it within the limits" for work in fleet.unserved)])
