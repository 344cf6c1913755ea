"""Makes the bundles that a run needs: every model once per version, each artefact in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import psutil

from ipfs_accel_pipeline.backends.interface import WritesText
from ipfs_accel_pipeline.backends.registry import load_backend
from ipfs_accel_pipeline.benchmark.campaign import thread_environment
from ipfs_accel_pipeline.benchmark.environment import default_threads, usable_memory_mb
from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.bundles import (
    ArtefactOutcome,
    artefact_outcome,
    bundle_folder,
    open_bundle,
    record_failure,
)
from ipfs_accel_pipeline.models.generation import DECODER_ARTEFACTS
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.endpoints import endpoint_devices, precisions_of
from ipfs_accel_pipeline.records import HardwarePlatform, Status

_PREPARE = "ipfs_accel_pipeline.models.export:prepare"
# Importing these costs ten seconds; forked children get them for nothing.
_PRELOAD = ("torch", "transformers", "transformers.modeling_utils", "transformers.exporters", "onnxscript")
_TIMEOUT_S = 3600.0
_MEMORY_PER_WORKER_MB = 6000  # exporting a 600M model peaked at 5-7 GB
REFERENCE = "reference"
_WRITING = ("generation", "translation", "speech-recognition", "to-text", "visual-question")  # in the names of tasks


@dataclass(frozen=True)
class Prepared:
    """One artefact of one model, and whether this run had to make it."""

    model_id: str
    outcome: ArtefactOutcome
    made_now: bool


def needed_artefacts(platforms: Iterable[HardwarePlatform], config: RunConfig) -> list[str]:
    """The artefacts that the endpoints of these platforms load; the reference first, since every other needs it."""
    needed = {REFERENCE}
    for platform in platforms:
        for endpoint in endpoint_devices(platform):
            backend = load_backend(platform.hardware_type, endpoint)
            precisions = precisions_of(platform, config.precisions)
            needed |= _artefacts(backend.artefact, precisions)
            if config.protocol.new_tokens and isinstance(backend, WritesText):
                needed |= _artefacts(backend.generator_artefact, precisions)
    return sorted(needed, key=lambda artefact: (artefact != REFERENCE, artefact))


def _artefacts(artefact_of: Callable[[str], str], precisions: Sequence[str]) -> set[str]:
    found = set()
    for precision in precisions:
        try:
            found.add(artefact_of(precision))
        except Unsupported:  # planning will say so, as a result of its own
            continue
    return found


def most_artefacts(specs: Sequence[ModelSpec], artefacts: Sequence[str]) -> int:
    """How many there will be at most: whether a model writes text is known for certain once it was built."""
    forward = [one for one in artefacts if one not in DECODER_ARTEFACTS]
    return sum(len(artefacts if _may_write(spec) else forward) for spec in specs)


def _may_write(spec: ModelSpec) -> bool:
    return spec.task is None or any(word in spec.task for word in _WRITING)


def prepare_bundles(
    specs: Sequence[ModelSpec], artefacts: Sequence[str], config: RunConfig, store: Path, workers: int | None = None
) -> Iterator[Prepared]:
    """Yield every artefact as it is found or made. A model that cannot be built yields its reason once.

    Exports use one core each, so several models are prepared at a time; nothing is being measured meanwhile.
    """
    waiting: Queue[ModelSpec] = Queue()
    for spec in specs:
        waiting.put(spec)
    ready: Queue[Prepared | BaseException | None] = Queue()
    threads = [
        Thread(target=_work, args=(waiting, ready, artefacts, config, store), daemon=True)
        for _ in range(min(workers or _default_workers(), len(specs)))
    ]
    for thread in threads:
        thread.start()
    for _ in threads:
        while (one := ready.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            yield one


def _default_workers() -> int:
    """One per core, as far as memory allows."""
    free_mb = min(psutil.virtual_memory().available / 2**20, usable_memory_mb())
    return max(1, min(default_threads(), int(free_mb / _MEMORY_PER_WORKER_MB)))


def _work(
    waiting: Queue[ModelSpec],
    ready: Queue[Prepared | BaseException | None],
    artefacts: Sequence[str],
    config: RunConfig,
    store: Path,
) -> None:
    """One preparing thread. Its launcher ends with it, so nothing is left when the pipeline is stopped."""
    try:
        with Launcher() as launcher:
            while True:
                for one in _prepare_model(waiting.get_nowait(), artefacts, config, store, launcher):
                    ready.put(one)
    except Empty:
        ready.put(None)
    except BaseException as error:
        ready.put(error)


def _prepare_model(
    spec: ModelSpec, artefacts: Sequence[str], config: RunConfig, store: Path, launcher: Launcher
) -> Iterator[Prepared]:
    try:
        folder = bundle_folder(spec, store, config.weights)
    except Unsupported as error:  # its weights are not to be had now: nothing is kept, the next run asks again
        yield Prepared(spec.model_id, ArtefactOutcome(REFERENCE, "unsupported", str(error)), made_now=True)
        return
    reference = _prepare(spec, folder, REFERENCE, config, store, launcher)
    yield reference
    if not reference.outcome.ok:
        return
    writes_text = open_bundle(folder).writes_text
    for artefact in artefacts:
        if artefact != REFERENCE and (writes_text or artefact not in DECODER_ARTEFACTS):
            yield _prepare(spec, folder, artefact, config, store, launcher)


def _prepare(
    spec: ModelSpec, folder: Path, artefact: str, config: RunConfig, store: Path, launcher: Launcher
) -> Prepared:
    known = artefact_outcome(folder, artefact)
    if known is not None and known.is_final:
        return Prepared(spec.model_id, known, made_now=False)
    outcome = launcher.run(_job(spec, folder, artefact, config, store))
    if outcome.status is Status.PASSED:
        status, reason = "error", f"what was made in {folder} has been removed since; run again"
    else:
        status, reason = str(outcome.status), outcome.message or "no reason given"
        with suppress(OSError):  # a full disk takes no record either: the reason is told all the same
            record_failure(folder, artefact, status, reason)
    made = artefact_outcome(folder, artefact) or ArtefactOutcome(artefact, status, reason, retry=True)
    return Prepared(spec.model_id, made, made_now=True)


def _job(spec: ModelSpec, folder: Path, artefact: str, config: RunConfig, store: Path) -> Job:
    return Job(
        target=_PREPARE,
        arguments={
            "spec": spec.to_json(),
            "store": str(store),
            "artefact": artefact,
            "weights": config.weights,
            "bundle": folder.name,
        },
        timeout_s=_TIMEOUT_S,
        memory_limit_mb=None,  # the limit is for benchmarks; an export takes several times as much
        preload=_PRELOAD,
        environment=thread_environment(1),
    )
