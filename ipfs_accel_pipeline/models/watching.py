"""Which named places hold another model version than before? Reads files and registries, loads no weights."""

from __future__ import annotations

from pathlib import Path

from ipfs_accel_pipeline.models.catalogue import load_catalogue
from ipfs_accel_pipeline.models.sources import current_revision


def current_revisions(user_catalogue: str | None) -> dict[str, str]:
    """Revision by model id of every place in the user's catalogue that can be read now."""
    places = load_catalogue(Path(user_catalogue) if user_catalogue else None).places
    found = {model_id: current_revision(place) for model_id, place in sorted(places.items())}
    return {model_id: revision for model_id, revision in found.items() if revision is not None}
