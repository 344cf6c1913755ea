"""Everything one report says, gathered once from the database. Knows no renderer: each prints the same content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.records import HardwareType
from ipfs_accel_pipeline.reports import history, sections
from ipfs_accel_pipeline.reports.changes import EarlierReport, changes_since, compare_runs
from ipfs_accel_pipeline.reports.distributions import distributions
from ipfs_accel_pipeline.reports.method import method_notes
from ipfs_accel_pipeline.reports.rows import (
    Change,
    Comparison,
    Distribution,
    EnvironmentFact,
    GenerationGap,
    GenerationRow,
    HardwareStatistic,
    Matrix,
    MethodNote,
    ModelStatistic,
    Performance,
    Platform,
    PowerGap,
    PowerRow,
    RecentTest,
    Summary,
)
from ipfs_accel_pipeline.reports.selection import select

TITLE = "AI models on hardware endpoints"


@dataclass(frozen=True)
class ReportContent:
    """The sections in reading order. Field names are the keys of the JSON report."""

    title: str
    generated_at: datetime
    model_filter: tuple[str, ...] | None  # as asked; None is every model
    hardware_filter: tuple[str, ...] | None
    since: datetime | None  # only tests from then on
    next_step: str | None  # what to run, where nothing was tested
    summary: Summary
    platforms: tuple[Platform, ...]
    earlier_report_at: datetime | None  # what `changes` are measured from; None where there was no report before
    changes: tuple[Change, ...]
    comparison: Comparison | None  # of two runs, where asked for
    compatibility: Matrix
    performance: tuple[Performance, ...]
    distributions: tuple[Distribution, ...]
    generation: tuple[GenerationRow, ...]
    generation_gaps: tuple[GenerationGap, ...]
    recent_tests: tuple[RecentTest, ...]
    latest_tests: tuple[RecentTest, ...]  # of every case, with the whole error
    models: tuple[ModelStatistic, ...]
    hardware: tuple[HardwareStatistic, ...]
    power: tuple[PowerRow, ...]
    power_gaps: tuple[PowerGap, ...]
    lasting_changes: tuple[history.LastingChange, ...]
    recommended: tuple[history.Recommended, ...]
    method: tuple[MethodNote, ...]
    environment: tuple[EnvironmentFact, ...]

    @property
    def without_test(self) -> frozenset[str]:
        """Models that nobody asked for and nobody tested, such as most of the catalogue: a page counts them only."""
        if self.model_filter is not None:
            return frozenset()
        return frozenset(model.model_id for model in self.models if not model.tests + model.other_tests)


def gather(
    connection: Any,  # a DuckDB connection; only storage may name its type
    *,
    models: Sequence[str] | None = None,
    hardware: Sequence[str] | None = None,
    generated_at: datetime,
    since: datetime | None = None,
    earlier: EarlierReport | None = None,
    compare: tuple[str, str] | None = None,
    shards: Path | None = None,
) -> ReportContent:
    """Read a report's content. `models` and `hardware` limit it to those ids, model names or hardware types.

    `since` leaves out older tests; `compare` names two runs; `shards` is where raw samples lie.
    """
    platforms, chosen_hardware = _choose_platforms(connection, hardware)
    statistics = _choose_models(connection, models, chosen_hardware, since)
    scope = {"models": [m.model_id for m in statistics], "hardware": chosen_hardware, "since": since}
    performance = sections.performance(connection, scope)
    summary = sections.summary(connection, scope, platforms)
    power, power_gaps = sections.power(connection, scope)
    generation, generation_gaps = sections.generation(connection, scope)
    return ReportContent(
        title=TITLE,
        generated_at=generated_at,
        model_filter=None if models is None else tuple(models),
        hardware_filter=None if hardware is None else tuple(hardware),
        since=since,
        next_step=_next_step(summary),
        summary=summary,
        platforms=platforms,
        earlier_report_at=earlier.made_at if earlier else None,
        changes=changes_since(connection, scope, earlier),
        comparison=compare_runs(connection, scope, compare),
        compatibility=sections.matrix(connection, scope, platforms),
        performance=performance,
        distributions=distributions(connection, shards, performance),
        generation=generation,
        generation_gaps=generation_gaps,
        recent_tests=sections.recent_tests(connection, scope),
        latest_tests=sections.latest_tests(connection, scope),
        models=sections.with_best_results(statistics, performance),
        hardware=sections.hardware_statistics(connection, scope, performance),
        power=power,
        power_gaps=power_gaps,
        lasting_changes=history.lasting_changes(connection, scope),
        recommended=history.recommended(connection, scope),
        method=method_notes(),
        environment=sections.environment(connection, scope),
    )


def _choose_platforms(connection: Any, asked: Sequence[str] | None) -> tuple[tuple[Platform, ...], list[str]]:
    """The platforms of the report, never-detected types included, and the ids among them that the database has."""
    known = sections.stored_platforms(connection)
    ids = select(asked, {str(p.hardware_id): (p.hardware_type,) for p in known}, "hardware")
    platforms = [p for p in known if p.hardware_id in ids] + _undetected(known, asked)
    return tuple(sorted(platforms, key=_platform_order)), ids


def _choose_models(
    connection: Any, asked: Sequence[str] | None, hardware: list[str], since: datetime | None
) -> list[ModelStatistic]:
    known = sections.model_statistics(connection, hardware, since)
    ids = select(asked, {m.model_id: (m.model_name,) for m in known}, "model")
    return [m for m in known if m.model_id in ids]


def _next_step(summary: Summary) -> str | None:
    if summary.models_tested:
        return None
    if summary.platforms_total and summary.models_total:
        return "These models have not been tested on this hardware. To measure, run: make run"
    return "The database is still without results. To detect this machine and measure the default models, run: make run"


def _undetected(known: Iterable[Platform], asked: Sequence[str] | None) -> list[Platform]:
    """One line for every hardware type that the database has never heard of: absent from the list is not absent."""
    seen = {platform.hardware_type for platform in known}
    wanted = None if asked is None else {name.strip().casefold() for name in asked}
    return [
        sections.undetected_platform(kind)
        for kind in HardwareType
        if kind not in seen and (wanted is None or kind.casefold() in wanted)
    ]


def _platform_order(platform: Platform) -> tuple[int, bool, str]:
    types = list(HardwareType)
    return (types.index(HardwareType(platform.hardware_type)), not platform.available, platform.hardware_id or "")
