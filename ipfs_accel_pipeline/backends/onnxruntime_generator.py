"""A decoder in ONNX Runtime: its graph is given the cache and returns it grown by the new tokens.

Every input `input.X` of the graph is state and has its successor in the output `output.X`. The state stays on the
device; logits come to the host, where the next tokens are chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.decoding import likeliest, step_inputs
from ipfs_accel_pipeline.errors import Unsupported

_BEFORE, _AFTER = "input.", "output."
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}


class OnnxRuntimeGenerator:
    def __init__(self, session: Any, actual_device: str, effective_precision: str, memory: tuple[str, int]) -> None:
        self.actual_device = actual_device
        self.effective_precision = effective_precision
        self._session = session
        self._memory = memory
        self._inputs = {one.name: one for one in session.get_inputs()}
        self._state_names = [name for name in self._inputs if name.startswith(_BEFORE)]
        self._logits_name = _logits_name([one.name for one in session.get_outputs()])
        self._state: dict[str, Any] = {}
        self._length = 0
        self._logits = np.empty((0, 0), dtype=np.float32)

    def prepare(self, arrays: dict[str, np.ndarray]) -> np.ndarray:
        return np.ascontiguousarray(arrays["input_ids"])

    def read(self, prompt: np.ndarray) -> np.ndarray:
        self._length = 0
        self._state = {name: self._on_device(self._empty(name, len(prompt))) for name in self._state_names}
        return self.write(prompt)

    def write(self, tokens: np.ndarray) -> np.ndarray:
        binding = self._session.io_binding()
        for name, value in step_inputs(tokens, self._length).items():
            if name in self._inputs:
                binding.bind_cpu_input(name, value)
        for name, state in self._state.items():
            binding.bind_ortvalue_input(name, state)
        binding.bind_output(self._logits_name, "cpu")
        for name in self._state_names:
            binding.bind_output(_AFTER + name.removeprefix(_BEFORE), *self._memory)
        self._session.run_with_iobinding(binding)
        logits, *states = binding.get_outputs()
        self._state = dict(zip(self._state_names, states, strict=True))
        self._length += tokens.shape[1]
        self._logits = logits.numpy()[:, -1]
        return likeliest(self._logits)

    def logits(self) -> np.ndarray:
        return np.asarray(self._logits, dtype=np.float32)

    def close(self) -> None:
        del self._session, self._state

    def _empty(self, name: str, batch: int) -> np.ndarray:
        """State before anything was read: the batch is known, what grows is 0, the rest is fixed by the graph."""
        axis = self._inputs["input_ids"].shape[0]
        sizes = [_size(one, axis, batch) for one in self._inputs[name].shape]
        return np.zeros(sizes, dtype=_TYPES[self._inputs[name].type])

    def _on_device(self, value: np.ndarray) -> Any:
        import onnxruntime

        return onnxruntime.OrtValue.ortvalue_from_numpy(value, *self._memory)


def _size(named: int | str, batch_axis: int | str, batch: int) -> int:
    if named == batch_axis:
        return batch
    return int(named) if str(named).isdigit() else 0  # the exporter writes some fixed sizes as text


def _logits_name(outputs: list[str]) -> str:
    found = next((name for name in outputs if name.removeprefix(_AFTER) == "logits"), None)
    if found is None:
        raise Unsupported(f"the exported decoder returns no logits (it returns: {', '.join(outputs)})")
    return found
