"""The schedule and the sensor, ticked."""

from datetime import datetime

import dagster as dg
import pytest

from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.defs import detection, sensors
from ipfs_accel_pipeline.defs.schedules import nightly_benchmarks
from ipfs_accel_pipeline.defs.sensors import new_hardware
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes

TWO_O_CLOCK = datetime(2026, 3, 1, 2, 0)


@dg.job(name=sensors.benchmark_job.name)
def benchmark_job_stand_in():
    pass


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHMARK_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def instance():
    with dg.DagsterInstance.local_temp() as instance:
        yield instance


def tick(instance, at=TWO_O_CLOCK):
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
        return nightly_benchmarks(context)


def test_the_night_measures_every_known_device_once(instance):
    instance.add_dynamic_partitions("hardware", ["cpu-a", "cuda-b-0"])
    requests = tick(instance)
    assert [request.partition_key for request in requests] == ["cpu-a", "cuda-b-0"]
    assert [request.run_key for request in requests] == ["nightly-2026-03-01-cpu-a", "nightly-2026-03-01-cuda-b-0"]


def test_another_night_asks_again(instance):
    instance.add_dynamic_partitions("hardware", ["cpu-a"])
    first, second = (tick(instance, TWO_O_CLOCK.replace(day=day)) for day in (1, 2))
    assert first[0].run_key != second[0].run_key


def test_a_night_without_hardware_says_what_to_run(instance):
    assert "job `detect`" in tick(instance).skip_message


def evaluate(instance):
    with dg.build_sensor_context(instance=instance) as context:
        return new_hardware(context)


def devices(keys):
    """Without emulators, which are partitions to choose and nothing that was plugged in."""
    return [key for key in keys if "emulator" not in key]


def test_the_sensor_makes_new_hardware_a_partition_and_asks_for_its_run(instance):
    result = evaluate(instance)
    (added,) = result.dynamic_partitions_requests
    assert [request.partition_key for request in result.run_requests] == devices(added.partition_keys)
    assert any(key.startswith("cpu-") for key in added.partition_keys)
    assert not any(key.endswith("-absent") for key in added.partition_keys)


def test_a_partition_that_was_never_measured_is_still_new(instance):
    (added,) = evaluate(instance).dynamic_partitions_requests
    instance.add_dynamic_partitions("hardware", added.partition_keys)
    again = evaluate(instance)
    assert [request.partition_key for request in again.run_requests] == devices(added.partition_keys)
    assert again.dynamic_partitions_requests == []


def test_measured_hardware_is_not_asked_for_again(instance):
    (added,) = evaluate(instance).dynamic_partitions_requests
    instance.add_dynamic_partitions("hardware", added.partition_keys)
    for key in added.partition_keys:
        instance.report_runless_asset_event(dg.AssetMaterialization("measurements", partition=key))
    again = evaluate(instance)
    assert again.run_requests == []
    assert again.dynamic_partitions_requests == []
    assert "nothing new" in again.skip_reason.skip_message


@pytest.mark.parametrize(("status", "is_measured"), [("passed", True), ("error", True), ("skipped", False)])
def test_hardware_that_the_command_line_measured_is_not_new(instance, data, status, is_measured):
    asked = [request.partition_key for request in evaluate(instance).run_requests]
    test = fakes.test_row if status == "passed" else fakes.failed_test_row
    with open_database(data / "benchmark.duckdb") as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row(hardware_id=asked[0])])
        write_rows(connection, "models", [fakes.model_row()])
        write_rows(connection, "test_results", [test(hardware_id=asked[0], status=status)])
    again = [request.partition_key for request in evaluate(instance).run_requests]
    assert again == (asked[1:] if is_measured else asked)


def test_an_emulator_is_a_partition_that_nobody_asks_for(instance, monkeypatch):
    emulator = fakes.hardware_row(hardware_id="qualcomm-emulator", acceleration="emulated")
    monkeypatch.setattr(sensors, "detect_apart", lambda: [fakes.hardware_row(), emulator])
    result = evaluate(instance)
    (added,) = result.dynamic_partitions_requests
    assert list(added.partition_keys) == [fakes.HARDWARE_ID, "qualcomm-emulator"]
    assert [request.partition_key for request in result.run_requests] == [fakes.HARDWARE_ID]


def test_measured_hardware_without_a_partition_gets_it_again(instance):
    """Its partition was deleted while it was unplugged: the night must not leave it out for ever."""
    (added,) = evaluate(instance).dynamic_partitions_requests
    for key in added.partition_keys:
        instance.report_runless_asset_event(dg.AssetMaterialization("measurements", partition=key))
    again = evaluate(instance)
    assert again.run_requests == []
    assert [request.partition_keys for request in again.dynamic_partitions_requests] == [added.partition_keys]


def test_a_device_whose_run_failed_is_asked_for_again_the_next_day_and_not_while_one_runs(instance, monkeypatch):
    def at(day):
        monkeypatch.setattr(sensors, "datetime", type("Day", (), {"now": lambda zone: TWO_O_CLOCK.replace(day=day)}))
        return evaluate(instance)

    first, second = (at(day).run_requests for day in (1, 2))
    assert [one.partition_key for one in first] == [one.partition_key for one in second]
    assert not {one.run_key for one in first} & {one.run_key for one in second}
    for request in second:
        instance.create_run_for_job(benchmark_job_stand_in, tags={"dagster/partition": request.partition_key})
    third = at(3)
    assert third.run_requests == []
    assert "being measured: cpu-" in third.skip_reason.skip_message


def test_a_driver_that_crashes_the_detection_is_an_error_of_the_tick_and_not_of_the_server(instance, monkeypatch):
    crash = Job("ipfs_accel_pipeline_tests.benchmark.misbehaving:segfault", {}, timeout_s=30)
    monkeypatch.setattr(detection, "DETECT", crash)
    with pytest.raises(RuntimeError, match="SIGSEGV"):
        evaluate(instance)
