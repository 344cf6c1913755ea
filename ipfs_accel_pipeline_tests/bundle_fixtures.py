"""Tiny real models and their bundles, prepared once per test session.

Small in every dimension but real: the architectures of transformers, exported and quantized by the real exporters.
"""

from __future__ import annotations

from pathlib import Path

from ipfs_accel_pipeline.models.bundles import ARTEFACTS, Bundle, bundle_folder, open_bundle
from ipfs_accel_pipeline.models.export import prepare
from ipfs_accel_pipeline.models.generation import DECODER_ARTEFACTS
from ipfs_accel_pipeline.models.spec import ModelSpec

TINY_BERT = ModelSpec(
    model_id="tests/tiny-bert",
    family="bert",
    model_type="text_encoder",
    modality="text",
    source="catalogue",
    architecture="BertModel",
    config_class="BertConfig",
    overrides={
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "vocab_size": 100,
        "max_position_embeddings": 64,
    },
    sequence_length=16,
)
TINY_RESNET = ModelSpec(
    model_id="tests/tiny-resnet",
    family="resnet",
    model_type="vision",
    modality="image",
    source="catalogue",
    architecture="ResNetForImageClassification",
    config_class="ResNetConfig",
    overrides={
        "num_labels": 10,
        "depths": [1, 1],
        "hidden_sizes": [16, 32],
        "embedding_size": 16,
        "layer_type": "basic",
    },
)


TINY_GPT2 = ModelSpec(
    model_id="tests/tiny-gpt2",
    family="gpt2",
    model_type="text_decoder",
    modality="text",
    source="catalogue",
    architecture="GPT2LMHeadModel",
    config_class="GPT2Config",
    overrides={"n_embd": 32, "n_layer": 2, "n_head": 2, "vocab_size": 100, "n_positions": 64},
    sequence_length=16,
)
TINY_T5 = ModelSpec(
    model_id="tests/tiny-t5",
    family="t5",
    model_type="text_encoder_decoder",
    modality="text",
    source="catalogue",
    architecture="T5ForConditionalGeneration",
    config_class="T5Config",
    overrides={"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2, "vocab_size": 100},
    sequence_length=16,
)
TINY_MOONSHINE = ModelSpec(
    model_id="tests/tiny-moonshine",
    family="moonshine",
    model_type="audio",
    modality="audio",
    source="catalogue",
    architecture="MoonshineForConditionalGeneration",
    config_class="MoonshineConfig",
    overrides={
        "hidden_size": 32,
        "intermediate_size": 64,
        "encoder_num_hidden_layers": 1,
        "decoder_num_hidden_layers": 1,
        "encoder_num_attention_heads": 2,
        "decoder_num_attention_heads": 2,
        "vocab_size": 100,
    },
)
FORWARD = tuple(artefact for artefact in ARTEFACTS if artefact not in DECODER_ARTEFACTS)


def prepared_bundle(spec: ModelSpec, store: Path, artefacts: tuple[str, ...] = FORWARD) -> Bundle:
    """With these artefacts made in this process; fails the test that asks if one cannot be made."""
    for artefact in artefacts:
        outcome = prepare(spec.to_json(), str(store), artefact, weights="random")
        assert outcome["ok"], f"{spec.model_id} {artefact}: {outcome['error']}"
    return open_bundle(bundle_folder(spec, store, weights="random"))
