"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ipfs_accel_pipeline.models.bundles import Bundle
from ipfs_accel_pipeline.models.generation import DECODER_ARTEFACTS
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline_tests import browsers
from ipfs_accel_pipeline_tests.bundle_fixtures import (
    TINY_BERT,
    TINY_GPT2,
    TINY_RESNET,
    TINY_T5,
    prepared_bundle,
)
from ipfs_accel_pipeline_tests.workshop import Workshop, open_workshop, prepare_store

# Every detection would start every browser of this machine. Those that are about browsers name theirs.
os.environ[browsers.BROWSER_VARIABLE] = "none"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an installation in an empty folder."""
    return Settings(data=tmp_path, database=tmp_path / "benchmark.duckdb")


@pytest.fixture(scope="session")
def bundle_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that the tiny bundles of this session lie in."""
    return tmp_path_factory.mktemp("bundles")


@pytest.fixture(scope="session")
def tiny_bert_bundle(bundle_store: Path) -> Bundle:
    """All artefacts of a two-layer BERT; about 30 s for the first test that asks."""
    return prepared_bundle(TINY_BERT, bundle_store)


@pytest.fixture(scope="session")
def tiny_resnet_bundle(bundle_store: Path) -> Bundle:
    """All artefacts of a two-stage ResNet: pictures, convolutions, batch norm, no token axis."""
    return prepared_bundle(TINY_RESNET, bundle_store)


@pytest.fixture(scope="session")
def tiny_gpt2_bundle(bundle_store: Path) -> Bundle:
    """A two-layer GPT-2 that writes text on every runtime; about 35 s for the first test that asks."""
    return prepared_bundle(TINY_GPT2, bundle_store, ("reference", "onnx", "openvino", *DECODER_ARTEFACTS))


@pytest.fixture(scope="session")
def tiny_t5_bundle(bundle_store: Path) -> Bundle:
    """A two-layer encoder-decoder that writes text on every runtime; about 40 s for the first test that asks."""
    return prepared_bundle(TINY_T5, bundle_store, ("reference", *DECODER_ARTEFACTS))


@pytest.fixture(scope="session")
def workshop_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundles of the workshop's tiny model; about 30 s for the first test that asks."""
    return prepare_store(tmp_path_factory.mktemp("workshop"))


@pytest.fixture
def workshop(tmp_path: Path, workshop_store: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    return open_workshop(tmp_path, workshop_store, monkeypatch)
