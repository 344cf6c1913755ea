from __future__ import annotations

import pytest

from ipfs_accel_pipeline.hardware import webgpu_native
from ipfs_accel_pipeline.hardware.webgpu_native import NativeProbe, detect, gpu_may_be_here, probe_native
from ipfs_accel_pipeline_tests.hardware.replay import HOST

SOFTWARE = NativeProbe("0.4.0", {"type": "CPU", "vendor": "AMD", "device_id": 0}, is_software=True)
HARDWARE = NativeProbe("0.4.0", {"type": "GPU", "vendor": "NVIDIA", "device_id": 0x2684})
NONE = NativeProbe("0.4.0", problem="Dawn finds no GPU")


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    monkeypatch.setattr(webgpu_native.importlib.util, "find_spec", lambda name: object())


def test_hardware_is_a_row_of_its_own_beside_the_browsers():
    (row,) = detect(HOST, HARDWARE, software_is_wanted=False)
    assert (row.hardware_id, row.acceleration, row.available) == ("webgpu-native-nvidia-0x2684", "hardware", True)
    assert row.runtime["endpoint_devices"] == {"webgpu-native": "dawn"}


def test_software_is_measured_only_on_request():
    (row,) = detect(HOST, SOFTWARE, software_is_wanted=False)
    assert (row.available, row.acceleration) == (False, "software")
    (row,) = detect(HOST, SOFTWARE, software_is_wanted=True)
    assert (row.available, row.runtime["device"]) == (True, "dawn-software")


def test_software_is_never_asked_for_where_hardware_is():
    asked = []
    assert probe_native(True, True, lambda software: asked.append(software) or HARDWARE) == HARDWARE
    assert asked == [False]


def test_software_is_asked_for_where_there_is_nothing_else():
    assert probe_native(True, True, lambda software: SOFTWARE if software else NONE) == SOFTWARE
    assert probe_native(False, True, lambda software: SOFTWARE if software else NONE) == NONE


def test_where_the_kernel_shows_no_gpu_dawn_is_not_loaded(tmp_path):
    found = probe_native(False, gpu_may_be_here(tmp_path), ask=None)
    assert "this machine has no GPU" in found.problem
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "renderD128").touch()
    assert gpu_may_be_here(tmp_path)


def test_what_is_not_installed_says_how_to(monkeypatch):
    monkeypatch.setattr(webgpu_native.importlib.util, "find_spec", lambda name: None)
    (row,) = detect(HOST, probe_native(True), software_is_wanted=True)
    assert 'pip install "ipfs-accel-pipeline[webgpu]"' in row.unavailable_reason


def test_a_probe_that_dies_is_a_reason(monkeypatch):
    monkeypatch.setattr(webgpu_native.sys, "executable", "/bin/false")
    assert "its probe ended with 1" in probe_native(False, True).problem
