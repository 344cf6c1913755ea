"""S41: benchmarks on phones, by batch size, accelerator and threads."""

from __future__ import annotations

from collections.abc import Iterator

from ipfs_accel_pipeline.storage.legacy_json.ending import NOTHING_SAID, ending
from ipfs_accel_pipeline.storage.legacy_json.findings import Finding, Grade, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, first, numbers
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, model_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.shapes.spread import spread_of

_DRAWN = "the harness for phones drew its times at random: it names no format of the model that it would have run"


def phone_benchmark(node: Node, origin: Origin) -> Iterator[Statement]:
    model = model_of(node, "model_name", "model") or origin.model_by_name()
    phone = node.at("device_info", "model").text()
    for one in node.at("configurations").elements():
        accelerator = first(one.at("configuration", "accelerator"), one.at("parameters", "accelerator"))
        name = accelerator.text()
        if name is None or hardware_type(name) is None:
            yield LeftOut(one.pointer, f"{phone}: {name or 'no accelerator'} is none of the hardware types")
            continue
        spread = spread_of(one)
        ended = ending(one, one.get("message"), has_figures=spread.runs is not None)
        if ended is None:
            yield LeftOut(one.pointer, NOTHING_SAID)
            continue
        was_run = one.at("parameters", "model_format").text() is not None
        yield Finding(
            pointer=one.pointer,
            model=model,
            hardware=written(accelerator),
            status=ended.status,
            prior=spread.prior if was_run else Grade.SIMULATED,
            prior_reason=spread.reason if was_run else _DRAWN,
            label="phone benchmark",
            error_message=ended.error,
            timestamp=time_of(one) or time_of(node) or origin.timestamp,
            values=spread.values
            | numbers(
                one,
                throughput_items_per_second=("throughput_items_per_second", "per s"),
                execution_time=("execution_time_seconds", "s"),
            )
            | numbers(first(one.at("configuration"), one.at("parameters")), batch_size=("batch_size", "count")),
            latencies=spread.runs,
            device_name=phone,
        )
