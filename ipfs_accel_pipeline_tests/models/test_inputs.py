from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.inputs import (
    has_sequence,
    input_specs,
    make_arrays,
    maximum_sequence,
    specs_from_onnx,
    specs_from_openvino,
)
from ipfs_accel_pipeline.models.spec import InputSpec

IDS = InputSpec("input_ids", "int64", ("batch", "sequence"), "integers", 5, 100, maximum=64)
PICTURE = InputSpec("pixel_values", "float32", ("batch", 3, 8, 8), "uniform", -1.0, 1.0)
_SMALL = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}


def test_the_same_seed_gives_the_same_arrays():
    first, again, other = (make_arrays([IDS, PICTURE], 2, 10, seed)["input_ids"] for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@given(low=st.integers(0, 50), width=st.integers(1, 50), batch=st.integers(1, 4), length=st.integers(1, 32))
def test_integers_lie_in_the_half_open_range(low, width, batch, length):
    spec = InputSpec("x", "int32", ("batch", "sequence"), "integers", low, low + width)
    values = make_arrays([spec], batch, length)["x"]
    assert values.shape == (batch, length)
    assert values.dtype == np.int32
    assert low <= values.min() <= values.max() < low + width


def test_boxes_have_their_corners_in_order():
    boxes = make_arrays([InputSpec("bbox", "int64", ("batch", "sequence", 4), "boxes")], 2, 16)["bbox"]
    assert (boxes[..., :2] < boxes[..., 2:]).all()
    assert boxes.max() <= 1000


def test_a_prefix_stands_before_the_sequence():
    spec = InputSpec("input_ids", "int64", ("batch", "sequence"), "integers", 5, 9, prefix=(99, 3))
    values = make_arrays([spec], 2, 4)["input_ids"]
    assert values.shape == (2, 7)
    assert (values[:, :3] == 99).all()
    assert (values[:, 3:] < 9).all()


def test_specs_survive_json():
    spec = InputSpec("x", "int64", ("batch", "sequence"), "integers", 5, 9, 64, (99, 3))
    assert InputSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("specs", "batch", "length", "reason"),
    [
        ([IDS], 1, 65, "exceeds the model's maximum of 64"),
        ([IDS], 1, None, "name a sequence length"),
        ([PICTURE], 1, 16, "no token axis"),
        ([IDS], 0, 16, "at least 1"),
        ([InputSpec("x", "float32", (1, 3), "normal")], 2, None, "batch size 2 does not fit"),
    ],
)
def test_shapes_that_the_model_cannot_take_say_why(specs, batch, length, reason):
    with pytest.raises(Unsupported, match=reason):
        make_arrays(specs, batch, length)


def on_meta(architecture: str, config: str, **overrides: Any) -> Any:
    """A model without weights: only its attributes are read."""
    import torch
    import transformers

    with torch.device("meta"):
        return getattr(transformers, architecture)(getattr(transformers, config)(**overrides))


def by_name(model: Any) -> dict[str, InputSpec]:
    return {spec.name: spec for spec in input_specs(model)}


def test_text_models_are_fed_ids_within_their_vocabulary():
    specs = by_name(on_meta("BertModel", "BertConfig", vocab_size=50, max_position_embeddings=40, **_SMALL))
    assert set(specs) == {"input_ids", "attention_mask"}
    assert specs["input_ids"].high == 50
    assert maximum_sequence(tuple(specs.values())) == 40


def test_roberta_takes_fewer_tokens_than_it_has_positions():
    model = on_meta("RobertaModel", "RobertaConfig", max_position_embeddings=514, **_SMALL)
    assert maximum_sequence(input_specs(model)) == 512


def test_relative_positions_have_no_maximum():
    model = on_meta("T5Model", "T5Config", d_model=8, d_ff=8, num_layers=1, num_heads=2, d_kv=4)
    assert maximum_sequence(input_specs(model)) is None
    assert by_name(model)["decoder_input_ids"].shape == ("batch", 8)


def test_picture_models_have_no_token_axis():
    specs = input_specs(on_meta("ViTModel", "ViTConfig", image_size=32, patch_size=16, **_SMALL))
    assert [spec.shape for spec in specs] == [("batch", 3, 32, 32)]
    assert not has_sequence(specs)


def test_audio_of_whisper_has_twice_the_frames_of_its_positions():
    model = on_meta(
        "WhisperModel",
        "WhisperConfig",
        d_model=8,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        max_source_positions=20,
    )
    assert by_name(model)["input_features"].shape == ("batch", 80, 40)
    assert not has_sequence(input_specs(model))


def test_two_modalities_are_fed_both():
    text, vision = {"vocab_size": 50, **_SMALL}, {"image_size": 32, **_SMALL}
    specs = by_name(on_meta("CLIPModel", "CLIPConfig", text_config=text, vision_config=vision))
    assert set(specs) == {"input_ids", "attention_mask", "pixel_values"}


def test_layout_models_are_fed_boxes():
    assert by_name(on_meta("LayoutLMModel", "LayoutLMConfig", **_SMALL))["bbox"].kind == "boxes"


def test_sam_is_prompted_with_points_and_no_text():
    vision = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "global_attn_indexes": [0]}
    specs = by_name(on_meta("SamModel", "SamConfig", vision_config=vision))
    assert set(specs) == {"pixel_values", "input_points", "input_labels"}


def test_a_model_whose_main_input_is_unknown_is_unsupported():
    import transformers

    class Oracle:
        main_input_name = "entrails"
        input_modalities = ("smell",)
        config = transformers.BertConfig()

        def forward(self, entrails: Any) -> None: ...

    with pytest.raises(Unsupported, match="unknown input entrails"):
        input_specs(Oracle())


def onnx_file(path: Path, *inputs: tuple[str, int, list[Any]]) -> Path:
    """A graph that returns its first input; only the inputs matter."""
    values = [onnx.helper.make_tensor_value_info(name, kind, dims) for name, kind, dims in inputs]
    output = onnx.helper.make_tensor_value_info("y", inputs[0][1], None)
    node = onnx.helper.make_node("Identity", [inputs[0][0]], ["y"])
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", values, [output])), str(path))
    return path


def test_an_onnx_file_names_batch_and_sequence_by_their_place(tmp_path):
    ids = ("ids", onnx.TensorProto.INT64, ["n", "t"])
    mask = ("attention_mask", onnx.TensorProto.INT64, ["n", "t"])
    picture = ("picture", onnx.TensorProto.FLOAT, ["n", 3, 8, 8])
    specs = specs_from_onnx(onnx_file(tmp_path / "m.onnx", ids, mask, picture))
    assert [(spec.shape, spec.kind) for spec in specs] == [
        (("batch", "sequence"), "integers"),
        (("batch", "sequence"), "ones"),
        (("batch", 3, 8, 8), "normal"),
    ]


@pytest.mark.parametrize(
    ("name", "dims", "reason"),
    [
        ("rate", [], "scalar"),
        ("picture", ["n", 3, "h", "w"], "2 dynamic dimensions"),
        ("past_key_values.0.key", ["n", 2, "t", 8], "use_cache=False"),
    ],
)
def test_an_onnx_input_that_cannot_be_guessed_says_why(tmp_path, name, dims, reason):
    with pytest.raises(Unsupported, match=reason):
        specs_from_onnx(onnx_file(tmp_path / "m.onnx", (name, onnx.TensorProto.FLOAT, dims)))


def test_an_openvino_file_names_batch_and_sequence_by_their_place(tmp_path):
    ids = openvino.opset13.parameter([-1, -1], openvino.Type.i64, name="ids")
    ids.output(0).get_tensor().set_names({"ids"})
    picture = openvino.opset13.parameter([1, 3, 8, 8], openvino.Type.f32, name="picture")
    picture.output(0).get_tensor().set_names({"picture"})
    results = [openvino.opset13.result(ids), openvino.opset13.result(picture)]
    openvino.save_model(openvino.Model(results, [ids, picture]), str(tmp_path / "m.xml"))
    assert [spec.shape for spec in specs_from_openvino(tmp_path / "m.xml")] == [("batch", "sequence"), (1, 3, 8, 8)]
