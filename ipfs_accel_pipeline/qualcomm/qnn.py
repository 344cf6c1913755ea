"""The QNN provider of ONNX Runtime on this machine: registering its library, and which of its devices are real."""

from __future__ import annotations

import importlib.util
from typing import Any

from ipfs_accel_pipeline.errors import BackendUnavailable

PROVIDER = "QNNExecutionProvider"
EMULATOR = "qnn-htp-emulator"  # what the emulator's backend is asked for
NPU = "qnn-npu"
# The processor that the emulator imitates: Snapdragon 8 Gen 3. Without it the emulator takes an old one without fp16.
EMULATED_SOC, EMULATED_ARCHITECTURE = "57", "75"
_INSTALL = "pip install 'ipfs-accel-pipeline[qnn]'"


def load_provider() -> tuple[Any, Any]:
    """onnxruntime with the provider registered, and onnxruntime_qnn; BackendUnavailable with what to install."""
    for module in ("onnxruntime", "onnxruntime_qnn"):
        if importlib.util.find_spec(module) is None:
            raise BackendUnavailable(f"{module} is not installed: {_INSTALL} (its licence is Qualcomm's)")
    import onnxruntime
    import onnxruntime_qnn

    if not provider_devices(onnxruntime):  # registering twice in one process is an error
        try:
            onnxruntime.register_execution_provider_library(PROVIDER, onnxruntime_qnn.get_library_path())
        except Exception as error:  # of the binding: wrong versions, a missing system library
            raise BackendUnavailable(f"onnxruntime-qnn {onnxruntime_qnn.__version__} did not load: {error}") from error
    return onnxruntime, onnxruntime_qnn


def provider_devices(onnxruntime: Any) -> list[Any]:
    return [device for device in onnxruntime.get_ep_devices() if device.ep_name == PROVIDER]


def is_npu(onnxruntime: Any, device: Any) -> bool:
    """On a machine without a Hexagon NPU the provider shows the processor, on which its emulator runs."""
    return bool(device.device.type == onnxruntime.OrtHardwareDeviceType.NPU)


def versions(onnxruntime_qnn: Any) -> dict[str, str]:
    info = getattr(onnxruntime_qnn, "build_and_package_info", None)
    qairt = getattr(info, "qnn_version", None)
    return {"onnxruntime-qnn": str(onnxruntime_qnn.__version__)} | ({"qairt": str(qairt)} if qairt else {})
