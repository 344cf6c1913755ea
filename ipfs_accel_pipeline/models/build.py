"""Builds a torch model: the architecture of a catalogue entry with random weights, or real weights from where they lie.

Only ever called in a child process: it imports torch and transformers, inside functions.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import DownloadError, Unsupported
from ipfs_accel_pipeline.models.quiet import quieten_transformers
from ipfs_accel_pipeline.models.reasons import reason_of
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.models.weights import SEED, WeightsSource, are_here

# What a file raises that is cut short. The commit does not change when it is mended, so no such failure may be kept.
_DAMAGES = ("SafetensorError", "UnpicklingError", "EOFError")
_SLIP = 0.9  # `hiden_size` for `hidden_size` has 0.95, the nearest unread key of the catalogue 0.86


@dataclass(frozen=True)
class BuiltModel:
    """`newly_initialized` names parameters of a pretrained model that its files do not hold."""

    model: Any
    newly_initialized: tuple[str, ...] = ()


def build_model(spec: ModelSpec, weights: WeightsSource) -> BuiltModel:
    """Unsupported if it cannot be built from its files, DownloadError if these did not all arrive."""
    import torch

    quieten_transformers()
    torch.manual_seed(SEED)  # also before from_pretrained: a head that the files lack is initialized from it
    try:
        return _random(spec) if weights.kind == "random" else _pretrained(spec, weights)
    except (MemoryError, Unsupported):
        raise
    except Exception as error:
        if not are_here(weights):  # transformers has the same words for a lost connection and a file that never was
            raise DownloadError(
                f"not all files of {weights.location} at {str(weights.commit)[:12]} are here: {reason_of(error)}"
            ) from error
        if weights.commit and type(error).__name__ in _DAMAGES:
            raise DownloadError(
                f"files of {weights.location} at {weights.commit[:12]} are damaged in the hub's cache, download them "
                f"again: {reason_of(error)}"
            ) from error
        raise Unsupported(f"{spec.architecture or spec.model_id} does not build: {reason_of(error)}") from error


def load_saved(folder: Path, architecture: str, dtype: Any = None) -> Any:
    """The model a bundle's reference was computed with, ready to be run or exported."""
    import torch

    quieten_transformers()
    model = model_class(architecture).from_pretrained(str(folder), local_files_only=True, dtype=dtype or torch.float32)
    return _for_inference(model)


def model_class(architecture: str) -> Any:
    import transformers

    found = getattr(transformers, architecture, None)
    if found is None:
        raise Unsupported(
            f"transformers {transformers.__version__} has no {architecture}; code that comes with a model is not run"
        )
    return found


def _random(spec: ModelSpec) -> BuiltModel:
    config_class = model_class(str(spec.config_class))
    _check_overrides(config_class, spec.overrides)
    config = config_class(**spec.overrides)
    return BuiltModel(_for_inference(model_class(str(spec.architecture))(config)))


def _check_overrides(config_class: Any, overrides: dict[str, Any]) -> None:
    """A configuration takes keys that it does not know, as those of the hub have some: only what looks like a slip of
    one that it knows is refused, which would leave its default and build another model."""
    known = {field.name for field in fields(config_class)} | set(config_class.attribute_map)
    for key in overrides.keys() - known:
        meant = difflib.get_close_matches(key, known, n=1, cutoff=_SLIP)
        if meant:
            raise Unsupported(f"{config_class.__name__} has no {key}. Did you mean {meant[0]}?")


def _pretrained(spec: ModelSpec, weights: WeightsSource) -> BuiltModel:
    import torch
    from transformers import AutoConfig

    where: dict[str, Any] = {"revision": weights.commit, "local_files_only": weights.is_local}
    config = AutoConfig.from_pretrained(weights.location, **where)
    architecture = spec.architecture or _architecture(spec, config)
    model, loading = model_class(architecture).from_pretrained(
        weights.location, dtype=torch.float32, output_loading_info=True, **where
    )
    missing = set(loading["missing_keys"])
    if missing and missing.issuperset(name for name, _ in model.named_parameters()):
        raise Unsupported(f"its files hold none of the weights of {architecture}, such as {min(missing)}")
    return BuiltModel(_for_inference(model), tuple(sorted(missing)))


def _architecture(spec: ModelSpec, config: Any) -> str:
    if not config.architectures:
        raise Unsupported(f"{spec.model_id}: config.json names no architecture; name one in the catalogue")
    return str(config.architectures[0])


def _for_inference(model: Any) -> Any:
    """No dropout, and no cache: a cache is state that graphs of the other runtimes do not return."""
    if hasattr(model.config, "use_cache"):
        model.config.use_cache = False
    return model.eval()
