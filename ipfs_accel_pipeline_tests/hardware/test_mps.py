import pytest

from ipfs_accel_pipeline.hardware import mps
from ipfs_accel_pipeline_tests.hardware.replay import HOST, never_imported, recorded_apple_torch, recording


def detected(**changes):
    said = {**recording("mps_m3.json"), **changes}
    (row,) = mps.detect(HOST, "Darwin", "15.2", lambda: recorded_apple_torch(said))
    return row


def test_apple_gpu_is_described_by_torch():
    row = detected()
    assert (row.hardware_id, row.device_name, row.compute_units) == ("mps-apple-m3-pro", "Apple M3 Pro", 18)
    assert (row.memory_capacity, row.driver_version, row.runtime["device"]) == (27648.0, "macOS 15.2", "mps")
    assert row.available


def test_other_systems_never_have_it_and_do_not_import_torch():
    (row,) = mps.detect(HOST, "Linux", "", never_imported)
    assert (row.hardware_id, row.available) == ("mps-absent", False)
    assert row.unavailable_reason == "never: MPS is macOS's way to the GPU, and this is Linux."


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"built": False}, "torch 2.10.0 is built without MPS"), ({"available": False}, "macOS 15.2 offers no Metal GPU")],
)
def test_apple_machine_without_mps_says_why(changes, reason):
    row = detected(**changes)
    assert not row.available
    assert reason in row.unavailable_reason
