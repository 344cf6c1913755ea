"""The bundle store as a file system: identity to folder, locks, and writing that is whole or absent.

Two writers of one artefact are safe: the second waits and finds the first one's work. A writer that was killed leaves
a `.partial` folder that nobody reads and the next writer removes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.models.weights import WeightsSource, weights_source

# Raise it when what a bundle holds changes its meaning; every bundle is then prepared anew.
EXPORT_VERSION = 5
# Shapes are dynamic in every bundle; a static shape class would be another bundle.
SHAPE_CLASS = "dynamic"
_LONGEST_SLUG = 100  # a file system ends at 255 bytes, and an id may have the names of two of its entries
_LIBRARIES = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "openvino")
# Not every installation has it, and only what it makes depends on it: no other export waits for it or is made again.
QUANTIZER = "nncf"
QUANTIZED = "openvino_int8"


def library_versions() -> dict[str, str | None]:
    """None for a library that is not installed."""
    return {name: _version(name) for name in (*_LIBRARIES, QUANTIZER)}


def bundle_identity(spec: ModelSpec, weights: WeightsSource) -> dict[str, Any]:
    """Everything that the files of a bundle depend on."""
    return {
        "source": spec.source,
        "architecture": spec.architecture,
        "config_class": spec.config_class,
        "overrides": spec.overrides,
        "weights": weights.identity,
        "shapes": SHAPE_CLASS,
        "export_version": EXPORT_VERSION,
        "versions": {name: version for name, version in library_versions().items() if name != QUANTIZER},
    }


def identity_digest(identity: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:20]


def bundle_folder(spec: ModelSpec, store: Path, weights: str = "auto") -> Path:
    """`<store>/<model slug>/<digest>`; the folder may not exist yet."""
    return folder_of(spec, store, weights_source(spec, weights))


def folder_of(spec: ModelSpec, store: Path, weights: WeightsSource) -> Path:
    return store / slug(spec.model_id) / identity_digest(bundle_identity(spec, weights))


def slug(model_id: str) -> str:
    text = re.sub(r"[^A-Za-z0-9._]+", "-", model_id).strip("-.") or "model"
    if len(text) <= _LONGEST_SLUG:
        return text
    return f"{text[:_LONGEST_SLUG]}-{hashlib.sha256(model_id.encode()).hexdigest()[:12]}"


@contextmanager
def artefact_lock(folder: Path, artefact: str) -> Iterator[None]:
    """Held while one artefact is written. The system releases it when its holder dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{artefact}.lock"):
        yield


@contextmanager
def new_artefact(folder: Path, artefact: str) -> Iterator[Path]:
    """A folder to write into, which becomes `<folder>/<artefact>` at the end, or vanishes if an exception passes.

    To be called under the artefact's lock, as it clears away what dead writers left.
    """
    for remains in folder.glob(f".{artefact}.*.partial"):
        shutil.rmtree(remains, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{artefact}.", suffix=".partial", dir=folder))
    try:
        yield partial
        _share_as(folder, partial)
        shutil.rmtree(folder / artefact, ignore_errors=True)
        os.replace(partial, folder / artefact)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _share_as(folder: Path, made: Path) -> None:
    """For whoever may use the folder: mkdtemp and safetensors make private what other users of the store must read."""
    mode = folder.stat().st_mode & 0o777
    made.chmod(mode)
    for path in made.rglob("*"):
        path.chmod(mode if path.is_dir() else path.stat().st_mode & 0o777 | mode & 0o666)


def write_json(path: Path, data: Any) -> None:
    """Whole or not at all, also for a reader at the same moment."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None
