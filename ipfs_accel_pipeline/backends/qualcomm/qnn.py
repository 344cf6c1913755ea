"""ONNX Runtime with the QNN provider: a Hexagon NPU of this machine, or its emulator on the CPU.

The NPU takes static shapes only, so `prepare` compiles the graph for the shape it is given, once per shape. The
emulator answers as the NPU would and says nothing of its speed: its hardware row is `emulated`, and the tables take no
latency of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.library import imported_version, milliseconds_since, require_precision
from ipfs_accel_pipeline.backends.qualcomm.artefacts import ARTEFACTS, artefact
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported
from ipfs_accel_pipeline.models.bundles import Bundle
from ipfs_accel_pipeline.models.names import as_float32, match_inputs, match_outputs
from ipfs_accel_pipeline.models.onnx_files import free_dimensions, graph_signature
from ipfs_accel_pipeline.qualcomm.qnn import (
    EMULATED_ARCHITECTURE,
    EMULATED_SOC,
    EMULATOR,
    NPU,
    PROVIDER,
    is_npu,
    load_provider,
    provider_devices,
)

_MIN_SHARE = 0.5  # of the nodes, to be called a run on the NPU


class QnnBackend:
    """`qnn_local`: only a real NPU will do."""

    name = "qnn_local"
    preload: tuple[str, ...] = ()  # the provider's threads do not survive a fork
    device = NPU

    def version(self) -> str | None:
        return imported_version("onnxruntime_qnn")

    def artefact(self, precision: str) -> str:
        return artefact(self.name, precision)

    def precisions(self, device: str) -> tuple[str, ...]:
        return tuple(ARTEFACTS)

    def load(self, bundle: Bundle, device: str, precision: str, threads: int) -> QnnSession:
        onnxruntime, onnxruntime_qnn = load_provider()
        require_precision(self.name, device, precision, self.precisions(device))
        if device != self.device:
            raise BackendUnavailable(f"{self.name} has no device {device!r} (it has: {self.device})")
        devices = self._devices(onnxruntime)
        options = {
            "backend_path": onnxruntime_qnn.get_qnn_htp_path(),
            **self._options(),
            **_precision_options(precision),
        }
        plan = _Plan(bundle.artefact_path(self.artefact(precision)), devices, options, threads)
        return QnnSession(plan, bundle.output_names(), precision, device)

    def _devices(self, onnxruntime: Any) -> list[Any]:
        found = [device for device in provider_devices(onnxruntime) if is_npu(onnxruntime, device)]
        if not found:
            raise BackendUnavailable("the QNN provider finds no Hexagon NPU here. Install Qualcomm's NPU driver.")
        return found

    def _options(self) -> dict[str, str]:
        return {}


class QnnEmulatorBackend(QnnBackend):
    """`qnn_emulator`: does it run, and are the answers right? Never how fast."""

    name = "qnn_emulator"
    device = EMULATOR

    def _devices(self, onnxruntime: Any) -> list[Any]:
        found = [device for device in provider_devices(onnxruntime) if not is_npu(onnxruntime, device)]
        if not found:
            raise BackendUnavailable("the QNN emulator runs on x86-64 processors only.")
        return found[:1]

    def _options(self) -> dict[str, str]:
        return {"soc_model": EMULATED_SOC, "htp_arch": EMULATED_ARCHITECTURE}


def _precision_options(precision: str) -> dict[str, str]:
    return {"enable_htp_fp16_precision": "1"} if precision == "fp16" else {}


@dataclass(frozen=True)
class _Plan:
    """Everything but the shape that a compiled graph depends on."""

    path: Path
    devices: list[Any]
    options: dict[str, str]
    threads: int


@dataclass(frozen=True)
class _Compiled:
    session: Any
    load_ms: float
    proof: dict[str, Any]

    def run(self, feed: dict[str, np.ndarray]) -> list[Any]:
        return list(self.session.run(None, feed))


class QnnSession:
    """Compiles for a shape when it first sees it."""

    def __init__(self, plan: _Plan, output_names: tuple[str, ...], precision: str, device: str) -> None:
        self.actual_device = device
        self.effective_precision = precision
        self.compile_ms: float | None = None  # loading and compiling are one call
        self._plan = plan
        self._output_names = output_names
        self._compiled: dict[tuple[Any, ...], _Compiled] = {}

    @property
    def load_ms(self) -> float:
        """Of the first shape, which is the one that is timed."""
        return next((one.load_ms for one in self._compiled.values()), 0.0)

    @property
    def device_proof(self) -> dict[str, Any]:
        return next((one.proof for one in self._compiled.values()), {})

    def prepare(self, arrays: dict[str, np.ndarray]) -> tuple[_Compiled, dict[str, np.ndarray]]:
        shape = tuple(sorted((name, value.shape) for name, value in arrays.items()))
        if shape not in self._compiled:
            self._compiled[shape] = _compile(self._plan, arrays)
        compiled = self._compiled[shape]
        wanted = [value.name for value in compiled.session.get_inputs()]
        fed = match_inputs([[name] for name in wanted], arrays)
        return compiled, {name: np.ascontiguousarray(arrays[key]) for name, key in zip(wanted, fed, strict=True)}

    def infer(self, prepared: tuple[_Compiled, dict[str, np.ndarray]]) -> tuple[_Compiled, list[Any]]:
        compiled, feed = prepared
        return compiled, compiled.run(feed)

    def arrays(self, outputs: tuple[_Compiled, list[Any]]) -> dict[str, np.ndarray]:
        compiled, values = outputs
        names = [value.name for value in compiled.session.get_outputs()]
        return as_float32(match_outputs(self._output_names, dict(zip(names, values, strict=True))))

    def take_device_memory_peak_mb(self) -> float | None:
        return None  # never: the NPU works in the machine's memory, and QNN does not tell its part

    def close(self) -> None:
        self._compiled.clear()


def _compile(plan: _Plan, arrays: dict[str, np.ndarray]) -> _Compiled:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = plan.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    for name, size in free_dimensions(graph_signature(plan.path).inputs, arrays).items():
        options.add_free_dimension_override_by_name(name, size)
    options.add_provider_for_devices(plan.devices, plan.options)
    started = time.perf_counter()
    session = onnxruntime.InferenceSession(str(plan.path), options)
    load_ms = milliseconds_since(started)
    return _Compiled(session, load_ms, _proof(session))


def _proof(session: Any) -> dict[str, Any]:
    """Where each node runs; Unsupported if most of the model would run on the CPU."""
    nodes: dict[str, int] = {}
    on_cpu: dict[str, int] = {}
    for part in session.get_provider_graph_assignment_info():
        for node in part.get_nodes():
            nodes[part.ep_name] = nodes.get(part.ep_name, 0) + 1
            if part.ep_name != PROVIDER:
                on_cpu[node.op_type] = on_cpu.get(node.op_type, 0) + 1
    share = nodes.get(PROVIDER, 0) / max(sum(nodes.values()), 1)
    if share < _MIN_SHARE:
        raise Unsupported(f"the NPU takes only {share:.0%} of this model's nodes; the CPU would run {on_cpu}")
    return {"nodes_per_provider": nodes, "share_on_device": round(share, 4), "operators_on_cpu": on_cpu}
