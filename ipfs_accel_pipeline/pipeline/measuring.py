"""Runs the planned cases of one platform and seals what was seen into one shard.

The only step that touches hardware; it never touches the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.benchmark.campaign import Campaign, PlannedCase
from ipfs_accel_pipeline.benchmark.canary import HostBest
from ipfs_accel_pipeline.benchmark.environment import default_threads, usable_memory_mb
from ipfs_accel_pipeline.benchmark.host_lock import exclusive_host
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.errors import Unsupported, UsageError
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.models.versions import describe_version, version_id
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.hub_measuring import HubWork, hub_work, is_on_hub
from ipfs_accel_pipeline.pipeline.planning import plan_cases
from ipfs_accel_pipeline.qualcomm.access import HubAccess, load_access
from ipfs_accel_pipeline.records import HardwarePlatform, Observation
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.shards import Header, Shard, ShardStore
from ipfs_accel_pipeline.timing import Protocol

# Of the machine's memory: a benchmark that wants more is stopped before the whole host begins to swap.
_MEMORY_SHARE = 0.9


def measure_platform(
    platform: HardwarePlatform,
    specs: Sequence[ModelSpec],
    config: RunConfig,
    settings: Settings,
    run_id: str,
    on_start: Callable[[int], None] = lambda rounds: None,
    on_observation: Callable[[Observation], None] = lambda observation: None,
    on_wait: Callable[[str], None] = lambda message: None,
    work: HubWork | None = None,
    hub_access: Callable[[], HubAccess] = load_access,
) -> Shard:
    """Measure all cases on this platform. What an interrupted attempt of the same run has is not measured again.

    `on_start` is told how many rounds lie ahead, failures and repeats aside. `work` has this platform's jobs if they
    were submitted together with those of others; else `hub_access` says how the hub is reached.
    """
    planned = plan_cases(platform, specs, config, settings.bundles)
    store = ShardStore(settings.shards)
    sealed = _sealed_before(store, platform.hardware_id, run_id, config)
    done = {observation.case for shard in sealed for observation in shard.observations}
    planned = [one for one in planned if one.case not in done]
    if sealed and not planned:  # a step that is executed again after it had succeeded
        return sealed[-1]
    header = _shard_header(platform, specs, config, settings.bundles)
    with store.journal(platform.hardware_id, run_id, header) as journal:
        _require_same_settings(journal.header, config)
        if is_on_hub(platform):
            rest = _not_in(planned, journal.observations())
            on_start(len(rest))
            own = hub_work([(platform, one) for one in rest], settings, on_wait, hub_access)
            with nullcontext(work) if work else own as jobs:
                for observation in jobs.measure(rest, config.profile, journal.append):
                    on_observation(observation)
            return journal.seal()
        protocol = _protocol(platform, config)
        on_start(_expected_rounds(planned, protocol) - len(journal.observations()))
        with exclusive_host(on_wait), Launcher() as launcher:
            campaign = _campaign(protocol, config, launcher, HostBest(settings.canary), journal.append)
            for observation in campaign.run(planned, journal.observations()):
                on_observation(observation)
        return journal.seal()


def _not_in(planned: Sequence[PlannedCase], observations: Sequence[Observation]) -> list[PlannedCase]:
    done = {observation.case for observation in observations}
    return [one for one in planned if one.case not in done]


def _sealed_before(store: ShardStore, hardware_id: str, run_id: str, config: RunConfig) -> list[Shard]:
    """What this run has already measured and sealed on this hardware, with the same settings."""
    sealed = [store.read(info) for info in store.shards(hardware_id) if info.run_id == run_id]
    for shard in sealed:
        _require_same_settings(shard.header, config)
    return sealed


def _require_same_settings(header: Header, config: RunConfig) -> None:
    """Rounds of two protocols must not be mixed under one run: they would be one row."""
    before = header.details.get("config")
    # What a run begun by an earlier version could not be asked for has its default.
    if before is not None and _as_json({**asdict(RunConfig()), **before}) != _as_json(asdict(config)):
        raise UsageError(
            f"Run {header.run_id} was measured with other settings. Launch a new run instead of executing it again."
        )


def _as_json(value: Any) -> Any:
    """As it is after being stored: lists for tuples."""
    return json.loads(json.dumps(value))


def _protocol(platform: HardwarePlatform, config: RunConfig) -> Protocol:
    """An emulator is asked once: it is not timed, and the same answer three times tells nothing new."""
    protocol = config.protocol
    return replace(protocol, rounds=1, max_repeats=0) if platform.acceleration == "emulated" else protocol


def _campaign(
    protocol: Protocol,
    config: RunConfig,
    launcher: Launcher,
    host_best: HostBest,
    record: Callable[[Observation], None],
) -> Campaign:
    return Campaign(
        protocol=protocol,
        launcher=launcher,
        host_best=host_best,
        threads=config.threads or default_threads(),
        memory_limit_mb=config.memory_limit_mb or usable_memory_mb() * _MEMORY_SHARE,
        record=record,
        profile=config.profile,
    )


def _shard_header(
    platform: HardwarePlatform, specs: Sequence[ModelSpec], config: RunConfig, store: Path
) -> dict[str, Any]:
    """What a reader needs to make the table rows of this shard, also on another host and years later."""
    described = _described(specs, config, store)
    return {
        "hardware": {**asdict(platform), "detected_at": platform.detected_at.isoformat()},
        "models": [spec.to_json() for spec in specs],
        "model_versions": {model_id: version_id(model_id, one) for model_id, one in described.items()},
        "described_versions": described,
        "config": asdict(config),
        "protocol": asdict(config.protocol),
    }


def _described(specs: Sequence[ModelSpec], config: RunConfig, store: Path) -> dict[str, dict[str, Any]]:
    """By model id. A model whose weights are absent has cases that say so, and no version."""
    described = {}
    for spec in specs:
        with suppress(Unsupported):
            described[spec.model_id] = describe_version(spec, store, config.weights)
    return described


def _expected_rounds(planned: Sequence[PlannedCase], protocol: Protocol) -> int:
    """How many observations a run without failures and repeats makes: the length of its progress bar."""
    runnable = sum(one.request is not None for one in planned)
    return runnable * protocol.rounds + len(planned) - runnable
