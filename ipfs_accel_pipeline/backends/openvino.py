"""OpenVINO: every device that its runtime finds, with the precision set outright and read back.

Left to itself it takes bf16 on CPUs that have it, and f32 on those that were asked for bf16 but lack it.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.decoding import prompt_path
from ipfs_accel_pipeline.backends.interface import Generator
from ipfs_accel_pipeline.backends.library import imported_version, milliseconds_since, require_module, require_precision
from ipfs_accel_pipeline.backends.openvino_generator import OpenVINOEncoderDecoder, OpenVINOGenerator
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported
from ipfs_accel_pipeline.models.bundles import Bundle
from ipfs_accel_pipeline.models.graph_runs import named_outputs
from ipfs_accel_pipeline.models.names import as_float32, match_inputs, match_outputs

# The hint for what is not quantized; in an int8 model the rest runs in f32.
_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}
_PRECISIONS = {"f32": "fp32", "bf16": "bf16", "f16": "fp16"}
_INTEGER_TYPES = ("i8", "u8")
_PRODUCTS = ("FullyConnected", "MatMul", "Convolution", "Deconvolution")


class OpenVINOBackend:
    name = "openvino"
    preload: tuple[str, ...] = ()  # its thread pools do not survive a fork

    def version(self) -> str | None:
        return imported_version("openvino")

    def artefact(self, precision: str) -> str:
        return "openvino_int8" if precision == "int8" else "openvino"

    def precisions(self, device: str) -> tuple[str, ...]:
        return tuple(_HINTS)

    def generator_artefact(self, precision: str) -> str:
        if precision == "int8":
            raise Unsupported("not implemented: decoders with a cache are not quantized")
        return "openvino_decoder"

    def load(self, bundle: Bundle, device: str, precision: str, threads: int) -> OpenVINOSession:
        path = bundle.artefact_path(self.artefact(precision))
        compiled, load_ms, compile_ms = self._compile(path, device, precision, threads)
        return OpenVINOSession(compiled, bundle.output_names(), precision, load_ms, compile_ms)

    def load_generator(self, bundle: Bundle, device: str, precision: str, threads: int) -> Generator:
        path = bundle.artefact_path(self.generator_artefact(precision))
        compiled, _, _ = self._compile(path, device, precision, threads)
        proof = _proof(compiled)
        facts = (",".join(proof["execution_devices"]), proof, _effective_precision(proof, precision))
        prompt = prompt_path(path)
        if prompt is None:
            return OpenVINOGenerator(compiled, *facts)
        return OpenVINOEncoderDecoder(compiled, *facts, self._compile(prompt, device, precision, threads)[0])

    def _compile(self, path: Path, device: str, precision: str, threads: int) -> tuple[Any, float, float]:
        """The compiled model, and the milliseconds of reading and of compiling it."""
        require_module("openvino", "pip install openvino")
        require_precision(self.name, device, precision, self.precisions(device))
        import openvino

        core = openvino.Core()
        if device not in core.available_devices:
            raise BackendUnavailable(
                f"OpenVINO found no {device} (devices: {', '.join(core.available_devices) or 'none'}). Install the "
                "device's driver (for Intel GPUs the compute runtime), or run a device that is listed."
            )
        started = time.perf_counter()
        model = core.read_model(str(path))
        load_ms = milliseconds_since(started)
        started = time.perf_counter()
        compiled = core.compile_model(model, device, _configuration(device, precision, threads))
        return compiled, load_ms, milliseconds_since(started)


class OpenVINOSession:
    def __init__(
        self, compiled: Any, output_names: tuple[str, ...], precision: str, load_ms: float, compile_ms: float
    ) -> None:
        self.device_proof = _proof(compiled)
        self.actual_device = ",".join(self.device_proof["execution_devices"])
        self.effective_precision = _effective_precision(self.device_proof, precision)
        self.load_ms = load_ms
        self.compile_ms: float | None = compile_ms
        self._output_names = output_names
        self._compiled = compiled
        self._request = compiled.create_infer_request()

    def prepare(self, arrays: dict[str, np.ndarray]) -> list[Any]:
        import openvino

        fed = match_inputs([port.get_names() for port in self._compiled.inputs], arrays)
        return [openvino.Tensor(np.ascontiguousarray(arrays[name])) for name in fed]

    def infer(self, prepared: list[Any]) -> list[np.ndarray]:
        # Outputs are copied, inside the timing, as the other runtimes too write each answer to memory of its own.
        results = self._request.infer(prepared, share_inputs=True, share_outputs=False)
        return list(results.to_tuple())

    def arrays(self, outputs: list[np.ndarray]) -> dict[str, np.ndarray]:
        return as_float32(match_outputs(self._output_names, named_outputs(self._compiled, outputs)))

    def take_device_memory_peak_mb(self) -> float | None:
        return None  # not implemented: GPU_MEMORY_STATISTICS, on a machine with an Intel GPU to test it

    def close(self) -> None:
        del self._request, self._compiled


def _configuration(device: str, precision: str, threads: int) -> dict[str, Any]:
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": _HINTS[precision]}
    if device == "CPU":
        settings["INFERENCE_NUM_THREADS"] = threads
    return settings


def _proof(compiled: Any) -> dict[str, Any]:
    return {
        "execution_devices": list(compiled.get_property("EXECUTION_DEVICES")),
        "inference_precision": compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name(),
        "products_per_precision": _products_per_precision(compiled),
    }


def _products_per_precision(compiled: Any) -> dict[str, int]:
    """Matrix products and convolutions of the compiled graph by type; empty where a device tells none."""
    kinds: Counter[str] = Counter()
    for operation in compiled.get_runtime_model().get_ops():
        info = operation.get_rt_info()
        if "layerType" in info and str(info["layerType"].astype(str)) in _PRODUCTS:
            kinds[str(info["runtimePrecision"].astype(str))] += 1
    return dict(kinds)


def _effective_precision(proof: dict[str, Any], asked: str) -> str:
    """What it really runs in; Unsupported if that is not what was asked for."""
    if asked == "int8":
        return _effective_int8(proof["products_per_precision"])
    effective = _PRECISIONS.get(proof["inference_precision"], proof["inference_precision"])
    if effective != asked:
        raise Unsupported(f"this device runs {effective} when asked for {asked}: it has no {asked} arithmetic")
    integer = sum(proof["products_per_precision"].get(kind, 0) for kind in _INTEGER_TYPES)
    if integer:
        raise Unsupported(f"this file is quantized already: {integer} products run in int8 when asked for {asked}")
    return asked


def _effective_int8(products: dict[str, int]) -> str:
    integer = sum(products.get(kind, 0) for kind in _INTEGER_TYPES)
    if products and integer * 2 < sum(products.values()):
        raise Unsupported(f"the device runs only {integer} of {sum(products.values())} products in int8: {products}")
    return "int8"
