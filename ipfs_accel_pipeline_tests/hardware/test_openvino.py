import pytest

from ipfs_accel_pipeline.hardware import openvino
from ipfs_accel_pipeline_tests.hardware.replay import HOST, RecordedCore, machine, recording


def detected(said):
    return openvino.detect(HOST, RecordedCore(said), "2026.4.1", machine())


def test_laptop_has_one_row_each_for_cpu_gpu_and_npu():
    cpu, gpu, npu = detected(recording("openvino_laptop.json"))
    assert cpu.hardware_id == "openvino-cpu-intel-core-ultra-7-155h"
    assert gpu.hardware_id == "openvino-gpu-intel-arc-graphics-igpu-0"
    assert npu.hardware_id == "openvino-npu-intel-ai-boost"
    assert [row.runtime["device"] for row in (cpu, gpu, npu)] == ["CPU", "GPU", "NPU"]


def test_sizes_come_from_the_machine_for_the_cpu_and_from_the_plugin_for_the_others():
    cpu, gpu, npu = detected(recording("openvino_laptop.json"))
    assert (cpu.compute_units, cpu.memory_capacity) == (2, 16384.0)
    assert (gpu.compute_units, gpu.memory_capacity) == (128, pytest.approx(30601629696 / 2**20))
    assert (npu.compute_units, npu.memory_capacity) == (2, 30976.0)


def test_precisions_are_those_of_our_vocabulary():
    cpu, gpu, npu = detected(recording("openvino_laptop.json"))
    assert [row.supported_precisions for row in (cpu, gpu, npu)] == [
        ("fp32", "int8"),
        ("fp32", "fp16", "int8"),
        ("fp16", "int8"),
    ]


def test_driver_is_the_npus_own_and_else_the_runtime():
    cpu, _, npu = detected(recording("openvino_laptop.json"))
    assert (cpu.driver_version, npu.driver_version) == ("OpenVINO 2026.4.1", "1749120000")


def test_equal_gpus_are_told_apart_by_openvinos_number():
    _, first, second = detected(recording("openvino_two_gpus.json"))
    assert first.hardware_id == "openvino-gpu-intel-data-center-gpu-flex-170-dgpu-0"
    assert second.hardware_id == "openvino-gpu-intel-data-center-gpu-flex-170-dgpu-1"
    assert second.runtime["device"] == "GPU.1"


def test_id_of_a_gpu_stays_when_a_second_one_is_added():
    said = recording("openvino_two_gpus.json")
    alone = detected({"GPU": said["GPU.0"]})
    assert alone[0].hardware_id == detected(said)[1].hardware_id


def test_software_opencl_is_no_hardware_acceleration():
    (row,) = detected({"GPU": {"FULL_DEVICE_NAME": "pocl-cpu-haswell"}})
    assert row.acceleration == "software"


def test_device_whose_properties_fail_is_still_a_row():
    row, _ = detected({"NPU": {"FULL_DEVICE_NAME": {"error": "driver gone"}}, "CPU": {}})
    assert (row.hardware_id, row.device_name, row.supported_precisions) == ("openvino-npu-npu", "NPU", None)


def test_cpu_without_a_name_has_the_one_of_the_operating_system():
    (row,) = detected({"CPU": {"FULL_DEVICE_NAME": ""}})
    assert row.hardware_id == "openvino-cpu-amd-epyc-9b14"


def test_no_device_at_all_is_one_absent_row():
    (row,) = detected({})
    assert (row.hardware_id, row.available) == ("openvino-absent", False)
    assert "finds no device" in row.unavailable_reason
