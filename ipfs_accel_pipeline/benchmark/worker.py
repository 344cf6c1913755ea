"""One round of one case, from loading the model to the last sample. Runs in a child process of its own."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported
from ipfs_accel_pipeline.models.bundles import Bundle, open_bundle
from ipfs_accel_pipeline.models.inputs import make_arrays
from ipfs_accel_pipeline.records import HardwareType, ParityResult, Status
from ipfs_accel_pipeline.timing import LatencySeries, MemoryUse, Protocol

_OWN_MEMORY = (HardwareType.CUDA, HardwareType.ROCM)
_GIVEN_BACK = "more memory was given back meanwhile than the model took: what it took cannot be told"
_UNKNOWN = "the peak memory of a process can be read on Linux only, where the kernel allows it"


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
        refuse_other_adapter(session.device_proof.get("adapter"), request.runtime.get("adapter"))
        memory.pause(session)
        fields |= _judge(session, bundle, request)
        memory.resume(session)
        if fields["status"] is Status.PASSED and request.is_timed:
            fields |= _time(session, bundle, request, meter)
            fields |= _memory(session, memory, request, fields)
    finally:
        session.close()
    fields["canary_after_ms"] = run_canary(cpus)
    return fields


def refuse_other_precision(effective: str, asked: str) -> None:
    """A row must not carry a precision that the runtime did not use (a file may be quantized already)."""
    if effective != asked:
        raise Unsupported(f"asked for {asked}, the runtime runs this model in {effective}")


def refuse_other_adapter(used: Mapping[str, Any] | None, detected: Mapping[str, Any] | None) -> None:
    """A browser whose GPU process keeps crashing goes on with software: its numbers would be the detected adapter's."""
    if not used or not detected:
        return
    names = [_adapter_name(one) for one in (used, detected)]
    if names[0] != names[1]:
        raise BackendUnavailable(
            f"the browser computed on {names[0]}, and not on {names[1]}, which was detected. The driver of the GPU may "
            "have failed: see `ipfs-accel detect`."
        )


def _adapter_name(adapter: Mapping[str, Any]) -> str:
    told = (adapter.get(key) for key in ("vendor", "architecture", "description"))
    return " ".join([part for part in told if part]) + (" (fallback)" if adapter.get("is_fallback") else "")


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
        "details": {"reference_runtime": bundle.reference_runtime, **_untrained(bundle)},
        "model_load_ms": session.load_ms,
        "compile_ms": session.compile_ms,
        "actual_device": session.actual_device,
        "device_proof": session.device_proof,
        "effective_precision": session.effective_precision,
    }


def _untrained(bundle: Bundle) -> dict[str, Any]:
    """A part of a pretrained model that its files do not hold, such as a head: its answers are random."""
    names = bundle.details.get("newly_initialized")
    return {"untrained_weights": {"count": len(names), "first": names[0]}} if names else {}


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


def _memory(session: Session, window: _MemoryWindow, request: RoundRequest, fields: dict[str, Any]) -> dict[str, Any]:
    """Of the device, and of this process or those that a session which times itself runs in; unknown is None with the
    reason."""
    own_use = window.read(session)  # ends the window, for the device too
    use = session.memory_use() if isinstance(session, TimesItself) else own_use
    if use.peak_mb is not None and use.peak_mb < 0:  # a library freed some, a helper of the browser ended
        use = replace(use, peak_mb=None, unknown_reason=_GIVEN_BACK)
    device_peak_mb = window.device_peak_mb()
    if device_peak_mb is None and request.hardware_type in _OWN_MEMORY:
        reason = f"{fields['backend']} does not tell what it takes of the GPU's memory"
        use = replace(use, peak_mb=None, unknown_reason=reason)  # the host's would pass for it
    is_unknown = device_peak_mb is None and use.unknown_reason
    return {
        "memory_baseline_mb": use.baseline_mb,
        "memory_peak_mb": use.peak_mb,
        "memory_anonymous_mb": use.anonymous_mb,
        "device_memory_peak_mb": device_peak_mb,
        "details": fields["details"] | ({"memory_unknown_reason": use.unknown_reason} if is_unknown else {}),
    }


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
    """Peaks from its creation on, without what happens between pause and resume: of this process above what was
    resident then, and of the device."""

    def __init__(self) -> None:
        self._peaks_mb: list[float | None] = []
        self._device_peaks_mb: list[float | None] = []
        self._begin()
        self._before = read_memory()

    def pause(self, session: Session) -> None:
        now = read_memory()
        self._peaks_mb.append(now.peak_mb if now and self._peak_is_ours else None)
        self._device_peaks_mb.append(session.take_device_memory_peak_mb())

    def resume(self, session: Session) -> None:
        self._begin()
        session.take_device_memory_peak_mb()  # that of the pause goes

    def read(self, session: Session) -> MemoryUse:
        """Ends the window."""
        self.pause(session)
        now = read_memory()
        if now is None or self._before is None:
            return MemoryUse(unknown_reason=_UNKNOWN)
        peak_mb = _largest(self._peaks_mb)
        return MemoryUse(
            baseline_mb=self._before.resident_mb,
            peak_mb=None if peak_mb is None else peak_mb - self._before.resident_mb,
            anonymous_mb=now.anonymous_mb - self._before.anonymous_mb,
            unknown_reason=_UNKNOWN if peak_mb is None else None,
        )

    def device_peak_mb(self) -> float | None:
        return _largest(self._device_peaks_mb)

    def _begin(self) -> None:
        gc.collect()
        self._peak_is_ours = reset_peak()


def _largest(peaks_mb: list[float | None]) -> float | None:
    """None where any part of the peak is unknown."""
    known = [peak for peak in peaks_mb if peak is not None]
    return max(known) if len(known) == len(peaks_mb) else None
