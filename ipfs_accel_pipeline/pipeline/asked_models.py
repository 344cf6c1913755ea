"""Which stored models a question is about: the names a person typed, as the database knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipfs_accel_pipeline.models.catalogue import load_catalogue
from ipfs_accel_pipeline.reports.selection import select
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.reading import read_table


def known_ids(names: Sequence[str], settings: Settings) -> list[str]:
    """The ids that the catalogue's own short names stand for; any other name is left as it is."""
    aliases = load_catalogue(settings.user_catalogue).aliases
    return [aliases.get(name, name) for name in names]


def stored_ids(connection: Any, names: Sequence[str], settings: Settings) -> list[str] | None:
    """Ids of stored models, asked for by id or short name; None, which is all of them, if nothing was asked.

    UsageError with the nearest names where one is not stored.
    """
    if not names:
        return None
    stored = read_table(connection, "models", columns=["model_id", "model_name"])
    known = {str(model_id): (str(name),) for model_id, name in stored.itertuples(index=False)}
    return select(known_ids(names, settings), known, "model")
