"""What a person may ask for, and what becomes of what cannot run."""

import json
from dataclasses import replace

import numpy as np
import pytest
from huggingface_hub import HfApi
from safetensors.numpy import save_file

from ipfs_accel_pipeline.benchmark.protocol import find_profile
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.bundles import ArtefactOutcome, bundle_folder, record_failure, write_outcome
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.measuring import _shard_header
from ipfs_accel_pipeline.pipeline.planning import plan_cases
from ipfs_accel_pipeline.pipeline.preparation import most_artefacts, needed_artefacts, prepare_bundles
from ipfs_accel_pipeline.pipeline.run import choose_platforms
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline_tests.fakes import absent_hardware_row, hardware_row
from ipfs_accel_pipeline_tests.models.graph_files import onnx_linear

CPU = hardware_row(hardware_id="cpu-a")
OPENVINO = hardware_row(hardware_id="openvino-cpu-a", hardware_type="OpenVINO", runtime={"device": "CPU"})
ABSENT = absent_hardware_row(unavailable_reason="no NVIDIA driver")
_BERT = {"architecture": "BertModel", "config_class": "BertConfig"}
_VIT = {"architecture": "ViTModel", "config_class": "ViTConfig"}
TEXT = ModelSpec("tests/text", "bert", "text_encoder", "text", "catalogue", "fill-mask", sequence_length=128, **_BERT)
_GPT2 = {"architecture": "GPT2LMHeadModel", "config_class": "GPT2Config"}
WRITER = ModelSpec(
    "tests/writer", "gpt2", "text_decoder", "text", "catalogue", "text-generation", sequence_length=128, **_GPT2
)
IMAGE = ModelSpec("tests/image", "vit", "vision", "image", "catalogue", **_VIT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"precisions": ("fp8",)},
        {"profile": "leisurely"},
        {"weights": "stolen"},
        {"batch_sizes": (0,)},
        {"batch_sizes": ()},
        {"sequence_lengths": (-1,)},
        {"threads": 0},
        {"memory_limit_mb": float("nan")},
        {"memory_limit_mb": float("inf")},
        {"new_tokens": -1},
        {"new_tokens": 1},
        {"new_tokens": 5000},
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_before_anything_starts(wrong):
    with pytest.raises(UsageError):
        RunConfig(**wrong)


def test_without_a_choice_everything_available_is_measured():
    assert choose_platforms([CPU, OPENVINO, ABSENT], []) == [CPU, OPENVINO]


@pytest.mark.parametrize("name", ["OpenVINO", "openvino", "openvino-cpu-a", "OPENVINO-CPU-A"])
def test_hardware_is_chosen_by_id_or_type_in_any_case(name):
    assert choose_platforms([CPU, OPENVINO, ABSENT], [name, name]) == [OPENVINO]


def test_absent_hardware_is_refused_with_its_reason():
    with pytest.raises(UsageError, match="no NVIDIA driver"):
        choose_platforms([CPU, ABSENT], ["cuda"])


def test_unknown_hardware_is_answered_with_what_is_here():
    with pytest.raises(UsageError, match=r"'tpu'.*cpu-a"):
        choose_platforms([CPU], ["tpu"])


def test_misspelt_hardware_is_answered_with_the_nearest_and_never_with_what_is_absent():
    with pytest.raises(
        UsageError,
        match=r"'openvno'\. Did you mean openvino, openvino-cpu-a\? This machine has: cpu-a, openvino-cpu-a\.",
    ):
        choose_platforms([CPU, OPENVINO, ABSENT], ["openvno"])


def forward(*precisions):
    return RunConfig(precisions=precisions, new_tokens=0)


def test_the_artefacts_are_those_the_endpoints_load_and_the_reference_comes_first():
    assert needed_artefacts([CPU], forward("fp32")) == ["reference", "onnx"]
    assert needed_artefacts([OPENVINO], forward("fp32")) == ["reference", "openvino"]
    assert needed_artefacts([CPU, OPENVINO], forward("fp32", "int8")) == [
        "reference",
        "onnx",
        "onnx_int8",
        "openvino",
        "openvino_int8",
    ]


def test_decoders_are_needed_where_text_is_asked_for_and_only_by_models_that_write():
    artefacts = needed_artefacts([CPU, OPENVINO], RunConfig(precisions=("fp32", "int8")))
    assert [one for one in artefacts if "decoder" in one] == ["onnx_decoder", "openvino_decoder"]
    assert most_artefacts([TEXT], artefacts) == len(artefacts) - 2
    assert most_artefacts([WRITER, replace(WRITER, task=None)], artefacts) == 2 * len(artefacts)


def test_new_tokens_are_those_of_the_profile_where_nothing_else_was_asked():
    assert RunConfig(profile="standard").protocol == find_profile("standard")
    assert RunConfig(profile="standard", new_tokens=5).protocol == replace(find_profile("standard"), new_tokens=5)


def plan(store, *specs, platform=CPU, **choices):
    return plan_cases(platform, specs, RunConfig(weights="random", **choices), store)


def test_every_combination_is_planned(tmp_path):
    planned = plan(tmp_path, TEXT, IMAGE, batch_sizes=(1, 8), sequence_lengths=(16, 64), precisions=("fp32", "int8"))
    cases = [one.case for one in planned]
    assert len(set(cases)) == len(cases)
    # Two endpoints, two precisions, two batches; two lengths for the text model, none for the image model.
    assert len(cases) == 2 * 2 * 2 * (2 + 1)
    assert {case.sequence_length for case in cases if case.model_id == "tests/image"} == {None}


def test_without_a_choice_the_models_own_length_is_taken(tmp_path):
    assert {one.case.sequence_length for one in plan(tmp_path, TEXT)} == {128}


def npu(*precisions):
    runtime = {"device": "npu", "endpoint_devices": {"qnn_local": "npu"}}
    return hardware_row(hardware_id="npu-a", hardware_type="Qualcomm", supported_precisions=precisions, runtime=runtime)


@pytest.mark.parametrize(
    ("platform", "precision"),
    [(CPU, "fp32"), (npu("fp16", "int8", "int8_a16"), "fp16"), (npu("int8", "int8_a16"), "int8")],
)
def test_without_a_choice_a_device_runs_fp32_or_the_widest_that_it_has(tmp_path, platform, precision):
    assert {one.case.precision for one in plan(tmp_path, TEXT, platform=platform)} == {precision}


def test_a_chosen_precision_is_never_replaced_by_another(tmp_path):
    (one,) = plan(tmp_path, TEXT, platform=npu("fp16", "int8"), precisions=("fp32",))
    assert (one.case.precision, one.refusal) == ("fp32", Status.UNSUPPORTED)


def test_a_platform_is_planned_for_the_endpoints_that_it_was_found_with(tmp_path):
    assert [one.case.endpoint_type for one in plan(tmp_path, TEXT, platform=npu("fp16"))] == ["qnn_local"]
    assert needed_artefacts([npu("fp16")], RunConfig()) == ["reference", "onnx"]
    assert needed_artefacts([npu("int8")], RunConfig(precisions=("int8", "int8_a16"))) == [
        "reference",
        "onnx_qdq_int8",
        "onnx_qdq_int8_a16",
    ]


def test_an_emulator_is_not_timed(tmp_path):
    real, emulated = npu("fp16"), replace(npu("fp16"), acceleration="emulated")
    prepared_reference(tmp_path, TEXT)
    timed = [one.request.is_timed for platform in (real, emulated) for one in plan(tmp_path, TEXT, platform=platform)]
    assert timed == [True, False]


def prepared_reference(store, spec, *others):
    """Outcomes that say `ok`, and what the reference says of the model: enough to be planned."""
    folder = bundle_folder(spec, store, "random")
    for artefact in ("reference", *(others or ("onnx",))):
        (folder / artefact).mkdir(parents=True)
        (folder / f"{artefact}.json").write_text(json.dumps({"artefact": artefact, "status": "ok", "attempts": []}))
    facts = {"writes_text": spec is WRITER, "cases": [{"batch_size": 1, "sequence_length": 4}]}
    (folder / "reference" / "reference.json").write_text(json.dumps(facts))
    for part, arrays in (("inputs", {}), ("outputs", {"logits": np.zeros((1, 4, 2), np.float32)})):
        save_file(arrays, folder / "reference" / f"case_0_{part}.safetensors")
    return folder


def test_a_model_that_was_not_prepared_is_skipped_with_the_remedy(tmp_path):
    for one in plan(tmp_path, TEXT):
        assert (one.refusal, one.request) == (Status.SKIPPED, None)
        assert "model_bundles" in one.refusal_reason


@pytest.fixture
def no_hub(monkeypatch):
    """A hub that cannot be asked, and no model of these tests in the local cache."""

    def unreachable(*_, **__):
        raise ConnectionError("no network")

    monkeypatch.setattr(HfApi, "model_info", unreachable)


def test_a_model_without_pretrained_weights_is_unsupported_and_the_others_are_planned(tmp_path, no_hub):
    there = onnx_linear(tmp_path / "linear.onnx")
    planned = plan_cases(CPU, [TEXT, there], RunConfig(weights="pretrained"), tmp_path)
    refused = [one for one in planned if one.case.model_id == TEXT.model_id]
    assert [one.refusal for one in refused] == [Status.UNSUPPORTED, Status.UNSUPPORTED]
    assert "Download them where there is a network, or use weights=random" in refused[0].refusal_reason
    assert [one.refusal for one in planned if one not in refused] == [
        Status.SKIPPED,
        Status.SKIPPED,
    ]  # not prepared yet


def test_a_model_without_pretrained_weights_is_told_with_its_reason_and_the_next_one_is_prepared(tmp_path, no_hub):
    there = onnx_linear(tmp_path / "linear.onnx")
    ready = ArtefactOutcome("reference", "unsupported", "kept from before")
    folder = bundle_folder(there, tmp_path)
    folder.mkdir(parents=True)
    write_outcome(folder, ready)
    found = list(prepare_bundles([TEXT, there], ["reference"], RunConfig(weights="pretrained"), tmp_path, workers=1))
    assert [one.model_id for one in found] == [TEXT.model_id, there.model_id]
    assert found[0].outcome.status == "unsupported"
    assert "Download them where there is a network" in found[0].outcome.error
    assert found[1].outcome == ready


def test_the_versions_of_a_run_leave_out_a_model_whose_weights_are_absent(tmp_path, no_hub):
    there = onnx_linear(tmp_path / "linear.onnx")
    header = _shard_header(CPU, [TEXT, there], RunConfig(weights="pretrained"), tmp_path)
    assert list(header["model_versions"]) == list(header["described_versions"]) == [there.model_id]
    assert [spec["model_id"] for spec in header["models"]] == [TEXT.model_id, there.model_id]


def test_a_failed_export_is_the_status_and_the_reason_of_its_cases(tmp_path):
    folder = prepared_reference(tmp_path, TEXT, "onnx_int8")
    record_failure(folder, "onnx", "crashed", "killed by signal 11 (SIGSEGV)")
    by_endpoint = {one.case.endpoint_type: one for one in plan(tmp_path, TEXT)}
    assert by_endpoint["pytorch"].request is not None
    assert by_endpoint["onnxruntime"].refusal is Status.CRASHED
    assert "SIGSEGV" in by_endpoint["onnxruntime"].refusal_reason


def test_a_precision_that_a_runtime_lacks_is_unsupported_and_not_left_out(tmp_path):
    refusals = {one.case.endpoint_type: one.refusal for one in plan(tmp_path, TEXT, precisions=("bf16",))}
    assert refusals["onnxruntime"] is Status.UNSUPPORTED


def test_absent_hardware_is_never_planned(tmp_path):
    with pytest.raises(UsageError, match="no NVIDIA driver"):
        plan(tmp_path, TEXT, platform=ABSENT)


def texts(store, spec=WRITER, **choices):
    return {one.case.endpoint_type: (one.generates, one.no_generation) for one in plan(store, spec, **choices)}


def test_a_model_that_writes_is_asked_for_text_where_its_decoder_is_prepared(tmp_path):
    prepared_reference(tmp_path, WRITER, "onnx", "onnx_decoder")
    assert texts(tmp_path) == {"pytorch": (True, None), "onnxruntime": (True, None)}


def test_a_decoder_that_could_not_be_made_is_the_reason_and_the_forward_pass_is_measured(tmp_path):
    folder = prepared_reference(tmp_path, WRITER, "onnx")
    record_failure(folder, "onnx_decoder", "error", "no such operator")
    by_endpoint = texts(tmp_path)
    assert by_endpoint["pytorch"] == (True, None)
    assert by_endpoint["onnxruntime"] == (False, "onnx_decoder could not be made: no such operator")
    assert all(one.request for one in plan(tmp_path, WRITER))


def test_a_precision_without_a_decoder_says_so(tmp_path):
    prepared_reference(tmp_path, WRITER, "onnx_int8", "onnx_decoder")
    assert "exported in fp32, not in int8" in texts(tmp_path, precisions=("int8",))["onnxruntime"][1]


def test_an_endpoint_that_writes_no_text_says_so(tmp_path):
    browser = hardware_row(hardware_id="webnn-a", hardware_type="WebNN", runtime={"device": "cpu"})
    prepared_reference(tmp_path, WRITER, "onnx")
    assert texts(tmp_path, platform=browser) == {
        "webnn": (False, "not implemented: webnn runs no decoders with a cache")
    }


@pytest.mark.parametrize(
    ("spec", "platform", "choices"),
    [
        (TEXT, CPU, {}),
        (WRITER, CPU, {"new_tokens": 0}),
        (WRITER, replace(CPU, acceleration="emulated"), {}),
    ],
    ids=["a model that does not write", "not asked for", "an emulator, which is not timed"],
)
def test_where_no_text_is_to_be_expected_none_is_missed(tmp_path, spec, platform, choices):
    prepared_reference(tmp_path, spec, "onnx", "onnx_decoder")
    assert set(texts(tmp_path, spec, platform=platform, **choices).values()) == {(False, None)}
