"""The words of a recommendation: what leads, what it is tied with, and by which numbers.

Decides nothing: the places come from `recommendation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ipfs_accel_pipeline.analysis.candidates import Run, Wish, objectives


@dataclass(frozen=True)
class Standing:
    """The candidates that were not ruled out, and their places. All other fields hold indexes of `eligible`."""

    eligible: Sequence[Sequence[Run]]
    order: Sequence[int]  # the best first
    tied: Sequence[int]  # that cannot be told apart from the first
    dominated_by: Sequence[int | None]  # for each: what is at least as good in everything measured


def reason_in_words(index: int, standing: Standing, wish: Wish) -> str:
    """Why the candidate of this index has its place."""
    eligible, tied = standing.eligible, standing.tied
    own = f"{_shown(eligible[index], wish)} ({_evidence(eligible[index])})"
    leader = eligible[standing.order[0]]
    if index == standing.order[0]:
        return f"{own}; {_lead(standing, wish)}"
    if index in tied:
        return f"{own}; cannot be told apart from {_name(leader)} with {_shown(leader, wish)}"
    better = standing.dominated_by[index]
    if better is not None:
        return f"{own}; {_name(eligible[better])} is at least as good in everything measured"
    return f"{own}; {_name(leader)} has {_shown(leader, wish)}"


def _lead(standing: Standing, wish: Wish) -> str:
    if standing.tied:
        return f"cannot be told apart from {', '.join(_name(standing.eligible[i]) for i in standing.tied)}"
    if len(standing.order) == 1:
        return "nothing else was left to compare"
    second = standing.eligible[standing.order[1]]
    return f"next best: {_name(second)} with {_shown(second, wish)}"


def day_in_words(moment: datetime) -> str:
    """The day in UTC and no age: the sentence is stored, and read for as long as the rows stand."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def endpoint_in_words(endpoint_type: str, threads: int | None) -> str:
    """With the number of threads: another number is another candidate."""
    return f"{endpoint_type}, {threads} thread{'' if threads == 1 else 's'}" if threads else endpoint_type


def _name(runs: Sequence[Run]) -> str:
    run = runs[-1]
    return f"{run.hardware_id} ({endpoint_in_words(run.endpoint_type, run.threads)})"


def _shown(runs: Sequence[Run], wish: Wish) -> str:
    # Of the numbers themselves: of their logarithms, the median of two would be another mean.
    value = float(np.median(np.exp(objectives(runs, wish))))
    if wish.prefer == "latency":
        return f"median latency {value:.4g} ms"
    if wish.prefer == "throughput":
        return f"{1 / value:.4g} items/s"
    return f"{1 / value:.4g} items/J" if wish.prefer == "energy" else f"cost {value:.4g} per million items"


def _evidence(runs: Sequence[Run]) -> str:
    count = f"{len(runs)} run" if len(runs) == 1 else f"{len(runs)} runs"
    disturbed = ", every round in a slow phase of the host" if runs[-1].is_disturbed else ""
    return f"{count}, newest of {day_in_words(runs[-1].timestamp)}{disturbed}"
