"""The shipped catalogue: every entry builds, with exactly the parameters it claims; every name finds its model."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.build import _check_overrides, model_class
from ipfs_accel_pipeline.models.catalogue import (
    Catalogue,
    find_model,
    load_catalogue,
    model_row,
    size_class,
)
from ipfs_accel_pipeline.models.classify import modality_of_class, model_type_of

CATALOGUE = load_catalogue()
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def build_without_memory(spec):
    import torch
    import transformers

    config = getattr(transformers, spec.config_class)(**spec.overrides)
    with torch.device("meta"):
        return getattr(transformers, spec.architecture)(config)


def output_layer_parameters(model):
    """Of the tied tensors, those of the output layer: what publications count apart."""
    inputs = ("embed_tokens.weight", "shared.weight")
    return sum(model.get_parameter(name).numel() for name in model.all_tied_weights_keys if not name.endswith(inputs))


# All 79 together take about 12 CPU seconds, most of it the first import.
@pytest.mark.parametrize("model_id", CATALOGUE)
def test_entry_builds_with_exactly_the_claimed_parameters_and_kind(model_id):
    spec = CATALOGUE[model_id]
    model = build_without_memory(spec)
    assert sum(parameter.numel() for parameter in model.parameters()) == spec.parameters
    if spec.parameters_untied is not None:
        assert spec.parameters + output_layer_parameters(model) == spec.parameters_untied
    assert modality_of_class(type(model)) == spec.modality
    assert model_type_of(type(model), model.config) == spec.model_type


def test_no_override_of_the_catalogue_is_taken_for_a_slip():
    for spec in CATALOGUE.values():
        _check_overrides(model_class(str(spec.config_class)), spec.overrides)


def test_catalogue_has_at_least_sixty_models_of_every_kind():
    assert len(CATALOGUE) >= 60
    kinds = {"text_encoder", "text_decoder", "text_encoder_decoder", "vision", "audio", "multimodal"}
    assert {spec.model_type for spec in CATALOGUE.values()} == kinds


def test_every_entry_says_where_its_numbers_come_from():
    assert [spec.model_id for spec in CATALOGUE.values() if not spec.revision] == []


def test_exactly_the_models_with_a_token_axis_have_a_sequence_length():
    for spec in CATALOGUE.values():
        assert (spec.sequence_length is not None) == ("text" in spec.modality), spec.model_id


def test_default_models_are_six_small_ones_of_different_kinds():
    defaults = [CATALOGUE[model_id] for model_id in CATALOGUE.defaults]
    assert len({spec.family for spec in defaults}) == len(defaults) >= 6
    # No audio model: the smallest takes a minute to export, a third of the time a first run may take.
    kinds = {"text_encoder", "text_decoder", "text_encoder_decoder", "vision", "multimodal"}
    assert {spec.model_type for spec in defaults} == kinds
    assert {size_class(spec.parameters) for spec in defaults} <= {"tiny", "small"}


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("google-bert/bert-base-uncased", "google-bert/bert-base-uncased"),
        ("bert-base-uncased", "google-bert/bert-base-uncased"),
        ("t5-small", "google-t5/t5-small"),
        ("vit-base", "google/vit-base-patch16-224"),
        ("whisper-tiny", "openai/whisper-tiny"),
        ("gpt2", "openai-community/gpt2"),
        ("resnet-50", "microsoft/resnet-50"),
        ("clip-vit-base-patch32", "openai/clip-vit-base-patch32"),
    ],
)
def test_short_name_finds_its_model(name, model_id):
    assert find_model(name, CATALOGUE).model_id == model_id


def test_every_last_segment_finds_its_model():
    for model_id in CATALOGUE:
        assert find_model(model_id.rsplit("/", 1)[-1], CATALOGUE).model_id == model_id


def test_mistyped_name_is_answered_with_the_nearest_ones():
    with pytest.raises(UsageError, match=r"'bert-base-uncasd'.*Did you mean bert-base-uncased"):
        find_model("bert-base-uncasd", CATALOGUE)


def test_last_segment_of_two_models_asks_for_the_whole_id():
    bert = CATALOGUE["prajjwal1/bert-tiny"]
    both = Catalogue({"a/bert": replace(bert, model_id="a/bert"), "b/bert": replace(bert, model_id="b/bert")}, {}, [])
    with pytest.raises(UsageError, match="bert may be a/bert or b/bert"):
        find_model("bert", both)


@pytest.mark.parametrize(
    "name",
    ["", "  ", "no such model", "../no-such", "~nobody-here/x", "a/b/c", "ünïcode", "nul\0", "x" * 5000, ",", "/"],
)
def test_odd_name_is_a_usage_error(name):
    with pytest.raises(UsageError):
        find_model(name, CATALOGUE)


@pytest.mark.parametrize(
    ("parameters", "size"),
    [
        (1, "tiny"),
        (14_999_999, "tiny"),
        (15_000_000, "small"),
        (80_000_000, "base"),
        (200_000_000, "large"),
        (1_000_000_000, "xlarge"),
    ],
)
def test_size_class_goes_by_the_number_of_parameters(parameters, size):
    assert size_class(parameters) == size


def test_model_row_tells_size_and_origin():
    row = model_row(CATALOGUE["prajjwal1/bert-tiny"], NOON)
    assert (row.model_name, row.model_size, row.parameters_million) == ("bert-tiny", "tiny", 4.38592)
    assert (row.source, row.revision, row.modality, row.added_at) == (
        "catalogue",
        "keras-hub 0.32.0 presets",
        "text",
        NOON,
    )


def test_model_row_leaves_unknown_things_empty():
    unknown = replace(CATALOGUE["prajjwal1/bert-tiny"], parameters=None, modality="unknown")
    row = model_row(unknown, NOON)
    assert (row.model_size, row.parameters_million, row.modality) == (None, None, None)
