"""Prepares one artefact of one model. `prepare` is called in a child process of its own: JSON in, JSON out.

What an artefact needs is prepared first, in the same child. Every result is kept, failures with the reason of each
path that was tried; reading them back is `bundles`.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import Unsupported, UsageError, is_out_of_memory, missing_library
from ipfs_accel_pipeline.models.agreement import Agreement, compare
from ipfs_accel_pipeline.models.attempts import ExportError, ExportPath, Made, first_accepted, is_transient
from ipfs_accel_pipeline.models.build import load_saved
from ipfs_accel_pipeline.models.bundles import (
    ARTEFACTS,
    OK,
    ArtefactOutcome,
    Bundle,
    artefact_outcome,
    file_sizes,
    open_bundle,
    write_outcome,
)
from ipfs_accel_pipeline.models.decoder_exports import (
    onnx_decoder_paths,
    openvino_decoder_paths,
    require_exportable_decoder,
)
from ipfs_accel_pipeline.models.graph_runs import Run, onnx_run, openvino_run
from ipfs_accel_pipeline.models.names import match_outputs
from ipfs_accel_pipeline.models.onnx_files import copy_model, external_files
from ipfs_accel_pipeline.models.quantize import onnx_int8_paths, openvino_int8_paths
from ipfs_accel_pipeline.models.quantize_qdq import onnx_qdq_paths
from ipfs_accel_pipeline.models.reasons import reason_of
from ipfs_accel_pipeline.models.reference import reference_of_onnx, reference_of_openvino, reference_of_transformers
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.models.store import (
    artefact_lock,
    bundle_identity,
    folder_of,
    library_versions,
    new_artefact,
    write_json,
)
from ipfs_accel_pipeline.models.torch_exports import onnx_paths, openvino_paths, save_openvino
from ipfs_accel_pipeline.models.weights import WeightsSource, weights_source

_NEEDS = {
    "onnx": "reference",
    "openvino": "reference",
    "onnx_int8": "onnx",
    "openvino_int8": "openvino",
    "onnx_qdq_int8": "onnx",
    "onnx_qdq_int8_a16": "onnx",
    "onnx_decoder": "reference",
    "openvino_decoder": "reference",
}


@dataclass(frozen=True)
class _Work:
    spec: ModelSpec
    weights: WeightsSource
    folder: Path


def prepare(
    spec: dict[str, Any], store: str, artefact: str, weights: str = "auto", bundle: str | None = None
) -> dict[str, Any]:
    """The outcome of `artefact` as JSON: the kept one if it is final, else of making it now.

    `bundle` is the digest that the caller waits for: Unsupported if the model has another one by now.
    """
    if artefact not in ARTEFACTS:
        raise UsageError(f"{artefact!r} is none of {', '.join(ARTEFACTS)}")
    model = ModelSpec.from_json(spec)
    source = weights_source(model, weights)  # once: the branch of a hub may move between two questions
    folder = folder_of(model, Path(store), source)
    if bundle not in (None, folder.name):
        raise Unsupported(
            f"{model.model_id} has changed since this run looked at it (its weights: {source.identity}): run again"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "identity.json", {"model_id": model.model_id, **bundle_identity(model, source)})
    return _ensure(_Work(model, source, folder), artefact).to_json()


def _ensure(work: _Work, artefact: str) -> ArtefactOutcome:
    with artefact_lock(work.folder, artefact):
        known = artefact_outcome(work.folder, artefact)
        if known is not None and known.is_final:
            return known
        outcome = _without_what_it_needs(work, artefact) or _make(work, artefact)
        write_outcome(work.folder, outcome)
        return outcome


def _without_what_it_needs(work: _Work, artefact: str) -> ArtefactOutcome | None:
    """The failure of the artefact that this one is made from; None if that one is there."""
    if artefact not in _NEEDS:
        return None
    needed = _ensure(work, _NEEDS[artefact])
    if needed.ok:
        return None
    reason = f"no {needed.artefact}: {needed.error}"
    return ArtefactOutcome(artefact, needed.status, reason, versions=library_versions(), retry=needed.retry)


def _make(work: _Work, artefact: str) -> ArtefactOutcome:
    started = time.monotonic()
    attempts: tuple[Any, ...] = ()
    made, files, status, reason, lacks_library = None, {}, OK, None, False
    try:
        with new_artefact(work.folder, artefact) as target:
            made = _MAKERS[artefact](work, target)
            attempts, files = made.attempts, file_sizes(target)
    except Exception as error:
        status, reason = _failure(error)
        attempts = error.attempts if isinstance(error, ExportError) else ()
        lacks_library = _lacks_library(error)
    return ArtefactOutcome(
        artefact=artefact,
        status=status,
        error=reason,
        exporter=made.exporter if made else None,
        attempts=attempts,
        seconds=round(time.monotonic() - started, 2),
        versions=library_versions(),
        retry=lacks_library,
        details=made.details if made else {},
        files=files,
    )


def _failure(error: Exception) -> tuple[str, str]:
    """Status and reason. A full disk or a lost connection is nobody's result: it is raised, and nothing is recorded."""
    if is_out_of_memory(error):
        return "out_of_memory", reason_of(error)
    if is_transient(error):
        raise error
    if isinstance(error, ExportError):
        return ("unsupported" if error.is_unsupported else "error"), str(error)
    if isinstance(error, ModuleNotFoundError):
        return "unsupported", missing_library(error)
    return ("unsupported", str(error)) if isinstance(error, Unsupported) else ("error", reason_of(error))


def _lacks_library(error: Exception) -> bool:
    """Whether the outcome may be another one once something is installed."""
    return error.lacks_library if isinstance(error, ExportError) else isinstance(error, ModuleNotFoundError)


def _reference(work: _Work, target: Path) -> Made:
    makers = {"onnx": reference_of_onnx, "openvino": reference_of_openvino}
    return makers.get(work.spec.source, reference_of_transformers)(work.spec, work.weights, target)


def _onnx(work: _Work, target: Path) -> Made:
    bundle = open_bundle(work.folder)
    if work.spec.source == "openvino":
        raise Unsupported("never: there is no way back from an OpenVINO file to ONNX")
    if work.spec.source == "onnx":
        paths = [ExportPath("copy of the file", lambda folder: copy_model(_file(work), folder / "model.onnx"))]
    else:
        paths = onnx_paths(lambda: _torch_model(bundle), bundle.input_specs, bundle.output_names())
    return first_accepted(paths, target, _check(bundle, onnx_run, "model.onnx"))


def _openvino(work: _Work, target: Path) -> Made:
    bundle = open_bundle(work.folder)
    if work.spec.source == "openvino":
        paths = [ExportPath("copy of the file", lambda folder: _copy_openvino(_file(work), folder / "model.xml"))]
    elif work.spec.source == "onnx":
        paths = [ExportPath("openvino.convert_model(onnx)", lambda folder: _convert_onnx(_file(work), folder))]
    else:
        paths = openvino_paths(lambda: _torch_model(bundle), bundle.input_specs, bundle.output_names())
    return first_accepted(paths, target, _check(bundle, openvino_run, "model.xml"))


def _onnx_int8(work: _Work, target: Path) -> Made:
    bundle = open_bundle(work.folder)
    paths = onnx_int8_paths(bundle.artefact_path("onnx"))
    return first_accepted(paths, target, _check(bundle, onnx_run, "model.onnx"), gated=False)


def _onnx_qdq(artefact: str, work: _Work, target: Path) -> Made:
    bundle = open_bundle(work.folder)
    paths = onnx_qdq_paths(artefact, bundle.artefact_path("onnx"), bundle.input_specs)
    return first_accepted(paths, target, _check(bundle, onnx_run, "model.onnx"), gated=False)


def _openvino_int8(work: _Work, target: Path) -> Made:
    bundle = open_bundle(work.folder)
    paths = openvino_int8_paths(bundle.artefact_path("openvino"), bundle.input_specs)
    return first_accepted(paths, target, _check(bundle, openvino_run, "model.xml"), gated=False)


def _onnx_decoder(work: _Work, target: Path) -> Made:
    bundle = _decoder_bundle(work)
    return first_accepted(onnx_decoder_paths(lambda: _torch_model(bundle), bundle.input_specs), target, _unchecked)


def _openvino_decoder(work: _Work, target: Path) -> Made:
    bundle = _decoder_bundle(work)
    return first_accepted(openvino_decoder_paths(lambda: _torch_model(bundle), bundle.input_specs), target, _unchecked)


def _decoder_bundle(work: _Work) -> Bundle:
    bundle = open_bundle(work.folder)
    if not bundle.writes_text:
        raise Unsupported(f"never: {bundle.architecture or 'a file'} is not known to write text")
    require_exportable_decoder(bundle.input_specs)
    return bundle


def _unchecked(_: Path) -> list[Agreement]:
    """There is one path only; whether its graph is right is asked before each measurement, with the cache at work."""
    return []


_MAKERS: dict[str, Callable[[_Work, Path], Made]] = {
    "reference": _reference,
    "onnx": _onnx,
    "openvino": _openvino,
    "onnx_int8": _onnx_int8,
    "openvino_int8": _openvino_int8,
    "onnx_decoder": _onnx_decoder,
    "openvino_decoder": _openvino_decoder,
    **{artefact: partial(_onnx_qdq, artefact) for artefact in ("onnx_qdq_int8", "onnx_qdq_int8_a16")},
}


def _check(bundle: Bundle, load: Callable[[Path], Run], name: str) -> Callable[[Path], list[Agreement]]:
    """Run the graph in `folder` at every parity shape, in the runtime that it is for."""

    def check(folder: Path) -> list[Agreement]:
        run = load(folder / name)
        cases = bundle.parity_cases()
        return [compare(case.reference, match_outputs(case.reference, run(case.inputs))) for case in cases]

    return check


def _torch_model(bundle: Bundle) -> Any:
    return load_saved(bundle.artefact_path("reference"), str(bundle.architecture))


def _copy_openvino(path: Path, target: Path) -> None:
    shutil.copyfile(path, target)
    weights = path.with_suffix(".bin")
    if weights.exists():  # a model without constants has none
        shutil.copyfile(weights, target.with_suffix(".bin"))


def _convert_onnx(path: Path, folder: Path) -> None:
    import openvino

    with tempfile.TemporaryDirectory(dir=folder) as copies:
        if any(file.is_symlink() for file in external_files(path)):  # which OpenVINO does not follow
            copy_model(path, Path(copies) / "model.onnx")
            path = Path(copies) / "model.onnx"
        save_openvino(openvino.convert_model(str(path)), folder / "model.xml")


def _file(work: _Work) -> Path:
    return Path(str(work.spec.path))
