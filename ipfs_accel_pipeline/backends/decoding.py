"""What exported decoders are told besides the new tokens, whichever runtime runs them."""

from __future__ import annotations

import numpy as np


def step_inputs(tokens: np.ndarray, length: int) -> dict[str, np.ndarray]:
    """All that a step may ask for after `length` tokens; no item is padded."""
    batch, new = tokens.shape
    places = np.arange(length, length + new, dtype=np.int64)
    return {
        "input_ids": tokens,
        "position_ids": np.tile(places, (batch, 1)),
        "cache_position": places,
        "attention_mask": np.ones((batch, length + new), dtype=np.int64),
    }


def likeliest(logits: np.ndarray) -> np.ndarray:
    """Of (batch, vocabulary), the greedy choice: int64 (batch, 1)."""
    return logits.argmax(axis=-1, keepdims=True).astype(np.int64)
