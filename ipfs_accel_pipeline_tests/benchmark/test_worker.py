from __future__ import annotations

from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest

from ipfs_accel_pipeline.backends.interface import Session, TimesItself
from ipfs_accel_pipeline.benchmark import worker
from ipfs_accel_pipeline.benchmark.worker import (
    RoundRequest,
    measure_round,
    refuse_other_adapter,
    refuse_other_precision,
)
from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.spec import InputSpec
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.timing import MemoryUse, Protocol, RawSeries

PROTOCOL = Protocol(min_iterations=5, min_duration_s=0, max_duration_s=1, max_warmup_s=0)


def test_a_row_never_carries_a_precision_that_the_runtime_did_not_use():
    with pytest.raises(Unsupported, match="asked for fp32, the runtime runs this model in bf16"):
        refuse_other_precision("bf16", "fp32")
    refuse_other_precision("fp32", "fp32")


ADAPTER = {"vendor": "nvidia", "architecture": "hopper", "description": "", "is_fallback": False}
SOFTWARE = {"vendor": "google", "architecture": "swiftshader", "description": "", "is_fallback": True}


def test_a_row_never_carries_the_numbers_of_another_adapter():
    refuse_other_adapter(ADAPTER, {**ADAPTER, "backend": "vulkan"})
    refuse_other_adapter(None, ADAPTER)  # not of WebGPU
    refuse_other_adapter(ADAPTER, None)
    with pytest.raises(Unsupported, match=r"on google swiftshader \(fallback\), and not on nvidia hopper, which was"):
        refuse_other_adapter(SOFTWARE, ADAPTER)


class EchoSession:
    """Gives its input back, in this process."""

    actual_device = "here"
    device_proof = MappingProxyType({"device": "here"})
    effective_precision = "fp32"
    load_ms = 1.0
    compile_ms = None

    def prepare(self, arrays):
        return arrays

    def infer(self, prepared):
        return {"y": prepared["x"].copy()}

    def arrays(self, outputs):
        return outputs

    def take_device_memory_peak_mb(self):
        return None

    def close(self):
        pass


class GpuSession(EchoSession):
    """The same, with 40 MiB of device memory for an inference and far more for the parity cases."""

    peak_mb = 0.0

    def infer(self, prepared):
        self.peak_mb = max(self.peak_mb, 40.0)
        return super().infer(prepared)

    def arrays(self, outputs):
        self.peak_mb = 900.0
        return outputs

    def take_device_memory_peak_mb(self):
        peak_mb, self.peak_mb = self.peak_mb, 0.0
        return peak_mb


class FarAwaySession(EchoSession):
    """The same, with times and memory of another place."""

    known_memory = MemoryUse(100.0, 50.0, 40.0)

    def time_first(self, prepared):
        return 77.0

    def time_series(self, prepared, timing):
        return timing.in_slices(lambda count: [3.0] * count)

    def memory_use(self):
        return self.known_memory

    def environment(self):
        return {"threads": 8, "browser": "one"}


class OneAnswerSession(FarAwaySession):
    """Returns all its times at once, as a hosted device does, and cannot tell the first one or its memory."""

    known_memory = MemoryUse(unknown_reason="the device does not tell")

    def time_first(self, prepared):
        return None

    def time_series(self, prepared, timing):
        return RawSeries((4.0, 5.0, 6.0), warmup_iterations=None)


def measured(session, monkeypatch, hardware_type="CPU", newly_initialized=()):
    backend = SimpleNamespace(name="echo", version=lambda: "1", load=lambda *arguments: session)
    x = np.arange(6, dtype=np.float32).reshape(1, 6) + 1
    bundle = SimpleNamespace(
        weights="random",
        weights_digest="0",
        reference_runtime="torch",
        details={"newly_initialized": list(newly_initialized)},
        input_specs=(InputSpec("x", "float32", ("batch", 6), "normal"),),
        parity_cases=lambda: [SimpleNamespace(inputs={"x": x}, reference={"y": x}, batch_size=1, sequence_length=None)],
    )
    monkeypatch.setattr(worker, "load_backend", lambda *names: backend)
    monkeypatch.setattr(worker, "open_bundle", lambda folder: bundle)
    request = RoundRequest(Path("unused"), hardware_type, "echo", "cpu", "fp32", 1, None, 1, PROTOCOL)
    return measure_round(request)


def test_only_sessions_that_say_so_time_themselves():
    sessions: list[Session] = [EchoSession(), FarAwaySession()]
    assert [isinstance(session, TimesItself) for session in sessions] == [False, True]


def test_an_ordinary_session_is_timed_here(monkeypatch):
    fields = measured(EchoSession(), monkeypatch)
    assert fields["status"] is Status.PASSED
    assert len(fields["cpu_times_ms"]) == len(fields["latencies_ms"]) >= 5
    assert "browser" not in fields["environment"]


def test_what_of_a_pretrained_model_was_in_no_file_is_told_with_its_test(monkeypatch):
    fields = measured(EchoSession(), monkeypatch, newly_initialized=["classifier.bias", "classifier.weight"])
    assert fields["details"]["untrained_weights"] == {"count": 2, "first": "classifier.bias"}
    assert "untrained_weights" not in measured(EchoSession(), monkeypatch)["details"]


def test_device_memory_is_that_of_what_is_timed_and_not_of_the_parity_cases(monkeypatch):
    fields = measured(GpuSession(), monkeypatch, "CUDA")
    assert fields["device_memory_peak_mb"] == 40
    assert "memory_unknown_reason" not in fields["details"]


def test_the_device_memory_that_only_the_first_inference_took_counts(monkeypatch):
    session = GpuSession()
    session.peak_mb = 70.0  # while it was loaded
    assert measured(session, monkeypatch, "CUDA")["device_memory_peak_mb"] == 70


@pytest.mark.parametrize("hardware_type", ["CUDA", "ROCm"])
def test_the_hosts_memory_does_not_stand_for_that_of_a_gpu(hardware_type, monkeypatch):
    fields = measured(EchoSession(), monkeypatch, hardware_type)
    assert (fields["device_memory_peak_mb"], fields["memory_peak_mb"]) == (None, None)
    assert fields["details"]["memory_unknown_reason"] == "echo does not tell what it takes of the GPU's memory"
    assert fields["details"]["reference_runtime"] == "torch"


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells the peak, others do not")
def test_on_a_processor_the_peak_is_that_of_the_process(monkeypatch):
    fields = measured(EchoSession(), monkeypatch)
    assert fields["memory_peak_mb"] >= 0
    assert fields["memory_baseline_mb"] > 1
    assert "memory_unknown_reason" not in fields["details"]


def test_memory_is_unknown_where_more_was_given_back_than_the_model_took(monkeypatch):
    class ShrinkingSession(FarAwaySession):
        known_memory = MemoryUse(100.0, -12.5, -20.0)

    fields = measured(ShrinkingSession(), monkeypatch)
    assert fields["memory_peak_mb"] is None
    assert "given back" in fields["details"]["memory_unknown_reason"]


def test_a_system_that_does_not_tell_memory_is_the_reason(monkeypatch):
    monkeypatch.setattr(worker, "read_memory", lambda: None)
    fields = measured(EchoSession(), monkeypatch)
    assert fields["memory_peak_mb"] is None
    assert "Linux" in fields["details"]["memory_unknown_reason"]


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this kernel does not count waiting for a CPU")
@pytest.mark.parametrize("session", [EchoSession(), FarAwaySession()])
def test_what_waiting_for_a_cpu_cost_is_told_wherever_it_is_timed(session, monkeypatch):
    assert 1 <= measured(session, monkeypatch)["contention_slowdown"] < 1000


def test_contention_is_that_of_the_timed_iterations_alone(monkeypatch):
    session = EchoSession()
    calls, starts = [], []
    session.infer = lambda prepared: calls.append("infer") or {"y": prepared["x"].copy()}
    meter = SimpleNamespace(start=lambda: starts.append(len(calls)), read=lambda: float(len(calls) - starts[-1]))
    monkeypatch.setattr(worker, "ContentionMeter", lambda: meter)
    fields = measured(session, monkeypatch)
    assert fields["contention_slowdown"] == len(fields["latencies_ms"])


def test_a_session_that_times_itself_is_never_timed_here(monkeypatch):
    fields = measured(FarAwaySession(), monkeypatch)
    assert fields["status"] is Status.PASSED
    assert fields["first_inference_ms"] == 77.0
    assert set(fields["latencies_ms"]) == {3.0}
    assert fields["cpu_times_ms"] == ()
    assert fields["interval_target_met"] is True


def test_its_memory_and_environment_are_those_of_where_it_runs(monkeypatch):
    fields = measured(FarAwaySession(), monkeypatch)
    assert (fields["memory_baseline_mb"], fields["memory_peak_mb"], fields["memory_anonymous_mb"]) == (100, 50, 40)
    assert fields["environment"]["threads"] == 8
    assert "load_average_1m" in fields["environment"]


def test_what_it_cannot_tell_is_unknown_with_the_reason(monkeypatch):
    fields = measured(OneAnswerSession(), monkeypatch)
    assert fields["latencies_ms"] == (4.0, 5.0, 6.0)
    assert (fields["warmup_iterations"], fields["first_inference_ms"], fields["memory_peak_mb"]) == (None, None, None)
    assert fields["details"]["memory_unknown_reason"] == "the device does not tell"
    assert fields["details"]["reference_runtime"] == "torch"
