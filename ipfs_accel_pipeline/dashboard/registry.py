"""Which screens there are, under which path and name, and in which order the menu shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens import (
    compare,
    fields,
    matrix,
    overview,
    power,
    recommend,
    subjects,
    tests,
    trends,
)
from ipfs_accel_pipeline.dashboard.screens.screen import Desk, Screen


@dataclass(frozen=True)
class Entry:
    path: str
    label: str | None  # in the menu; None: reached by a link
    state: type[Filters]
    build: Callable[[Desk, Any], Screen]
    under: str | None = None  # the menu entry that is marked while this screen is open


SCREENS = (
    Entry("/overview", "Overview", Filters, overview.overview),
    Entry("/matrix", "Compatibility", matrix.MatrixState, matrix.matrix),
    Entry("/models", "Models", Filters, subjects.models),
    Entry("/platforms", "Platforms", Filters, subjects.platforms),
    Entry("/recommend", "What should I use?", recommend.RecommendState, recommend.recommend),
    Entry("/compare", "Compare", compare.CompareState, compare.compare),
    Entry("/trends", "Trends", trends.TrendState, trends.trends),
    Entry("/heatmap", "Heatmaps", fields.HeatmapState, fields.heatmap),
    Entry("/scatter", "3D scatter", fields.ScatterState, fields.scatter),
    Entry("/pareto", "Pareto fronts", fields.ParetoState, fields.pareto),
    Entry("/power", "Power and energy", Filters, power.power),
    Entry("/tests", "Tests", tests.TestsState, tests.tests),
    Entry("/model", None, subjects.ModelState, subjects.model, under="/models"),
    Entry("/platform", None, subjects.PlatformState, subjects.platform, under="/platforms"),
    Entry("/test", None, tests.OneTestState, tests.one_test, under="/tests"),
)
