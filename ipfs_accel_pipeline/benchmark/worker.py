"""One round of one case, from loading the model to the last sample. Runs in a child process of its own."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.interface import Session, TimesItself
from ipfs_accel_pipeline.backends.registry import load_backend
from ipfs_accel_pipeline.benchmark.canary import canary_cpus, run_canary
from ipfs_accel_pipeline.benchmark.contention import ContentionMeter
from ipfs_accel_pipeline.benchmark.environment import HostLoad
from ipfs_accel_pipeline.benchmark.memory import read_memory, reset_peak
from ipfs_accel_pipeline.benchmark.parity import compare
from ipfs_accel_pipeline.benchmark.power import PowerMeter, open_power_meter
from ipfs_accel_pipeline.benchmark.protocol import SlicedTiming, judge_series, measure_latencies
from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.bundles import Bundle, open_bundle
from ipfs_accel_pipeline.models.inputs import make_arrays
from ipfs_accel_pipeline.records import ParityResult, Status
from ipfs_accel_pipeline.timing import LatencySeries, MemoryUse, Protocol


@dataclass(frozen=True)
class RoundRequest:
    """What one child is asked to do."""

    bundle: Path
    hardware_type: str
    endpoint_type: str
    device: str
    precision: str
    batch_size: int
    sequence_length: int | None
    threads: int
    protocol: Protocol
    runtime: dict[str, Any] = field(default_factory=dict)  # of the hardware row: how tools number the device
    is_timed: bool = True  # not on an emulator: its latency is this host's


def measure_round(request: RoundRequest) -> dict[str, Any]:
    """Fields of an Observation. Timing begins only after the outputs were found right at two shapes."""
    backend = load_backend(request.hardware_type, request.endpoint_type)
    bundle = open_bundle(request.bundle)
    cpus = canary_cpus(request.threads)
    fields: dict[str, Any] = {"canary_before_ms": run_canary(cpus)}  # first: importing OpenVINO leaves a busy thread
    version = backend.version()  # imports the runtime, so that its libraries count to the baseline
    fields |= {"backend": backend.name, "backend_version": version}
    fields |= {"weights": bundle.weights, "weights_digest": bundle.weights_digest}
    meter = open_power_meter(request.hardware_type, time.perf_counter, request.runtime)  # before the baseline, likewise
    memory = _MemoryWindow()
    session = backend.load(bundle, request.device, request.precision, request.threads)
    try:
        refuse_other_precision(session.effective_precision, request.precision)
        fields |= _first_inference(session, bundle, request)
        memory.pause()
        fields |= _judge(session, bundle, request)
        memory.resume()
        if fields["status"] is Status.PASSED and request.is_timed:
            fields |= _time(session, bundle, request, meter)
            fields |= _memory(session, memory, fields["details"])
    finally:
        session.close()
    fields["canary_after_ms"] = run_canary(cpus)
    return fields


def refuse_other_precision(effective: str, asked: str) -> None:
    """A row must not carry a precision that the runtime did not use (a file may be quantized already)."""
    if effective != asked:
        raise Unsupported(f"asked for {asked}, the runtime runs this model in {effective}")


def _first_inference(session: Session, bundle: Bundle, request: RoundRequest) -> dict[str, Any]:
    prepared = session.prepare(_inputs(bundle, request))
    if isinstance(session, TimesItself):
        return {"first_inference_ms": session.time_first(prepared)}
    started = time.perf_counter()
    session.infer(prepared)
    return {"first_inference_ms": (time.perf_counter() - started) * 1e3}


def _judge(session: Session, bundle: Bundle, request: RoundRequest) -> dict[str, Any]:
    """Are the outputs right, and which device really made them?"""
    parity = tuple(_parity(session, bundle, request.precision))
    wrong = next((one for one in parity if not one.passed), None)
    return {
        "status": Status.FAILED if wrong else Status.PASSED,
        "error_message": wrong.reason if wrong else None,
        "parity": parity,
        "details": {"reference_runtime": bundle.reference_runtime},
        "model_load_ms": session.load_ms,
        "compile_ms": session.compile_ms,
        "actual_device": session.actual_device,
        "device_proof": session.device_proof,
        "effective_precision": session.effective_precision,
    }


def _inputs(bundle: Bundle, request: RoundRequest) -> dict[str, np.ndarray]:
    return make_arrays(bundle.input_specs, request.batch_size, request.sequence_length)


def _parity(session: Session, bundle: Bundle, precision: str) -> list[ParityResult]:
    results = []
    for case in bundle.parity_cases():
        outputs = session.arrays(session.infer(session.prepare(case.inputs)))
        results.append(compare(case.reference, outputs, precision, case.batch_size, case.sequence_length))
    return results


def _time(session: Session, bundle: Bundle, request: RoundRequest, meter: PowerMeter) -> dict[str, Any]:
    prepared = session.prepare(_inputs(bundle, request))
    load = HostLoad()  # before timing, or the load would be our own
    contention = ContentionMeter()

    def before_timing() -> None:
        contention.start()
        meter.start()

    with no_garbage_collection():
        series = _series(session, prepared, request.protocol, before_timing)
        power = meter.stop()
        slowdown = contention.read()
    return {
        "latencies_ms": series.latencies_ms,
        "cpu_times_ms": series.cpu_times_ms,
        "warmup_iterations": series.warmup_iterations,
        "interval_target_met": series.interval_target_met,
        "power": power,
        "contention_slowdown": slowdown,
        "environment": load.read() | (session.environment() if isinstance(session, TimesItself) else {}),
    }


def _series(session: Session, prepared: Any, protocol: Protocol, before_timing: Callable[[], None]) -> LatencySeries:
    if isinstance(session, TimesItself):
        return judge_series(session.time_series(prepared, SlicedTiming(protocol, before_timing)), protocol)
    return measure_latencies(lambda: session.infer(prepared), protocol, before_timing=before_timing)


def _memory(session: Session, window: _MemoryWindow, details: dict[str, Any]) -> dict[str, Any]:
    """Of this process, or of those that a session which times itself runs in; unknown is None with the reason."""
    if not isinstance(session, TimesItself):
        return window.read(session)
    use: MemoryUse = session.memory_use()
    fields: dict[str, Any] = {
        "memory_baseline_mb": use.baseline_mb,
        "memory_peak_mb": use.peak_mb,
        "memory_anonymous_mb": use.anonymous_mb,
        "device_memory_peak_mb": session.device_memory_peak_mb(),
    }
    if use.unknown_reason:
        fields["details"] = details | {"memory_unknown_reason": use.unknown_reason}
    return fields


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """A collection in the middle of an iteration would be charged to the model."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _MemoryWindow:
    """Peak memory from its creation on, above what was resident then, without what happens between pause and resume."""

    def __init__(self) -> None:
        self._peaks_mb: list[float | None] = []
        self.resume()
        self._before = read_memory()

    def pause(self) -> None:
        now = read_memory()
        self._peaks_mb.append(now.peak_mb if now and self._peak_is_ours else None)

    def resume(self) -> None:
        gc.collect()
        self._peak_is_ours = reset_peak()

    def read(self, session: Session) -> dict[str, float | None]:
        self.pause()
        now = read_memory()
        fields: dict[str, float | None] = {"device_memory_peak_mb": session.device_memory_peak_mb()}
        if now is None or self._before is None:
            return fields
        return fields | {
            "memory_baseline_mb": self._before.resident_mb,
            "memory_peak_mb": self._peak_mb(self._before.resident_mb),
            "memory_anonymous_mb": now.anonymous_mb - self._before.anonymous_mb,
        }

    def _peak_mb(self, baseline_mb: float) -> float | None:
        """None where any part of the peak is unknown."""
        known = [peak for peak in self._peaks_mb if peak is not None]
        return max(known) - baseline_mb if len(known) == len(self._peaks_mb) else None
