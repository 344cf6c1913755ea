"""Writing text token by token: the names it goes by in exported graphs, and a parity case told token by token.

A decoder with a cache that is told the tokens of a parity case one after the other must answer what the reference
answered to all of them at once. So a cache is checked against the fp32 reference that every bundle has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.bundles import ParityCase

DECODER_ARTEFACTS = ("onnx_decoder", "openvino_decoder")

# Names in exported decoders: state is given as `input.X` and comes back as `output.X`; this part of an
# encoder-decoder's never changes after the prompt was read.
STATE_BEFORE, STATE_AFTER = "input.", "output."
ENCODER_CACHE = "cross_attention_cache"
PROMPT = "prompt"  # stem of the file beside the step's that reads the prompt of an encoder-decoder
TARGETS = "decoder_input_ids"  # what grows in an encoder-decoder
TOKENS = "input_ids"

_TOLD_TOKENS = 8  # enough for an error in the cache to grow
_SHORTEST_PROMPT = 2  # exporters take a length of 1 for a constant


@dataclass(frozen=True)
class ToldCase:
    """A prompt, the tokens that follow it (each batch x 1), and the reference's logits after each.

    `expected` is batch x (1 + tokens) x vocabulary: the first are those after the prompt.
    """

    prompt: dict[str, np.ndarray]
    tokens: tuple[np.ndarray, ...]
    expected: np.ndarray


def grown_input(names: Mapping[str, object]) -> str:
    """The input that a new token is appended to."""
    return TARGETS if TARGETS in names else TOKENS


def token_by_token(case: ParityCase) -> ToldCase:
    """Unsupported if the reference has no logits for each token of the case."""
    grown = grown_input(case.inputs)
    logits = case.reference.get("logits")
    if grown not in case.inputs or logits is None or logits.ndim != 3:
        raise Unsupported("the reference has no logits for each token of its input")
    ids = case.inputs[grown]
    told = min(_TOLD_TOKENS, ids.shape[1] - _SHORTEST_PROMPT)
    prompt = {
        name: value[:, :-told] if _runs_along(name, value, grown, ids) else value for name, value in case.inputs.items()
    }
    tokens = tuple(
        np.ascontiguousarray(ids[:, place : place + 1]) for place in range(ids.shape[1] - told, ids.shape[1])
    )
    return ToldCase(prompt, tokens, logits[:, -told - 1 :])


def _runs_along(name: str, value: np.ndarray, grown: str, ids: np.ndarray) -> bool:
    """Whether the input has one value per token of the one that grows: a mask does, an encoder's input does not."""
    return name == grown or (grown == TOKENS and value.shape[:2] == ids.shape)
