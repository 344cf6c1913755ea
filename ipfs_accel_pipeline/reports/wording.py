"""The words and symbols of a report, the same in Markdown and HTML. A status is never told by its colour alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ipfs_accel_pipeline.reports.figures import DASH, interval, percent, significant, with_unit
from ipfs_accel_pipeline.reports.rows import (
    Change,
    GenerationRow,
    HardwareStatistic,
    MatrixCell,
    ModelStatistic,
    Performance,
    Platform,
    PowerGap,
    PowerRow,
)

COMPARED = {
    "b slower": "▲ B slower",
    "b faster": "▼ B faster",
    "tied": "≈ tied",
    "only a": "only in A",
    "only b": "only in B",
}

# How good news a status is; the HTML style sheet has one class for each kind.
GOOD, MIXED, BAD, NEUTRAL = "good", "mixed", "bad", "neutral"

STATUSES = {
    "passed": ("✓", GOOD),
    "failed": ("✗", BAD),
    "error": ("✗", BAD),
    "crashed": ("✗", BAD),
    "timeout": ("✗", BAD),
    "out_of_memory": ("✗", BAD),
    "unsupported": ("∅", NEUTRAL),
    "skipped": ("○", NEUTRAL),
    "compatible": ("✓", GOOD),
    "partial": ("◐", MIXED),
    "incompatible": ("✗", BAD),
    "untested": ("·", NEUTRAL),
    "underived": ("?", NEUTRAL),
    "imported_only": ("◌", NEUTRAL),
    "available": ("✓", GOOD),
    "absent": ("○", NEUTRAL),
    "unknown": ("?", NEUTRAL),
}
_MOST_VALUES = 8
_MOST_REASONS = 3
RANKS = {"fastest": "★ fastest", "tied": "≈ tied fastest", "only": "only result"}


def kind(status: str) -> str:
    return STATUSES.get(status, ("?", NEUTRAL))[1]


def status(name: str) -> str:
    """Symbol and word: "✓ passed"."""
    return f"{STATUSES.get(name, ('?', NEUTRAL))[0]} {name.replace('_', ' ')}"


def cell(cell: MatrixCell) -> str:
    """A status of the compatibility matrix: "◐ partial, 67 % passed"."""
    share = (
        f", {percent(cell.passed_ratio)} passed" if cell.status == "partial" and cell.passed_ratio is not None else ""
    )
    return status(cell.status) + share


def case(precision: str | None, batch_size: int | None, sequence_length: int | None) -> str:
    """What was run: "fp32, batch 1, 128 tokens"."""
    batch = "batch unknown" if batch_size is None else f"batch {batch_size:,}"
    tokens = "" if sequence_length is None else f", {sequence_length:,} tokens"
    return f"{precision or 'precision unknown'}, {batch}{tokens}"


def compared(verdict: str, reason: str | None) -> str:
    """What became of a case on two sides."""
    return COMPARED.get(verdict, verdict) + (f": {reason}" if reason else "")


def rank(row: Performance) -> str:
    if row.not_ranked_reason:
        return f"not ranked: {row.not_ranked_reason}"
    return RANKS.get(row.rank) or f"{significant(row.p50_ratio_to_fastest)} × as long"


def labels(row: Performance | GenerationRow) -> list[str]:
    """What a reader must know before trusting the number."""
    return [
        *([row.provenance] if row.provenance != "measured" else []),
        *imitation(row.provenance, row.acceleration),
        *(["noisy"] if row.is_noisy else []),
        *(["one round"] if row.rounds == 1 else []),
        *slow_rounds(row.slow_rounds, row.rounds),
        *(["random weights"] if row.weights == "random" else []),
        *([f"{row.threads} thread{'' if row.threads == 1 else 's'}"] if row.threads else []),
    ]


def shared_labels(rows: list[Performance]) -> list[str]:
    """What holds for every row of a group: said once above them."""
    return [label for label in labels(rows[0]) if all(label in labels(row) for row in rows)]


def imitation(provenance: str, acceleration: str | None) -> list[str]:
    """How the silicon is imitated, unless the provenance has said so."""
    return [acceleration] if acceleration in ("software", "emulated") and acceleration != provenance else []


def slow_rounds(slow: int | None, rounds: int | None) -> list[str]:
    """What became of the rounds in a slow phase of the host: they count only where there is no other."""
    if not slow or not rounds:
        return []
    return ["every round slow"] if slow == rounds else [f"{slow} of {rounds} rounds slow, not counted"]


def further_models(without_test: Collection[str]) -> str:
    """What stands in place of their empty rows; the JSON report has them all."""
    models_are = "model is" if len(without_test) == 1 else "models are"
    return f"{len(without_test):,} further {models_are} known, without a test here."


def availability(platform: Platform) -> str:
    if platform.available is None:
        return "unknown"
    return "available" if platform.available else "absent"


def platform_labels(platform: Platform | None) -> str:
    """Type and, where the silicon is not real, how it is imitated: "WebGPU, software"."""
    if platform is None:
        return ""
    imitated = platform.acceleration in ("software", "emulated")
    return f"{platform.hardware_type}, {platform.acceleration}" if imitated else platform.hardware_type


def power_source(row: PowerRow) -> str:
    """Where a reading comes from and what it covers: "nvml, measured, gpu_board"."""
    provenance = None if row.provenance == "measured" else row.provenance
    return ", ".join(filter(None, (row.source, row.kind, row.scope, provenance, row.reason)))


def why_no_energy(power: Sequence[PowerRow], gaps: Sequence[PowerGap]) -> str:
    """One line for a report in which no result that may be ranked has an energy."""
    if power:
        return "No result that may be ranked has an energy; what was read stands under Power."
    reasons = dict.fromkeys(gap.reason or "no reason stored" for gap in gaps)
    if not reasons:
        return "No energy was measured: no test recorded its power."
    hidden = len(reasons) - _MOST_REASONS
    more = f"; and {hidden} more reasons, under Power" if hidden > 0 else ""
    told = "; ".join(reason.rstrip(".") for reason in [*reasons][:_MOST_REASONS])
    return f"No energy was measured: {told}{more}."


def change(one: Change) -> str:
    """What became of a case: "▲ slower: 1.31 × as long"."""
    symbol = {"broken": "✗", "slower": "▲", "fixed": "✓", "faster": "▼", "new": "+"}[one.kind]
    said = f"{symbol} {one.kind}"
    if one.p50_ratio is not None:
        return f"{said}: {significant(one.p50_ratio)} × as long"
    return f"{said}: {one.status_after.replace('_', ' ')}" if one.status_after != "passed" else said


def best(statistic: ModelStatistic | HardwareStatistic) -> str:
    """The best median with its interval; the dash says why there is none."""
    row = statistic.best
    if row is not None:
        return f"{with_unit(row.p50_latency_ms, 'ms')} ({interval(row.ci95_low_ms, row.ci95_high_ms, 'ms')})"
    if statistic.tests == 0:
        return f"{DASH} (not tested)"
    if statistic.tests == statistic.not_tried:
        return f"{DASH} (nothing could be tried)"
    return f"{DASH} (no test passed)" if statistic.passed == 0 else f"{DASH} (no result may be ranked)"


def environment(values: tuple[str, ...]) -> str:
    """A host changes its versions over the years; a report names the first few."""
    hidden = len(values) - _MOST_VALUES
    shown = "; ".join(values[:_MOST_VALUES])
    return f"{shown}; and {hidden} more" if hidden > 0 else shown
