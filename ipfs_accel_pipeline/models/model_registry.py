"""A model registry (MLflow) behind four calls: resolve a name, fetch its files, write tags, list versions.

The only module that knows MLflow, which is imported when it is used: it is an optional extra. The registry is the one
that MLFLOW_TRACKING_URI or MLFLOW_REGISTRY_URI names, a server or a `sqlite:///` file.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.reasons import telling_line

# models:/name/3, models:/name@champion
_NAME = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>\d+)|@(?P<alias>[^/@]+))")
_MODEL_FILES = ("config.json", "*.onnx", "*.xml")


@dataclass(frozen=True)
class RegisteredVersion:
    """One version of one registered model."""

    name: str
    version: str
    source: str  # where its files are
    aliases: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)


def is_registry_name(name: str) -> bool:
    return name.startswith("models:/")


def resolve(name: str) -> RegisteredVersion:
    """The version that a name means now; an alias may mean another one tomorrow."""
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise UsageError(f"{name!r} names no version. Write models:/name/3 or models:/name@alias.")
    client = _client()
    try:
        if parts["version"]:
            found = client.get_model_version(parts["name"], parts["version"])
        else:
            found = client.get_model_version_by_alias(parts["name"], parts["alias"])
    except Exception as error:  # MLflow has one exception for "no such model" and "no such server"
        raise UsageError(f"The registry has no {name}: {telling_line(error)}") from error
    return _registered(found)


def download(version: RegisteredVersion) -> Path:
    """The folder or file that can be measured, fetched into the registry's own cache where it is not local."""
    try:
        folder = Path(_mlflow("mlflow.artifacts").download_artifacts(artifact_uri=version.source))
    except Exception as error:
        raise UsageError(
            f"The files of {version.name}/{version.version} cannot be fetched: {telling_line(error)}"
        ) from error
    for pattern in _MODEL_FILES:
        found = [folder] if folder.is_file() and folder.match(pattern) else sorted(folder.rglob(pattern))
        if found:
            return found[0].parent if pattern == "config.json" else found[0]
    raise UsageError(f"{version.name}/{version.version} has no {', '.join(_MODEL_FILES)} among its files.")


def write_tags(version: RegisteredVersion, tags: Mapping[str, str]) -> None:
    """Sets these tags of the version and leaves all others."""
    client = _client()
    for key, value in sorted(tags.items()):
        client.set_model_version_tag(version.name, version.version, key, value)


def suitability_tags(suited: Iterable[tuple[str, str, float | None]]) -> dict[str, str]:
    """Tags for (hardware id, verdict, median latency in ms), such as `suitability.cpu-x` = `recommended, 9.5 ms`."""
    return {
        f"suitability.{hardware}": verdict if p50_ms is None else f"{verdict}, {p50_ms:.4g} ms"
        for hardware, verdict, p50_ms in suited
    }


def _registered(found: Any) -> RegisteredVersion:
    aliases = tuple(str(alias) for alias in found.aliases or ())
    return RegisteredVersion(found.name, str(found.version), str(found.source), aliases, dict(found.tags or {}))


def _client() -> Any:
    return _mlflow("mlflow").MlflowClient()


def _mlflow(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            'MLflow is not installed, so registered models cannot be read: pip install "ipfs-accel-pipeline[mlflow]".'
        ) from error
