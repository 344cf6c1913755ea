"""Two sides of the stored history, case by case, on their raw samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

from ipfs_accel_pipeline.analysis.circumstances import differences
from ipfs_accel_pipeline.analysis.comparison import Comparison, compare_rounds
from ipfs_accel_pipeline.errors import StorageError, UsageError
from ipfs_accel_pipeline.pipeline.changes import circumstances_of
from ipfs_accel_pipeline.records import TestResult
from ipfs_accel_pipeline.storage.queries import run_query
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.samples import counted_latencies_ms_of

DEFAULT_EFFECT = 0.05  # a smaller change of a median latency does not matter
KINDS = ("run", "date", "version", "hardware", "branch", "latest")
_WRITE = "Write run:ID, date:2026-03-01, version:ID, hardware:ID, branch:NAME, or latest"


@dataclass(frozen=True)
class Compared:
    """One case on both sides."""

    model_id: str
    case: str  # the rest of what is compared, in words
    a: TestResult
    b: TestResult
    result: Comparison


@dataclass(frozen=True)
class Report:
    """All compared cases, those that are nothing to compare, and what else differs between the sides."""

    compared: tuple[Compared, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    same: tuple[str, ...]  # one and the same test stands on both sides
    differences: tuple[dict[str, Any], ...]


def compare_sides(
    connection: Any,
    shards: Path,
    side_a: str,
    side_b: str,
    minimum_effect: float,
    models: Sequence[str] | None = None,
) -> Report:
    """UsageError where a side chooses nothing, or the sides have no case in common."""
    # Platforms are compared by their best endpoint: a case of theirs is the work, not the way it was done.
    across = any(side.startswith("hardware:") for side in (side_a, side_b))
    chosen_a, chosen_b = (_by_case(_tests(connection, side, models), across) for side in (side_a, side_b))
    common = sorted(chosen_a.keys() & chosen_b.keys(), key=str)
    if not common:
        raise UsageError(f"{side_a} and {side_b} have no case in common: nothing can be compared.")
    same = [key for key in common if chosen_a[key].id == chosen_b[key].id]
    common = [key for key in common if key not in same]
    if not common:
        raise UsageError(f"{side_a} and {side_b} are the same tests: nothing can be compared.")
    compared = [_compare(key, chosen_a[key], chosen_b[key], shards, minimum_effect) for key in common]
    sides = [[chosen[key].id for key in common] for chosen in (chosen_a, chosen_b)]
    known = circumstances_of(connection, [test for side in sides for test in side])
    return Report(
        tuple(compared),
        tuple(_words(key) for key in sorted(chosen_a.keys() - chosen_b.keys(), key=str)),
        tuple(_words(key) for key in sorted(chosen_b.keys() - chosen_a.keys(), key=str)),
        tuple(map(_words, same)),
        tuple(differences(*([known[test] for test in side if test in known] for side in sides))),
    )


def _tests(connection: Any, side: str, models: Sequence[str] | None) -> list[TestResult]:
    kind, _, value = side.partition(":")
    if kind not in KINDS:  # a bare run id
        kind, value = "run", side
    if not value and kind != "latest":
        raise UsageError(f"{side!r} names no {kind}. {_WRITE}.")
    if kind == "date":
        _require_date(value)
    if kind == "run":
        value = _whole_run_id(connection, value)
    choice = {} if kind == "latest" else {kind: value}
    found = run_query(connection, "comparable_test", models=list(models) if models else None, **choice)["test_id"]
    if found.empty:
        raise UsageError(f"No measured test belongs to {side!r}. {_WRITE}.")
    rows: list[TestResult] = read_rows(connection, "test_results", {"id": list(found)})
    return rows


def _whole_run_id(connection: Any, beginning: str) -> str:
    """The one run that begins so. UsageError where several do: their results would be mixed."""
    runs = list(run_query(connection, "run_of_beginning", beginning=beginning)["run_id"])
    if len(runs) > 1 and runs[0] != beginning:
        raise UsageError(f"{len(runs)} runs begin with {beginning!r}, such as {', '.join(runs[:3])}. Write more of it.")
    return str(runs[0]) if runs else beginning


def _require_date(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no date. Write for example: date:2026-03-01") from None


Key = tuple[Any, ...]


def _by_case(tests: Iterable[TestResult], across: bool) -> dict[Key, TestResult]:
    found: dict[Key, TestResult] = {}
    for test in tests:
        place = () if across else (test.hardware_id, test.endpoint_type)
        key = (test.model_id, test.precision, test.batch_size, test.sequence_length, *place)
        known = found.get(key)
        if known is None or (_preferred(test) < _preferred(known)):
            found[key] = test
    return found


def _preferred(test: TestResult) -> tuple[bool, float]:
    """A test that passed, and of those the one with the lowest median, as it is stored: over the rounds that count."""
    rounds = [one for one in test.details.get("rounds", ()) if one.get("p50_latency_ms")]
    counted = [one for one in rounds if not one.get("is_slow_phase")] or rounds
    return (not test.success, median([one["p50_latency_ms"] for one in counted]) if counted else inf)


def _compare(key: Key, a: TestResult, b: TestResult, shards: Path, minimum_effect: float) -> Compared:
    return Compared(a.model_id, _words(key[1:]), a, b, _result(a, b, shards, minimum_effect))


def _result(a: TestResult, b: TestResult, shards: Path, minimum_effect: float) -> Comparison:
    if a.success and not b.success:
        return Comparison("worse", f"B does not pass: {_first_line(b)}")
    if b.success and not a.success:
        return Comparison("better", f"A did not pass: {_first_line(a)}")
    if not a.success:
        return Comparison("not enough data", f"neither passes; B: {_first_line(b)}")
    try:
        found = compare_rounds(counted_latencies_ms_of(shards, a), counted_latencies_ms_of(shards, b), minimum_effect)
    except StorageError as error:
        return Comparison("not enough data", str(error))
    slower = {"worse": ("B", b), "better": ("A", a)}.get(found.verdict)
    if slower and _is_disturbed(slower[1]):
        reason = f"every round of {slower[0]} fell into a slow phase of its host; measure it again"
        return replace(found, verdict="not enough data", reason=reason)
    return found


def _is_disturbed(test: TestResult) -> bool:
    rounds = [one for one in test.details.get("rounds", ()) if one.get("p50_latency_ms")]
    return bool(rounds) and all(one.get("is_slow_phase") for one in rounds)


def _first_line(test: TestResult) -> str:
    return f"{test.status}: {(test.error_message or '').partition(chr(10))[0]}"[:200]


def _words(key: Key) -> str:
    """`fp32 b1 s128 cpu-x onnxruntime`; whole numbers are batch and sequence."""
    numbers = iter(("b", "s"))
    return " ".join(
        f"{next(numbers)}{part}" if isinstance(part, int) else str(part) for part in key if part is not None
    )
