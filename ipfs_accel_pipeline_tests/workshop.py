"""A place to run the real pipeline on a model so small that a run takes seconds.

Everything in it is real: the catalogue entry, the exports, the runtimes, the measurements, the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.preparation import prepare_bundles
from ipfs_accel_pipeline.settings import CATALOGUE_VARIABLE, DATA_VARIABLE, DATABASE_VARIABLE, Settings, load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.snapshot import open_snapshot

TINY = "tests/tiny-bert"
_CATALOGUE = f"""
["{TINY}"]
family = "bert"
model_type = "text_encoder"
modality = "text"
architecture = "BertModel"
config_class = "BertConfig"
sequence_length = 16

["{TINY}".overrides]
hidden_size = 32
num_hidden_layers = 2
num_attention_heads = 2
intermediate_size = 64
vocab_size = 100
max_position_embeddings = 64
"""


@dataclass(frozen=True)
class Workshop:
    """Settings whose bundles are ready, so that a test measures at once."""

    settings: Settings
    spec: ModelSpec

    def stored(self, query: str) -> list[Any]:
        """The answer of the database."""
        with open_database(self.settings.database) as connection:
            return connection.execute(query).fetchall()

    def published(self, query: str) -> list[Any]:
        """The answer of the snapshot."""
        with open_snapshot(self.settings.snapshot) as connection:
            return connection.execute(query).fetchall()


def make_catalogue(folder: Path) -> Path:
    path = folder / "catalogue.toml"
    path.write_text(_CATALOGUE)
    return path


def prepare_store(folder: Path) -> Path:
    """Bundles of the tiny model for every endpoint of a machine without a GPU."""
    spec = find_model(TINY, load_catalogue(make_catalogue(folder)))
    store = folder / "bundles"
    for one in prepare_bundles([spec], ["reference", "onnx", "openvino"], RunConfig(weights="random"), store):
        assert one.outcome.ok, one.outcome
    return store


def open_workshop(folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A data folder of its own with the shared bundles, named by the environment as a user would name it."""
    (folder / "bundles").symlink_to(store)
    monkeypatch.setenv(DATA_VARIABLE, str(folder))
    monkeypatch.setenv(CATALOGUE_VARIABLE, str(make_catalogue(folder)))
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    settings = load_settings()
    return Workshop(settings, find_model(TINY, load_catalogue(settings.user_catalogue)))
