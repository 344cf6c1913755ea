from pathlib import Path

import pytest

from ipfs_accel_pipeline.browser.find import Browsers
from ipfs_accel_pipeline.hardware import cpu
from ipfs_accel_pipeline_tests.hardware.replay import HOST, machine

NO_BROWSER = Browsers((), "no browser was found")


def detected(*arguments, browsers=NO_BROWSER, **changes):
    (row,) = cpu.detect(HOST, machine(*arguments, **changes), browsers)
    return row


def test_a_browser_is_one_more_way_into_the_processor():
    found = detected(browsers=Browsers((Path("/usr/bin/chromium"), Path("/usr/bin/edge"))))
    assert found.runtime["endpoint_devices"] == {"wasm": "wasm@/usr/bin/chromium"}
    assert detected().runtime["absent_endpoints"] == {"wasm": "no browser was found"}


@pytest.mark.parametrize(
    ("file", "source", "hardware_id", "name", "precisions"),
    [
        ("cpu_amd_epyc_9b14.txt", "/proc/cpuinfo", "cpu-amd-epyc-9b14", "AMD EPYC 9B14", ("fp32", "bf16", "int8")),
        (
            "cpu_intel_xeon_8481c.txt",
            "/proc/cpuinfo",
            "cpu-intel-xeon-platinum-8481c",
            "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
            ("fp32", "fp16", "bf16", "int8"),
        ),
        (
            "cpu_arm_graviton3.txt",
            "/proc/cpuinfo",
            "cpu-arm-neoverse-v1",
            "ARM Neoverse-V1",
            ("fp32", "fp16", "bf16", "int8"),
        ),
        ("cpu_apple_m3.txt", "sysctl", "cpu-apple-m3-pro", "Apple M3 Pro", ("fp32", "fp16", "bf16", "int8")),
        (
            "cpu_windows.json",
            "py-cpuinfo",
            "cpu-amd-ryzen-7-7840u",
            "AMD Ryzen 7 7840U w/ Radeon 780M Graphics",
            ("fp32", "bf16", "int8"),
        ),
    ],
)
def test_processor_is_read_from_what_its_system_says(file, source, hardware_id, name, precisions):
    row = detected(file, source)
    assert (row.hardware_id, row.device_name, row.supported_precisions) == (hardware_id, name, precisions)
    assert (row.available, row.acceleration, row.runtime["device"]) == (True, "hardware", "cpu")


def test_sizes_are_cores_and_mebibytes():
    row = detected()
    assert (row.compute_units, row.memory_capacity, row.max_batch_size) == (2, 16384.0, None)


@pytest.mark.parametrize(
    ("architecture", "hardware_id"),
    [
        ("x86_64", "cpu-x86-64"),
        ("AMD64", "cpu-x86-64"),
        ("arm64", "cpu-aarch64"),
        ("riscv64", "cpu-riscv64"),
        ("", "cpu-unnamed"),
    ],
)
def test_architecture_stands_in_for_a_name_that_is_unknown(architecture, hardware_id):
    assert detected("cpu_unnamed_vm.txt", architecture=architecture).hardware_id == hardware_id
    assert detected(processor_text="", architecture=architecture).hardware_id == hardware_id


def test_arm_core_without_a_known_part_number_falls_back_to_the_architecture():
    text = "CPU implementer\t: 0x41\nCPU part\t: 0xfff\n"
    assert detected(processor_text=text, architecture="aarch64").hardware_id == "cpu-aarch64"


def test_both_kinds_of_cores_of_a_mixed_arm_chip_are_named():
    text = "CPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n"
    assert detected(processor_text=text).device_name == "ARM Cortex-A76 Cortex-A72"


def test_16_bit_types_without_instructions_for_them_are_not_listed():
    assert detected("cpu_unnamed_vm.txt").supported_precisions == ("fp32", "int8")


def test_logical_cores_count_where_physical_ones_are_unknown():
    assert detected(physical_cores=None).compute_units == 4
    assert detected(physical_cores=None, logical_cores=None).compute_units is None
