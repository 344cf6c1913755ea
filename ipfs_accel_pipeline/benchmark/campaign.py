"""All rounds of all cases of one run, interleaved, each in a process of its own.

The rounds go round-robin over the cases, so that a slow minute of the host spreads over all models instead of
spoiling one. A round in a slow phase is repeated at the end, up to the protocol's limit; none is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ipfs_accel_pipeline.backends.registry import load_backend
from ipfs_accel_pipeline.benchmark.canary import SLOW_PHASE, VERSION, HostBest
from ipfs_accel_pipeline.benchmark.contention import CONTENDED
from ipfs_accel_pipeline.benchmark.environment import describe_host
from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher, Outcome
from ipfs_accel_pipeline.benchmark.worker import RoundRequest
from ipfs_accel_pipeline.records import GENERATION_FAILURE, Case, Generation, Observation, Status
from ipfs_accel_pipeline.timing import Protocol

_MEASURE = "ipfs_accel_pipeline.benchmark.worker:measure_round"
_GENERATE = "ipfs_accel_pipeline.benchmark.generation:measure_generation"


@dataclass(frozen=True)
class PlannedCase:
    """A case with what its child needs, or with the reason why it cannot run at all."""

    case: Case
    requested_device: str
    request: RoundRequest | None = None
    refusal: Status | None = None
    refusal_reason: str | None = None
    generates: bool = False  # its rounds also measure text written token by token
    no_generation: str | None = None  # why they do not although the model writes text


class Campaign:
    """Takes every case through its rounds. `record` is called with each observation as soon as it exists."""

    def __init__(
        self,
        protocol: Protocol,
        launcher: Launcher,
        host_best: HostBest,
        threads: int,
        memory_limit_mb: float | None,
        record: Callable[[Observation], None],
        profile: str,
    ) -> None:
        self._protocol = protocol
        self._launcher = launcher
        self._host_best = host_best
        self._threads = threads
        self._memory_limit_mb = memory_limit_mb
        self._record = record
        self._host = describe_host(threads) | {"profile": profile}
        self._observed: dict[Case, list[Observation]] = {}

    def run(self, planned: Sequence[PlannedCase], already: Sequence[Observation] = ()) -> Iterator[Observation]:
        """Yield each new observation; rounds that an interrupted attempt has `already` taken are not taken again."""
        self._observed = {one.case: [] for one in planned}
        for observation in already:
            self._observed.setdefault(observation.case, []).append(observation)
        for one in self._rounds(planned):
            observation = self._observe(one)
            self._observed[one.case].append(observation)
            self._record(observation)
            yield observation

    def _rounds(self, planned: Sequence[PlannedCase]) -> Iterator[PlannedCase]:
        for limit in range(1, self._protocol.rounds + 1):
            yield from (one for one in planned if self._wants_round(one.case, limit))
        most = self._protocol.rounds + self._protocol.max_repeats
        for limit in range(self._protocol.rounds + 1, most + 1):
            yield from (one for one in planned if self._wants_round(one.case, limit) and self._lacks_quiet(one.case))

    def _wants_round(self, case: Case, limit: int) -> bool:
        """A case that did not pass is settled: the same crash three times over tells nothing new."""
        observed = self._observed[case]
        return len(observed) < limit and all(one.status is Status.PASSED for one in observed)

    def _lacks_quiet(self, case: Case) -> bool:
        return sum(not one.is_slow_phase for one in self._observed[case]) < self._protocol.rounds

    def _observe(self, one: PlannedCase) -> Observation:
        index = len(self._observed[one.case])
        started_at = datetime.now(UTC)
        if one.request is None:
            outcome = Outcome(one.refusal or Status.SKIPPED, None, one.refusal_reason, None)
        else:
            outcome = self._with_generation(one, one.request, self._launcher.run(self._job(_MEASURE, one.request)))
        return self._observation(one, index, started_at, outcome)

    def _with_generation(self, one: PlannedCase, request: RoundRequest, measured: Outcome) -> Outcome:
        """Text is written in a process of its own: what goes wrong there does not take the forward pass with it."""
        if measured.status is not Status.PASSED or measured.value["status"] is not Status.PASSED:
            return measured
        earlier = [seen.generation for seen in self._observed[one.case] if seen.generation is not None]
        known = next((seen.reason for seen in earlier if seen.reason), one.no_generation)
        if known:
            return _added(measured, {"generation": Generation(reason=known)})
        if not one.generates:
            return measured
        written = self._launcher.run(self._job(_GENERATE, request))
        if written.status is Status.PASSED:
            return _added(measured, written.value, written.duration_s)
        reason = str(written.message)
        if written.status is not Status.UNSUPPORTED:
            reason = f"{written.status}: {reason}"
        fields = {"generation": Generation(reason=reason), "details": {GENERATION_FAILURE: written.details}}
        return _added(measured, fields, written.duration_s)

    def _job(self, target: str, request: RoundRequest) -> Job:
        backend = load_backend(request.hardware_type, request.endpoint_type)
        return Job(
            target=target,
            arguments={"request": request},
            timeout_s=self._protocol.case_timeout_s,
            memory_limit_mb=self._memory_limit_mb,
            preload=backend.preload,
            environment=thread_environment(self._threads),
        )

    def _observation(self, one: PlannedCase, index: int, started_at: datetime, outcome: Outcome) -> Observation:
        fields: dict[str, Any] = {"status": outcome.status, "error_message": outcome.message, **(outcome.value or {})}
        environment = {**self._host, **fields.pop("environment", {})}
        return Observation(
            case=one.case,
            round_index=index,
            started_at=started_at,
            execution_time_s=outcome.duration_s,
            requested_device=one.requested_device,
            environment=environment,
            details={**outcome.details, **fields.pop("details", {})},
            **self._slow_phase(fields),
            **fields,
        )

    def _canary_key(self) -> str:
        return f"canary {VERSION}, {self._host['hostname']}, {self._host['processor']}, {self._threads} threads"

    def _slow_phase(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Around the round the canary tells, within it the time that its threads waited for a CPU."""
        before, after = fields.get("canary_before_ms"), fields.get("canary_after_ms")
        if before is None or after is None:
            return {}
        slowdown = self._host_best.slowdown(self._canary_key(), before, after)
        is_slow = slowdown > SLOW_PHASE or (fields.get("contention_slowdown") or 1.0) > CONTENDED
        return {"canary_slowdown": slowdown, "is_slow_phase": is_slow}


def _added(measured: Outcome, fields: dict[str, Any], duration_s: float | None = None) -> Outcome:
    """One round of two processes: it lasted as long as both, and was as disturbed as the more disturbed one."""
    value = dict(measured.value)
    for name in ("canary_after_ms", "contention_slowdown"):
        known = [one for one in (value.get(name), fields.get(name)) if one is not None]
        value[name] = max(known, default=None)
    details = {**value.get("details", {}), **fields.get("details", {})}
    value |= {"generation": fields["generation"], "details": details}
    return replace(measured, value=value, duration_s=(measured.duration_s or 0.0) + (duration_s or 0.0))


def thread_environment(threads: int) -> dict[str, str]:
    """The thread settings that libraries read before anybody can call them."""
    return {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
