"""Names of inputs and outputs, and how those of an exported graph map to those of the reference. Nowhere else.

Exporters keep the names, or put `output.` before them, or drop an input that the model never reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ipfs_accel_pipeline.errors import Unsupported

# Caches are state, not answers, and no exporter lays them out alike.
_CACHES = ("past_key_values", "cache_params", "decoder_past_key_values", "encoder_past_key_values")
_EXPORT_PREFIX = "output."


def flatten_outputs(outputs: Any) -> dict[str, Any]:
    """The tensors of a torch model's output by name; nested ones (`hidden.0`) only if there are no others."""
    named = dict(outputs.items()) if isinstance(outputs, Mapping) else _numbered(outputs)
    named = {name: value for name, value in named.items() if name not in _CACHES}
    tensors = {name: value for name, value in named.items() if _is_tensor(value)}
    return tensors or _nested(named)


def match_inputs(wanted: Iterable[Iterable[str]], arrays: Mapping[str, Any]) -> list[str]:
    """For each input of a graph (given as all its names) the name of the array to feed it."""
    return [_match_input(set(names), arrays) for names in wanted]


def match_outputs(reference: Iterable[str], available: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `available` under the reference's names. A missing one is left out, for the parity check to say."""
    found = {name: _find(name, available) for name in reference}
    return {name: available[key] for name, key in found.items() if key is not None}


def as_float32(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: _float32(name, value) for name, value in values.items()}


def _float32(name: str, value: Any) -> np.ndarray:
    try:
        return np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError) as error:  # texts, tables, sequences of several shapes
        raise Unsupported(f"output {name} is no array of numbers that could be compared: {error}") from error


def _numbered(outputs: Any) -> dict[str, Any]:
    values = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    return {str(index): value for index, value in enumerate(values)}


def _nested(named: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in named.items():
        if isinstance(value, (Mapping, tuple, list)):
            found.update({f"{name}.{inner}": tensor for inner, tensor in flatten_outputs(value).items()})
    return found


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype") and not isinstance(value, (tuple, list))


def _match_input(names: set[str], arrays: Mapping[str, Any]) -> str:
    found = next((name for name in arrays if name in names), None)
    if found is None:
        raise Unsupported(f"the graph wants an input {sorted(names)}, the model is fed {sorted(arrays)}")
    return found


def _find(name: str, available: Mapping[str, Any]) -> str | None:
    return next((key for key in (name, _EXPORT_PREFIX + name) if key in available), None)
