"""Takes cases through AI Hub: upload, compile, infer with profile. Submits everything it can, then polls.

No threads: `advance` makes one step for every case and returns. What a case has come to is kept in the ledger before
the next step, so that a killed run goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipfs_accel_pipeline.benchmark.host_lock import exclusive_host
from ipfs_accel_pipeline.benchmark.hub_inputs import HubInputs, model_file
from ipfs_accel_pipeline.qualcomm.hub import Hub, HubDevice, HubProblem, JobState, Kind, ProfileResult
from ipfs_accel_pipeline.qualcomm.ledger import Entry, Ledger, ledger_key
from ipfs_accel_pipeline.records import Case, Status

# A DLC is compiled once for the NPU's family of formats; the NPU has no 64-bit integers.
COMPILE_OPTIONS = "--target_runtime qnn_dlc --truncate_64bit_io"


@dataclass(frozen=True)
class Patience:
    """How long to wait for the hub. Seconds."""

    poll_s: float = 10.0
    busy_wait_s: float = 30.0  # after a rate limit or an outage
    most_busy_waits: int = 20
    case_timeout_s: float = 6 * 3600.0  # the hub itself ends a job that waits too long for a device


@dataclass(frozen=True)
class HubCase:
    """One case with what its jobs need."""

    case: Case
    bundle: Path
    artefact: str
    device: HubDevice
    inputs: HubInputs


@dataclass(frozen=True)
class Settled:
    """How a case ended. `keep` leaves its jobs in the ledger: the hub may still finish them."""

    status: Status
    reason: str | None = None
    result: ProfileResult | None = None
    keep: bool = False


@dataclass
class _Progress:
    hub_case: HubCase
    entry: Entry
    started: float
    not_before: float = 0.0
    busy_waits: int = 0
    settled: Settled | None = None

    @property
    def job(self) -> str | None:
        """The one that it waits for."""
        return self.entry.inference_job or self.entry.compile_job


class HubJobs:
    """Over any number of devices, so that all their jobs wait in the hub's queues at the same time."""

    def __init__(
        self,
        hub: Hub,
        ledger: Ledger,
        cases: Sequence[HubCase],
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
        on_wait: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.hub = hub
        self.patience = patience or Patience()
        self._ledger = ledger
        self._clock = clock
        self._on_wait = on_wait
        now = clock()
        self._progress = {one.case: _Progress(one, ledger.find(self._key(one)), now) for one in cases}

    def advance(self) -> None:
        """One step for every case that can take one."""
        states = self._states()
        for one in self._progress.values():
            if one.settled or self._clock() < one.not_before or (states is None and one.job):
                continue
            try:
                one.settled = self._step(one, states or {})
                one.busy_waits = 0  # it answered: only what comes without an answer between adds up
            except HubProblem as problem:
                one.settled = self._problem(one, problem)

    def settled(self, case: Case) -> Settled | None:
        return self._progress[case].settled

    def entry(self, case: Case) -> Entry:
        return self._progress[case].entry

    def done_with(self, case: Case) -> None:
        """Its observation is kept: the jobs are not wanted any more."""
        settled = self._progress[case].settled
        if settled and not settled.keep:
            self._ledger.remove(self._progress[case].entry.key)

    def _step(self, one: _Progress, states: dict[str, JobState]) -> Settled | None:
        entry = one.entry
        if entry.compile_job is None:
            one.entry = self._submit_compile(one.hub_case, entry)
            return None
        if entry.inference_job is None:
            return self._after_compile(one, states.get(entry.compile_job))
        return self._after_inference(one, states.get(entry.inference_job))

    def _submit_compile(self, one: HubCase, entry: Entry) -> Entry:
        upload = ledger_key({"api": self.hub.access.api_url, "bundle": one.bundle.name, "artefact": one.artefact})
        model = self._ledger.uploaded(upload)
        if model is None:
            # The client packs the model first, which would disturb what is measured here.
            with exclusive_host(self._on_wait), model_file(one.bundle, one.artefact) as path:
                model = self.hub.upload_model(path, f"{one.case.model_id} {one.artefact}")
            self._ledger.remember_upload(upload, model)
        try:
            job = self.hub.submit_compile(model, one.device, _name(one.case), one.inputs.arrays, COMPILE_OPTIONS)
        except HubProblem as problem:
            if problem.kind is Kind.REFUSED:  # the model may have expired there: a later run uploads it again
                self._ledger.forget_upload(upload)
            raise
        return self._ledger.save(Entry(entry.key, compile_job=job))

    def _after_compile(self, one: _Progress, state: JobState | None) -> Settled | None:
        compile_job = one.entry.compile_job
        assert compile_job is not None
        if state is JobState.FAILED:
            failure = self.hub.failure(compile_job)
            return Settled(failure.status, f"compiling: {failure.reason}")
        if state is not JobState.DONE:
            return self._timed_out(one)
        case = one.hub_case
        job = self.hub.submit_inference(compile_job, case.device, _name(case.case), case.inputs.arrays)
        one.entry = self._ledger.save(
            Entry(one.entry.key, one.entry.submitted_at, compile_job=compile_job, inference_job=job)
        )
        return None

    def _after_inference(self, one: _Progress, state: JobState | None) -> Settled | None:
        job = one.entry.inference_job
        assert job is not None
        if state is JobState.FAILED:
            failure = self.hub.failure(job)
            return Settled(failure.status, failure.reason)
        if state is not JobState.DONE:
            return self._timed_out(one)
        return Settled(Status.PASSED, result=self.hub.result(job))

    def _timed_out(self, one: _Progress) -> Settled | None:
        waited = self._clock() - one.started
        if waited < self.patience.case_timeout_s:
            return None
        reason = f"AI Hub job {one.job} has not ended after {waited:.0f} s; the next run goes on waiting for it"
        return Settled(Status.TIMEOUT, reason, keep=True)

    def _problem(self, one: _Progress, problem: HubProblem) -> Settled | None:
        has_jobs = one.entry.compile_job is not None
        if problem.kind is Kind.DENIED:  # which says nothing of jobs that are running
            return Settled(Status.UNSUPPORTED, str(problem), keep=has_jobs)
        if problem.kind is Kind.REFUSED:
            return Settled(Status.UNSUPPORTED, str(problem))
        one.busy_waits += 1
        one.not_before = self._clock() + self.patience.busy_wait_s
        if one.busy_waits <= self.patience.most_busy_waits:
            return None
        reason = f"{problem} (asked {one.busy_waits} times)"
        return Settled(Status.SKIPPED, reason, keep=has_jobs)

    def _states(self) -> dict[str, JobState] | None:
        """Where the jobs of all unsettled cases are; None while the hub does not answer."""
        waiting = [one for one in self._progress.values() if not one.settled and self._clock() >= one.not_before]
        jobs = {one.job: one for one in waiting if one.job}
        if not jobs:
            return {}
        try:
            return self.hub.states(list(jobs))
        except HubProblem as problem:
            for one in jobs.values():
                one.settled = self._problem(one, problem)
            return None

    def _key(self, one: HubCase) -> str:
        return ledger_key(
            {
                "api": self.hub.access.api_url,
                "device": (one.device.name, one.device.os),
                "bundle": one.bundle.name,
                "artefact": one.artefact,
                "case": one.case,
                "options": COMPILE_OPTIONS,
            }
        )


def _name(case: Case) -> str:
    sequence = f" s{case.sequence_length}" if case.sequence_length else ""
    return f"{case.model_id} {case.precision} b{case.batch_size}{sequence}"
