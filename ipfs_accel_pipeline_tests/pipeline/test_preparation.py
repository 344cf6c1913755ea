"""Preparing the models of a run: what changes meanwhile, or is damaged, is the matter of one model only."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.hf_api import ModelInfo

from ipfs_accel_pipeline.benchmark import isolation
from ipfs_accel_pipeline.benchmark.launcher import Launcher, Outcome
from ipfs_accel_pipeline.models.bundles import bundle_folder, file_sizes, open_bundle
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.pipeline import preparation
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.measuring import _shard_header
from ipfs_accel_pipeline.pipeline.planning import plan_cases
from ipfs_accel_pipeline.pipeline.preparation import Prepared, prepare_bundles
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline_tests.bundle_fixtures import TINY_BERT
from ipfs_accel_pipeline_tests.fakes import hardware_row
from ipfs_accel_pipeline_tests.models.graph_files import WEIGHTS, onnx_linear

CPU = hardware_row(hardware_id="cpu-a")


@pytest.fixture
def before_each_export(monkeypatch) -> Callable[[Callable[[], object]], None]:
    """Exports run in this process, each after what another program did just before."""

    def arrange(happens: Callable[[], object]) -> None:
        def run(_: Launcher, job: isolation.Job) -> Outcome:
            happens()
            ending = isolation._call(job)
            return Outcome(ending.status, ending.value, ending.message, 0.1)

        monkeypatch.setattr(preparation.Launcher, "run", run)

    return arrange


def prepared(specs: list[ModelSpec], store: Path, weights: str = "auto") -> dict[str, list[Prepared]]:
    found = list(prepare_bundles(specs, ["reference", "onnx"], RunConfig(weights=weights), store, workers=1))
    return {spec.model_id: [one for one in found if one.model_id == spec.model_id] for spec in specs}


def retrained(path: Path) -> None:
    model = onnx.load(path)
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(2 * WEIGHTS, "W"))
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (retrained, "changing has changed since this run looked at it"),
        (lambda path: path.write_bytes(b"half a file"), "changing: its files cannot be read"),
        (lambda path: path.unlink(missing_ok=True), "changing.onnx does not exist"),
    ],
)
def test_a_file_that_changes_between_planning_and_export_is_told_and_the_next_model_is_prepared(
    tmp_path, before_each_export, change, reason
):
    changing, steady = onnx_linear(tmp_path / "changing.onnx"), onnx_linear(tmp_path / "steady.onnx")
    before_each_export(lambda: change(Path(str(changing.path))))
    found = prepared([changing, steady], tmp_path / "store")
    (told,) = found["changing"]
    assert told.outcome.status == "unsupported"
    assert reason in str(told.outcome.error)
    assert not told.outcome.is_final
    assert [one.outcome.status for one in found["steady"]] == ["ok", "ok"]


def test_a_hub_whose_main_branch_moves_between_planning_and_export_is_told_and_the_next_model_is_prepared(
    tmp_path, before_each_export, monkeypatch
):
    main = ["0" * 40]
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(HfApi, "model_info", lambda *_, **__: ModelInfo(id=TINY_BERT.model_id, sha=main[-1]))

    def move() -> None:
        """Another program downloads what was pushed meanwhile."""
        main.append("1" * 40)
        snapshot = tmp_path / "hub" / "models--tests--tiny-bert" / "snapshots" / main[-1]
        snapshot.mkdir(parents=True, exist_ok=True)
        for name in ("config.json", "model.safetensors"):
            (snapshot / name).touch()

    before_each_export(move)
    steady = onnx_linear(tmp_path / "steady.onnx")
    found = prepared([TINY_BERT, steady], tmp_path / "store", "pretrained")
    (told,) = found[TINY_BERT.model_id]
    assert told.outcome.status == "unsupported"
    assert "has changed since this run looked at it" in str(told.outcome.error)
    assert [one.outcome.status for one in found["steady"]] == ["ok", "ok"]
    planned = plan_cases(CPU, [TINY_BERT], RunConfig(weights="pretrained"), tmp_path / "store")
    assert {one.refusal for one in planned} == {Status.SKIPPED}
    assert "may have changed during this run" in str(planned[0].refusal_reason)


def test_a_file_that_is_deleted_during_a_run_is_a_row_of_its_own_and_ends_nothing(tmp_path):
    gone, there = onnx_linear(tmp_path / "gone.onnx"), onnx_linear(tmp_path / "there.onnx")
    Path(str(gone.path)).unlink()
    found = prepared([gone, there], tmp_path / "store")
    assert [one.outcome.status for one in found["gone"]] == ["unsupported"]
    assert "gone.onnx does not exist" in str(found["gone"][0].outcome.error)
    assert [one.outcome.status for one in found["there"]] == ["ok", "ok"]
    planned = plan_cases(CPU, [gone, there], RunConfig(), tmp_path / "store")
    assert {one.refusal for one in planned if one.case.model_id == "gone"} == {Status.UNSUPPORTED}
    assert list(_shard_header(CPU, [gone, there], RunConfig(), tmp_path / "store")["model_versions"]) == ["there"]


def test_a_model_with_the_longest_possible_names_is_prepared(tmp_path):
    folder = tmp_path / ("f" * 250)
    folder.mkdir()
    spec = replace(onnx_linear(folder / ("m" * 200 + ".onnx")), model_id=f"onnx/{'f' * 250}/{'m' * 200}")
    other = replace(spec, model_id=spec.model_id[:-1] + "n")
    assert [one.outcome.status for one in prepared([spec], tmp_path / "store")[spec.model_id]] == ["ok", "ok"]
    assert bundle_folder(spec, tmp_path).parent != bundle_folder(other, tmp_path).parent


@pytest.mark.parametrize(
    "damage",
    [
        lambda bundle: (bundle / "reference" / "reference.json").unlink(),
        lambda bundle: (bundle / "reference" / "case_1_outputs.safetensors").unlink(),
        lambda bundle: (bundle / "reference.json").write_text(""),
        lambda bundle: (bundle / "reference.json").write_text("[]"),
        lambda bundle: (bundle / "onnx" / "model.onnx").write_bytes(b"half"),
        lambda bundle: (bundle / "onnx" / "weights.data").unlink(),
        lambda bundle: (bundle / "onnx.json").write_text('{"artefact": "onnx"'),
    ],
)
def test_a_bundle_that_was_damaged_is_made_again(tmp_path, before_each_export, damage):
    spec, store = onnx_linear(tmp_path / "linear.onnx", external=True), tmp_path / "store"
    before_each_export(lambda: None)
    prepared([spec], store)
    whole = file_sizes(bundle_folder(spec, store) / "onnx")
    damage(bundle_folder(spec, store))
    again = prepared([spec], store)["linear"]
    assert [(one.outcome.artefact, one.outcome.ok) for one in again] == [("reference", True), ("onnx", True)]
    assert sum(one.made_now for one in again) == 1
    assert file_sizes(bundle_folder(spec, store) / "onnx") == whole
    assert open_bundle(bundle_folder(spec, store)).parity_cases()


def test_a_bundle_that_is_removed_while_it_is_prepared_is_told_and_the_next_model_is_prepared(tmp_path, monkeypatch):
    first, second = onnx_linear(tmp_path / "first.onnx"), onnx_linear(tmp_path / "second.onnx")

    def run(_: Launcher, job: isolation.Job) -> Outcome:
        ending = isolation._call(job)
        if job.arguments["spec"]["model_id"] == "first":
            shutil.rmtree(tmp_path / "store" / "first")
        return Outcome(ending.status, ending.value, ending.message, 0.1)

    monkeypatch.setattr(preparation.Launcher, "run", run)
    found = prepared([first, second], tmp_path / "store")
    assert "has been removed since" in str(found["first"][0].outcome.error)
    assert [one.outcome.status for one in found["second"]] == ["ok", "ok"]


def test_a_store_that_takes_nothing_more_is_told_of_each_model_and_leaves_no_rest(tmp_path, monkeypatch):
    """As on a full disk, which root can fill only by filling it."""
    one, two = onnx_linear(tmp_path / "one.onnx"), onnx_linear(tmp_path / "two.onnx")

    def run(_: Launcher, job: isolation.Job) -> Outcome:
        return Outcome(Status.ERROR, None, "OSError: [Errno 28] No space left on device", 0.1)

    def replace_nothing(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(preparation.Launcher, "run", run)
    monkeypatch.setattr("os.replace", replace_nothing)
    found = prepared([one, two], tmp_path / "store")
    for model in ("one", "two"):
        assert [("No space left" in str(told.outcome.error), told.outcome.is_final) for told in found[model]] == [
            (True, False)
        ]
    assert not list((tmp_path / "store").rglob("*.tmp"))
