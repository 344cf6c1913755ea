"""Native WebGPU: what ONNX Runtime's WebGPU plugin (Dawn) can compute on, asked in a process of its own.

Dawn loads every Vulkan driver of the machine, which has brought processes down; so the asking process is another one,
with a deadline. Dawn does not tell which adapter it took, so this is a row of its own and not that of a browser's.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.hardware.browser import without_software
from ipfs_accel_pipeline.hardware.identity import hardware_id
from ipfs_accel_pipeline.hardware.rows import Device, Host, absent_row, device_row
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType

PACKAGE = "onnxruntime_ep_webgpu"
SOFTWARE_VARIABLE = "ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER"
_PROVIDER = "WebGpuExecutionProvider"
_TIMEOUT_S = 8.0
_NO_GPU = "this machine has no GPU (no /dev/dri/render*, /dev/nvidia*, /dev/dxg)"
_ANSWER = [[3.0, 3.0], [7.0, 7.0]]


@dataclass(frozen=True)
class NativeProbe:
    """What the plugin showed; `problem` is why nothing."""

    version: str | None = None
    device: Mapping[str, Any] | None = None
    is_software: bool = False
    problem: str | None = None


def detect(host: Host, probe: NativeProbe, software_is_wanted: bool) -> list[HardwarePlatform]:
    if probe.device is None:
        return [absent_row(host, HardwareType.WEBGPU, f"natively: {probe.problem}", source=PACKAGE)]
    told = probe.device
    name = "Dawn software adapter" if probe.is_software else f"{told['vendor']} {told['device_id']:#06x}"
    asked_for = "dawn-software" if probe.is_software else "dawn"
    device = Device(
        hardware_id=hardware_id(HardwareType.WEBGPU, name, kind="native"),
        name=name,
        precisions=("fp32",),
        driver_version=f"{PACKAGE} {probe.version}",
        acceleration="software" if probe.is_software else "hardware",
        runtime={
            "device": asked_for,
            "endpoint_devices": {"webgpu-native": asked_for},
            "source": PACKAGE,
            "adapter": dict(told),
            "vulkan_drivers": os.environ.get("VK_DRIVER_FILES"),
        },
    )
    return [device_row(host, HardwareType.WEBGPU, device if software_is_wanted else without_software(device))]


def probe_native(
    software_is_wanted: bool, has_gpu: bool | None = None, ask: Callable[[bool], NativeProbe] | None = None
) -> NativeProbe:
    """Hardware first; software only where it is wanted and there is nothing else."""
    ask = ask or _ask_apart
    if importlib.util.find_spec(PACKAGE) is None:
        return NativeProbe(problem='not installed: pip install "ipfs-accel-pipeline[webgpu]"')
    found = ask(False) if (gpu_may_be_here() if has_gpu is None else has_gpu) else NativeProbe(problem=_NO_GPU)
    return ask(True) if found.device is None and software_is_wanted else found


def gpu_may_be_here(dev: Path = Path("/dev")) -> bool:
    """False only where the kernel shows no GPU at all: then Dawn need not be loaded to say the same."""
    if sys.platform != "linux":
        return True
    return any(next(dev.glob(pattern), None) for pattern in ("dri/render*", "nvidia[0-9]*", "dxg"))


def _ask_apart(allow_software: bool) -> NativeProbe:
    environment = {key: value for key, value in os.environ.items() if key != SOFTWARE_VARIABLE}
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            env={**environment, **({SOFTWARE_VARIABLE: "1"} if allow_software else {})},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return NativeProbe(problem=f"its probe gave no answer within {_TIMEOUT_S:g} s")
    if done.returncode != 0:
        return NativeProbe(problem=f"its probe ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return NativeProbe(**json.loads(done.stdout.splitlines()[-1]))


def _ask_here() -> dict[str, Any]:
    """Have it multiply two matrices. Fields of a NativeProbe."""
    import onnxruntime
    import onnxruntime_ep_webgpu as plugin

    version = metadata.version("onnxruntime-ep-webgpu")
    onnxruntime.set_default_logger_severity(3)
    onnxruntime.register_execution_provider_library(_PROVIDER, plugin.get_library_path())
    devices = [device for device in onnxruntime.get_ep_devices() if device.ep_name == _PROVIDER]
    if not devices:
        return {"version": version, "problem": "Dawn finds no GPU with a driver that it accepts"}
    options = onnxruntime.SessionOptions()
    options.add_provider_for_devices(devices[:1], {})
    try:
        session = onnxruntime.InferenceSession(_product_model(), options)
        answer = session.run(None, _product_inputs())[0].tolist()
    except Exception as error:  # EPFail of the plugin: no adapter, a driver that is too old
        return {"version": version, "problem": _last_sentence(error)}
    if answer != _ANSWER or _PROVIDER not in session.get_providers():
        return {"version": version, "problem": f"a product answered {answer} for {_ANSWER}"}
    found = devices[0].device
    told = {"type": found.type.name, "vendor": found.vendor, "device_id": found.device_id, **dict(found.metadata)}
    return {"version": version, "device": told, "is_software": found.type.name == "CPU"}


def _last_sentence(error: Exception) -> str:
    """What ONNX Runtime puts before it are its own file names."""
    return f"{type(error).__name__}: {str(error).rpartition(' was false. ')[2][-300:]}"


def _product_model() -> bytes:
    from onnx import TensorProto, helper

    x, y, z = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 2]) for name in "xyz")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "y"], ["z"])], "product", [x, y], [z])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    serialized: bytes = model.SerializeToString()
    return serialized


def _product_inputs() -> dict[str, Any]:
    import numpy as np

    return {"x": np.array([[1, 2], [3, 4]], np.float32), "y": np.ones((2, 2), np.float32)}


if __name__ == "__main__":
    print(json.dumps(_ask_here()))
