"""Plays recorded answers of tools (`fixtures/hardware/`) through the interfaces the detectors ask. Tests only."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from ipfs_accel_pipeline.hardware.machine import Machine
from ipfs_accel_pipeline.hardware.rows import Host
from ipfs_accel_pipeline.hardware.torch_build import TorchBuild

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "hardware"
HOST = Host("bench-1", datetime(2026, 1, 2, 12, tzinfo=UTC))


def recording(name):
    return json.loads((RECORDINGS / name).read_text(encoding="utf-8"))


def machine(file="cpu_amd_epyc_9b14.txt", source="/proc/cpuinfo", **changes):
    said = {
        "system": "Linux",
        "architecture": "x86_64",
        "source": source,
        "processor_text": (RECORDINGS / file).read_text(encoding="utf-8"),
        "physical_cores": 2,
        "logical_cores": 4,
        "memory_bytes": 16 * 2**30,
    }
    return Machine(**{**said, **changes})


class RecordedNvml:
    """The module pynvml, as far as it is asked. A missing answer is NVML's own "Not Supported"."""

    class NVMLError(Exception):
        pass

    def __init__(self, said):
        self.said = said
        self.initialized = 0

    def nvmlInit(self):  # noqa: N802
        if "error" in self.said:
            raise self.NVMLError(self.said["error"])
        self.initialized += 1

    def nvmlShutdown(self):  # noqa: N802
        self.initialized -= 1

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        return self.said["driver_version"]

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.said["devices"])

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        if self.said["devices"][index] is None:
            raise self.NVMLError("GPU is lost")
        return self.said["devices"][index]

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return self._answer(handle, "name")

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        return self._answer(handle, "uuid")

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        return SimpleNamespace(total=self._answer(handle, "memory_total"))

    def nvmlDeviceGetCudaComputeCapability(self, handle):  # noqa: N802
        return self._answer(handle, "compute_capability")

    def _answer(self, handle, key):
        if key not in handle:
            raise self.NVMLError("Not Supported")
        return handle[key]


def recorded_torch(said):
    """The module torch with the recorded devices behind `torch.cuda`."""
    devices = [SimpleNamespace(**device) for device in said["devices"]]
    return SimpleNamespace(
        __version__=said["version"],
        version=SimpleNamespace(cuda=said.get("cuda"), hip=said.get("hip")),
        cuda=SimpleNamespace(
            is_available=lambda: bool(devices),
            device_count=lambda: len(devices),
            get_device_properties=lambda index: devices[index],
            get_arch_list=lambda: said.get("arch_list", []),
        ),
    )


def recorded_apple_torch(said):
    mps = SimpleNamespace(
        is_built=lambda: said["built"],
        is_available=lambda: said["available"],
        get_name=lambda: said["name"],
        get_core_count=lambda: said["core_count"],
    )
    return SimpleNamespace(
        __version__=said["version"],
        backends=SimpleNamespace(mps=mps),
        mps=SimpleNamespace(recommended_max_memory=lambda: said["recommended_max_memory"]),
    )


def build_of(said):
    return TorchBuild(said["version"], said.get("cuda"), said.get("hip"))


class RecordedCore:
    """An `openvino.Core()`. A property that was recorded as {"error": text} raises it."""

    def __init__(self, said):
        self.said = said
        self.available_devices = list(said)

    def get_property(self, device, name):
        answer = list(self.said[device]) if name == "SUPPORTED_PROPERTIES" else self.said[device][name]
        if isinstance(answer, dict):
            raise RuntimeError(answer["error"])
        return answer


def never_imported():
    raise AssertionError("torch was imported, which costs seconds")
