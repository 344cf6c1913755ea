"""Looks for changes in the history that is stored, keeps them, and takes what a person says of one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ipfs_accel_pipeline.analysis.change_points import Sensitivity
from ipfs_accel_pipeline.analysis.circumstances import in_words
from ipfs_accel_pipeline.analysis.metrics import METRICS
from ipfs_accel_pipeline.analysis.performance_changes import Series, change_rows, find_changes
from ipfs_accel_pipeline.analysis.version_lines import lines_of
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.records import Case, PerformanceChange
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.queries import run_query
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.reviews import review_change
from ipfs_accel_pipeline.storage.writing import write_rows

EFFECT_VARIABLE = "BENCHMARK_MINIMUM_EFFECT"
STATUSES = ("new", "acknowledged", "expected", "fixed")
_CASE = tuple(Case.__dataclass_fields__)


def chosen_sensitivity(minimum_effect: float | None = None) -> Sensitivity:
    """The option of a command, else BENCHMARK_MINIMUM_EFFECT (0.03 is three per cent), else the default."""
    text = os.environ.get(EFFECT_VARIABLE)
    if minimum_effect is None and text is None:
        return Sensitivity()
    try:
        effect = float(text or "") if minimum_effect is None else minimum_effect
    except ValueError:
        raise UsageError(f"{EFFECT_VARIABLE}={text!r} is no number. Write for example: 0.03") from None
    if not 0 < effect < 1:
        raise UsageError(f"A minimum effect of {effect:g} makes no sense: 0.03 means three per cent.")
    return Sensitivity(minimum_effect=effect)


def current_changes(connection: Any, sensitivity: Sensitivity, now: datetime) -> list[PerformanceChange]:
    """The changes of the stored history, with what was said of them; those no longer found are marked so."""
    points = run_query(connection, "history_point")
    series = list(series_of(points))
    found = [change for one in series for change in find_changes(one, sensitivity)]
    return change_rows(
        found,
        comparisons=len(series),
        stored=read_rows(connection, "performance_changes"),
        circumstances=lambda tests: circumstances_of(connection, tests),
        now=now,
    )


def refresh_changes(connection: Any, sensitivity: Sensitivity | None = None) -> list[PerformanceChange]:
    """Analyses and stores."""
    rows = current_changes(connection, sensitivity or chosen_sensitivity(), datetime.now(UTC))
    write_rows(connection, "performance_changes", rows)
    return rows


def series_of(points: pd.DataFrame) -> Iterator[Series]:
    """One series for each case, line of versions and metric with at least two tests. `points` is sorted by case and
    time.
    """
    numbers = points["case_number"].to_numpy(dtype=np.int64)
    bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    columns = {name: points[name].to_numpy(dtype=float, na_value=np.nan) for name in METRICS}
    tests = points["test_id"].to_numpy(dtype=object)
    times = points["timestamp"].to_numpy(dtype=object)
    weights = points["weights_number"].astype(object).where(points["weights_number"].notna(), None).to_numpy()
    cases = {name: points[name].astype(object).where(points[name].notna(), None).to_numpy() for name in _CASE}
    for start, end in pairwise(bounds):
        if end - start < 2:
            continue
        case = Case(**{name: values[start] for name, values in cases.items()})
        for line in lines_of(weights[start:end].tolist()):
            places = np.asarray(line.tests) + start
            for name, values in columns.items():
                # A metric of zero or below is none that was measured: memory below the resolution, for example.
                kept = values[places] >= 0 if name in ("success", "parity_cosine") else values[places] > 0
                begins = int(kept[: line.begins].sum())
                if kept.sum() >= max(2, begins + 1):
                    chosen = places[kept]
                    yield Series(case, name, tests[chosen].tolist(), times[chosen].tolist(), values[chosen], begins)


def circumstances_of(connection: Any, tests: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """What may explain the numbers of these tests, by test id."""
    if not tests:
        return {}
    frame = run_query(connection, "test_circumstance", tests=list(dict.fromkeys(tests)))
    known = frame.drop(columns=["run_id"]).astype(object).where(frame.notna(), None).to_dict("records")
    return {str(row.pop("test_id")): {str(name): value for name, value in row.items()} for row in known}


def explained(change: PerformanceChange) -> str:
    """What else changed there, or the reason of an unstable series, in one line."""
    return change.reason or in_words(change.what_changed)


def is_open(change: PerformanceChange) -> bool:
    """A regression that nobody has dealt with, that the newest analysis still sees, and that did not go away."""
    return change.kind == "regression" and change.status == "new" and change.still_found and change.recovered_at is None


def set_status(database: Any, change_id: str, status: str, note: str | None) -> PerformanceChange:
    """What a person says of a change; it stays through every later analysis. The id may be cut short."""
    if status not in STATUSES:
        raise UsageError(f"There is no status {status!r}. Choose from: {', '.join(STATUSES)}.")
    with open_database(database) as connection:
        found = [row for row in read_rows(connection, "performance_changes") if row.id.startswith(change_id)]
        if len(found) != 1:
            what = "No change has" if not found else f"{len(found)} changes have"
            raise UsageError(f"{what} an id that begins with {change_id!r}. `ipfs-accel regressions` lists them.")
        review_change(connection, found[0].id, status, note, datetime.now(UTC))
        (row,) = read_rows(connection, "performance_changes", {"id": found[0].id})
    changed: PerformanceChange = row
    return changed
