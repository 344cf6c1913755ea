"""`ipfs-accel compare A B`: is B slower? For a person, a pull request or a CI job."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

import click

from ipfs_accel_pipeline.analysis.comparison import VERDICTS
from ipfs_accel_pipeline.cli.errors import FOUND_WORSE, clear_errors
from ipfs_accel_pipeline.cli.options import FINITE_NUMBER, database_option, names, settings_of_published
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.pipeline.asked_models import stored_ids
from ipfs_accel_pipeline.pipeline.comparing import DEFAULT_EFFECT, Compared, Report, compare_sides
from ipfs_accel_pipeline.storage.snapshot import open_snapshot

_SIGNS = {"better": "✓ better", "worse": "✗ worse", "no difference": "= no difference", "not enough data": "? unclear"}


@click.command()
@click.argument("a")
@click.argument("b")
@database_option
@click.option("--models", callback=names, help="Only these models.")
@click.option(
    "--minimum-effect",
    type=FINITE_NUMBER,
    default=DEFAULT_EFFECT,
    show_default=True,
    help="A smaller change does not matter.",
)
@click.option("--format", "format_", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@clear_errors
def compare(a: str, b: str, db_path: str | None, models: tuple[str, ...], minimum_effect: float, format_: str) -> None:
    """Compare two sides of what is stored, case by case, on raw samples: is B worse than A?

    A side is run:ID (or the id alone, also cut short), date:2026-03-01, version:ID, hardware:ID, branch:NAME (as
    BENCHMARK_BRANCH said when it was measured), or latest. Exit code 1 if anything is worse.
    """
    if not 0 < minimum_effect < 1:
        raise UsageError(f"A minimum effect of {minimum_effect:g} makes no sense: 0.05 means five per cent.")
    settings = settings_of_published(db_path)
    with open_snapshot(settings.snapshot) as connection:
        chosen = stored_ids(connection, models, settings)
        report = compare_sides(connection, settings.shards, a, b, minimum_effect, chosen)
    click.echo(_json(report) if format_ == "json" else _markdown(report, a, b, minimum_effect))
    sys.exit(FOUND_WORSE if any(one.result.verdict == "worse" for one in report.compared) else 0)


def _markdown(report: Report, a: str, b: str, minimum_effect: float) -> str:
    counts = Counter(one.result.verdict for one in report.compared)
    summary = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    lines = [
        f"### {b} against {a}: {summary}",
        "",
        "| verdict | model | case | A p50 | B p50 | change | 95 % interval | note |",
        "|---|---|---|--:|--:|--:|---|---|",
        *(_line(one) for one in sorted(report.compared, key=_worst_first)),
        "",
        f"A change below {minimum_effect:.0%} does not matter. Intervals: bootstrap over rounds, then iterations.",
    ]
    if report.differences:
        lines += [
            "",
            "What else differs:",
            *(f"- {d['what']}: {d['before']} → {d['after']}" for d in report.differences),
        ]
    for side, only in (("A", report.only_a), ("B", report.only_b)):
        if only:
            lines += ["", f"Only in {side}: {'; '.join(only)}"]
    if report.same:
        lines += ["", f"The same test on both sides, so not compared: {'; '.join(report.same)}"]
    return "\n".join(lines)


def _worst_first(one: Compared) -> tuple[int, float]:
    order = ("worse", "not enough data", "better", "no difference")
    return (order.index(one.result.verdict), -(one.result.change or 0))


def _line(one: Compared) -> str:
    result = one.result
    interval = "–"
    if result.change_low is not None and result.change_high is not None:
        interval = f"{result.change_low:+.1%} to {result.change_high:+.1%}"
    change = "–" if result.change is None else f"{result.change:+.1%}"
    places = "" if one.a.hardware_id == one.b.hardware_id else f"{_place(one.a)} → {_place(one.b)}"
    note = "; ".join(part for part in (places, result.reason) if part).replace("|", "\\|")
    return (
        f"| {_SIGNS[result.verdict]} | {one.model_id} | {one.case} | {_ms(result.p50_a_ms)} | {_ms(result.p50_b_ms)} "
        f"| {change} | {interval} | {note} |"
    )


def _place(test: Any) -> str:
    return f"{test.hardware_id} {test.endpoint_type}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g} ms"


def _json(report: Report) -> str:
    return json.dumps(
        {
            "compared": [
                {"model_id": c.model_id, "case": c.case, "test_a": c.a.id, "test_b": c.b.id, **vars(c.result)}
                for c in report.compared
            ],
            "only_a": report.only_a,
            "only_b": report.only_b,
            "same": report.same,
            "differences": report.differences,
        },
        indent=2,
    )
