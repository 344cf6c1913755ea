from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.hf_api import ModelInfo

from ipfs_accel_pipeline.errors import Unsupported, UsageError
from ipfs_accel_pipeline.models.weights import files_digest, weights_source
from ipfs_accel_pipeline_tests.bundle_fixtures import TINY_BERT

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB_ONLY = replace(TINY_BERT, source="hub", architecture=None, config_class=None)


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache, and a hub that nobody may ask."""

    def unreachable(*_: Any, **__: Any) -> Any:
        raise ConnectionError("no network")

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(HfApi, "model_info", unreachable)
    return tmp_path


def put_into_cache(cache: Path, repository: str) -> None:
    folder = cache / ("models--" + repository.replace("/", "--"))
    (folder / "snapshots" / COMMIT).mkdir(parents=True)
    (folder / "snapshots" / COMMIT / "model.safetensors").touch()
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)


def test_without_a_cached_snapshot_auto_is_random_and_asks_nobody():
    assert weights_source(TINY_BERT).kind == "random"


def test_auto_takes_the_cached_snapshot_and_its_commit(hub_cache):
    put_into_cache(hub_cache, TINY_BERT.model_id)
    found = weights_source(TINY_BERT)
    assert (found.kind, found.commit, found.is_local) == ("pretrained", COMMIT, True)


def test_random_ignores_the_cache(hub_cache):
    put_into_cache(hub_cache, TINY_BERT.model_id)
    assert weights_source(TINY_BERT, "random").kind == "random"


@pytest.mark.parametrize(("spec", "wanted"), [(TINY_BERT, "pretrained"), (HUB_ONLY, "auto")])
def test_real_weights_that_cannot_be_had_say_what_to_do(spec, wanted):
    with pytest.raises(Unsupported, match="Download them where there is a network"):
        weights_source(spec, wanted)


def test_the_identity_does_not_change_with_the_download(hub_cache, monkeypatch):
    info = ModelInfo(id=TINY_BERT.model_id, sha=COMMIT)
    monkeypatch.setattr(HfApi, "model_info", lambda *_, **__: info)
    before = weights_source(TINY_BERT, "pretrained")
    put_into_cache(hub_cache, TINY_BERT.model_id)
    after = weights_source(TINY_BERT, "pretrained")
    assert before.identity == after.identity
    assert (before.is_local, after.is_local) == (False, True)


def test_an_unknown_choice_is_wrong_use():
    with pytest.raises(UsageError, match="auto, random, pretrained"):
        weights_source(TINY_BERT, "golden")


def test_a_file_that_changed_has_another_digest(tmp_path):
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"a" * 8)
    before = files_digest([file])
    file.write_bytes(b"b" * 9)
    assert files_digest([file]) != before
