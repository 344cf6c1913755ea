from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ipfs_accel_pipeline.errors import Unsupported, UsageError
from ipfs_accel_pipeline.models import store
from ipfs_accel_pipeline.models.agreement import compare
from ipfs_accel_pipeline.models.bundles import (
    Bundle,
    artefact_outcome,
    bundle_folder,
    open_bundle,
    record_failure,
)
from ipfs_accel_pipeline.models.export import prepare
from ipfs_accel_pipeline.models.graph_runs import onnx_run, openvino_run
from ipfs_accel_pipeline.models.names import match_outputs
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline_tests.bundle_fixtures import FORWARD, TINY_BERT, TINY_RESNET
from ipfs_accel_pipeline_tests.models.graph_files import WEIGHTS, onnx_linear, openvino_linear

# ---- Identity


def test_the_folder_follows_from_what_the_files_depend_on(tmp_path, monkeypatch):
    same = bundle_folder(TINY_BERT, tmp_path, "random")
    assert same == bundle_folder(TINY_BERT, tmp_path, "random")
    larger = replace(TINY_BERT, overrides={**TINY_BERT.overrides, "hidden_size": 64})
    assert bundle_folder(larger, tmp_path, "random") != same
    monkeypatch.setattr(store, "EXPORT_VERSION", store.EXPORT_VERSION + 1)
    assert bundle_folder(TINY_BERT, tmp_path, "random") != same


def test_another_library_version_makes_another_bundle(tmp_path, monkeypatch):
    before = bundle_folder(TINY_BERT, tmp_path, "random")
    monkeypatch.setattr(store, "library_versions", lambda: {"torch": "9.9"})
    assert bundle_folder(TINY_BERT, tmp_path, "random") != before


def test_changed_weights_make_another_bundle_of_a_file(tmp_path):
    spec = onnx_linear(tmp_path / "linear.onnx", external=True)
    before = bundle_folder(spec, tmp_path)
    data = tmp_path / "weights.data"
    data.write_bytes(data.read_bytes()[::-1])
    assert bundle_folder(spec, tmp_path) != before


def test_a_model_with_its_own_weights_cannot_be_had_with_random_ones(tmp_path):
    with pytest.raises(UsageError, match="own weights"):
        bundle_folder(onnx_linear(tmp_path / "linear.onnx"), tmp_path, "random")


def test_a_file_that_is_not_there_is_named(tmp_path):
    spec = ModelSpec("gone", "custom", "custom", "text", "onnx", path=str(tmp_path / "gone.onnx"))
    with pytest.raises(Unsupported, match=r"gone\.onnx does not exist"):
        bundle_folder(spec, tmp_path)


# ---- What a bundle tells


@pytest.mark.slow
def test_a_bundle_tells_what_was_prepared(tiny_bert_bundle: Bundle):
    assert tiny_bert_bundle.weights == "random"
    assert tiny_bert_bundle.architecture == "BertModel"
    assert tiny_bert_bundle.degenerate_outputs == {}
    assert tiny_bert_bundle.output_names() == ("last_hidden_state", "pooler_output")
    onnx = artefact_outcome(tiny_bert_bundle.folder, "onnx")
    assert onnx is not None
    assert onnx.exporter == "transformers.OnnxExporter"
    assert all(tiny_bert_bundle.artefact_path(artefact).exists() for artefact in FORWARD)


@pytest.mark.slow
def test_parameters_are_counted_on_the_model_itself(tiny_bert_bundle: Bundle):
    from safetensors import safe_open

    with safe_open(tiny_bert_bundle.artefact_path("reference") / "model.safetensors", "np") as weights:
        assert tiny_bert_bundle.parameters == sum(weights.get_tensor(name).size for name in weights.keys())  # noqa: SIM118


@pytest.mark.slow
def test_parity_cases_differ_in_batch_and_sequence(tiny_bert_bundle: Bundle):
    first, second = tiny_bert_bundle.parity_cases()
    assert (first.batch_size, first.sequence_length) != (second.batch_size, second.sequence_length)
    assert not np.array_equal(first.inputs["input_ids"][0, :8], second.inputs["input_ids"][0, :8])
    assert first.inputs["input_ids"].shape == (first.batch_size, first.sequence_length)
    assert second.reference["last_hidden_state"].shape[:2] == (second.batch_size, second.sequence_length)


@pytest.mark.slow
def test_a_prepared_artefact_is_reused(tiny_bert_bundle: Bundle):
    store_folder = tiny_bert_bundle.folder.parent.parent
    written = (tiny_bert_bundle.folder / "onnx" / "model.onnx").stat().st_mtime_ns
    assert prepare(TINY_BERT.to_json(), str(store_folder), "onnx", "random")["ok"]
    assert (tiny_bert_bundle.folder / "onnx" / "model.onnx").stat().st_mtime_ns == written


@pytest.mark.slow
def test_a_picture_model_has_no_sequence_length(tiny_resnet_bundle: Bundle):
    assert [case.sequence_length for case in tiny_resnet_bundle.parity_cases()] == [None, None]


@pytest.mark.slow
def test_a_folder_is_prepared_with_its_own_weights(tiny_bert_bundle: Bundle, tmp_path):
    folder = tiny_bert_bundle.artefact_path("reference")
    spec = replace(TINY_BERT, source="folder", path=str(folder), architecture="BertForMaskedLM", config_class=None)
    assert prepare(spec.to_json(), str(tmp_path), "reference")["ok"]
    bundle = open_bundle(bundle_folder(spec, tmp_path))
    assert bundle.weights == "pretrained"
    # BertModel has no language head, so a part of this "pretrained" model is not: that must be seen.
    assert any(name.startswith("cls.") for name in bundle.details["newly_initialized"])


# ---- A user's own files


@pytest.mark.parametrize("external", [False, True])
def test_an_onnx_file_is_its_own_reference_and_goes_to_openvino(tmp_path, external):
    spec = onnx_linear(tmp_path / "linear.onnx", external)
    for artefact in ("onnx", "openvino"):
        assert prepare(spec.to_json(), str(tmp_path / "store"), artefact)["ok"]
    bundle = open_bundle(bundle_folder(spec, tmp_path / "store"))
    assert bundle.reference_runtime == "onnxruntime, graph optimizations off"
    assert bundle.parameters == WEIGHTS.size
    for case in bundle.parity_cases():
        np.testing.assert_allclose(case.reference["y"], case.inputs["x"] @ WEIGHTS, rtol=1e-5, atol=1e-6)
        for run, artefact in ((onnx_run, "onnx"), (openvino_run, "openvino")):
            answer = match_outputs(case.reference, run(bundle.artefact_path(artefact))(case.inputs))
            assert compare(case.reference, answer).refusal() is None


def test_an_onnx_file_has_no_torch_model(tmp_path):
    spec = onnx_linear(tmp_path / "linear.onnx")
    prepare(spec.to_json(), str(tmp_path), "reference")
    with pytest.raises(Unsupported, match="no torch model"):
        open_bundle(bundle_folder(spec, tmp_path)).artefact_path("reference")


def test_an_openvino_file_stays_with_openvino(tmp_path):
    spec = openvino_linear(tmp_path / "linear.xml")
    assert prepare(spec.to_json(), str(tmp_path), "openvino")["ok"]
    refused = prepare(spec.to_json(), str(tmp_path), "onnx")
    assert (refused["status"], refused["error"].startswith("never:")) == ("unsupported", True)


def test_weights_outside_the_models_folder_are_refused(tmp_path):
    (tmp_path / "inside").mkdir()
    onnx_linear(tmp_path / "inside" / "linear.onnx", external=True)
    path = tmp_path / "inside" / "linear.onnx"
    path.write_bytes(path.read_bytes().replace(b"weights.data", b"../stolen.da"))
    with pytest.raises(Unsupported, match="outside its folder"):
        bundle_folder(replace(openvino_linear(tmp_path / "x.xml"), source="onnx", path=str(path)), tmp_path)


# ---- Failures


def unbuildable(tmp_path: Path) -> tuple[ModelSpec, Path]:
    spec = replace(TINY_RESNET, model_id="tests/unbuildable", architecture="NoSuchModel")
    return spec, bundle_folder(spec, tmp_path, "random")


@pytest.mark.slow
def test_a_failure_is_recorded_with_its_reason_and_reused(tmp_path):
    spec, folder = unbuildable(tmp_path)
    first = prepare(spec.to_json(), str(tmp_path), "onnx", "random")
    assert first["status"] == "unsupported"
    assert "has no NoSuchModel" in first["error"]
    written = (folder / "reference.json").stat().st_mtime_ns
    assert prepare(spec.to_json(), str(tmp_path), "onnx", "random") == first
    assert (folder / "reference.json").stat().st_mtime_ns == written
    with pytest.raises(Unsupported, match="has no NoSuchModel"):
        open_bundle(folder)


def test_a_bundle_that_was_never_prepared_says_what_to_do(tmp_path):
    with pytest.raises(Unsupported, match="model_bundles"):
        open_bundle(tmp_path / "model" / "digest")


@pytest.mark.parametrize("status", ["crashed", "timeout", "out_of_memory", "error"])
def test_what_may_pass_next_time_is_tried_again(tmp_path, status):
    spec = onnx_linear(tmp_path / "linear.onnx")
    folder = bundle_folder(spec, tmp_path)
    record_failure(folder, "onnx", status, "killed by signal 9")
    assert artefact_outcome(folder, "onnx").error == "killed by signal 9"
    assert prepare(spec.to_json(), str(tmp_path), "onnx")["ok"]


def test_a_library_that_is_missing_is_no_failure_of_the_model_and_is_asked_for_again(tmp_path, monkeypatch):
    spec = onnx_linear(tmp_path / "linear.onnx")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "onnxruntime", None)
        missing = [prepare(spec.to_json(), str(tmp_path), artefact) for artefact in ("reference", "onnx")]
    assert [one["status"] for one in missing] == ["unsupported", "unsupported"]
    assert all("onnxruntime" in one["error"] and one["error"].endswith("into this environment.") for one in missing)
    assert prepare(spec.to_json(), str(tmp_path), "onnx")["ok"]


def test_a_late_failure_does_not_hide_a_complete_artefact(tmp_path):
    spec = onnx_linear(tmp_path / "linear.onnx")
    prepare(spec.to_json(), str(tmp_path), "onnx")
    record_failure(bundle_folder(spec, tmp_path), "onnx", "timeout", "too late")
    assert artefact_outcome(bundle_folder(spec, tmp_path), "onnx").ok


def test_openvino_int8_without_nncf_names_the_extra_to_install(tmp_path, monkeypatch):
    spec = openvino_linear(tmp_path / "linear.xml")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    outcome = prepare(spec.to_json(), str(tmp_path), "openvino_int8")
    assert outcome["status"] == "unsupported"
    assert "ipfs-accel-pipeline[nncf]" in outcome["error"]


def _nncf_is(monkeypatch, version: str | None) -> None:
    known = store.library_versions()
    monkeypatch.setattr(store, "_version", lambda library: version if library == "nncf" else known[library])


def test_installing_nncf_keeps_what_was_exported_without_it(tmp_path, monkeypatch):
    spec = onnx_linear(tmp_path / "linear.onnx")
    _nncf_is(monkeypatch, None)
    folder = bundle_folder(spec, tmp_path)
    prepare(spec.to_json(), str(tmp_path), "onnx")
    _nncf_is(monkeypatch, "9.9")
    assert bundle_folder(spec, tmp_path) == folder
    assert artefact_outcome(folder, "onnx").is_final


@pytest.mark.parametrize("before", [None, "1.0"])
def test_openvino_int8_of_another_nncf_is_made_again(tmp_path, monkeypatch, before):
    spec = openvino_linear(tmp_path / "linear.xml")
    _nncf_is(monkeypatch, before)
    if before is None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    prepare(spec.to_json(), str(tmp_path), "openvino_int8")
    outcome = artefact_outcome(bundle_folder(spec, tmp_path), "openvino_int8")
    assert outcome.is_final
    _nncf_is(monkeypatch, "2.0")
    assert not outcome.is_final


def test_an_unknown_artefact_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="tensorrt"):
        prepare(TINY_BERT.to_json(), str(tmp_path), "tensorrt", "random")


# ---- Several writers, and dying ones


def _prepare_at(barrier, spec: ModelSpec, folder: Path, queue) -> None:
    barrier.wait()
    queue.put(prepare(spec.to_json(), str(folder), "onnx"))


@pytest.mark.slow
def test_two_writers_at_once_make_one_artefact(tmp_path):
    spec = onnx_linear(tmp_path / "linear.onnx")
    processes = multiprocessing.get_context("spawn")
    barrier, queue = processes.Barrier(2), processes.Queue()
    writers = [processes.Process(target=_prepare_at, args=(barrier, spec, tmp_path, queue)) for _ in range(2)]
    for writer in writers:
        writer.start()
    first, second = queue.get(timeout=120), queue.get(timeout=120)
    for writer in writers:
        writer.join()
    assert first["ok"]
    assert first == second  # also the seconds: one was made, the other read
    assert not list(bundle_folder(spec, tmp_path).glob("*.partial"))


def _die_while_writing(folder: Path) -> None:
    with store.artefact_lock(folder, "onnx"), store.new_artefact(folder, "onnx") as target:
        (target / "model.onnx").write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_crash_in_the_middle_leaves_no_half_artefact(tmp_path):
    spec = onnx_linear(tmp_path / "linear.onnx")
    folder = bundle_folder(spec, tmp_path)
    victim = multiprocessing.get_context("spawn").Process(target=_die_while_writing, args=(folder,))
    victim.start()
    victim.join()
    assert victim.exitcode == -signal.SIGKILL
    assert artefact_outcome(folder, "onnx") is None
    assert not (folder / "onnx").exists()
    assert list(folder.glob(".onnx.*.partial"))
    assert prepare(spec.to_json(), str(tmp_path), "onnx")["ok"]
    assert not list(folder.glob(".onnx.*.partial"))


def test_an_exception_while_writing_leaves_nothing(tmp_path):
    def write_half() -> None:
        with store.new_artefact(tmp_path, "onnx") as target:
            (target / "model.onnx").write_bytes(b"half")
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        write_half()
    assert not list(tmp_path.iterdir())


def test_the_lock_is_free_after_its_holder_died(tmp_path):
    with store.artefact_lock(tmp_path, "onnx"):
        pass
    with store.artefact_lock(tmp_path, "onnx"):
        assert (tmp_path / ".onnx.lock").exists()


@pytest.mark.parametrize("artefact", ["onnx_int8", "onnx_qdq_int8"])
def test_a_killed_quantization_leaves_nothing_beside_what_the_next_writer_removes(artefact, tmp_path):
    spec, folder = onnx_linear(tmp_path / "linear.onnx"), str(tmp_path / "store")
    for needed in ("reference", "onnx"):
        assert prepare(spec.to_json(), folder, needed)["status"] == "ok"
    process = multiprocessing.get_context("fork").Process(target=_die_while_quantizing, args=(spec, folder, artefact))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    bundle = bundle_folder(spec, Path(folder))
    left = [entry.name for entry in bundle.iterdir() if entry.is_dir() and entry.name not in ("reference", "onnx")]
    assert all(name.startswith(f".{artefact}.") and name.endswith(".partial") for name in left), left
    assert len(left) == 1


def _die_while_quantizing(spec: ModelSpec, folder: str, artefact: str) -> None:
    import onnx

    onnx.save = lambda *arguments, **options: os.kill(os.getpid(), signal.SIGKILL)
    prepare(spec.to_json(), folder, artefact)


def test_a_file_that_is_quantized_already_is_no_fp32_model(tmp_path):
    from onnxruntime.quantization import quantize_dynamic

    plain = onnx_linear(tmp_path / "plain.onnx")
    quantize_dynamic(tmp_path / "plain.onnx", tmp_path / "int8.onnx")
    quantized = replace(plain, model_id="int8", path=str(tmp_path / "int8.onnx"))
    outcome = prepare(quantized.to_json(), str(tmp_path / "store"), "onnx")
    assert outcome["status"] == "unsupported"
    assert "is quantized already" in outcome["error"]
    assert prepare(plain.to_json(), str(tmp_path / "store"), "onnx")["ok"]


def test_whoever_may_read_the_store_may_read_what_is_made_in_it(tmp_path):
    for mode in (0o755, 0o700, 0o770):
        folder = tmp_path / f"{mode:o}"
        folder.mkdir()
        folder.chmod(mode)
        with store.new_artefact(folder, "onnx") as target:
            (target / "part").mkdir()
            (target / "part" / "weights").touch(mode=0o600)  # as safetensors does
        artefact = folder / "onnx"
        modes = [path.stat().st_mode & 0o777 for path in (artefact, artefact / "part", artefact / "part" / "weights")]
        assert modes == [mode, mode, 0o600 | mode & 0o666]
