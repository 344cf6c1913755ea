"""All detectors together: on this machine, and when one of them fails."""

import json
import subprocess
import sys

import pytest

from ipfs_accel_pipeline.hardware.detect import DETECTORS, detect_hardware
from ipfs_accel_pipeline.hardware.torch_build import installed_torch
from ipfs_accel_pipeline.records import PRECISIONS, HardwareType
from ipfs_accel_pipeline_tests.hardware.replay import HOST


@pytest.fixture(scope="module")
def here():
    return detect_hardware()


def test_every_hardware_type_has_a_row(here):
    assert {row.hardware_type for row in here} == {hardware_type.value for hardware_type in HardwareType}


def test_no_two_devices_share_an_id(here):
    assert len({row.hardware_id for row in here}) == len(here)


def test_cpu_is_available_through_torch_and_openvino(here):
    available = {row.hardware_type: row for row in here if row.available}
    assert {"CPU", "OpenVINO"} <= available.keys()
    assert available["CPU"].memory_capacity > 100
    assert available["OpenVINO"].runtime["device"] == "CPU"


def test_exactly_the_unavailable_have_a_reason(here):
    assert [row.hardware_id for row in here if row.available != (row.unavailable_reason is None)] == []


def test_rows_hold_only_what_the_database_takes(here):
    for row in here:
        json.dumps(row.runtime)
        assert set(row.supported_precisions or ()) <= set(PRECISIONS)
        assert row.max_batch_size is None


def test_detection_gives_the_same_ids_again(here):
    assert [row.hardware_id for row in detect_hardware()] == [row.hardware_id for row in here]


def test_detection_without_a_gpu_does_not_import_torch():
    program = "import sys; from ipfs_accel_pipeline.hardware.detect import detect_hardware as d; rows = d(); "
    program += "gpu = any(r.available and r.hardware_type in ('CUDA', 'ROCm', 'MPS') for r in rows); "
    program += "sys.exit(0 if gpu or 'torch' not in sys.modules else 1)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


def test_failing_detector_costs_its_own_type_only():
    def broken(host):
        raise OSError("the tool is gone")

    rows = detect_hardware(HOST, {**DETECTORS, HardwareType.CUDA: broken})
    assert {row.hardware_type for row in rows} == {hardware_type.value for hardware_type in HardwareType}
    (cuda,) = (row for row in rows if row.hardware_type == "CUDA")
    assert (cuda.hardware_id, cuda.available) == ("cuda-absent", False)
    assert cuda.unavailable_reason == "The detection failed: OSError: the tool is gone"


def test_detector_that_returns_nothing_is_an_absent_row():
    (row,) = detect_hardware(HOST, {HardwareType.CPU: lambda host: []})
    assert (row.hardware_id, row.available) == ("cpu-absent", False)


@pytest.mark.parametrize("hardware_type", [HardwareType.WEBNN, HardwareType.WEBGPU])
def test_without_a_browser_the_reason_says_so(hardware_type):
    (row,) = detect_hardware(HOST, {hardware_type: DETECTORS[hardware_type]})
    assert row.hardware_id == f"{hardware_type.lower()}-absent"
    assert "BENCHMARK_BROWSER=none switches browsers off" in row.unavailable_reason


def test_without_a_browser_the_cpu_has_no_wasm_and_says_why():
    (row,) = detect_hardware(HOST, {HardwareType.CPU: DETECTORS[HardwareType.CPU]})
    assert row.runtime["absent_endpoints"] == {"wasm": "BENCHMARK_BROWSER=none switches browsers off"}


def test_build_of_torch_is_read_without_importing_it():
    import torch

    build = installed_torch()
    assert (build.version, build.cuda, build.hip) == (str(torch.__version__), torch.version.cuda, torch.version.hip)
