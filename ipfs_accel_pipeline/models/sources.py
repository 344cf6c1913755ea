"""Models that are not in a catalogue: a transformers folder, an ONNX or OpenVINO file, or a model of the hub.

Describes them as a `ModelSpec`: reads configurations, graphs and digests, never loads weights, and never runs code
that comes with a model. Ids are made of names, not of whole paths, so that they mean the same on every host; two
models of one name are told apart by `revision`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import Unsupported, UsageError
from ipfs_accel_pipeline.models.classify import modality_of, modality_of_class, model_type_of, task_of
from ipfs_accel_pipeline.models.configurations import hub_answers, hub_commit, read_config, text_config
from ipfs_accel_pipeline.models.file_inputs import specs_from_onnx, specs_from_openvino
from ipfs_accel_pipeline.models.model_registry import download, is_registry_name, resolve
from ipfs_accel_pipeline.models.onnx_files import external_files
from ipfs_accel_pipeline.models.reasons import telling_line
from ipfs_accel_pipeline.models.spec import SEQUENCE, InputSpec, ModelSpec
from ipfs_accel_pipeline.models.weights import files_digest, weight_files

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_DEFAULT_TOKENS = 128


def spec_from_source(name: str) -> ModelSpec | None:
    """The model behind a path or a hub id; None if `name` can be neither."""
    if not name.strip():
        return None
    if is_registry_name(name):
        return _registry_spec(name)
    path = _path(name)
    if path.suffix in (".onnx", ".xml"):
        return _file_spec(path)
    if _exists(path.is_dir):
        return folder_spec(path)
    return hub_spec(name) if _HUB_ID.fullmatch(name) else None


def current_revision(name: str) -> str | None:
    """The revision that measuring this place now would record; None if it cannot be read. Loads no weights."""
    try:
        if is_registry_name(name):
            return "mlflow:{0.name}/{0.version}".format(resolve(name))
        spec = spec_from_source(name)
    except (UsageError, Unsupported):
        return None
    return spec.revision if spec else None


def _registry_spec(name: str) -> ModelSpec:
    """The files that the registry has, under the registry's name and version."""
    version = resolve(name)
    files = download(version)
    spec = spec_from_source(str(files))
    if spec is None:
        raise UsageError(f"{name} holds no transformers folder, .onnx or .xml file that can be measured.")
    return replace(spec, model_id=f"mlflow/{version.name}", revision=f"mlflow:{version.name}/{version.version}")


def folder_spec(path: Path) -> ModelSpec:
    """A folder as `save_pretrained` writes it."""
    if not (path / "config.json").is_file():
        raise UsageError(f"The folder {path} has no config.json, so it is no transformers model (see save_pretrained).")
    path = path.resolve()
    config = read_config(str(path), local_only=True)
    try:
        revision = "sha256:" + files_digest(weight_files(path))
    except OSError as error:
        raise UsageError(f"The files of {path} cannot be read: {telling_line(error)}") from error
    return _config_spec(f"folder/{path.name}", config, source="folder", revision=revision, path=str(path))


def hub_spec(model_id: str) -> ModelSpec:
    """A model of the hub, or of its local cache where the hub is switched off or does not answer."""
    config = read_config(model_id, local_only=not hub_answers())
    return _config_spec(model_id, config, source="hub", revision=hub_commit(model_id))


def onnx_spec(path: Path) -> ModelSpec:
    files = [path, *external_files(path)]
    return _graph_spec(path, "onnx", files, _inputs(specs_from_onnx, path))


def openvino_spec(path: Path) -> ModelSpec:
    weights = path.with_suffix(".bin")
    if not weights.is_file():
        raise UsageError(f"{path} has no {weights.name} beside it: an OpenVINO model is two files.")
    return _graph_spec(path, "openvino", [path, weights], _inputs(specs_from_openvino, path))


def count_parameters(architecture: str, config: Any) -> int:
    """Exact, tied tensors once. Built without memory (meta device)."""
    import torch
    import transformers

    with torch.device("meta"):
        model = getattr(transformers, architecture)(config)
    return sum(parameter.numel() for parameter in model.parameters())


def _file_spec(path: Path) -> ModelSpec:
    if not _exists(path.is_file):
        raise UsageError(f"The model file {path} does not exist.")
    try:
        # Not resolved: in a hub's cache files are links to blobs without their names.
        path = Path(os.path.abspath(path))
        return onnx_spec(path) if path.suffix == ".onnx" else openvino_spec(path)
    except (UsageError, Unsupported) as error:
        raise UsageError(str(error)) from error
    except Exception as error:  # the parsers raise their own kinds for a broken file
        raise UsageError(f"{path} is no readable {path.suffix} model: {telling_line(error)}") from error


def _inputs(read: Any, path: Path) -> Sequence[InputSpec]:
    """Empty where the inputs cannot be guessed: preparing the model will say so, as a result."""
    try:
        return tuple(read(path))
    except Unsupported:
        return ()


def _graph_spec(path: Path, source: str, files: list[Path], inputs: Sequence[InputSpec]) -> ModelSpec:
    # No parameter count: a graph's constants cannot be told from its weights.
    has_tokens = any(SEQUENCE in spec.shape for spec in inputs)
    return ModelSpec(
        # `model.onnx` is what most exporters call it; the folder tells whose it is.
        model_id=f"{source}/{path.parent.name or 'root'}/{path.stem}",
        family="custom",
        model_type="custom",
        modality=modality_of(spec.name for spec in inputs),
        source=source,
        sequence_length=_DEFAULT_TOKENS if has_tokens else None,
        revision="sha256:" + files_digest(files),
        path=str(path),
    )


def _config_spec(model_id: str, config: Any, **where: str | None) -> ModelSpec:
    model_class = _model_class(model_id, config)
    modality = modality_of_class(model_class)
    return ModelSpec(
        model_id=model_id,
        family=config.model_type,
        model_type=model_type_of(model_class, config),
        modality=modality,
        task=task_of(model_class),
        architecture=model_class.__name__,
        config_class=type(config).__name__,
        parameters=_counted(model_class.__name__, config),
        sequence_length=_tokens(config) if "text" in modality else None,
        source=str(where["source"]),
        revision=where["revision"],
        path=where.get("path"),
    )


def _model_class(model_id: str, config: Any) -> Any:
    """The class that the configuration names, else the bare model of its family."""
    import transformers

    named = getattr(config, "architectures", None)
    named = named[0] if isinstance(named, list) and named else named
    known = getattr(transformers, str(named), None) if named else transformers.MODEL_MAPPING.get(type(config), None)
    known = known[0] if isinstance(known, tuple) else known  # a family may have several bare models
    if not (isinstance(known, type) and issubclass(known, transformers.PreTrainedModel)):
        what = named or type(config).__name__
        raise UsageError(f"{model_id} is a {what}, which this transformers does not have as a model.")
    return known


def _counted(architecture: str, config: Any) -> int | None:
    """None where the model cannot be built: preparing it will say why, as a result."""
    try:
        return count_parameters(architecture, config)
    except Exception:
        return None


def _tokens(config: Any) -> int:
    longest = getattr(text_config(config), "max_position_embeddings", None)
    return min(_DEFAULT_TOKENS, longest) if isinstance(longest, int) and longest > 0 else _DEFAULT_TOKENS


def _path(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # ~ and no such user
        return Path(name)


def _exists(asked: Callable[[], bool]) -> bool:
    try:
        return asked()
    except (OSError, ValueError):  # too long for a path, or with a NUL: a name that is no path
        return False
