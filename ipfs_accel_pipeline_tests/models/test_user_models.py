"""Odd models that users bring or describe: each is measured as what it is, or says why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino
import pytest
from onnx import TensorProto, helper

from ipfs_accel_pipeline.backends.openvino import OpenVINOBackend
from ipfs_accel_pipeline.models.bundles import bundle_folder, open_bundle
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue
from ipfs_accel_pipeline.models.export import prepare
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.models.versions import describe_version
from ipfs_accel_pipeline_tests.bundle_fixtures import TINY_BERT
from ipfs_accel_pipeline_tests.models.graph_files import WEIGHTS, custom_spec, onnx_linear, openvino_linear

X = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 6])
Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])
X_AS_Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 6])
PRODUCT = helper.make_node("MatMul", ["x", "W"], ["y"])


def tensor(name: str, kind: int, shape: Any = ("batch", 4)) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def save(path: Path, nodes: list[Any], outputs: list[Any], weights: np.ndarray | None = WEIGHTS, **how: Any) -> Path:
    constants = [] if weights is None else [onnx.numpy_helper.from_array(weights, "W")]
    inputs = how.pop("inputs", [X])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    graph = helper.make_graph(nodes, "odd", inputs, outputs, constants)
    onnx.save_model(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path), **how)
    return path


def outcomes(spec: ModelSpec, store: Path, *artefacts: str) -> list[tuple[str, str | None]]:
    made = [prepare(spec.to_json(), str(store), artefact) for artefact in artefacts]
    return [(one["status"], one["error"]) for one in made]


def test_an_output_that_is_one_number_keeps_its_shape(tmp_path):
    total = helper.make_node("ReduceSum", ["y"], ["total"], keepdims=0)
    path = save(tmp_path / "total.onnx", [PRODUCT, total], [Y, tensor("total", TensorProto.FLOAT, [])])
    spec = custom_spec("onnx", path)
    assert outcomes(spec, tmp_path, "onnx", "openvino") == [("ok", None), ("ok", None)]
    assert open_bundle(bundle_folder(spec, tmp_path)).parity_cases()[0].reference["total"].shape == ()


def test_outputs_without_names_are_compared_by_their_place(tmp_path):
    spec = openvino_linear(tmp_path / "linear.xml")
    model = openvino.Core().read_model(str(spec.path))
    model.output(0).get_tensor().set_names(set())  # as openvino.convert_model leaves those of a torch model
    openvino.save_model(model, str(tmp_path / "nameless.xml"), compress_to_fp16=False)
    nameless = custom_spec("openvino", tmp_path / "nameless.xml")
    assert outcomes(nameless, tmp_path, "openvino") == [("ok", None)]
    bundle = open_bundle(bundle_folder(nameless, tmp_path))
    session = OpenVINOBackend().load(bundle, "CPU", "fp32", 1)
    case = bundle.parity_cases()[0]
    answer = session.arrays(session.infer(session.prepare(case.inputs)))
    session.close()
    np.testing.assert_allclose(answer["0"], case.inputs["x"] @ WEIGHTS, rtol=1e-5, atol=1e-6)


def halved(path: Path) -> Path:
    x, y = tensor("x", TensorProto.FLOAT16, ["batch", 6]), tensor("y", TensorProto.FLOAT16)
    return save(path, [PRODUCT], [y], WEIGHTS.astype(np.float16), inputs=[x])


def halved_constant(path: Path) -> Path:
    weights = onnx.numpy_helper.from_array(WEIGHTS.astype(np.float16), "W")
    nodes = [
        helper.make_node("Constant", [], ["half"], value=weights),
        helper.make_node("Cast", ["half"], ["W"], to=TensorProto.FLOAT),
        PRODUCT,
    ]
    return save(path, nodes, [Y], None)


@pytest.mark.parametrize("write", [halved, halved_constant])
def test_a_16_bit_file_is_no_fp32_result_on_any_runtime_and_no_fp32_version(tmp_path, write):
    spec = custom_spec("onnx", write(tmp_path / "half.onnx"))
    for status, reason in outcomes(spec, tmp_path, "onnx", "openvino"):
        assert status == "unsupported"
        assert "half.onnx holds 16-bit weights: bring the fp32 model" in str(reason)
    assert describe_version(spec, tmp_path, "auto")["precision"] is None


def test_the_version_of_an_fp32_file_says_so_once_it_was_prepared(tmp_path):
    spec = custom_spec("onnx", save(tmp_path / "plain.onnx", [PRODUCT], [Y]))
    assert describe_version(spec, tmp_path, "auto")["precision"] is None
    assert outcomes(spec, tmp_path, "reference") == [("ok", None)]
    assert describe_version(spec, tmp_path, "auto")["precision"] == "fp32"


def test_weights_beside_the_graph_are_found_in_its_constants_too(tmp_path):
    wide = np.ones((6, 40), dtype=np.float32)
    constant = helper.make_node("Constant", [], ["W"], value=onnx.numpy_helper.from_array(wide, "wide"))
    where = {"save_as_external_data": True, "location": "w.bin", "size_threshold": 0, "convert_attribute": True}
    wide_y = tensor("y", TensorProto.FLOAT, ["batch", 40])
    spec = custom_spec("onnx", save(tmp_path / "wide.onnx", [constant, PRODUCT], [wide_y], None, **where))
    before = bundle_folder(spec, tmp_path)
    assert outcomes(spec, tmp_path, "onnx") == [("ok", None)]
    (tmp_path / "w.bin").write_bytes((2 * wide).tobytes())
    assert bundle_folder(spec, tmp_path) != before


def without_input(path: Path) -> Path:
    return save(path, [helper.make_node("Relu", ["W"], ["y"])], [tensor("y", TensorProto.FLOAT, [6, 4])], inputs=[])


def of_a_sequence(path: Path) -> Path:
    x = helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, ["batch", 4])
    return save(path, [helper.make_node("ConcatFromSequence", ["x"], ["y"], axis=0)], [Y], inputs=[x])


def to_a_table(path: Path) -> Path:
    table = helper.make_node("ZipMap", ["y"], ["table"], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2, 3])
    kind = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    output = helper.make_value_info("table", helper.make_sequence_type_proto(kind))
    return save(path, [PRODUCT, table], [output])


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (without_input, "the model takes no input"),
        (of_a_sequence, "input x is a sequence; only tensors can be generated"),
        (to_a_table, "output table is no array of numbers"),
    ],
)
def test_what_cannot_be_fed_or_compared_is_unsupported_with_what_it_is(tmp_path, write, reason):
    spec = find_model(str(write(tmp_path / "odd.onnx")), load_catalogue())
    ((status, said),) = outcomes(spec, tmp_path / "store", "reference")
    assert (status, reason in str(said)) == ("unsupported", True), said


def test_a_folder_whose_files_hold_nothing_of_its_model_is_not_called_pretrained(tiny_bert_bundle, tmp_path):
    from safetensors.numpy import save_file

    folder = tmp_path / "foreign"
    folder.mkdir()
    source = tiny_bert_bundle.artefact_path("reference")
    (folder / "config.json").write_bytes((source / "config.json").read_bytes())
    save_file({"foreign": np.ones(3, np.float32)}, folder / "model.safetensors", metadata={"format": "pt"})
    spec = find_model(str(folder), load_catalogue())
    ((status, said),) = outcomes(replace(spec, model_id="foreign"), tmp_path, "reference")
    assert (status, "hold none of the weights of BertModel" in str(said)) == ("unsupported", True), said


def test_a_slip_in_an_override_does_not_build_another_model_under_the_name(tmp_path):
    sizes = {key: value for key, value in TINY_BERT.overrides.items() if key != "hidden_size"}
    slipped = replace(TINY_BERT, model_id="slipped", overrides={**sizes, "hiden_size": 32})
    ((status, said),) = outcomes(slipped, tmp_path, "reference")
    assert (status, said) == ("unsupported", "BertConfig has no hiden_size. Did you mean hidden_size?")


@pytest.mark.parametrize("override", [{"num_labels": 3}, {"is_decoder": False}, {"from_the_hub_and_unread": 1}])
def test_what_a_configuration_takes_or_carries_along_is_no_slip(tmp_path, override):
    carrying = replace(TINY_BERT, overrides={**TINY_BERT.overrides, **override})
    assert outcomes(carrying, tmp_path, "reference") == [("ok", None)]


def test_a_configuration_of_the_wrong_type_says_what_it_wants(tmp_path):
    wrong = replace(TINY_BERT, overrides={"hidden_size": "abc"})
    ((status, said),) = outcomes(wrong, tmp_path, "reference")
    assert (status, "expected int, got str" in str(said)) == ("unsupported", True), said


def test_a_shape_that_openvino_would_read_beyond_is_no_answer(tmp_path):
    """With nothing but free dimensions it computes with what lies behind the input, and says nothing."""
    x = openvino.opset13.parameter([-1, -1], openvino.Type.f32, name="x")
    x.output(0).get_tensor().set_names({"x"})
    product = openvino.opset13.matmul(x, openvino.opset13.constant(WEIGHTS), False, False)
    model = openvino.Model([openvino.opset13.result(product)], [x])
    openvino.save_model(model, str(tmp_path / "free.xml"), compress_to_fp16=False)
    ((status, said),) = outcomes(custom_spec("openvino", tmp_path / "free.xml"), tmp_path, "reference")
    assert (status, "{'x': (1, 16)} do not feed this model" in str(said)) == ("unsupported", True), said


def test_an_int8_that_leaves_a_model_in_floats_is_unsupported_as_on_pytorch(tmp_path):
    spec = custom_spec("onnx", save(tmp_path / "sum.onnx", [helper.make_node("Relu", ["x"], ["y"])], [X_AS_Y], None))
    ((status, said),) = outcomes(spec, tmp_path, "onnx_int8")
    assert (status, "0 of 0 matrix products" in str(said)) == ("unsupported", True), said


def linked(cache: Path, folder: Path, *files: Path) -> Path:
    """The files as a hub's cache keeps them: links to blobs without endings. Returns the first link."""
    folder.mkdir()
    cache.mkdir()
    for number, file in enumerate(files):
        file.rename(cache / f"blob{number}")
        (folder / file.name).symlink_to(Path("..") / cache.name / f"blob{number}")
    return folder / files[0].name


def test_an_onnx_file_of_a_hub_cache_goes_by_its_own_name_and_finds_its_weights(tmp_path):
    onnx_linear(tmp_path / "model.onnx", external=True)
    path = linked(tmp_path / "blobs", tmp_path / "mine", tmp_path / "model.onnx", tmp_path / "weights.data")
    spec = find_model(str(path), load_catalogue())
    assert spec.model_id == "onnx/mine/model"
    assert outcomes(spec, tmp_path / "store", "onnx", "openvino") == [("ok", None), ("ok", None)]
    files = bundle_folder(spec, tmp_path / "store").rglob("*")
    assert not [file for file in files if file.is_symlink() or file.suffix == ".partial"]


def test_an_openvino_file_of_a_hub_cache_goes_by_its_own_name_and_finds_its_weights(tmp_path):
    openvino_linear(tmp_path / "model.xml")
    path = linked(tmp_path / "blobs", tmp_path / "mine", tmp_path / "model.xml", tmp_path / "model.bin")
    spec = find_model(str(path), load_catalogue())
    assert spec.model_id == "openvino/mine/model"
    assert outcomes(spec, tmp_path / "store", "openvino") == [("ok", None)]


def test_a_model_is_the_same_by_a_path_through_its_parent(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    onnx_linear(tmp_path / "mine" / "model.onnx")
    monkeypatch.chdir(tmp_path / "mine")
    for name in ("model.onnx", "./model.onnx", "../mine/model.onnx"):
        assert find_model(name, load_catalogue()).model_id == "onnx/mine/model"
