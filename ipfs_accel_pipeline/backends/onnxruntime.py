"""ONNX Runtime: its CPU, CUDA, ROCm and CoreML providers, and any provider that comes as a plugin library.

A provider may leave nodes to the CPU without a word. Some are meant to be there (shape arithmetic), so the CPU is not
forbidden outright; the share of nodes that each provider got is the proof, and too small a share is refused.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.decoding import prompt_path
from ipfs_accel_pipeline.backends.library import imported_version, milliseconds_since, require_module, require_precision
from ipfs_accel_pipeline.backends.onnxruntime_generator import OnnxRuntimeEncoderDecoder, OnnxRuntimeGenerator
from ipfs_accel_pipeline.backends.ort_plugins import register_plugin
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported
from ipfs_accel_pipeline.models.bundles import Bundle
from ipfs_accel_pipeline.models.names import as_float32, match_inputs, match_outputs

# Half-precision graphs are not implemented; the CPU provider would have no kernels for them.
_ARTEFACTS = {"fp32": "onnx", "int8": "onnx_int8"}
_CPU = "CPUExecutionProvider"
# Device kind -> providers that serve it, and where they come from. torch names ROCm devices cuda, so both may be asked.
_PROVIDERS = {
    "cpu": ((_CPU,), "pip install onnxruntime"),
    "cuda": (
        ("CUDAExecutionProvider", "MIGraphXExecutionProvider", "ROCMExecutionProvider"),
        "Install onnxruntime-gpu (NVIDIA) or onnxruntime-migraphx (AMD) in place of onnxruntime.",
    ),
    "rocm": (
        ("MIGraphXExecutionProvider", "ROCMExecutionProvider"),
        "Install onnxruntime-migraphx or onnxruntime-rocm in place of onnxruntime.",
    ),
    "mps": (("CoreMLExecutionProvider",), "The macOS build of onnxruntime has it."),
}
_PLUGIN = "ep"  # device "ep:<provider name>"
_MIN_SHARE = 0.5  # of the nodes, to be called a run on that provider


class OnnxRuntimeBackend:
    name = "onnxruntime"
    preload: tuple[str, ...] = ()  # its thread pools do not survive a fork

    def version(self) -> str | None:
        return imported_version("onnxruntime")

    def artefact(self, precision: str) -> str:
        require_precision(self.name, "any device", precision, tuple(_ARTEFACTS))
        return _ARTEFACTS[precision]

    def precisions(self, device: str) -> tuple[str, ...]:
        return tuple(_ARTEFACTS)

    def generator_artefact(self, precision: str) -> str:
        if precision != "fp32":
            raise Unsupported(f"not implemented: decoders with a cache are exported in fp32, not in {precision}")
        return "onnx_decoder"

    def load(self, bundle: Bundle, device: str, precision: str, threads: int) -> OnnxRuntimeSession:
        require_module("onnxruntime", "pip install onnxruntime")
        require_precision(self.name, device, precision, self.precisions(device))
        path = bundle.artefact_path(self.artefact(precision))
        session, provider, load_ms = _open_session(path, device, threads)
        return OnnxRuntimeSession(session, provider, device, bundle.output_names(), precision, load_ms)

    def load_generator(self, bundle: Bundle, device: str, precision: str, threads: int) -> OnnxRuntimeGenerator:
        path = bundle.artefact_path(self.generator_artefact(precision))
        require_module("onnxruntime", "pip install onnxruntime")
        prompt = prompt_path(path)
        session, provider, _ = _open_session(path, device, threads, is_alone=prompt is None)
        proof = _proof(session)
        facts = (_actual_device(proof, provider, device), proof, precision, _cache_memory(provider, device))
        if prompt is None:
            return OnnxRuntimeGenerator(session, *facts)
        prompt_session, _, _ = _open_session(prompt, device, threads, is_alone=False)
        _actual_device(_proof(prompt_session), provider, device)  # it is part of what is timed
        return OnnxRuntimeEncoderDecoder(session, *facts, prompt_session)


class OnnxRuntimeSession:
    def __init__(
        self,
        session: Any,
        provider: str,
        device: str,
        output_names: tuple[str, ...],
        precision: str,
        load_ms: float,
    ) -> None:
        self.load_ms = load_ms
        self.compile_ms: float | None = None  # creating a session loads and optimizes in one
        self.device_proof = _proof(session)
        self.actual_device = _actual_device(self.device_proof, provider, device)
        self.effective_precision = precision  # of the graph's own operators: no provider option lowers it here
        self._session = session
        self._output_names = output_names
        self._graph_outputs = [value.name for value in session.get_outputs()]
        self._device = _memory(provider, device)

    def prepare(self, arrays: dict[str, np.ndarray]) -> Any:
        wanted = [value.name for value in self._session.get_inputs()]
        fed = match_inputs([[name] for name in wanted], arrays)
        feed = {name: np.ascontiguousarray(arrays[key]) for name, key in zip(wanted, fed, strict=True)}
        return feed if self._device is None else _on_device(feed, *self._device)

    def infer(self, prepared: Any) -> list[Any]:
        if self._device is None:
            return list(self._session.run(None, prepared))
        return self._infer_on_device(prepared)

    def arrays(self, outputs: list[Any]) -> dict[str, np.ndarray]:
        values = [value.numpy() if hasattr(value, "numpy") else value for value in outputs]
        named = dict(zip(self._graph_outputs, values, strict=True))
        return as_float32(match_outputs(self._output_names, named))

    def take_device_memory_peak_mb(self) -> float | None:
        return None  # never: ONNX Runtime does not report its arena; the device's own tools do

    def close(self) -> None:
        del self._session

    def _infer_on_device(self, prepared: Mapping[str, Any]) -> list[Any]:
        """Inputs and outputs stay on the device, so that the copy of large outputs is not part of the latency."""
        assert self._device is not None
        binding = self._session.io_binding()
        for name, value in prepared.items():
            binding.bind_ortvalue_input(name, value)
        for name in self._graph_outputs:
            binding.bind_output(name, *self._device)
        self._session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return list(binding.get_outputs())


def _open_session(path: Path, device: str, threads: int, is_alone: bool = True) -> tuple[Any, str, float]:
    """The session, the provider it was made for, and the milliseconds that loading took."""
    import onnxruntime

    options = _options(threads)
    if not is_alone:
        # The idle threads of one session would spin while the other runs: the first token of a small T5 took 27 ms
        # with them and 10 without, on two cores.
        options.add_session_config_entry("session.force_spinning_stop", "1")
    provider = _choose_provider(options, device)
    started = time.perf_counter()
    session = onnxruntime.InferenceSession(str(path), options, providers=_provider_list(provider, device))
    return session, provider, milliseconds_since(started)


def _options(threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning of idle threads stays at its default: it is what a user gets, and alone in a process it disturbs nobody.
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    return options


def _choose_provider(options: Any, device: str) -> str:
    """The provider for `device`; a plugin is registered and put into `options` on the way."""
    import onnxruntime

    kind, _, rest = device.partition(":")
    if kind == _PLUGIN:
        register_plugin(options, rest)
        return rest
    if kind not in _PROVIDERS:
        raise BackendUnavailable(
            f"ONNX Runtime has no device {device!r} (known: {', '.join(_PROVIDERS)}, ep:<provider>)"
        )
    providers, install = _PROVIDERS[kind]
    available = onnxruntime.get_available_providers()
    found = next((name for name in providers if name in available), None)
    if found is None:
        raise BackendUnavailable(
            f"this ONNX Runtime has none of {', '.join(providers)} (it has: {', '.join(available)}). {install}"
        )
    return found


def _provider_list(provider: str, device: str) -> list[Any] | None:
    """None for a plugin, which is chosen through the options."""
    kind, _, rest = device.partition(":")
    if kind == _PLUGIN:
        return None
    if provider == _CPU:
        return [_CPU]
    settings: dict[str, Any] = {"device_id": rest or "0"} if kind in ("cuda", "rocm") else {}
    if provider == "CUDAExecutionProvider":
        settings["use_tf32"] = "0"  # an fp32 row must be fp32
    return [(provider, settings), _CPU]


def _proof(session: Any) -> dict[str, Any]:
    return {"providers": session.get_providers(), "nodes_per_provider": _nodes_per_provider(session)}


def _nodes_per_provider(session: Any) -> dict[str, int] | None:
    """None where this ONNX Runtime (before 1.24) does not tell."""
    if not hasattr(session, "get_provider_graph_assignment_info"):
        return None
    nodes: dict[str, int] = {}
    for part in session.get_provider_graph_assignment_info():
        nodes[part.ep_name] = nodes.get(part.ep_name, 0) + len(part.get_nodes())
    return nodes


def _actual_device(proof: dict[str, Any], provider: str, device: str) -> str:
    """The device asked for, if the runtime shows that the work is done there."""
    if provider not in proof["providers"]:
        raise BackendUnavailable(
            f"{provider} did not start and ONNX Runtime fell back to {', '.join(proof['providers'])}. Check that the "
            "driver and the libraries of its version are installed."
        )
    nodes = proof["nodes_per_provider"]
    if nodes is None:
        if provider == _CPU:
            return device
        raise BackendUnavailable("this ONNX Runtime cannot show where its nodes run: install 1.24 or newer")
    share = nodes.get(provider, 0) / max(sum(nodes.values()), 1)
    proof["share_on_device"] = round(share, 4)
    if share < _MIN_SHARE:
        raise Unsupported(
            f"{provider} takes only {share:.0%} of this model's nodes; the rest would run on the CPU: {nodes}"
        )
    return device


def _memory(provider: str, device: str) -> tuple[str, int] | None:
    """Memory to bind inputs and outputs to; None where they are the host's."""
    if provider == "CUDAExecutionProvider":
        return "cuda", int(device.partition(":")[2] or 0)
    return None


def _cache_memory(provider: str, device: str) -> tuple[str, int]:
    """Where a decoder's cache is kept. Kept on the host, all of it would cross to the device with every token."""
    if provider == _CPU:
        return "cpu", 0
    memory = _memory(provider, device)
    if memory is None:
        raise Unsupported(f"not implemented: a decoder's cache in the memory of {provider}")
    return memory


def _on_device(feed: Mapping[str, np.ndarray], kind: str, index: int) -> dict[str, Any]:
    import onnxruntime

    return {name: onnxruntime.OrtValue.ortvalue_from_numpy(value, kind, index) for name, value in feed.items()}
