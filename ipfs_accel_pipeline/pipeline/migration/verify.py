"""The integrity proof: reads the sources again and compares every stored value with what stands at its place.

Independent of the readers: a value is looked up by its JSON pointer and converted by its unit, nothing else. Columns
that were computed from runs are computed again.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ipfs_accel_pipeline.benchmark.statistics import summarize
from ipfs_accel_pipeline.pipeline.migration.batches import batched
from ipfs_accel_pipeline.pipeline.migration.files import id_by_name, run_id_of
from ipfs_accel_pipeline.pipeline.migration.report import Refusal
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.legacy_json.archives import MEMBER_MARK, Limits
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused
from ipfs_accel_pipeline.storage.legacy_json.nodes import escaped, resolve
from ipfs_accel_pipeline.storage.legacy_json.sources import Source, find, load
from ipfs_accel_pipeline.storage.legacy_json.times import parse_time
from ipfs_accel_pipeline.storage.legacy_json.units import converted
from ipfs_accel_pipeline.storage.queries import run_query

_BATCH_FILES = 500
_BATCH_BYTES = 64 * 2**20
# Columns of the two tables that hold a cited value under its own name.
_COLUMNS = (
    "average_latency_ms",
    "min_latency_ms",
    "max_latency_ms",
    "throughput_items_per_second",
    "memory_peak_mb",
    "model_load_ms",
    "first_inference_ms",
    "iterations",
    "execution_time",
    "batch_size",
    "sequence_length",
    "requested_device",
    "actual_device",
)
_OF_RUNS = {
    "average_latency_ms": "average_ms",
    "p50_latency_ms": "p50_ms",
    "p90_latency_ms": "p90_ms",
    "p99_latency_ms": "p99_ms",
    "min_latency_ms": "min_ms",
    "max_latency_ms": "max_ms",
    "iterations": "iterations",
}


@dataclass
class Verification:
    """`values` were compared; `problems` is empty for a clean database."""

    files: int = 0
    tests: int = 0
    values: int = 0
    problems: list[Refusal] = field(default_factory=list)


def verify(settings: Settings, limits: Limits | None = None) -> Verification:
    """Compare every imported row with its source."""
    result = Verification()
    with open_database(settings.database) as connection:
        sources = run_query(connection, "imported_source")
    wanted = dict(zip(sources["id"], sources["path"], strict=True))
    containers = dict.fromkeys(path.partition(MEMBER_MARK)[0] for path in wanted.values())
    found = find(_existing(containers), limits or Limits())
    mine = ((file_id, one) for one in found for file_id in (one.sha256, id_by_name(one)) if file_id in wanted)
    for batch in batched(mine, _BATCH_FILES, _BATCH_BYTES, lambda one: one[1].size_bytes):
        _verify_batch(settings, batch, wanted, result)
    for path in wanted.values():
        result.problems.append(Refusal(path, "", "the source is gone, or its content is not what was imported"))
    return result


def _existing(paths: Iterable[str]) -> Iterator[str]:
    return (path for path in paths if os.path.exists(path))


def _verify_batch(
    settings: Settings, batch: list[tuple[str, Source]], wanted: dict[str, str], result: Verification
) -> None:
    with open_database(settings.database) as connection:
        rows = run_query(connection, "imported_value", run_ids=[run_id_of(file_id) for file_id, _ in batch])
    by_run: dict[str, list[dict[Any, Any]]] = {}
    for row in rows.to_dict("records"):
        by_run.setdefault(row["run_id"], []).append(row)
    for file_id, source in batch:
        path = wanted.pop(file_id, None)
        if path is not None:
            _verify_file(source, path, by_run.get(run_id_of(file_id), []), result)


def _verify_file(source: Source, path: str, rows: list[dict[Any, Any]], result: Verification) -> None:
    result.files += 1
    try:
        document, _ = load(source)
    except Refused as error:
        result.problems.append(Refusal(path, "", f"cannot be read again: {error}"))
        return
    for row in rows:
        result.tests += 1
        for pointer, reason in _problems(document, path, row, result):
            result.problems.append(Refusal(path, pointer, f"test {row['id']}: {reason}"))


def _problems(document: Any, path: str, row: dict[Any, Any], result: Verification) -> Iterator[tuple[str, str]]:
    cited: dict[str, list[Any]] = row["source"]["values"]
    for name, (value, pointer, unit, raw) in cited.items():
        result.values += 1
        if not _stands_there(document, path, value, pointer, unit, raw):
            yield pointer, f"{name} is stored as {value!r}, which is not what stands there"
    for name in _COLUMNS:
        stored = row.get(name)
        if name in cited and not _unknown(stored) and not (name in _OF_RUNS and "latencies" in row["source"]):
            result.values += 1
            if not _same(stored, cited[name][0]):
                yield cited[name][1], f"the column {name} holds {stored!r}, its source says {cited[name][0]!r}"
    if "timestamp" in cited:
        result.values += 1
        if parse_time(cited["timestamp"][0]) != row["timestamp"].to_pydatetime():
            yield cited["timestamp"][1], f"the column timestamp holds {row['timestamp']}"
    yield from _run_problems(document, row, result)


def _run_problems(document: Any, row: dict[Any, Any], result: Verification) -> Iterator[tuple[str, str]]:
    """Percentiles are computed again from the runs."""
    if "latencies" not in row["source"]:
        return
    count, pointer, unit = row["source"]["latencies"]
    try:
        runs = converted(resolve(document, pointer), unit)
    except KeyError:
        runs = None
    if not isinstance(runs, list) or len(runs) != count:
        yield pointer, f"{count} runs were imported from here, and they are not here"
        return
    if _unknown(row["performance_id"]):
        return
    summary = summarize([runs])
    for column, name in _OF_RUNS.items():
        result.values += 1
        if not _same(row[column], getattr(summary, name)):
            yield pointer, f"the column {column} holds {row[column]!r}, the runs give {getattr(summary, name)!r}"


def _stands_there(document: Any, path: str, value: Any, pointer: str, unit: str, raw: Any) -> bool:
    said = value if raw is None else raw
    if unit == "file name":
        return str(said) in path  # the same content may also lie elsewhere, under another name
    try:
        there = resolve(document, pointer)
    except KeyError:
        return False
    if unit in ("key", "model list"):
        return _is_on_the_way(str(said), pointer) or there == said
    if unit == "prefix":
        return _is_on_the_way(str(said), pointer) or _has_prefixed_key(there, str(said))
    if unit == "in text":
        return isinstance(there, str) and str(said) in there
    return there == said if unit == "text" else _same(converted(there, unit), value)


def _is_on_the_way(key: str, pointer: str) -> bool:
    """Whether it is a key that leads to the value, or an end of one (`pipeline_cuda`, `webnn_endpoint`)."""
    word = escaped(key)
    return any(part == word or part.endswith(f"_{word}") or part.startswith(f"{word}_") for part in pointer.split("/"))


def _has_prefixed_key(there: Any, prefix: str) -> bool:
    return isinstance(there, dict) and any(str(key).casefold().startswith(prefix.casefold()) for key in there)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return str(one) == str(other)
    return one is not None and other is not None and math.isclose(float(one), float(other), rel_tol=1e-12, abs_tol=0.0)


def _unknown(value: Any) -> bool:
    return value is None or bool(pd.isna(value))
