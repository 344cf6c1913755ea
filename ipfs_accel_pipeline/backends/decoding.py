"""What exported decoders are told besides the new tokens, whichever runtime runs them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ipfs_accel_pipeline.models.generation import PROMPT, TARGETS

# What an encoder-decoder's step asks for besides token and cache, and whose value it is.
_ENCODED = {"encoder_outputs.last_hidden_state": "encoder_last_hidden_state"}


def step_inputs(tokens: np.ndarray, length: int) -> dict[str, np.ndarray]:
    """All that a decoder's step may ask for after `length` tokens; no item is padded."""
    batch, new = tokens.shape
    places = np.arange(length, length + new, dtype=np.int64)
    return {
        "input_ids": tokens,
        "position_ids": np.tile(places, (batch, 1)),
        "cache_position": places,
        "attention_mask": np.ones((batch, length + new), dtype=np.int64),
    }


def step_inputs_after(prompt: Mapping[str, np.ndarray], tokens: np.ndarray, length: int) -> dict[str, np.ndarray]:
    """The same for an encoder-decoder: what it wrote so far has `length` tokens, its mask is the encoder's."""
    batch, new = tokens.shape
    places = np.arange(length, length + new, dtype=np.int64)
    own = {TARGETS: tokens, "cache_position": places, "decoder_position_ids": np.tile(places, (batch, 1))}
    return {**{name: value for name, value in prompt.items() if name != TARGETS}, **own}


def encoded_name(name: str) -> str:
    """Under which name the graph that reads the prompt returns what the step calls `name`."""
    return _ENCODED.get(name, name)


def prompt_path(step: Path) -> Path | None:
    """The graph beside a step that reads the prompt; only an encoder-decoder has one."""
    path = step.with_stem(PROMPT)
    return path if path.exists() else None


def likeliest(logits: np.ndarray) -> np.ndarray:
    """Of (batch, vocabulary), the greedy choice: int64 (batch, 1)."""
    return logits.argmax(axis=-1, keepdims=True).astype(np.int64)
