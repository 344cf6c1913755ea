"""Models outside the catalogue: real tiny folders and files, and a hub that does not answer."""

import json
import os
import subprocess
import sys
import time

import pytest

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models import configurations
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue
from ipfs_accel_pipeline.models.classify import task_of
from ipfs_accel_pipeline.models.sources import current_revision

CATALOGUE = load_catalogue()
TINY = {"vocab_size": 99, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def bert_folder(tmp_path):
    from transformers import BertConfig, BertForMaskedLM

    BertForMaskedLM(BertConfig(**TINY, max_position_embeddings=24)).save_pretrained(tmp_path / "my-bert")
    return tmp_path / "my-bert"


def write_onnx(file, shape=("batch", "sequence"), name="input_ids", bias=1):
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    element = onnx.TensorProto.INT64
    graph = helper.make_graph(
        [helper.make_node("Add", [name, "bias"], ["sum"])],
        "add",
        [helper.make_tensor_value_info(name, element, list(shape))],
        [helper.make_tensor_value_info("sum", element, list(shape))],
        [numpy_helper.from_array(np.full((1,), bias, dtype=np.int64), "bias")],
    )
    file.parent.mkdir(exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)
    return file


@pytest.fixture
def openvino_file(tmp_path):
    import openvino

    source = write_onnx(tmp_path / "source" / "model.onnx", shape=("batch", 8), name="pixel_values")
    (tmp_path / "ir").mkdir()
    openvino.save_model(openvino.convert_model(source), tmp_path / "ir" / "add.xml")
    return tmp_path / "ir" / "add.xml"


def test_folder_is_described_from_its_configuration(bert_folder):
    spec = find_model(str(bert_folder), CATALOGUE)
    assert (spec.model_id, spec.source, spec.path) == ("folder/my-bert", "folder", str(bert_folder))
    assert (spec.family, spec.model_type, spec.modality, spec.task) == ("bert", "text_encoder", "text", "fill-mask")
    assert (spec.architecture, spec.config_class) == ("BertForMaskedLM", "BertConfig")
    assert spec.sequence_length == 24  # the model takes no more
    assert spec.revision.startswith("sha256:")


def test_parameters_of_a_folder_are_counted(bert_folder):
    from transformers import BertForMaskedLM

    model = BertForMaskedLM.from_pretrained(bert_folder)
    assert find_model(str(bert_folder), CATALOGUE).parameters == sum(weight.numel() for weight in model.parameters())


def test_revision_of_a_folder_changes_with_its_weights(bert_folder):
    before = find_model(str(bert_folder), CATALOGUE).revision
    weights = bert_folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x55")
    assert find_model(str(bert_folder), CATALOGUE).revision != before


def test_folder_without_architecture_is_the_bare_model_of_its_family(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 2}))
    spec = find_model(str(tmp_path), CATALOGUE)
    assert (spec.architecture, spec.model_type, spec.task) == ("GPT2Model", "text_decoder", "feature-extraction")


def test_folder_whose_weights_cannot_be_read_says_so_and_has_no_revision(bert_folder):
    (bert_folder / "model.safetensors").unlink()
    (bert_folder / "model.safetensors").symlink_to("/proc/self/mem")  # opens, and fails when it is read
    with pytest.raises(UsageError, match="my-bert cannot be read"):
        find_model(str(bert_folder), CATALOGUE)
    assert current_revision(str(bert_folder)) is None


def test_folder_of_a_family_of_which_two_parts_read_text_is_described(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "musicgen"}))
    assert find_model(str(tmp_path), CATALOGUE).architecture == "MusicgenModel"


def test_folder_of_a_family_with_several_bare_models_is_the_first(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "funnel", "vocab_size": 99, "d_model": 8}))
    assert find_model(str(tmp_path), CATALOGUE).architecture == "FunnelModel"


def test_folder_with_links_to_nowhere_and_folders_named_as_weights_is_read(bert_folder):
    before = find_model(str(bert_folder), CATALOGUE).revision
    (bert_folder / "tokenizer.json").symlink_to("/nowhere/tokenizer.json")
    (bert_folder / "openvino.bin").mkdir()
    assert find_model(str(bert_folder), CATALOGUE).revision == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be used"),
        ("{}", "cannot be used"),
        ('{"model_type": "no-such-family"}', "cannot be used"),
        (
            '{"model_type": "bert", "architectures": ["NoSuchModel"]}',
            "is a NoSuchModel, which this transformers does not",
        ),
        (
            '{"model_type": "bert", "architectures": ["pipeline"]}',
            "is a pipeline, which this transformers does not have",
        ),
        (
            '{"model_type": "bert", "architectures": ["BertConfig"]}',
            "is a BertConfig, which this transformers does not",
        ),
        ('{"model_type": "bert", "architectures": [5]}', "is a 5, which this transformers does not have"),
        ('{"auto_map": {"AutoConfig": "mine.Config"}, "model_type": "mine"}', "cannot be used"),
    ],
)
def test_folder_with_an_unusable_configuration_says_so(tmp_path, content, message):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UsageError, match=message):
        find_model(str(tmp_path), CATALOGUE)


def test_folder_without_configuration_is_no_model(tmp_path):
    with pytest.raises(UsageError, match=r"has no config.json"):
        find_model(str(tmp_path), CATALOGUE)


def test_onnx_file_is_named_after_its_folder_and_itself(tmp_path):
    spec = find_model(str(write_onnx(tmp_path / "mine" / "model.onnx")), CATALOGUE)
    assert (spec.model_id, spec.source, spec.model_type) == ("onnx/mine/model", "onnx", "custom")
    assert (spec.modality, spec.sequence_length) == ("text", 128)
    assert (spec.architecture, spec.parameters) == (None, None)


def test_revision_of_a_file_follows_its_content(tmp_path):
    one, other, same = (
        find_model(str(write_onnx(tmp_path / folder / "model.onnx", bias=bias)), CATALOGUE).revision
        for folder, bias in (("a", 1), ("b", 2), ("c", 1))
    )
    assert one == same
    assert one != other


def test_file_without_a_token_axis_has_no_sequence_length(tmp_path):
    spec = find_model(str(write_onnx(tmp_path / "m" / "m.onnx", shape=("batch", 3), name="x")), CATALOGUE)
    assert (spec.modality, spec.sequence_length) == ("unknown", None)


def test_openvino_file_needs_its_weights_beside_it(openvino_file):
    spec = find_model(str(openvino_file), CATALOGUE)
    assert (spec.model_id, spec.source, spec.modality) == ("openvino/ir/add", "openvino", "image")
    openvino_file.with_suffix(".bin").unlink()
    with pytest.raises(UsageError, match=r"has no add.bin beside it"):
        find_model(str(openvino_file), CATALOGUE)


@pytest.mark.parametrize("name", ["broken.onnx", "broken.xml"])
def test_broken_file_is_a_usage_error(tmp_path, name):
    (tmp_path / name).write_bytes(b"no model")
    (tmp_path / "broken.bin").write_bytes(b"")
    with pytest.raises(UsageError, match="is no readable"):
        find_model(str(tmp_path / name), CATALOGUE)


@pytest.mark.parametrize("name", ["/nowhere/model.onnx", "model.xml", "x" * 5000 + ".onnx"])
def test_missing_file_is_a_usage_error(name):
    with pytest.raises(UsageError, match="does not exist"):
        find_model(name, CATALOGUE)


def test_hub_that_does_not_answer_is_a_quick_clear_error(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the discard port: refused at once
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    import transformers  # noqa: F401  (its import is not what is timed)

    start = time.perf_counter()
    with pytest.raises(UsageError, match=r"hub is switched off or does not answer.* Did you mean prajjwal1/bert-tiny"):
        find_model("prajjwal1/bert-tinny", CATALOGUE)
    assert time.perf_counter() - start < 5


def test_hub_is_not_asked_when_it_is_switched_off(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(configurations.urllib.request, "urlopen", lambda *_, **__: pytest.fail("asked the hub"))
    assert not configurations.hub_answers()


def test_model_in_the_local_hub_cache_is_found_offline_with_its_commit(tmp_path):
    snapshot = tmp_path / "hub" / "models--me--cached" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": ["BertModel"], **TINY}))
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text(COMMIT)
    # The hub's paths are fixed when it is imported: a process of its own.
    program = "from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue; import json; "
    program += "print(json.dumps(find_model('me/cached', load_catalogue()).to_json()))"
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    spec = json.loads(run.stdout)
    assert (spec["model_id"], spec["source"], spec["revision"]) == ("me/cached", "hub", COMMIT)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("T5ForConditionalGeneration", "text2text-generation"),
        ("WhisperForConditionalGeneration", "automatic-speech-recognition"),
        ("Idefics3ForConditionalGeneration", "image-text-to-text"),
        ("ViTForImageClassification", "image-classification"),
        ("GPT2LMHeadModel", "text-generation"),
        ("BertForPreTraining", None),
    ],
)
def test_task_follows_from_the_class_name(name, task):
    import transformers

    assert task_of(getattr(transformers, name)) == task
