"""One line of text for one thing done: what a log or a terminal shows while a run goes on."""

from __future__ import annotations

import statistics

from ipfs_accel_pipeline.pipeline.preparation import Prepared
from ipfs_accel_pipeline.records import Observation


def describe(observation: Observation) -> str:
    """For example `bert-tiny on cpu-x (pytorch fp32 b1 s128) round 1: passed, p50 1.23 ms`."""
    case = observation.case
    sequence = f" s{case.sequence_length}" if case.sequence_length else ""
    where = f"{case.endpoint_type} {case.precision} b{case.batch_size}{sequence}"
    head = f"{case.model_id} on {case.hardware_id} ({where}) round {observation.round_index + 1}"
    return f"{head}: {observation.status}{_figure(observation)}{_slow(observation)}"


def describe_prepared(one: Prepared) -> str:
    """For example `bert-tiny: onnx made by transformers.OnnxExporter in 9.8 s`."""
    outcome = one.outcome
    if not outcome.ok:
        return f"{one.model_id}: {outcome.artefact} could not be made ({outcome.status}): {outcome.error}"
    if not one.made_now:
        return f"{one.model_id}: {outcome.artefact} is there already"
    return f"{one.model_id}: {outcome.artefact} made by {outcome.exporter} in {outcome.seconds:.1f} s"


def _figure(observation: Observation) -> str:
    if observation.latencies_ms:
        return f", p50 {statistics.median(observation.latencies_ms):.3g} ms"
    first_line = (observation.error_message or "").partition("\n")[0]
    return f": {first_line}" if first_line else ""


def _slow(observation: Observation) -> str:
    if not observation.is_slow_phase:
        return ""
    signs = [f"canary {observation.canary_slowdown:.2f} times its best"]
    if observation.contention_slowdown is not None:
        signs.append(f"{observation.contention_slowdown:.2f} times longer by waiting for a CPU")
    return f" (host slow: {', '.join(signs)})"
