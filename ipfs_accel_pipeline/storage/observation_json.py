"""An Observation as JSON and back, without loss.

Numbers that JSON lacks are written as the words "NaN", "Infinity" and "-Infinity": the cosine of a broken output is
not a number, and that round must be kept all the same. Inside free-form fields (details, environment) they stay words.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.records import Observation
from ipfs_accel_pipeline.storage.json_values import as_word, json_ready

FORMAT = 1  # raise it when a field of Observation is renamed, removed or changes its meaning


def observation_to_json(observation: Observation) -> dict[str, Any]:
    """The observation in the types of JSON."""
    return json_ready(observation, as_word)


def observation_from_json(data: Mapping[str, Any], format_version: int = FORMAT) -> Observation:
    """The observation again; StorageError if a later version of this package wrote it."""
    if format_version > FORMAT:
        raise StorageError(
            f"The observation is of format {format_version}, this package reads up to {FORMAT}. "
            "Upgrade ipfs-accel-pipeline."
        )
    return _decoded(Observation, data)


def _decoded(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        return _decoded_record(kind, value)
    if get_origin(kind) in (Union, types.UnionType):
        (inner,) = (option for option in get_args(kind) if option is not type(None))
        return None if value is None else _decoded(inner, value)
    if get_origin(kind) is tuple:
        return tuple(_decoded(get_args(kind)[0], item) for item in value)
    return _decoded_scalar(kind, value)


def _decoded_record(kind: Any, data: Mapping[str, Any]) -> Any:
    hints = _hints(kind)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise StorageError(
            f"{kind.__name__} of format {FORMAT} has no field {', '.join(unknown)}: "
            "a later version wrote it. Upgrade ipfs-accel-pipeline."
        )
    try:
        return kind(**{name: _decoded(hints[name], value) for name, value in data.items()})
    except (TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"{kind.__name__} of format {FORMAT} cannot be read: {error}") from error


def _decoded_scalar(kind: Any, value: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is float:
        return float(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
