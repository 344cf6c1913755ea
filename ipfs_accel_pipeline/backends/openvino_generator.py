"""Decoders in OpenVINO: a decoder keeps its cache as the state of its inference request, an encoder-decoder is given
it and returns it grown.

Inputs are never shared with the runtime: it goes on using the memory of an earlier step, which is gone by then.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.decoding import encoded_name, likeliest, step_inputs, step_inputs_after
from ipfs_accel_pipeline.models.generation import STATE_AFTER, STATE_BEFORE, TARGETS


class OpenVINOGenerator:
    """A decoder: the step reads the prompt, too, with an empty cache."""

    def __init__(
        self, compiled: Any, actual_device: str, device_proof: dict[str, Any], effective_precision: str
    ) -> None:
        self.actual_device = actual_device
        self.device_proof = device_proof
        self.effective_precision = effective_precision
        self._compiled = compiled
        self._request = compiled.create_infer_request()
        self._inputs = {name for port in compiled.inputs for name in port.get_names()}
        self._length = 0
        self._last = np.empty((0, 0), dtype=np.float32)

    def prepare(self, arrays: dict[str, np.ndarray]) -> Any:
        return np.ascontiguousarray(arrays["input_ids"])

    def read(self, prompt: Any) -> np.ndarray:
        self._request.reset_state()
        self._length = 0
        return self.write(prompt)

    def write(self, tokens: np.ndarray) -> np.ndarray:
        inputs = step_inputs(tokens, self._length)
        inputs["beam_idx"] = np.arange(len(tokens), dtype=np.int32)  # no beams: each item goes on from itself
        self._request.infer({name: value for name, value in inputs.items() if name in self._inputs})
        return self._choose(self._request, tokens.shape[1])

    def logits(self) -> np.ndarray:
        return self._last

    def close(self) -> None:
        del self._request, self._compiled

    def _choose(self, request: Any, new: int) -> np.ndarray:
        self._length += new
        # A copy: the request writes its next answer to the same memory.
        self._last = np.array(request.get_tensor("logits").data[:, -1], dtype=np.float32)
        return likeliest(self._last)


class OpenVINOEncoderDecoder(OpenVINOGenerator):
    """An encoder-decoder: a model of its own reads the prompt and returns the first cache."""

    def __init__(
        self, compiled: Any, actual_device: str, device_proof: dict[str, Any], effective_precision: str, prompt: Any
    ) -> None:
        super().__init__(compiled, actual_device, device_proof, effective_precision)
        self._prompt_request = prompt.create_infer_request()
        self._prompt_inputs = {name for port in prompt.inputs for name in port.get_names()}
        self._after_prompt = {name: _find(prompt, name.removeprefix(STATE_BEFORE)) for name in self._inputs}
        self._after_step = {
            name: _find(compiled, STATE_AFTER + name.removeprefix(STATE_BEFORE))
            for name in self._inputs
            if name.startswith(STATE_BEFORE)
        }
        self._given: dict[str, np.ndarray] = {}
        self._state: dict[str, Any] = {}

    def prepare(self, arrays: dict[str, np.ndarray]) -> Any:
        return {name: np.ascontiguousarray(value) for name, value in arrays.items()}

    def read(self, prompt: Any) -> np.ndarray:
        self._length, self._given = 0, prompt
        asked = {name: value for name, value in prompt.items() if name in self._prompt_inputs}
        answer = self._prompt_request.infer(asked)
        self._state = {name: answer[port] for name, port in self._after_prompt.items() if port is not None}
        return self._choose(self._prompt_request, prompt[TARGETS].shape[1])

    def write(self, tokens: np.ndarray) -> np.ndarray:
        inputs = {**step_inputs_after(self._given, tokens, self._length), **self._state}
        asked = {name: value for name, value in inputs.items() if name in self._inputs}
        answer = self._request.infer(asked)
        self._state |= {name: answer[port] for name, port in self._after_step.items() if port is not None}
        return self._choose(self._request, tokens.shape[1])

    def close(self) -> None:
        del self._prompt_request, self._state
        super().close()


def _find(compiled: Any, name: str) -> Any:
    """The output of this name; None if there is none (what the encoder gave is not returned by a step)."""
    wanted = {encoded_name(name), STATE_AFTER + encoded_name(name)}
    return next((port for port in compiled.outputs if wanted & set(port.get_names())), None)
