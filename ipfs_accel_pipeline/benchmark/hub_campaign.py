"""AI Hub's side of a campaign: planned cases in, observations out, one round each.

The samples are the hub's: every inference time that its device measured, judged like a series taken here. Nothing of
this machine (load, canary, memory, power) is stored with them, and what the hub does not measure stays unknown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ipfs_accel_pipeline.benchmark.hub_inputs import REFERENCE_RUNTIME
from ipfs_accel_pipeline.benchmark.hub_jobs import HubCase, HubJobs, Settled
from ipfs_accel_pipeline.benchmark.parity import compare
from ipfs_accel_pipeline.benchmark.protocol import judge_series
from ipfs_accel_pipeline.models.bundles import open_bundle
from ipfs_accel_pipeline.models.names import as_float32, match_outputs
from ipfs_accel_pipeline.qualcomm.hub import ProfileResult
from ipfs_accel_pipeline.records import Case, Generation, Observation, PowerReading, Status
from ipfs_accel_pipeline.timing import Protocol, RawSeries

_NO_POWER = PowerReading("unavailable", "AI Hub measures no power, energy or temperature of its devices")
_MIN_SHARE = 0.5  # of the layers, to be called a run on the NPU


class HubCampaign:
    """Yields the observation of each case as it settles. `record` comes first, then the jobs are forgotten."""

    def __init__(
        self,
        jobs: HubJobs,
        cases: Sequence[HubCase],
        protocol: Protocol,
        profile: str,
        backend_version: str | None,
        record: Callable[[Observation], None],
        no_generation: Mapping[Case, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._jobs = jobs
        self._cases = cases
        self._protocol = protocol
        self._profile = profile
        self._version = backend_version
        self._record = record
        self._no_generation = no_generation or {}  # why models that write text do not here
        self._sleep = sleep

    def run(self) -> Iterator[Observation]:
        waiting = list(self._cases)
        started = {one.case: datetime.now(UTC) for one in waiting}
        while waiting:
            self._jobs.advance()
            for one in [one for one in waiting if self._jobs.settled(one.case)]:
                settled = self._jobs.settled(one.case)
                assert settled is not None
                observation = self._observation(one, settled, started[one.case])
                self._record(observation)
                self._jobs.done_with(one.case)
                waiting.remove(one)
                yield observation
            if waiting:
                self._sleep(self._jobs.patience.poll_s)

    def _observation(self, one: HubCase, settled: Settled, started_at: datetime) -> Observation:
        entry = self._jobs.entry(one.case)
        if entry.submitted_at:
            started_at = datetime.fromisoformat(entry.submitted_at)
        fields: dict[str, Any] = {"status": settled.status, "error_message": settled.reason}
        if settled.result is not None:
            fields |= self._measured(one, settled.result)
        if fields["status"] is Status.PASSED and one.case in self._no_generation:
            fields["generation"] = Generation(reason=self._no_generation[one.case])
        links = {"compile_job": entry.compile_job, "inference_job": entry.inference_job}
        pages = {name: self._jobs.hub.web_page(job) for name, job in links.items() if job}
        return Observation(
            case=one.case,
            round_index=0,
            started_at=started_at,
            execution_time_s=(datetime.now(UTC) - started_at).total_seconds(),
            requested_device=f"{one.device.name}, {one.device.attribute('os')} {one.device.os}",
            backend=one.case.endpoint_type,
            backend_version=self._version,
            details={**fields.pop("details", {}), "aihub": {**links, "pages": pages}},
            environment={**self._environment(one), **fields.pop("environment", {})},
            **_weights(one),
            **fields,
        )

    def _measured(self, one: HubCase, result: ProfileResult) -> dict[str, Any]:
        if not result.latencies_ms:
            return {"status": Status.ERROR, "error_message": "the hub's result has no inference times"}
        parity = compare(
            one.inputs.reference,
            _named_outputs(one, result),
            one.case.precision,
            one.case.batch_size,
            one.case.sequence_length,
        )
        units = result.layers_per_unit()
        fields: dict[str, Any] = {
            "status": Status.PASSED if parity.passed else Status.FAILED,
            "error_message": None if parity.passed else parity.reason,
            "parity": (parity,),
            "actual_device": f"{one.device.name}, {one.device.attribute('os')} {one.device.os}",
            "device_proof": {"layers_per_unit": units},
            "effective_precision": one.case.precision,
            "details": {"reference_runtime": REFERENCE_RUNTIME, "layers": list(result.layers)},
        }
        problem = _off_the_npu(units)
        if problem:
            return fields | {"status": Status.UNSUPPORTED, "error_message": problem}
        return fields | self._timed(result) if parity.passed else fields

    def _timed(self, result: ProfileResult) -> dict[str, Any]:
        series = judge_series(RawSeries(result.latencies_ms, warmup_iterations=None), self._protocol)
        return {
            "latencies_ms": series.latencies_ms,
            "interval_target_met": series.interval_target_met,
            "model_load_ms": result.first_load_ms,
            "compile_ms": result.compile_ms,
            "device_memory_peak_mb": result.peak_memory_mb,
            "power": _NO_POWER,
            "environment": {"tools": result.tools, "runtime_configuration": result.runtime_configuration},
        }

    def _environment(self, one: HubCase) -> dict[str, Any]:
        return {
            "hostname": "AI Hub",
            "platform": f"{one.device.attribute('os')} {one.device.os}",
            "processor": one.device.attribute("chipset"),
            "profile": self._profile,
            "versions": {"qai-hub": self._version},
        }


def refused(case: Case, status: Status, reason: str | None, requested_device: str) -> Observation:
    """Of a case that is known to be impossible before anything is sent."""
    return Observation(case, 0, status, reason, datetime.now(UTC), None, requested_device)


def _weights(one: HubCase) -> dict[str, Any]:
    bundle = open_bundle(one.bundle)
    return {"weights": bundle.weights, "weights_digest": bundle.weights_digest}


def _named_outputs(one: HubCase, result: ProfileResult) -> dict[str, Any]:
    """Under the reference's names. A compiled model may number its outputs; then they keep the graph's order."""
    found = match_outputs(one.inputs.reference, result.outputs)
    if not found and len(result.outputs) == len(one.inputs.reference):
        found = dict(zip(one.inputs.reference, result.outputs.values(), strict=True))
    return as_float32(found)


def _off_the_npu(units: dict[str, int]) -> str | None:
    total = sum(units.values())
    if not total or units.get("NPU", 0) / total >= _MIN_SHARE:
        return None
    return f"the NPU takes only {units.get('NPU', 0)} of {total} layers: {units}"
