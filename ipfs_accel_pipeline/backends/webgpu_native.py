"""ONNX Runtime on WebGPU without a browser: the plugin onnxruntime-ep-webgpu, which brings Dawn with it."""

from __future__ import annotations

import os
from importlib import metadata

from ipfs_accel_pipeline.backends.library import imported_version, require_module, require_precision
from ipfs_accel_pipeline.backends.onnxruntime import OnnxRuntimeBackend, OnnxRuntimeSession
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported
from ipfs_accel_pipeline.models.bundles import Bundle

_PROVIDER = "WebGpuExecutionProvider"
_PRECISIONS = ("fp32",)  # of an int8 graph it would leave the integer operators to the CPU
# Device -> what Dawn is told before it is loaded.
_DEVICES: dict[str, dict[str, str]] = {
    "dawn": {},
    "dawn-software": {"ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER": "1"},
}


class WebGpuNativeBackend(OnnxRuntimeBackend):
    name = "webgpu-native"

    def version(self) -> str | None:
        """The plugin's, which knows its own by its package only; the ONNX Runtime under it is in the environment."""
        try:
            plugin = metadata.version("onnxruntime-ep-webgpu")
        except metadata.PackageNotFoundError:
            return None
        imported_version("onnxruntime")
        return plugin

    def artefact(self, precision: str) -> str:
        require_precision(self.name, "any device", precision, _PRECISIONS)
        return super().artefact(precision)

    def precisions(self, device: str) -> tuple[str, ...]:
        return _PRECISIONS

    def load(self, bundle: Bundle, device: str, precision: str, threads: int) -> OnnxRuntimeSession:
        require_precision(self.name, device, precision, _PRECISIONS)
        require_module("onnxruntime_ep_webgpu", 'pip install "ipfs-accel-pipeline[webgpu]"')
        if device not in _DEVICES:
            raise BackendUnavailable(f"native WebGPU has no device {device!r} (it has: {', '.join(_DEVICES)})")
        os.environ.update(_DEVICES[device])
        session = super().load(bundle, f"ep:{_PROVIDER}", precision, threads)
        session.device_proof |= {"vulkan_drivers": os.environ.get("VK_DRIVER_FILES"), "device_asked_for": device}
        return session

    def generator_artefact(self, precision: str) -> str:
        raise Unsupported("not implemented: a decoder's cache in WebGPU's memory")
