"""A whole run without Dagster: what `ipfs-accel run` does. The same steps as the assets, in the same order."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from ipfs_accel_pipeline.benchmark.host_lock import exclusive_host
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.hardware.detect import detect_hardware
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue, model_row
from ipfs_accel_pipeline.models.catalogue_file import nearest
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.history import refresh_history
from ipfs_accel_pipeline.pipeline.hub_measuring import HubWork, hub_work, is_on_hub
from ipfs_accel_pipeline.pipeline.loading import load_pending
from ipfs_accel_pipeline.pipeline.measuring import measure_platform
from ipfs_accel_pipeline.pipeline.planning import plan_cases
from ipfs_accel_pipeline.pipeline.preparation import Prepared, most_artefacts, needed_artefacts, prepare_bundles
from ipfs_accel_pipeline.pipeline.recovery import COMMAND_LINE_PREFIX, recover_abandoned
from ipfs_accel_pipeline.pipeline.vanished import with_vanished
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType, Observation
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.shards import Shard
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline.storage.writing import write_rows


class Progress(Protocol):
    """Told what happens, as it happens."""

    def preparing(self, artefacts: int) -> None: ...

    def prepared(self, one: Prepared) -> None: ...

    def measuring(self, platform: HardwarePlatform, rounds: int) -> None: ...

    def observed(self, observation: Observation) -> None: ...

    def warn(self, message: str) -> None: ...


@dataclass(frozen=True)
class RunResult:
    """What a run has left behind."""

    run_id: str
    shards: list[Shard]

    @property
    def observations(self) -> list[Observation]:
        return [observation for shard in self.shards for observation in shard.observations]


def detect_and_store(settings: Settings) -> list[HardwarePlatform]:
    """Look at this machine and keep what was found, and what is not here any more. Returns what was found."""
    platforms = detect_hardware()
    with open_database(settings.database) as connection:
        stored = read_rows(connection, "hardware_platforms")
        write_rows(connection, "hardware_platforms", with_vanished(platforms, stored))
    return platforms


def choose_platforms(platforms: Sequence[HardwarePlatform], wanted: Sequence[str]) -> list[HardwarePlatform]:
    """The platforms of a run, by hardware_id or type; if none is named, all that this machine really has.

    UsageError with the reason if something named is not available.
    """
    if not wanted:
        return [platform for platform in platforms if platform.available and _is_meant_unasked(platform)]
    chosen: list[HardwarePlatform] = []
    for name in wanted:
        matching = [p for p in platforms if name.casefold() in (p.hardware_id.casefold(), p.hardware_type.casefold())]
        if not matching:
            raise UsageError(f"There is no hardware {name!r}.{_what_there_is(name, platforms)}")
        usable = [platform for platform in matching if platform.available]
        if not usable:
            raise UsageError(f"{name} cannot be measured here: {matching[0].unavailable_reason}")
        chosen += [platform for platform in usable if platform not in chosen]
    return chosen


def _what_there_is(name: str, platforms: Sequence[HardwarePlatform]) -> str:
    names = (known for platform in platforms for known in (platform.hardware_id, platform.hardware_type))
    here = ", ".join(platform.hardware_id for platform in platforms if platform.available)
    return (
        f"{nearest(name.casefold(), sorted({known.casefold() for known in names}))} This machine has: {here or 'none'}."
    )


def _is_meant_unasked(platform: HardwarePlatform) -> bool:
    """Not an emulator, which gives no numbers, and not a cloud, where a person's models go only if they say so."""
    return platform.acceleration != "emulated" and not is_on_hub(platform)


def choose_qualcomm(platforms: Sequence[HardwarePlatform]) -> list[HardwarePlatform]:
    """What `--qualcomm` means: the real devices; without one the emulator; else UsageError with what is missing."""
    usable = choose_platforms(platforms, [HardwareType.QUALCOMM])
    return [platform for platform in usable if platform.acceleration != "emulated"] or usable


def find_models(names: Sequence[str], settings: Settings) -> list[ModelSpec]:
    catalogue = load_catalogue(settings.user_catalogue)
    return unique([find_model(name, catalogue) for name in names or catalogue.defaults])


def unique(specs: Sequence[ModelSpec]) -> list[ModelSpec]:
    """Each model once, though it was named twice; two different ones of one id are refused."""
    found: dict[str, ModelSpec] = {}
    for spec in specs:
        known = found.setdefault(spec.model_id, spec)
        if known != spec:
            raise UsageError(
                f"Two different models are called {spec.model_id}: {known.path} and {spec.path}. Rename one."
            )
    return list(found.values())


def run_pipeline(
    settings: Settings,
    config: RunConfig,
    specs: Sequence[ModelSpec],
    platforms: Sequence[HardwarePlatform],
    progress: Progress,
) -> RunResult:
    """Prepare, measure, load and publish. What an earlier run left unfinished is kept too."""
    added_at = datetime.now(UTC)
    with open_database(settings.database) as connection:
        write_rows(connection, "models", [model_row(spec, added_at) for spec in specs])
    for shard in recover_abandoned(settings, progress.warn):
        load_pending(settings, [shard.header.hardware_id], progress.warn)
    _prepare(settings, config, specs, platforms, progress)
    run_id = f"{COMMAND_LINE_PREFIX}{added_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    shards = []
    with _submitted_ahead(settings, config, specs, platforms, progress) as work:
        for platform in platforms:
            shards.append(_measure(settings, config, specs, platform, run_id, progress, work))
            # Load after each platform: a crash on the next one must not keep these results out of the tables.
            load_pending(settings, [platform.hardware_id], progress.warn)
    refresh_history(settings)
    publish_snapshot(settings.database, settings.snapshot)
    return RunResult(run_id, shards)


def _prepare(
    settings: Settings,
    config: RunConfig,
    specs: Sequence[ModelSpec],
    platforms: Iterable[HardwarePlatform],
    progress: Progress,
) -> None:
    artefacts = needed_artefacts(platforms, config)
    progress.preparing(most_artefacts(specs, artefacts))
    with exclusive_host(progress.warn):  # exports take every core, and another run may be measuring
        for one in prepare_bundles(specs, artefacts, config, settings.bundles):
            progress.prepared(one)


def _measure(
    settings: Settings,
    config: RunConfig,
    specs: Sequence[ModelSpec],
    platform: HardwarePlatform,
    run_id: str,
    progress: Progress,
    work: HubWork | None,
) -> Shard:
    return measure_platform(
        platform,
        specs,
        config,
        settings,
        run_id,
        on_start=lambda rounds: progress.measuring(platform, rounds),
        on_observation=progress.observed,
        on_wait=progress.warn,
        work=work,
    )


@contextmanager
def _submitted_ahead(
    settings: Settings,
    config: RunConfig,
    specs: Sequence[ModelSpec],
    platforms: Sequence[HardwarePlatform],
    progress: Progress,
) -> Iterator[HubWork | None]:
    """The jobs of all hub devices in the hub's queues, before the first of them is waited for."""
    remote = [platform for platform in platforms if is_on_hub(platform)]
    if not remote:
        yield None
        return
    planned = [(platform, one) for platform in remote for one in plan_cases(platform, specs, config, settings.bundles)]
    with hub_work(planned, settings, progress.warn) as work:
        yield work
