from dataclasses import replace

import pytest

from ipfs_accel_pipeline.browser.find import Browsers
from ipfs_accel_pipeline.hardware import cpu
from ipfs_accel_pipeline.hardware.identity import distinct, hardware_id
from ipfs_accel_pipeline_tests.hardware.replay import HOST, machine


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AMD EPYC 9B14", "cpu-amd-epyc-9b14"),
        ("AMD EPYC 7763 64-Core Processor", "cpu-amd-epyc-7763"),
        ("Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", "cpu-intel-xeon-platinum-8375c"),
        ("Intel(R) Xeon(R) CPU @ 2.20GHz", "cpu-intel-xeon"),
        ("12th Gen Intel(R) Core(TM) i7-1260P", "cpu-intel-core-i7-1260p"),
        ("Intel® Core™ i5-8250U", "cpu-intel-core-i5-8250u"),
        ("AMD Ryzen 7 5800U with Radeon Graphics", "cpu-amd-ryzen-7-5800u"),
        ("  spaces   and\ttabs ", "cpu-spaces-and-tabs"),
        ("Processor", "cpu-processor"),
        ("龙芯", "cpu-unnamed"),
        ("", "cpu-unnamed"),
    ],
)
def test_id_is_made_of_what_names_the_product(name, expected):
    assert hardware_id("CPU", name) == expected


def test_id_has_the_kind_before_and_the_index_behind_the_name():
    assert hardware_id("OpenVINO", "Intel(R) Arc(TM) A770", 1, "GPU") == "openvino-gpu-intel-arc-a770-1"
    assert hardware_id("CUDA", "NVIDIA H200", 0) == "cuda-nvidia-h200-0"


def test_second_device_of_one_id_gets_its_own():
    (row,) = cpu.detect(HOST, machine(), Browsers(()))
    other = replace(row, hardware_id="cpu-other")
    assert [named.hardware_id for named in distinct([row, other, row])] == [
        "cpu-amd-epyc-9b14",
        "cpu-other",
        "cpu-amd-epyc-9b14-2",
    ]
