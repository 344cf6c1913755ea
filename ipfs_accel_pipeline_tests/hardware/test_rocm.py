from ipfs_accel_pipeline.hardware import rocm
from ipfs_accel_pipeline.hardware.torch_build import TorchBuild
from ipfs_accel_pipeline_tests.hardware.replay import HOST, build_of, never_imported, recorded_torch, recording

CPU_BUILD = TorchBuild("2.13.0+cpu", None, None)


def detected(said, has_kernel_driver=True, environment=None, may_use_driver=True):
    build, torch = build_of(said), recorded_torch(said)
    return rocm.detect(HOST, build, lambda: torch, has_kernel_driver, environment or {}, may_use_driver)


def test_equal_gpus_are_told_apart_by_index():
    first, second = detected(recording("rocm_two_mi300x.json"))
    assert (first.hardware_id, second.hardware_id) == ("rocm-amd-instinct-mi300x-0", "rocm-amd-instinct-mi300x-1")
    assert (first.runtime["device"], second.runtime["device"]) == ("cuda:0", "cuda:1")
    assert (first.compute_units, first.memory_capacity) == (304, 196592.0)
    assert (first.runtime["architecture"], first.driver_version) == ("gfx942", "HIP 6.4.43482-0f2d60242")
    assert first.supported_precisions == ("fp32", "fp16", "bf16", "int8")


def test_older_gpu_without_a_name_is_called_by_its_architecture():
    said = recording("rocm_two_mi300x.json")
    said["devices"] = [{**said["devices"][0], "name": "", "gcnArchName": "gfx906"}]
    (row,) = detected(said)
    assert (row.hardware_id, row.device_name) == ("rocm-gfx906-0", "AMD GPU (gfx906)")
    assert row.supported_precisions == ("fp32", "fp16")


def test_torch_without_rocm_is_the_reason_and_is_not_imported():
    (row,) = rocm.detect(HOST, CPU_BUILD, never_imported, True, {})
    assert (row.hardware_id, row.available) == ("rocm-absent", False)
    assert "driver is loaded (/dev/kfd), but torch 2.13.0+cpu is built without ROCm" in row.unavailable_reason


def test_neither_driver_nor_torch_is_said_together():
    (row,) = rocm.detect(HOST, CPU_BUILD, never_imported, False, {})
    assert row.unavailable_reason.startswith("No AMD driver (/dev/kfd is missing), and torch")
    (row,) = rocm.detect(HOST, None, never_imported, False, {})
    assert row.unavailable_reason.endswith("torch is not installed.")


def test_rocm_build_without_gpu_names_what_is_missing():
    said = {**recording("rocm_two_mi300x.json"), "devices": []}
    assert "finds no GPU it can use" in detected(said)[0].unavailable_reason
    assert "needs the AMD driver" in detected(said, has_kernel_driver=False)[0].unavailable_reason


def test_a_driver_that_this_user_may_not_use_names_the_groups():
    said = {**recording("rocm_two_mi300x.json"), "devices": []}
    (row,) = detected(said, may_use_driver=False)
    assert "may not use /dev/kfd. Add this user to the groups `render` and `video`" in row.unavailable_reason


def test_a_variable_that_may_hide_the_gpus_is_named():
    said = {**recording("rocm_two_mi300x.json"), "devices": []}
    (row,) = detected(said, environment={"HIP_VISIBLE_DEVICES": "7"})
    assert row.unavailable_reason.endswith(
        "finds no GPU it can use, and HIP_VISIBLE_DEVICES='7' may hide them. Unset it."
    )
