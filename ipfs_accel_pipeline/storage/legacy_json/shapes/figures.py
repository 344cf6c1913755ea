"""Shapes of figures without runs: S12 by model and hardware, S17 by platform."""

from __future__ import annotations

from collections.abc import Iterator

from ipfs_accel_pipeline.storage.legacy_json.ending import NOTHING_SAID, ending
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, Grade, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, numbers
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, model_of, time_of, written

_NO_RUNS = "figures without the runs that they would come from"


def by_model_and_hardware(node: Node, origin: Origin) -> Iterator[Statement]:
    """S12: a throughput and a latency per batch, and the command that would have measured them."""
    model = model_of(node, "model_path", "model_name", "model_key", "model") or origin.model_by_name()
    hardware = first(node.at("hardware_key"), node.at("hardware"))
    for batch, result in node.at("batch_sizes").items():
        ended = ending(result, has_figures=result.get("latency_ms") is not None)
        if ended is None:
            yield LeftOut(result.pointer, NOTHING_SAID)
            continue
        values = numbers(
            result,
            average_latency_ms=("latency_ms", "ms"),
            throughput_items_per_second=("throughput", "per s"),
            memory_used_mb=("memory_usage_mb", "MB"),
        )
        if batch.isdigit() and int(batch) > 0:
            values["batch_size"] = Cited(int(batch), result.pointer, "key", batch)
        yield Finding(
            pointer=result.pointer,
            model=model,
            hardware=written(hardware),
            status=ended.status,
            prior=Grade.CLAIMED,
            prior_reason=_NO_RUNS,
            label="benchmark",
            error_message=ended.error,
            timestamp=time_of(node) or origin.timestamp,
            values=values,
            notes={"compatible": node.get("compatible")},
        )
    if not node.get("batch_sizes"):
        yield LeftOut(node.pointer, f"no batch was run: {node.get('error') or 'no reason given'}")


def tests_by_platform(node: Node, origin: Origin) -> Iterator[Statement]:
    """S17: one inference per platform, in seconds."""
    model = model_of(node, "model", "model_name") or origin.model_by_name()
    for hardware, result in node.at("tests").items():
        ended = ending(result, has_figures=result.get("inference_time") is not None)
        if ended is None:
            yield LeftOut(result.pointer, f"{hardware}: {NOTHING_SAID}")
            continue
        yield Finding(
            pointer=result.pointer,
            model=model,
            hardware=written(result, hardware),
            status=ended.status,
            prior=Grade.CLAIMED,
            prior_reason=_NO_RUNS,
            label="test",
            error_message=ended.error,
            timestamp=time_of(result) or time_of(node) or origin.timestamp,
            values=numbers(
                result,
                average_latency_ms=("inference_time", "s->ms"),
                model_load_ms=("load_time", "s->ms"),
                memory_peak_mb=("peak_memory_mb", "MB"),
                realtime_factor=("realtime_factor", "ratio"),
            ),
        )
