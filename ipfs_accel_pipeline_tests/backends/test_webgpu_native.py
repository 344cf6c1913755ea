from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from ipfs_accel_pipeline.backends.webgpu_native import WebGpuNativeBackend
from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.benchmark.worker import RoundRequest
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.timing import Protocol

SWIFTSHADER = Path("/usr/lib/chromium/vk_swiftshader_icd.json")  # Debian's Chromium brings a Vulkan driver
SHORT = Protocol(rounds=1, min_iterations=3, min_duration_s=0, max_iterations=3, max_warmup_s=0, warmup_iterations=1)


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime_ep_webgpu") is None, reason="onnxruntime-ep-webgpu is not here"
)
@pytest.mark.skipif(not SWIFTSHADER.exists(), reason="no Vulkan driver that Dawn takes: apt-get install chromium")
def test_dawn_runs_a_model_on_a_software_adapter(tiny_bert_bundle):
    request = RoundRequest(tiny_bert_bundle.folder, "WebGPU", "webgpu-native", "dawn-software", "fp32", 1, 16, 1, SHORT)
    with Launcher() as launcher:
        outcome = launcher.run(
            Job(
                "ipfs_accel_pipeline.benchmark.worker:measure_round",
                {"request": request},
                timeout_s=200,
                environment={"VK_DRIVER_FILES": str(SWIFTSHADER)},
            )
        )
    assert outcome.status is Status.PASSED, outcome
    fields = outcome.value
    assert fields["status"] is Status.PASSED
    assert max(one.max_abs for one in fields["parity"]) < 1e-4
    assert fields["device_proof"]["share_on_device"] > 0.5
    assert "WebGpuExecutionProvider" in fields["device_proof"]["providers"]


def test_another_device_is_unavailable(tmp_path):
    if importlib.util.find_spec("onnxruntime_ep_webgpu") is None:
        pytest.skip("onnxruntime-ep-webgpu is not here")
    with pytest.raises(BackendUnavailable, match="no device 'cuda:0'"):
        WebGpuNativeBackend().load(tmp_path, "cuda:0", "fp32", 1)


def test_int8_is_not_asked_for():
    with pytest.raises(Unsupported, match="int8"):
        WebGpuNativeBackend().artefact("int8")
