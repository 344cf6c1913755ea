"""S40: what became of a model on each platform: an object with a platform's name for each key, bare or by model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin, model_of, results_of, time_of, written
from ipfs_accel_pipeline.storage.legacy_json.shapes.configurations import MODELS, has_settings, settings
from ipfs_accel_pipeline.storage.legacy_json.shapes.outcomes import outcome

# A reader of what has a shape of its own; None for anything else.
Known = Callable[[Node, Origin], Iterable[Statement] | None]
_ENDINGS = frozenset({"success", "status", "error", "test_result", "batch_results"})
_PLATFORMS = ("platforms", "hardware_results")
_CONTAINERS = ("model_results", "tests")
_WITHIN = "test_result"


def is_by_platform(value: Any) -> bool:
    platforms = results_of(value)
    return (
        bool(platforms)
        and all(hardware_type(key) is not None and isinstance(one, dict) for key, one in platforms.items())
        and any(_ENDINGS & one.keys() for one in platforms.values())
    )


def is_by_model(value: Any) -> bool:
    """A model tested on no platform has none."""
    models = results_of(value)
    return (
        bool(models)
        and all(isinstance(one, dict) for one in models.values())
        and any(is_by_platform(_platforms(Node(one)).value) for one in models.values())
    )


def holds_models(value: Any) -> bool:
    """A container of models, each with its platforms: named so, for other files have such containers, too."""
    return isinstance(value, dict) and any(
        isinstance(entry, dict) and is_by_platform(entry.get("platforms"))
        for key in _CONTAINERS
        for entry in results_of(value.get(key)).values()
    )


def of_models(node: Node, origin: Origin, known: Known) -> Iterator[Statement]:
    for key in _CONTAINERS:
        yield from by_model(node.at(key), origin.inside(node), known)


def of_model(node: Node, origin: Origin, known: Known) -> Iterator[Statement]:
    """Of the one model that the object names."""
    yield from by_platform(_platforms(node), origin.inside(node, model_of(node, *MODELS)), known)


def by_model(node: Node, origin: Origin, known: Known) -> Iterator[Statement]:
    for name in results_of(node.value):
        entry = node.at(name)
        model = model_of(entry, *MODELS) or written(entry, name)
        if not is_by_platform(_platforms(entry).value):
            said = entry.get("error") or entry.get("status") or "nothing is told"
            yield LeftOut(entry.pointer, f"{model.value}: {said}, and no platform is named")
            continue
        yield from by_platform(_platforms(entry), origin.inside(entry, model), known)


def by_platform(node: Node, origin: Origin, known: Known) -> Iterator[Statement]:
    for hardware in results_of(node.value):
        entry = node.at(hardware)
        model = model_of(entry, *MODELS) or origin.model
        inside = origin.inside(entry, model)
        yield from _entry(entry, hardware, model, inside, known)


def _entry(entry: Node, hardware: str, model: Cited | None, origin: Origin, known: Known) -> Iterator[Statement]:
    settled = model is not None and isinstance(entry.get("batch_results"), dict)
    read = None if settled else known(entry, origin) or known(entry.at(_WITHIN), origin)
    if read is not None:
        yield from read
    elif model is None:
        yield LeftOut(entry.pointer, f"{hardware}: no model is named")
    elif has_settings(entry.value):
        yield from settings(entry, model, written(entry, hardware), origin)
    else:
        yield outcome(entry, time_of(entry) or origin.timestamp, (), model, written(entry, hardware))


def _platforms(entry: Node) -> Node:
    return next((entry.at(key) for key in _PLATFORMS if isinstance(entry.get(key), dict)), entry)
