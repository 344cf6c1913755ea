import copy

import pytest

from ipfs_accel_pipeline.benchmark.power.choice import open_probes
from ipfs_accel_pipeline.hardware import cuda
from ipfs_accel_pipeline.hardware.torch_build import TorchBuild
from ipfs_accel_pipeline.records import HardwareType
from ipfs_accel_pipeline_tests.hardware.replay import (
    HOST,
    RecordedNvml,
    build_of,
    never_imported,
    recorded_torch,
    recording,
)


def detected(said, environment=None):
    torch = said["torch"]
    nvml = RecordedNvml(said["nvml"])
    rows = cuda.detect(HOST, nvml, build_of(torch), lambda: recorded_torch(torch), environment or {})
    assert nvml.initialized == 0  # what was opened was closed
    return rows


@pytest.fixture
def h200():
    return recording("nvidia_one_h200.json")


@pytest.fixture
def mixed():
    return recording("nvidia_two_mixed.json")


def test_one_gpu_is_described_by_nvml_and_torch_together(h200):
    (row,) = detected(h200)
    assert (row.hardware_id, row.device_name) == ("cuda-nvidia-h200-0", "NVIDIA H200")
    assert (row.compute_units, row.memory_capacity, row.driver_version) == (132, 143771.0, "570.124.06")
    assert row.supported_precisions == ("fp32", "fp16", "bf16", "int8")
    assert (row.available, row.runtime["device"], row.runtime["compute_capability"]) == (True, "cuda:0", "9.0")


def test_device_has_torchs_index_and_id_has_nvmls(mixed):
    rows = {row.hardware_id: row for row in detected(mixed)}
    assert rows["cuda-tesla-t4-0"].runtime["device"] == "cuda:1"
    assert rows["cuda-nvidia-geforce-rtx-4090-1"].runtime["device"] == "cuda:0"
    assert rows["cuda-tesla-t4-0"].memory_capacity == 15360.0
    assert rows["cuda-tesla-t4-0"].supported_precisions == ("fp32", "fp16", "int8")  # Turing has no bf16


def test_id_does_not_change_when_a_variable_hides_the_other_gpu(mixed):
    mixed["torch"]["devices"] = mixed["torch"]["devices"][1:]
    (row,) = detected(mixed, {"CUDA_VISIBLE_DEVICES": "0"})
    assert (row.hardware_id, row.runtime["device"]) == ("cuda-tesla-t4-0", "cuda:0")


def test_two_equal_gpus_have_two_ids(h200):
    for part, uuid in (("nvml", "GPU-x"), ("torch", "x")):
        h200[part]["devices"].append({**h200[part]["devices"][0], "uuid": uuid})
    assert [row.hardware_id for row in detected(h200)] == ["cuda-nvidia-h200-0", "cuda-nvidia-h200-1"]


def test_all_gpus_hidden_by_the_variable_is_the_reason(mixed):
    mixed["torch"]["devices"] = []
    (row,) = detected(mixed, {"CUDA_VISIBLE_DEVICES": ""})
    assert (row.hardware_id, row.available) == ("cuda-absent", False)
    assert row.unavailable_reason == "CUDA_VISIBLE_DEVICES='' hides all 2 GPUs from this process. Unset it."


def test_driver_too_old_for_torch_leaves_every_gpu_unavailable(mixed):
    mixed["torch"]["devices"] = []
    rows = detected(mixed)
    assert [row.hardware_id for row in rows] == ["cuda-tesla-t4-0", "cuda-nvidia-geforce-rtx-4090-1"]
    assert {row.unavailable_reason for row in rows} == {
        "torch 2.10.0+cu126 (CUDA 12.6) cannot use driver 550.90.07. Update the driver."
    }


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (TorchBuild("2.13.0+cpu", None, None), "torch 2.13.0+cpu is built without CUDA"),
        (None, "torch is not installed"),
    ],
)
def test_gpu_without_a_cuda_torch_is_unavailable_and_torch_is_not_imported(h200, build, reason):
    (row,) = cuda.detect(HOST, RecordedNvml(h200["nvml"]), build, never_imported, {})
    assert (row.hardware_id, row.available, row.compute_units) == ("cuda-nvidia-h200-0", False, None)
    assert (row.device_name, row.driver_version, row.memory_capacity) == ("NVIDIA H200", "570.124.06", 143771.0)
    assert reason in row.unavailable_reason
    assert "Install the CUDA build" in row.unavailable_reason


def test_driver_mismatch_is_the_reason():
    said = recording("nvidia_driver_mismatch.json")
    (row,) = cuda.detect(HOST, RecordedNvml(said["nvml"]), None, never_imported, {})
    assert (row.hardware_id, row.device_name, row.available) == ("cuda-absent", "none", False)
    assert row.unavailable_reason.startswith("NVML: RM has detected an NVML/RM version mismatch.")


def test_without_nvml_torch_tells_what_it_can_use(h200):
    """A container that was given `compute` and not `utility` has CUDA and no libnvidia-ml."""
    h200["nvml"] = {"error": "NVML Shared Library Not Found"}
    (row,) = detected(h200)
    assert (row.hardware_id, row.available, row.compute_units) == ("cuda-nvidia-h200-0", True, 132)
    assert (row.driver_version, row.runtime["source"]) == (None, "torch")
    assert "nvml_index" not in row.runtime
    h200["torch"]["devices"] = []
    (row,) = detected(h200)
    assert row.unavailable_reason.startswith("NVML: NVML Shared Library Not Found.")


@pytest.mark.parametrize(
    ("arch_list", "fits"),
    [
        (["sm_75", "sm_80", "sm_90"], [True, True]),
        (["sm_80", "sm_86", "sm_90a", "compute_90"], [True, False]),  # 8.9 runs what was built for 8.6
        (["sm_50", "sm_60", "compute_70"], [True, True]),
        (["sm_100", "sm_120"], [False, False]),
    ],
)
def test_a_gpu_that_this_torch_has_no_code_for_is_unavailable(mixed, arch_list, fits):
    mixed["torch"]["arch_list"] = arch_list
    rows = detected(mixed)
    assert [row.available for row in rows] == fits
    for row in (one for one in rows if not one.available):
        assert row.unavailable_reason.startswith("torch 2.10.0+cu126 is built for the compute capabilities ")
        assert f"this GPU has {row.runtime['compute_capability']}. Install a build of" in row.unavailable_reason


def test_driver_without_gpu_is_absent():
    nvml = RecordedNvml({"driver_version": "570.124.06", "devices": []})
    (row,) = cuda.detect(HOST, nvml, None, never_imported, {})
    assert row.unavailable_reason == "The NVIDIA driver is loaded and finds no GPU."


def test_lost_gpu_does_not_hide_the_others(mixed):
    mixed["nvml"]["devices"][1] = None
    mixed["torch"]["devices"] = mixed["torch"]["devices"][1:]
    assert [row.hardware_id for row in detected(mixed)] == ["cuda-tesla-t4-0"]


def test_memory_that_nvml_does_not_tell_comes_from_torch(h200):
    del h200["nvml"]["devices"][0]["memory_total"]
    (row,) = detected(h200)
    assert row.memory_capacity == pytest.approx(150109880320 / 2**20)


def test_slice_of_a_gpu_that_nvml_does_not_list_is_described_by_torch(h200):
    said = copy.deepcopy(h200)
    said["torch"]["devices"][0].update(name="NVIDIA H200 MIG 1g.18gb", uuid="other", total_memory=17 * 2**30)
    (row,) = detected(said)
    assert (row.hardware_id, row.memory_capacity) == ("cuda-nvidia-h200-mig-1g-18gb-0", 17 * 1024)


def test_a_slice_is_not_taken_for_the_whole_gpu_whose_uuid_torch_tells(h200):
    said = copy.deepcopy(h200)
    said["torch"]["devices"][0].update(name="NVIDIA H200 MIG 1g.18gb", total_memory=17 * 2**30)
    (row,) = detected(said)
    assert (row.hardware_id, row.memory_capacity) == ("cuda-nvidia-h200-mig-1g-18gb-0", 17 * 1024)
    assert "nvml_index" not in row.runtime


def test_which_gpu_of_nvml_a_slice_belongs_to_is_not_guessed(mixed):
    mixed["torch"]["devices"] = [{**mixed["torch"]["devices"][0], "name": "NVIDIA H200 MIG 1g.18gb", "uuid": "other"}]
    (row,) = detected(mixed, {"CUDA_VISIBLE_DEVICES": "MIG-other"})
    probes, reasons = open_probes(HardwareType.CUDA, row.runtime)
    assert "which GPU of NVML this is, is not known" in reasons[0]
    assert not [probe for probe in probes if probe.source == "nvml"]
