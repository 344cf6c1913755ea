"""Measures platforms that are devices of AI Hub: all their jobs are in the hub's queues at once, and one shard each.

The counterpart of `measuring` for hardware that is not here: no child processes, and the host's lock only while inputs
are made and models are packed and sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ipfs_accel_pipeline.backends.qualcomm.aihub import ENDPOINT, AiHubBackend
from ipfs_accel_pipeline.benchmark.campaign import PlannedCase
from ipfs_accel_pipeline.benchmark.host_lock import exclusive_host
from ipfs_accel_pipeline.benchmark.hub_campaign import HubCampaign, refused
from ipfs_accel_pipeline.benchmark.hub_inputs import HubInputs
from ipfs_accel_pipeline.benchmark.hub_jobs import HubCase, HubJobs, Patience
from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher, Outcome
from ipfs_accel_pipeline.benchmark.protocol import find_profile
from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.qualcomm.access import HubAccess, load_access
from ipfs_accel_pipeline.qualcomm.hub import Hub, HubDevice
from ipfs_accel_pipeline.qualcomm.ledger import Ledger
from ipfs_accel_pipeline.records import Case, HardwarePlatform, Observation, Status
from ipfs_accel_pipeline.settings import Settings

_MAKE_INPUTS = "ipfs_accel_pipeline.benchmark.hub_inputs:make_inputs"
_INPUTS_TIMEOUT_S = 900.0
PATIENCE = Patience()


def is_on_hub(platform: HardwarePlatform) -> bool:
    return ENDPOINT in platform.runtime.get("endpoint_devices", {})


@dataclass
class HubWork:
    """Cases of any number of devices on their way through the hub, and those that never got there."""

    cases: list[HubCase] = field(default_factory=list)
    refusals: dict[Case, Observation] = field(default_factory=dict)
    jobs: HubJobs | None = None

    def measure(
        self, planned: Sequence[PlannedCase], profile: str, record: Callable[[Observation], None]
    ) -> Iterator[Observation]:
        """The observations of these cases; the jobs of all others go on meanwhile."""
        wanted = {one.case for one in planned}
        for case in wanted & self.refusals.keys():
            record(self.refusals[case])
            yield self.refusals[case]
        mine = [one for one in self.cases if one.case in wanted]
        no_generation = {one.case: one.no_generation for one in planned if one.no_generation}
        if self.jobs is not None:
            version = AiHubBackend().version()
            protocol = find_profile(profile)
            yield from HubCampaign(self.jobs, mine, protocol, profile, version, record, no_generation).run()


@contextmanager
def hub_work(
    planned: Sequence[tuple[HardwarePlatform, PlannedCase]],
    settings: Settings,
    on_wait: Callable[[str], None],
    access: Callable[[], HubAccess] = load_access,
) -> Iterator[HubWork]:
    """Everything submitted that can be. The devices' jobs are this process's until the end of the block."""
    work = HubWork()
    try:
        hub = Hub(access())
    except Unsupported as problem:  # no token, no client, nobody at the address: a result, with the reason
        work.refusals = {
            one.case: refused(one.case, Status.UNSUPPORTED, str(problem), one.requested_device) for _, one in planned
        }
        yield work
        return
    _sort(planned, work, on_wait)
    ledger = Ledger(settings.hub_jobs)
    with ledger.held(list({one.case.hardware_id for one in work.cases}), on_wait):
        work.jobs = HubJobs(hub, ledger, work.cases, PATIENCE, on_wait=on_wait)
        work.jobs.advance()
        yield work


def _sort(
    planned: Sequence[tuple[HardwarePlatform, PlannedCase]], work: HubWork, on_wait: Callable[[str], None]
) -> None:
    made: dict[tuple[Path, str, int, int | None], Outcome] = {}
    for platform, one in planned:
        if one.request is None:
            status = one.refusal or Status.SKIPPED
            work.refusals[one.case] = refused(one.case, status, one.refusal_reason, one.requested_device)
            continue
        artefact = AiHubBackend().artefact(one.case.precision)
        key = (one.request.bundle, artefact, one.case.batch_size, one.case.sequence_length)
        if key not in made:
            made[key] = _make_inputs(*key, on_wait)
        outcome = made[key]
        if isinstance(outcome.value, HubInputs):
            device = HubDevice(one.requested_device, platform.runtime["os"], tuple(platform.runtime["attributes"]))
            work.cases.append(HubCase(one.case, one.request.bundle, artefact, device, outcome.value))
        else:
            reason = f"its inputs could not be made here: {outcome.message}"
            work.refusals[one.case] = refused(one.case, outcome.status, reason, one.requested_device)


def _make_inputs(
    bundle: Path, artefact: str, batch_size: int, sequence_length: int | None, on_wait: Callable[[str], None]
) -> Outcome:
    arguments = {
        "bundle": bundle,
        "artefact": artefact,
        "batch_size": batch_size,
        "sequence_length": sequence_length,
    }
    with exclusive_host(on_wait), Launcher() as launcher:
        return launcher.run(Job(_MAKE_INPUTS, arguments, _INPUTS_TIMEOUT_S))
