"""A Qualcomm partition from launch to report: Dagster, the real AI Hub client, and a stand-in for the service."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
import yaml

from ipfs_accel_pipeline.benchmark.host_lock import exclusive_host
from ipfs_accel_pipeline.defs.assets import hardware_platforms
from ipfs_accel_pipeline.models.bundles import bundle_folder, open_bundle
from ipfs_accel_pipeline.pipeline import hub_measuring
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline_tests.hub_server import TOKEN, HubServer, answers_of
from ipfs_accel_pipeline_tests.qualcomm.conftest import QUICK

pytestmark = pytest.mark.slow
PARTITION = "qualcomm-aihub-samsung-galaxy-s24-android-14"


@pytest.fixture
def server(workshop, monkeypatch):
    with HubServer() as server:
        bundle = open_bundle(bundle_folder(workshop.spec, workshop.settings.bundles, "random"))
        server.answer = answers_of(bundle.artefact_path("onnx"))
        monkeypatch.setenv("BENCHMARK_AIHUB_TOKEN", TOKEN)
        monkeypatch.setenv("BENCHMARK_AIHUB_URL", server.url)
        monkeypatch.setenv("BENCHMARK_AIHUB_DEVICES", "os:android")
        monkeypatch.setattr(hub_measuring, "PATIENCE", QUICK)
        yield server


def test_the_chosen_devices_are_partitions_and_one_is_measured_and_reported(workshop, server, launch, instance):
    assert launch("detect").success
    partitions = set(instance.get_dynamic_partitions("hardware"))
    assert {PARTITION, "qualcomm-aihub-samsung-galaxy-s25-android-15"} <= partitions

    result = launch("benchmark", PARTITION)
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    (test,) = workshop.stored(
        "SELECT status, endpoint_type, precision, provenance, requested_device, actual_device FROM test_results",
    )
    device = "Samsung Galaxy S24, android 14"
    assert test == ("passed", "aihub", "fp16", "measured", device, device)
    (performance,) = workshop.stored("SELECT p50_latency_ms, iterations, memory_peak_mb FROM performance_results")
    assert performance == (2.03, 100, 259)
    (power,) = workshop.stored("SELECT power_watts_avg, source, reason FROM power_metrics")
    assert power[:2] == (None, "unavailable")
    assert "AI Hub measures no power" in power[2]
    assert workshop.stored("SELECT hardware_id, compatibility_status FROM hardware_compatibility") == [
        (PARTITION, "compatible")
    ]
    report = json.loads((workshop.settings.reports / "report.json").read_text())
    assert report["summary"]["tests"] == 1
    assert "Samsung Galaxy S24" in (workshop.settings.reports / "report.md").read_text()
    assert server.count("POST", "/jobs") == 2


def test_a_failed_job_is_a_row_with_the_hubs_reason_and_the_run_goes_on(workshop, server, launch):
    server.job_failures["Samsung Galaxy S24"] = ("RUNTIME_DEVICE_OOM", "out of device memory")
    assert launch("detect").success
    assert launch("benchmark", PARTITION).success
    (row,) = workshop.stored("SELECT status, error_message FROM test_results")
    assert row[0] == "out_of_memory"
    assert "out of device memory" in row[1]
    assert workshop.stored("SELECT count(*) FROM performance_results") == [(0,)]


def files_with_the_token(*folders):
    found = [path for folder in folders for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink()]
    assert found
    return [path for path in found if TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize("status", [None, 426])
def test_the_token_is_written_nowhere_though_the_hub_repeats_it(workshop, server, launch, instance, capfd, status):
    if status:
        server.statuses = [("POST /jobs", status)]
    assert launch("detect").success
    result = launch("benchmark", PARTITION)
    assert result.success
    (row,) = workshop.stored("SELECT status, error_message FROM test_results")
    assert row[0] == ("unsupported" if status else "passed")
    assert not status or "<token>" in row[1]
    # Dagster's own storage (runs, run configuration, events, metadata, logs), then shards, ledger, database, reports.
    assert files_with_the_token(instance.root_directory, workshop.settings.data) == []
    printed = capfd.readouterr()
    assert TOKEN not in printed.out + printed.err


def test_without_a_token_the_run_ends_well_and_the_row_says_what_is_missing(
    workshop, server, launch, monkeypatch, tmp_path
):
    assert launch("detect").success
    monkeypatch.delenv("BENCHMARK_AIHUB_TOKEN")
    monkeypatch.setenv("QAIHUB_CLIENT_INI", str(tmp_path / "none.ini"))
    monkeypatch.setattr(hardware_platforms, "detect_apart", lambda: stored_platforms(workshop))  # as it was
    assert launch("benchmark", PARTITION).success
    (row,) = workshop.stored("SELECT status, error_message FROM test_results")
    assert row[0] == "unsupported"
    assert "AI Hub needs an API token: set BENCHMARK_AIHUB_TOKEN" in row[1]


def stored_platforms(workshop):
    with open_database(workshop.settings.database) as connection:
        return read_rows(connection, "hardware_platforms")


@pytest.mark.parametrize("setting", ["token", "api_url"])
def test_neither_token_nor_address_can_be_given_in_the_launchpad(definitions, run_config, setting):
    job = definitions.resolve_job_def("benchmark")
    assert dg.validate_run_config(job, run_config)
    run_config["resources"]["aihub"] = {"config": {setting: "x"}}
    with pytest.raises(dg.DagsterInvalidConfigError, match=f'unexpected config entry "{setting}"'):
        dg.validate_run_config(job, run_config)


def test_runs_on_the_hub_and_runs_on_this_host_do_not_queue_for_each_other(definitions, instance):
    instance.add_dynamic_partitions("hardware", [PARTITION, "cpu-a"])
    job = definitions.resolve_job_def("benchmark")
    resolve = lambda key: dg.RunRequest(partition_key=key).with_resolved_tags_and_config(job, [], instance).tags  # noqa: E731
    hub, local = resolve(PARTITION), resolve("cpu-a")
    assert hub["bench/hub"] == "aihub"
    assert "bench/host" not in hub
    assert local["bench/host"]
    assert "bench/hub" not in local
    settings = yaml.safe_load(Path("data/dagster_home/dagster.yaml").read_text())["concurrency"]["runs"]
    limits = {one["key"]: one["limit"] for one in settings["tag_concurrency_limits"]}
    assert limits["bench/host"] == 1
    assert limits["bench/hub"] < settings["max_concurrent_runs"], "nothing is left for this host"


def test_a_run_that_polls_the_hub_leaves_the_host_free(workshop, server, launch):
    server.stuck = {"Samsung Galaxy S24"}
    assert launch("detect").success
    with ThreadPoolExecutor() as threads:
        run = threads.submit(launch, "benchmark", PARTITION)
        deadline = time.monotonic() + 120
        while not server.submitted("inference_job"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        waited = []
        with exclusive_host(waited.append):  # as a local measurement does
            assert waited == []
            assert not run.done()
        server.stuck = set()
        assert run.result().success
