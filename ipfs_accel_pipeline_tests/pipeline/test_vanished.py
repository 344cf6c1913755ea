"""Devices that an earlier detection found. Every row here is invented (fakes)."""

from dataclasses import replace
from datetime import timedelta

from ipfs_accel_pipeline.pipeline.vanished import with_vanished
from ipfs_accel_pipeline_tests.fakes import NOON, absent_hardware_row, hardware_row

LATER = NOON + timedelta(days=1)
CPU = hardware_row(detected_at=LATER)
GPU = hardware_row(hardware_id="cuda-fake-0", hardware_type="CUDA")
NO_GPU = absent_hardware_row(detected_at=LATER)


def test_a_device_that_is_not_found_any_more_is_unavailable_and_says_why():
    gone = replace(
        GPU,
        available=False,
        detected_at=LATER,
        unavailable_reason="It was here before, and the detection does not find it any more: no NVIDIA driver",
    )
    assert with_vanished([CPU, NO_GPU], [CPU, GPU]) == [CPU, NO_GPU, gone]


def test_one_of_two_devices_of_a_type_says_that_it_was_here():
    other = replace(GPU, hardware_id="cuda-fake-1", detected_at=LATER)
    (*_, gone) = with_vanished([CPU, other], [GPU, other])
    assert gone.unavailable_reason == "It was here before, and the detection does not find it any more."


def test_devices_of_another_host_and_those_known_to_be_absent_stay_as_they_are():
    elsewhere = replace(GPU, hostname="another-host")
    assert with_vanished([CPU], [CPU, elsewhere, absent_hardware_row()]) == [CPU]


def test_what_is_here_is_told_by_the_detection_alone():
    assert with_vanished([CPU], [replace(CPU, detected_at=NOON)]) == [CPU]
