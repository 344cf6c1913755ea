"""The main job, run by Dagster on real hardware: this machine's."""

import json
import logging
import socket

import dagster as dg
import pytest

from ipfs_accel_pipeline.defs.sensors import new_hardware
from ipfs_accel_pipeline.models.catalogue import load_catalogue
from ipfs_accel_pipeline.records import HardwareType
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests.fakes import hardware_row
from ipfs_accel_pipeline_tests.workshop import TINY

pytestmark = pytest.mark.slow

TABLES = (
    "hardware_platforms",
    "models",
    "test_results",
    "performance_results",
    "hardware_compatibility",
    "power_metrics",
)


def counts(workshop):
    return {table: workshop.published(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def metadata(result, asset):
    (event,) = result.asset_materializations_for_node(asset)
    return event.metadata


def test_detection_stores_all_eight_types_and_makes_partitions_of_what_is_there(workshop, launch, hardware):
    assert launch("publish").success
    rows = workshop.published("SELECT hardware_type, hardware_id, available FROM hardware_platforms")
    assert {kind for kind, _, _ in rows} == set(HardwareType)
    assert sorted(key for _, key, available in rows if available) == hardware


def test_one_run_measures_stores_checks_and_reports(workshop, launch, openvino):
    result = launch("benchmark", openvino)
    assert result.success
    assert counts(workshop) == {
        "hardware_platforms": 8,
        "models": len(load_catalogue(workshop.settings.user_catalogue)),
        "test_results": 1,
        "performance_results": 1,
        "hardware_compatibility": 1,
        "power_metrics": 1,
    }
    (test,) = workshop.published(
        "SELECT model_id, status, requested_device, actual_device, parity_cosine FROM test_results"
    )
    assert test[:4] == (TINY, "passed", "CPU", "CPU")
    assert test[4] > 0.9999
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert len(result.get_asset_check_evaluations()) == 9
    assert workshop.published(
        "SELECT count(*) FROM test_results ANTI JOIN model_versions USING (model_version_id)"
    ) == [(0,)]
    assert workshop.published("SELECT verdict, place FROM recommendations WHERE prefer = 'latency'") == [
        ("recommended", 1)
    ]
    assert workshop.published("SELECT recommended FROM hardware_compatibility") == [(True,)]
    assert workshop.published("SELECT count(*) FROM performance_changes") == [(0,)]  # one night has no history
    assert metadata(result, "measurements")["rounds/passed"].value == 1
    assert "data:image/svg+xml" in metadata(result, "performance_results")["latency"].value
    report = json.loads((workshop.settings.reports / "report.json").read_text())
    assert report["summary"]["tests"] == 1
    assert (workshop.settings.reports / "report.html").exists()
    assert (workshop.settings.reports / "report.md").exists()


def test_hardware_that_the_sensor_finds_becomes_a_partition_and_is_measured(workshop, launch, instance):
    with dg.build_sensor_context(instance=instance) as context:
        found = new_hardware(context)
    for request in found.dynamic_partitions_requests:  # as the daemon does
        instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
    (request,) = [request for request in found.run_requests if request.partition_key.startswith("openvino-cpu")]
    result = launch("benchmark", request.partition_key)
    assert result.success
    assert workshop.published("SELECT hardware_id FROM performance_results") == [(request.partition_key,)]


def test_two_nights_give_two_sets_of_rows(workshop, launch, openvino):
    first, second = launch("benchmark", openvino), launch("benchmark", openvino)
    assert first.success
    assert second.success
    runs = workshop.published("SELECT run_id, count(*) FROM performance_results GROUP BY run_id")
    assert sorted(runs) == sorted([(first.run_id, 1), (second.run_id, 1)])
    assert workshop.published("SELECT count(*) FROM hardware_compatibility") == [(1,)]


def test_a_failed_run_continued_from_failure_doubles_nothing(workshop, launch, openvino, instance, monkeypatch):
    from ipfs_accel_pipeline.defs.assets import performance_results as asset_module

    def full_disk(*_):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(asset_module, "pending_rows", full_disk)
        failed = launch("benchmark", openvino)
    assert not failed.success
    assert "measurements" in {event.node_name for event in failed.filter_events(lambda e: e.is_step_success)}

    options = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
    with dg.execute_job(
        dg.reconstructable(main_job),
        instance,
        tags={"dagster/partition": openvino},  # as the UI does
        reexecution_options=options,
    ) as again:
        assert again.success
        steps = {event.node_name for event in again.filter_events(lambda e: e.is_step_success)}
    assert "measurements" not in steps, "what was measured is not measured again"
    assert "performance_results" in steps
    assert workshop.published("SELECT run_id FROM test_results") == [(failed.run_id,)]
    assert workshop.published("SELECT run_id FROM performance_results") == [(failed.run_id,)]


def test_a_good_run_executed_again_says_that_nothing_was_measured(launch, openvino, instance):
    first = launch("benchmark", openvino)
    assert metadata(first, "measurements")["taken_now"].value == 1
    with dg.execute_job(
        dg.reconstructable(main_job),
        instance,
        tags={"dagster/partition": openvino},
        reexecution_options=dg.ReexecutionOptions(first.run_id, step_selection=["measurements"]),
    ) as again:
        assert again.success
        (event,) = again.filter_events(lambda event: event.is_step_materialization)
        assert event.step_materialization_data.materialization.metadata["taken_now"].value == 0
        told = [record.message for record in instance.all_logs(again.run_id) if record.level >= logging.WARNING]
    assert any("nothing was measured again. Launch a new run" in message for message in told)


def main_job():
    from ipfs_accel_pipeline.definitions import defs

    return defs().resolve_job_def("benchmark")


def test_a_device_of_another_machine_is_not_measured_as_if_it_were_here(workshop, launch, hardware, instance):
    with open_database(workshop.settings.database) as connection:
        write_rows(connection, "hardware_platforms", [hardware_row(hardware_id="cpu-of-another-machine")])
    instance.add_dynamic_partitions("hardware", ["cpu-of-another-machine"])
    result = launch("benchmark", "cpu-of-another-machine")
    failures = [event.step_failure_data for event in result.filter_events(lambda event: event.is_step_failure)]
    assert "is not in this machine" in failures[0].user_failure_data.description
    assert "cpu-of-another-machine" not in {path.name for path in workshop.settings.shards.glob("*")}


def test_a_benchmark_that_cannot_run_does_not_fail_the_run(workshop, launch, openvino, run_config):
    config = run_config["resources"]["benchmark"]["config"]
    config |= {"sequence_lengths": [16, 4096]}  # the second exceeds the model
    assert launch("benchmark", openvino, run_config).success
    rows = workshop.published("SELECT sequence_length, status, success FROM test_results ORDER BY 1")
    assert rows[0] == (16, "passed", True)
    assert rows[1][1:] == ("unsupported", False)
    assert workshop.published("SELECT count(*) FROM performance_results") == [(1,)]
    assert workshop.published("SELECT compatibility_status FROM hardware_compatibility") == [("partial",)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"models": ["bert-bse-uncased"]}, "bert-base-uncased"),
        ({"models": ["../../etc/passwd"]}, "takes names only"),
        ({"precisions": ["fp7"]}, "fp32, fp16, bf16, int8"),
        ({"batch_sizes": [0]}, "must be between 1"),
        ({"models": ["a" * 300]}, "No model is called 'aaa"),
    ],
)
def test_a_wrong_choice_fails_at_once_and_says_what_to_do(launch, openvino, run_config, change, says):
    config = run_config["resources"]["benchmark"]["config"]
    result = launch("benchmark", openvino, {"resources": {"benchmark": {"config": config | change}}})
    assert not result.success
    failures = [event.step_failure_data for event in result.filter_events(lambda event: event.is_step_failure)]
    assert says in str(
        failures[0].user_failure_data.description if failures[0].user_failure_data else failures[0].error
    )


def test_a_run_without_a_partition_says_where_to_choose_one(launch):
    result = launch("benchmark", asset_selection=[dg.AssetKey("measurements")])
    (failure,) = (event.step_failure_data for event in result.filter_events(lambda event: event.is_step_failure))
    assert "No device was chosen" in failure.user_failure_data.description


def test_a_device_that_is_not_here_any_more_is_not_said_to_be_available(workshop, launch, hardware):
    gone = hardware_row(hardware_id="cuda-gone-0", hardware_type="CUDA", hostname=socket.gethostname())
    with open_database(workshop.settings.database) as connection:
        write_rows(connection, "hardware_platforms", [gone])
    assert launch("detect").success
    assert launch("publish").success
    ((available, reason),) = workshop.published(
        f"SELECT available, unavailable_reason FROM hardware_platforms WHERE hardware_id = '{gone.hardware_id}'",
    )
    assert not available
    assert reason.startswith("It was here before")


def test_a_partition_without_hardware_is_refused_with_the_remedy(launch, instance, run_config):
    instance.add_dynamic_partitions("hardware", ["cuda-of-another-machine"])
    result = launch("benchmark", "cuda-of-another-machine")
    failures = [event.step_failure_data for event in result.filter_events(lambda event: event.is_step_failure)]
    assert "Materialize hardware_platforms on the machine that has it" in failures[0].user_failure_data.description
