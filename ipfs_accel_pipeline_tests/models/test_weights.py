from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.hf_api import ModelInfo

from ipfs_accel_pipeline.errors import DownloadError, Unsupported, UsageError
from ipfs_accel_pipeline.models.bundles import artefact_outcome, bundle_folder
from ipfs_accel_pipeline.models.export import prepare
from ipfs_accel_pipeline.models.versions import describe_version
from ipfs_accel_pipeline.models.weights import files_digest, weights_source
from ipfs_accel_pipeline_tests.bundle_fixtures import TINY_BERT

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER_COMMIT = "f" * 40
HUB_ONLY = replace(TINY_BERT, source="hub", architecture=None, config_class=None)


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache, and a hub that nobody may ask."""

    def unreachable(*_: Any, **__: Any) -> Any:
        raise ConnectionError("no network")

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(HfApi, "model_info", unreachable)
    return tmp_path


def snapshot_of(cache: Path, repository: str, commit: str = COMMIT) -> Path:
    folder = cache / ("models--" + repository.replace("/", "--")) / "snapshots" / commit
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def put_into_cache(cache: Path, repository: str, commit: str = COMMIT, branch: str | None = "main") -> None:
    """A whole snapshot; without a branch, as a download that names its commit leaves it."""
    folder = snapshot_of(cache, repository, commit)
    (folder / "config.json").touch()
    (folder / "model.safetensors").touch()
    if branch:
        (folder.parents[1] / "refs").mkdir()
        (folder.parents[1] / "refs" / branch).write_text(commit)


def test_without_a_cached_snapshot_auto_is_random_and_asks_nobody():
    assert weights_source(TINY_BERT).kind == "random"


def test_auto_takes_the_cached_snapshot_and_its_commit(hub_cache):
    put_into_cache(hub_cache, TINY_BERT.model_id)
    found = weights_source(TINY_BERT)
    assert (found.kind, found.commit, found.is_local) == ("pretrained", COMMIT, True)


def test_random_ignores_the_cache(hub_cache):
    put_into_cache(hub_cache, TINY_BERT.model_id)
    assert weights_source(TINY_BERT, "random").kind == "random"


def test_a_snapshot_is_taken_once_every_shard_that_its_index_names_is_there(hub_cache):
    folder = snapshot_of(hub_cache, TINY_BERT.model_id)
    (folder / "config.json").touch()
    index = {"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model-1-of-2.safetensors").touch()
    assert weights_source(TINY_BERT).kind == "random"
    (folder / "model-2-of-2.safetensors").touch()
    assert weights_source(TINY_BERT).commit == COMMIT


@pytest.mark.parametrize("wanted", ["auto", "pretrained"])
def test_what_was_downloaded_by_its_commit_is_found_again_and_the_hub_is_not_asked(hub_cache, wanted):
    put_into_cache(hub_cache, TINY_BERT.model_id, branch=None)
    found = weights_source(TINY_BERT, wanted)
    assert (found.kind, found.commit, found.is_local) == ("pretrained", COMMIT, True)


def test_the_commit_that_was_taken_is_the_revision_of_what_was_measured(hub_cache):
    put_into_cache(hub_cache, TINY_BERT.model_id, branch=None)
    (snapshot_of(hub_cache, TINY_BERT.model_id) / "config.json").write_text('{"dtype": "float16"}')
    described = describe_version(replace(TINY_BERT, revision="a note of the catalogue"), hub_cache / "store", "auto")
    assert (described["revision"], described["precision"]) == (COMMIT, "fp16")


def test_of_several_commits_the_one_of_the_main_branch_is_taken(hub_cache):
    put_into_cache(hub_cache, TINY_BERT.model_id, OTHER_COMMIT, branch=None)
    put_into_cache(hub_cache, TINY_BERT.model_id)
    assert weights_source(TINY_BERT).commit == COMMIT


def test_of_several_commits_without_a_main_branch_none_is_guessed(hub_cache):
    for commit in (COMMIT, OTHER_COMMIT):
        put_into_cache(hub_cache, TINY_BERT.model_id, commit, branch=None)
    assert weights_source(TINY_BERT).kind == "random"
    with pytest.raises(Unsupported, match=f"has {COMMIT[:12]}, {OTHER_COMMIT[:12]}, none of them as main"):
        weights_source(TINY_BERT, "pretrained")


def test_a_download_that_breaks_off_is_not_recorded_and_the_model_is_prepared_once_it_is_complete(
    hub_cache, monkeypatch
):
    from transformers import BertConfig, BertModel

    monkeypatch.setattr(HfApi, "model_info", lambda *_, **__: ModelInfo(id=TINY_BERT.model_id, sha=COMMIT))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # the network is lost after the hub has named the commit
    where = (TINY_BERT.to_json(), str(hub_cache / "store"), "reference", "pretrained")
    folder = bundle_folder(TINY_BERT, hub_cache / "store", "pretrained")
    model = BertModel(BertConfig(**TINY_BERT.overrides))
    model.config.save_pretrained(snapshot := snapshot_of(hub_cache, TINY_BERT.model_id))  # it came before the weights
    with pytest.raises(DownloadError, match=f"not all files of {TINY_BERT.model_id} at {COMMIT[:12]} are here"):
        prepare(*where)
    assert artefact_outcome(folder, "reference") is None
    model.save_pretrained(snapshot)
    assert prepare(*where)["ok"]
    assert artefact_outcome(folder, "reference").ok


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


def test_damaged_files_of_the_cache_are_not_recorded_and_the_model_is_prepared_once_they_are_whole(hub_cache):
    from transformers import BertConfig, BertModel

    put_into_cache(hub_cache, TINY_BERT.model_id)
    snapshot = snapshot_of(hub_cache, TINY_BERT.model_id)
    BertModel(BertConfig(**TINY_BERT.overrides)).save_pretrained(snapshot)
    whole = (snapshot / "model.safetensors").read_bytes()
    (snapshot / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    where = (TINY_BERT.to_json(), str(hub_cache / "store"), "reference", "pretrained")
    with pytest.raises(DownloadError, match="are damaged"):
        prepare(*where)
    (snapshot / "model.safetensors").write_bytes(whole)
    assert prepare(*where)["ok"]
