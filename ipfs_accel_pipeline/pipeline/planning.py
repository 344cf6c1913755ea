"""Every combination of model, endpoint, precision, batch and sequence that one platform is asked for.

What cannot run is planned too, with its reason: it becomes a row, not a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ipfs_accel_pipeline.backends.interface import Backend, WritesText
from ipfs_accel_pipeline.backends.registry import load_backend
from ipfs_accel_pipeline.benchmark.campaign import PlannedCase
from ipfs_accel_pipeline.benchmark.environment import default_threads
from ipfs_accel_pipeline.benchmark.worker import RoundRequest
from ipfs_accel_pipeline.errors import Unsupported, UsageError
from ipfs_accel_pipeline.models.bundles import artefact_outcome, bundle_folder, open_bundle
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.endpoints import endpoint_devices, precisions_of
from ipfs_accel_pipeline.pipeline.preparation import REFERENCE
from ipfs_accel_pipeline.records import Case, HardwarePlatform, Status


def plan_cases(
    platform: HardwarePlatform, specs: Sequence[ModelSpec], config: RunConfig, store: Path
) -> list[PlannedCase]:
    """The cases in the order of their rounds: all models of one endpoint, then the next endpoint."""
    if not platform.available:
        raise UsageError(f"{platform.hardware_id} is not available: {platform.unavailable_reason}")
    planned: list[PlannedCase] = []
    for endpoint, device in endpoint_devices(platform).items():
        backend = load_backend(platform.hardware_type, endpoint)
        for spec in specs:
            planned += _cases_of(platform, endpoint, device, backend, spec, config, store)
    return planned


def _cases_of(
    platform: HardwarePlatform,
    endpoint: str,
    device: str,
    backend: Backend,
    spec: ModelSpec,
    config: RunConfig,
    store: Path,
) -> Iterator[PlannedCase]:
    bundle, without_weights = _bundle(spec, config, store)
    for precision in precisions_of(platform, config.precisions):
        refusal = _beyond_device(platform, precision) or without_weights or _refusal(backend, bundle, precision)
        generation = _Generation() if refusal else _generation(backend, platform, endpoint, bundle, precision, config)
        for batch_size in config.batch_sizes:
            for sequence_length in _sequence_lengths(spec, config):
                case = Case(spec.model_id, platform.hardware_id, endpoint, precision, batch_size, sequence_length)
                if refusal:
                    yield PlannedCase(case, device, refusal=refusal[0], refusal_reason=refusal[1])
                else:
                    request = _request(bundle, platform, case, device, config)
                    yield PlannedCase(
                        case, device, request, generates=generation.is_asked, no_generation=generation.refusal
                    )


def _bundle(spec: ModelSpec, config: RunConfig, store: Path) -> tuple[Path, tuple[Status, str] | None]:
    """The bundle's folder, or why there can be none."""
    try:
        return bundle_folder(spec, store, config.weights), None
    except Unsupported as error:
        return store, (Status.UNSUPPORTED, str(error))


def _sequence_lengths(spec: ModelSpec, config: RunConfig) -> Sequence[int | None]:
    if spec.sequence_length is None:  # no token axis
        return (None,)
    return config.sequence_lengths or (spec.sequence_length,)


def _beyond_device(platform: HardwarePlatform, precision: str) -> tuple[Status, str] | None:
    """A precision without arithmetic of its own would be emulated, at a speed that says nothing of the device."""
    known = platform.supported_precisions
    if known is None or precision in known:
        return None
    return Status.UNSUPPORTED, f"{platform.device_name} has no {precision} arithmetic (it has: {', '.join(known)})"


def _refusal(backend: Backend, bundle: Path, precision: str) -> tuple[Status, str] | None:
    """Why this model cannot run at this precision, known before any process is started."""
    try:
        artefacts = (REFERENCE, backend.artefact(precision))
    except Unsupported as error:
        return Status.UNSUPPORTED, str(error)
    return next((missing for artefact in artefacts if (missing := _missing(bundle, artefact))), None)


def _missing(bundle: Path, artefact: str) -> tuple[Status, str] | None:
    outcome = artefact_outcome(bundle, artefact)
    if outcome is None:
        return Status.SKIPPED, (
            f"{artefact} of the model as it is now is not prepared (it may have changed during this run): "
            "run again, or materialize model_bundles with this model first"
        )
    return None if outcome.ok else (Status(outcome.status), f"{artefact} could not be made: {outcome.error}")


class _Generation(NamedTuple):
    """Whether rounds also write text, or why those of a model that can do not."""

    is_asked: bool = False
    refusal: str | None = None


def _generation(
    backend: Backend, platform: HardwarePlatform, endpoint: str, bundle: Path, precision: str, config: RunConfig
) -> _Generation:
    is_timed = platform.acceleration != "emulated"
    if not (is_timed and config.protocol.new_tokens and open_bundle(bundle).writes_text):
        return _Generation()
    if not isinstance(backend, WritesText):
        return _Generation(refusal=f"not implemented: {endpoint} runs no decoders with a cache")
    try:
        missing = _missing(bundle, backend.generator_artefact(precision))
    except Unsupported as error:
        return _Generation(refusal=str(error))
    return _Generation(refusal=missing[1]) if missing else _Generation(is_asked=True)


def _request(bundle: Path, platform: HardwarePlatform, case: Case, device: str, config: RunConfig) -> RoundRequest:
    return RoundRequest(
        bundle=bundle,
        hardware_type=platform.hardware_type,
        endpoint_type=case.endpoint_type,
        device=device,
        precision=case.precision,
        batch_size=case.batch_size,
        sequence_length=case.sequence_length,
        threads=config.threads or default_threads(),
        protocol=config.protocol,
        runtime=platform.runtime,
        is_timed=platform.acceleration != "emulated",
    )
