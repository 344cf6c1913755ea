"""The models known by name, and how the name a user types becomes one model.

Reads `catalogue.toml` and the user's own file. Models that are in neither (folders, files, the hub) are described
by `sources`. Nothing is built or downloaded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.catalogue_file import check_complete, nearest, read_entries
from ipfs_accel_pipeline.models.model_registry import is_registry_name
from ipfs_accel_pipeline.models.sources import spec_from_source
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.records import Model

SHIPPED = Path(__file__).with_name("catalogue.toml")
# Below this many parameters a model is of that size.
_SIZES = (("tiny", 15_000_000), ("small", 80_000_000), ("base", 200_000_000), ("large", 1_000_000_000))
# An entry that builds another model than the shipped one must not inherit what was measured on that.
_BUILD_KEYS = {"architecture", "config_class", "overrides"}
_MEASURED_KEYS = ("parameters", "parameters_untied", "revision", "license")
_NOT_IN_SPEC = ("aliases", "default")


class Catalogue(dict[str, ModelSpec]):
    """Specs by model id, with the short names, the ids of a run that names none, and places with a name.

    `places` (model id -> folder, file or registry name) are no specs yet: describing one reads the model's files.
    """

    def __init__(
        self,
        specs: Mapping[str, ModelSpec],
        aliases: Mapping[str, str],
        defaults: Iterable[str],
        places: Mapping[str, str] | None = None,
    ):
        super().__init__(specs)
        self.aliases = dict(aliases)
        self.defaults = list(defaults)
        self.places = dict(places or {})


def load_catalogue(user_file: Path | None = None) -> Catalogue:
    """The shipped models, with the entries of `user_file` added or, key by key, put over them."""
    entries = read_entries(SHIPPED)
    specs = {model_id: _spec(model_id, entry, "catalogue") for model_id, entry in entries.items()}
    for model_id, entry in read_entries(user_file).items() if user_file else ():
        entries[model_id] = _refined(entries.get(model_id, {}), entry)
        check_complete(Path(str(user_file)), model_id, entries[model_id])
        if "path" in entry:
            continue
        specs[model_id] = _spec(model_id, entries[model_id], "user_catalogue")
    defaults = [model_id for model_id, entry in entries.items() if entry.get("default")]
    places = {model_id: _place(entry["path"], user_file) for model_id, entry in entries.items() if "path" in entry}
    return Catalogue(specs, _aliases(entries), defaults, places)


def find_model(name: str, catalogue: Catalogue) -> ModelSpec:
    """The model that `name` means: an id, a short name, a folder, a file, or a hub id."""
    model_id = _known_id(name, catalogue)
    if model_id is not None and model_id not in catalogue.places:
        return catalogue[model_id]
    try:
        spec = spec_from_source(catalogue.places.get(model_id or "", name))
    except UsageError as error:
        raise UsageError(f"{error}{_suggestion(name, catalogue)}") from error
    if spec is None:
        raise UsageError(
            f"No model is called {name!r}: no catalogue entry, folder, .onnx or .xml file, or hub id (org/name)."
            f"{_suggestion(name, catalogue)}"
        )
    return replace(spec, model_id=model_id) if model_id is not None else spec


def size_class(parameters: int) -> str:
    return next((size for size, limit in _SIZES if parameters < limit), "xlarge")


def model_row(spec: ModelSpec, added_at: datetime) -> Model:
    return Model(
        model_id=spec.model_id,
        model_name=_last_segment(spec.model_id),
        model_family=spec.family,
        model_type=spec.model_type,
        model_size=size_class(spec.parameters) if spec.parameters is not None else None,
        parameters_million=spec.parameters / 1e6 if spec.parameters is not None else None,
        added_at=added_at,
        source=spec.source,
        revision=spec.revision,
        task=spec.task,
        modality=None if spec.modality == "unknown" else spec.modality,
        license=spec.license,
    )


def _place(path: str, catalogue_file: Path | None) -> str:
    """Relative to the catalogue that names it, wherever the program is run."""
    if is_registry_name(path):
        return path
    return str((catalogue_file or SHIPPED).absolute().parent / Path(path).expanduser())


def _refined(shipped: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    inherited = dict(shipped)
    if any(entry[key] != shipped.get(key) for key in _BUILD_KEYS & entry.keys()):
        for key in _MEASURED_KEYS:
            inherited.pop(key, None)
    return inherited | entry


def _spec(model_id: str, entry: dict[str, Any], source: str) -> ModelSpec:
    fields = {key: value for key, value in entry.items() if key not in _NOT_IN_SPEC}
    return ModelSpec(model_id=model_id, source=source, **fields)


def _aliases(entries: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for model_id, entry in entries.items():
        for alias in entry.get("aliases", ()):
            owner = alias if alias in entries else aliases.get(alias, model_id)
            if owner != model_id:
                raise UsageError(f"The alias {alias!r} of {model_id} already means {owner}. Choose another short name.")
            aliases[alias] = model_id
    return aliases


def _known_id(name: str, catalogue: Catalogue) -> str | None:
    if name in catalogue or name in catalogue.places:
        return name
    if name in catalogue.aliases:
        return catalogue.aliases[name]
    found = [model_id for model_id in (*catalogue, *catalogue.places) if _last_segment(model_id) == name]
    if len(found) > 1:
        raise UsageError(f"{name} may be {' or '.join(found)}. Write the whole id.")
    return found[0] if found else None


def _suggestion(name: str, catalogue: Catalogue) -> str:
    known = [*catalogue, *catalogue.places]
    return nearest(name, [*known, *map(_last_segment, known), *catalogue.aliases])


def _last_segment(model_id: str) -> str:
    return model_id.rsplit("/", 1)[-1]
