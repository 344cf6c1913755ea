from __future__ import annotations

from ipfs_accel_pipeline.pipeline.endpoints import endpoint_devices
from ipfs_accel_pipeline_tests.fakes import hardware_row


def test_a_processor_has_the_ways_in_that_need_nothing_else():
    assert endpoint_devices(hardware_row(runtime={"device": "cpu"})) == {"pytorch": "cpu", "onnxruntime": "cpu"}


def test_a_browser_that_was_found_is_one_more_with_its_own_device():
    row = hardware_row(runtime={"device": "cpu", "endpoint_devices": {"wasm": "wasm@/usr/bin/chromium"}})
    assert endpoint_devices(row)["wasm"] == "wasm@/usr/bin/chromium"
    assert endpoint_devices(row)["onnxruntime"] == "cpu"


def test_an_adapter_is_reached_by_the_way_it_was_found():
    runtime = {"device": "dawn", "endpoint_devices": {"webgpu-native": "dawn"}}
    assert endpoint_devices(hardware_row(hardware_type="WebGPU", runtime=runtime)) == {"webgpu-native": "dawn"}
