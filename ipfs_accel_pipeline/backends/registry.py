"""Which endpoints each hardware type has, as text: a runtime is imported when it is used, not when it is listed."""

from __future__ import annotations

import importlib

from ipfs_accel_pipeline.backends.interface import Backend
from ipfs_accel_pipeline.errors import BackendUnavailable, UsageError

_PYTORCH = "ipfs_accel_pipeline.backends.pytorch:PyTorchBackend"
_ONNXRUNTIME = "ipfs_accel_pipeline.backends.onnxruntime:OnnxRuntimeBackend"
_OPENVINO = "ipfs_accel_pipeline.backends.openvino:OpenVINOBackend"
_WASM = "ipfs_accel_pipeline.backends.browser:WasmBackend"
_WEBGPU_BROWSER = "ipfs_accel_pipeline.backends.browser:WebGpuBrowserBackend"
_WEBGPU_NATIVE = "ipfs_accel_pipeline.backends.webgpu_native:WebGpuNativeBackend"
_WEBNN = "ipfs_accel_pipeline.backends.browser:WebNnBackend"
_QNN = "ipfs_accel_pipeline.backends.qualcomm.qnn:QnnBackend"
_QNN_EMULATOR = "ipfs_accel_pipeline.backends.qualcomm.qnn:QnnEmulatorBackend"
_AI_HUB = "ipfs_accel_pipeline.backends.qualcomm.aihub:AiHubBackend"

# hardware_type -> endpoint_type -> class
ENDPOINTS: dict[str, dict[str, str]] = {
    "CPU": {"pytorch": _PYTORCH, "onnxruntime": _ONNXRUNTIME, "wasm": _WASM},
    "CUDA": {"pytorch": _PYTORCH, "onnxruntime": _ONNXRUNTIME},
    "ROCm": {"pytorch": _PYTORCH, "onnxruntime": _ONNXRUNTIME},
    "MPS": {"pytorch": _PYTORCH, "onnxruntime": _ONNXRUNTIME},
    "OpenVINO": {"openvino": _OPENVINO},
    "Qualcomm": {"aihub": _AI_HUB, "qnn_local": _QNN, "qnn_emulator": _QNN_EMULATOR},
    "WebNN": {"webnn": _WEBNN},
    "WebGPU": {"webgpu-browser": _WEBGPU_BROWSER, "webgpu-native": _WEBGPU_NATIVE},
}


def endpoint_types(hardware_type: str) -> list[str]:
    return list(_endpoints(hardware_type))


def load_backend(hardware_type: str, endpoint_type: str) -> Backend:
    """Constructs the backend; its runtime is imported by what is called on it."""
    endpoints = _endpoints(hardware_type)
    if endpoint_type not in endpoints:
        known = ", ".join(endpoints) or "none yet: not implemented"
        raise BackendUnavailable(f"{hardware_type} has no endpoint {endpoint_type!r} (it has: {known})")
    module, _, name = endpoints[endpoint_type].partition(":")
    backend: Backend = getattr(importlib.import_module(module), name)()
    return backend


def _endpoints(hardware_type: str) -> dict[str, str]:
    if hardware_type not in ENDPOINTS:
        raise UsageError(f"unknown hardware type {hardware_type!r}; known: {', '.join(ENDPOINTS)}")
    return ENDPOINTS[hardware_type]
