"""What exactly is measured under a model's name: its source, revision and digests, as far as they are known.

Read from the specification and the prepared bundle; nothing is loaded.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.models.bundles import open_bundle
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.models.store import bundle_folder, library_versions
from ipfs_accel_pipeline.models.weights import weights_source
from ipfs_accel_pipeline.records import ModelVersion

_REGISTRY = "mlflow:"
_PRECISIONS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}


def describe_version(spec: ModelSpec, store: Path, weights: str) -> dict[str, Any]:
    """Everything of a row of model_versions but its time and id, as JSON: it is kept with the measurements."""
    folder = bundle_folder(spec, store, weights)
    source = weights_source(spec, weights)
    return {
        "source": "mlflow" if _of_registry(spec) else spec.source,
        "repository": _repository(spec),
        "revision": source.commit or _revision(spec),
        "weights": source.kind,
        "weights_digest": _weights_digest(folder),
        "precision": "fp32" if source.kind == "random" else _stored_precision(spec, source.commit, folder),
        "config_digest": _config_digest(folder),
        "details": {"libraries": library_versions(), "bundle": folder.name},
    }


def version_id(model_id: str, described: dict[str, Any]) -> str:
    """Of a described version. The same files under two names, or two revisions of one name, share a bundle and no id.

    Shards that were sealed before name the digest of the bundle, and are loaded with that.
    """
    source = (described[name] for name in ("source", "repository", "revision", "weights_digest"))
    return row_id("version", model_id, *source, described["details"]["bundle"])


def version_row(model_version_id: str, spec: ModelSpec, described: dict[str, Any], seen_at: datetime) -> ModelVersion:
    """`described` is empty for measurements from before versions were described: then the specification has to do."""
    known = described or {
        "source": spec.source,
        "repository": _repository(spec),
        "revision": _revision(spec),
        "weights": None,
        "weights_digest": None,
        "precision": None,
        "config_digest": None,
    }
    return ModelVersion(model_version_id=model_version_id, model_id=spec.model_id, first_seen_at=seen_at, **known)


def _revision(spec: ModelSpec) -> str | None:
    return str(spec.revision).rpartition("/")[2] if _of_registry(spec) else spec.revision


def _of_registry(spec: ModelSpec) -> bool:
    return (spec.revision or "").startswith(_REGISTRY)


def _repository(spec: ModelSpec) -> str:
    """Of a local one the name only: its path means nothing on another host."""
    if _of_registry(spec):
        return str(spec.revision).removeprefix(_REGISTRY).rpartition("/")[0]
    return Path(spec.path).name if spec.path and spec.source != "hub" else spec.path or spec.model_id


def _weights_digest(folder: Path) -> str | None:
    try:
        return open_bundle(folder).weights_digest
    except Unsupported:  # it could not be prepared, which is a result of its own
        return None


def _config_digest(folder: Path) -> str | None:
    """Of the architecture's configuration without the version of the library that wrote it. None for graph files."""
    config = _read(folder / "reference" / "model" / "config.json")
    if config is None:
        return None
    text = json.dumps({key: value for key, value in config.items() if key != "transformers_version"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _stored_precision(spec: ModelSpec, commit: str | None, bundle: Path) -> str | None:
    """Of supplied weights as they came. An ONNX file that is not fp32 is refused when it is prepared."""
    if spec.source == "onnx":
        return "fp32" if _weights_digest(bundle) else None
    if spec.source == "openvino":
        return None
    config = _read(_config_file(spec, commit)) or {}
    return _PRECISIONS.get(str(config.get("dtype") or config.get("torch_dtype")))


def _config_file(spec: ModelSpec, commit: str | None) -> Path:
    if spec.source == "folder":
        return Path(spec.path or "") / "config.json"
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(spec.path or spec.model_id, "config.json", revision=commit)
    return Path(found) if isinstance(found, str) else Path("config.json of no cache")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content
