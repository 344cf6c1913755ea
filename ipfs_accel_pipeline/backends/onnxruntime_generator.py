"""Decoders in ONNX Runtime: the graph of a step is given the cache and returns it grown by the new tokens.

Every input `input.X` of the graph is state and has its successor in the output `output.X`. The state stays on the
device; logits come to the host, where the next tokens are chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.decoding import encoded_name, likeliest, step_inputs, step_inputs_after
from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.generation import ENCODER_CACHE, STATE_AFTER, STATE_BEFORE, TARGETS

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}


class OnnxRuntimeGenerator:
    """A decoder: the step reads the prompt, too, with an empty cache."""

    def __init__(
        self,
        session: Any,
        actual_device: str,
        device_proof: dict[str, Any],
        effective_precision: str,
        memory: tuple[str, int],
    ) -> None:
        self.actual_device = actual_device
        self.device_proof = device_proof
        self.effective_precision = effective_precision
        self._session = session
        self._memory = memory
        self._inputs = {one.name: one for one in session.get_inputs()}
        self._state_names = [name for name in self._inputs if name.startswith(STATE_BEFORE)]
        self._growing = [name for name in self._state_names if ENCODER_CACHE not in name]
        self._logits_name = _logits_name(session)
        self._state: dict[str, Any] = {}
        self._length = 0
        self._logits = np.empty((0, 0), dtype=np.float32)

    def prepare(self, arrays: dict[str, np.ndarray]) -> Any:
        return np.ascontiguousarray(arrays["input_ids"])

    def read(self, prompt: Any) -> np.ndarray:
        self._length = 0
        self._state = {name: self._on_device(self._empty(name, len(prompt))) for name in self._state_names}
        return self.write(prompt)

    def write(self, tokens: np.ndarray) -> np.ndarray:
        return self._step(step_inputs(tokens, self._length), tokens.shape[1])

    def logits(self) -> np.ndarray:
        return np.asarray(self._logits, dtype=np.float32)

    def close(self) -> None:
        del self._session, self._state

    def _step(self, inputs: dict[str, np.ndarray], new: int) -> np.ndarray:
        binding = self._session.io_binding()
        for name, value in inputs.items():
            if name in self._inputs:
                binding.bind_cpu_input(name, value)
        for name, state in self._state.items():
            binding.bind_ortvalue_input(name, state)
        binding.bind_output(self._logits_name, "cpu")
        for name in self._growing:
            binding.bind_output(STATE_AFTER + name.removeprefix(STATE_BEFORE), *self._memory)
        self._session.run_with_iobinding(binding)
        logits, *grown = binding.get_outputs()
        self._state |= dict(zip(self._growing, grown, strict=True))
        return self._choose(logits, new)

    def _choose(self, logits: Any, new: int) -> np.ndarray:
        self._length += new
        self._logits = logits.numpy()[:, -1]
        return likeliest(self._logits)

    def _empty(self, name: str, batch: int) -> np.ndarray:
        """State before anything was read: the batch is known, what grows is 0, the rest is fixed by the graph."""
        axis = self._inputs["input_ids"].shape[0]
        sizes = [_size(one, axis, batch) for one in self._inputs[name].shape]
        kind = self._inputs[name].type
        if kind not in _TYPES:
            raise Unsupported(f"not implemented: state of the type {kind} ({name})")
        return np.zeros(sizes, dtype=_TYPES[kind])

    def _on_device(self, value: np.ndarray) -> Any:
        import onnxruntime

        return onnxruntime.OrtValue.ortvalue_from_numpy(value, *self._memory)


class OnnxRuntimeEncoderDecoder(OnnxRuntimeGenerator):
    """An encoder-decoder: a graph of its own reads the prompt and returns the first cache."""

    def __init__(
        self,
        session: Any,
        actual_device: str,
        device_proof: dict[str, Any],
        effective_precision: str,
        memory: tuple[str, int],
        prompt_session: Any,
    ) -> None:
        super().__init__(session, actual_device, device_proof, effective_precision, memory)
        self._prompt_session = prompt_session
        self._given: dict[str, np.ndarray] = {}  # what the prompt was

    def prepare(self, arrays: dict[str, np.ndarray]) -> Any:
        return {name: np.ascontiguousarray(value) for name, value in arrays.items()}

    def read(self, prompt: Any) -> np.ndarray:
        self._length, self._given, self._state = 0, prompt, {}
        returned = {one.name.removeprefix(STATE_AFTER): one.name for one in self._prompt_session.get_outputs()}
        wanted = {name: returned[one] for name in self._inputs if (one := _name_in_prompt(name)) in returned}
        binding = self._prompt_session.io_binding()
        for one in self._prompt_session.get_inputs():
            binding.bind_cpu_input(one.name, prompt[one.name])
        binding.bind_output(_logits_name(self._prompt_session), "cpu")
        for name in wanted.values():
            binding.bind_output(name, *self._memory)
        self._prompt_session.run_with_iobinding(binding)
        logits, *states = binding.get_outputs()
        self._state = dict(zip(wanted, states, strict=True))
        return self._choose(logits, prompt[TARGETS].shape[1])

    def write(self, tokens: np.ndarray) -> np.ndarray:
        return self._step(step_inputs_after(self._given, tokens, self._length), tokens.shape[1])

    def close(self) -> None:
        del self._prompt_session
        super().close()


def _name_in_prompt(name: str) -> str:
    return encoded_name(name.removeprefix(STATE_BEFORE))


def _size(named: int | str, batch_axis: int | str, batch: int) -> int:
    if named == batch_axis:
        return batch
    return int(named) if str(named).isdigit() else 0  # the exporter writes some fixed sizes as text


def _logits_name(session: Any) -> str:
    names = [one.name for one in session.get_outputs()]
    found = next((name for name in names if name.removeprefix(STATE_AFTER) == "logits"), None)
    if found is None:
        raise Unsupported(f"the exported decoder returns no logits (it returns: {', '.join(names)})")
    return found
