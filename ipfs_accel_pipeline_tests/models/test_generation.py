"""A parity case told token by token."""

import numpy as np
import pytest

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.bundles import ParityCase
from ipfs_accel_pipeline.models.decoder_exports import _require_any_length
from ipfs_accel_pipeline.models.generation import token_by_token


def case(inputs, logits):
    return ParityCase(2, 12, inputs, {"logits": logits})


def numbered(batch, length):
    return np.arange(batch * length, dtype=np.int64).reshape(batch, length)


def logits(batch, length, vocabulary=3):
    return np.arange(batch * length * vocabulary, dtype=np.float32).reshape(batch, length, vocabulary)


def test_a_decoder_is_told_its_last_tokens_and_the_mask_is_cut_with_the_prompt():
    told = token_by_token(case({"input_ids": numbered(2, 12), "attention_mask": np.ones((2, 12))}, logits(2, 12)))
    assert told.prompt["input_ids"].tolist() == numbered(2, 12)[:, :4].tolist()
    assert told.prompt["attention_mask"].shape == (2, 4)
    assert np.hstack(told.tokens).tolist() == numbered(2, 12)[:, 4:].tolist()
    # After the prompt of four tokens the reference had said what stands at its fourth place.
    np.testing.assert_array_equal(told.expected, logits(2, 12)[:, 3:])


def test_of_an_encoder_decoder_only_what_the_decoder_reads_grows():
    inputs = {"input_ids": numbered(2, 12), "attention_mask": np.ones((2, 12)), "decoder_input_ids": numbered(2, 5)}
    told = token_by_token(case(inputs, logits(2, 5)))
    assert told.prompt["input_ids"].shape == told.prompt["attention_mask"].shape == (2, 12)
    assert told.prompt["decoder_input_ids"].tolist() == numbered(2, 5)[:, :2].tolist(), "never less than two"
    assert len(told.tokens) == 3
    np.testing.assert_array_equal(told.expected, logits(2, 5)[:, 1:])


@pytest.mark.parametrize(
    "reference",
    [{}, {"last_hidden_state": np.ones((2, 12, 4))}, {"logits": np.ones((2, 4))}],
    ids=["none", "no logits", "of the whole text"],
)
def test_without_logits_for_each_token_there_is_nothing_to_check_against(reference):
    with pytest.raises(Unsupported, match="no logits for each token"):
        token_by_token(ParityCase(2, 12, {"input_ids": numbered(2, 12)}, reference))


def test_a_model_without_tokens_is_refused_and_not_guessed_at():
    with pytest.raises(Unsupported, match="no logits for each token"):
        token_by_token(ParityCase(2, None, {"pixel_values": np.ones((2, 3, 8, 8))}, {"logits": logits(2, 8)}))


def test_a_step_that_can_read_no_prompt_is_no_decoder():
    """As exporters leave that of a state-space model, traced with two tokens."""
    _require_any_length(True, "Fake")
    with pytest.raises(Unsupported, match="fixes the number of tokens that a step of Fake takes"):
        _require_any_length(False, "Fake")
