"""`--qualcomm`: real devices with a token, the emulator without one, else exactly what is missing."""

import importlib.util
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from ipfs_accel_pipeline.cli import main
from ipfs_accel_pipeline.models.bundles import bundle_folder, open_bundle
from ipfs_accel_pipeline.pipeline import hub_measuring
from ipfs_accel_pipeline.pipeline.run import choose_platforms, choose_qualcomm
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline_tests.fakes import hardware_row
from ipfs_accel_pipeline_tests.hub_server import TOKEN, HubServer, answers_of
from ipfs_accel_pipeline_tests.qualcomm.conftest import QUICK
from ipfs_accel_pipeline_tests.workshop import TINY

HUB = hardware_row(
    hardware_id="qualcomm-aihub-a",
    hardware_type="Qualcomm",
    runtime={"device": "a", "endpoint_devices": {"aihub": "a"}},
)
EMULATOR = hardware_row(
    hardware_id="qualcomm-htp-emulator",
    hardware_type="Qualcomm",
    acceleration="emulated",
    runtime={"device": "e", "endpoint_devices": {"qnn_emulator": "e"}},
)
CPU = hardware_row()


@pytest.fixture(autouse=True)
def no_token(monkeypatch, tmp_path):
    for name in ("BENCHMARK_AIHUB_TOKEN", "BENCHMARK_AIHUB_URL", "BENCHMARK_AIHUB_DEVICES"):
        monkeypatch.setenv(name, "")  # so that what the command sets is undone, too
        monkeypatch.delenv(name)
    monkeypatch.setenv("QAIHUB_CLIENT_INI", str(tmp_path / "none.ini"))


def invoke(*arguments):
    return CliRunner().invoke(main, ["--qualcomm", "--profile", "smoke", "--weights", "random", *arguments])


def test_the_emulator_is_taken_only_without_a_real_device():
    assert choose_qualcomm([CPU, HUB, EMULATOR]) == [HUB]
    assert choose_qualcomm([CPU, EMULATOR]) == [EMULATOR]


def test_neither_a_cloud_nor_an_emulator_is_used_unasked():
    assert choose_platforms([CPU, HUB, EMULATOR], []) == [CPU]
    assert choose_platforms([CPU, HUB, EMULATOR], ["qualcomm"]) == [HUB, EMULATOR]


def test_with_nothing_it_says_exactly_what_is_missing(tmp_path, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "onnxruntime_qnn" else real(name, *rest)
    )
    monkeypatch.chdir(tmp_path)
    result = invoke()
    assert result.exit_code == 2
    assert "AI Hub needs an API token: set BENCHMARK_AIHUB_TOKEN" in result.output
    assert "onnxruntime_qnn is not installed: pip install 'ipfs-accel-pipeline[qnn]'" in result.output
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_without_a_token_the_emulator_tells_compatibility_and_parity_and_no_latency(workshop):
    pytest.importorskip("onnxruntime_qnn", reason="onnxruntime-qnn is not installed: [qnn]")
    result = invoke("--models", TINY, "--precisions", "int8")
    assert result.exit_code == 0, result.output
    assert "The emulator tells what runs" in result.output
    (row,) = workshop.stored("SELECT status, endpoint_type, provenance, precision, parity_cosine FROM test_results")
    assert row[:4] == ("passed", "qnn_emulator", "emulated", "int8")
    assert row[4] > 0.95
    (shard,) = ShardStore(workshop.settings.shards).shards()
    (observation,) = ShardStore(workshop.settings.shards).read(shard).observations
    assert observation.latencies_ms == (), "an emulator is not timed at all"
    assert workshop.stored("SELECT count(*) FROM performance_results") == [(0,)]
    assert workshop.stored("SELECT count(*) FROM power_metrics") == [(0,)]
    assert workshop.stored("SELECT compatibility_status FROM hardware_compatibility") == [("compatible",)]


@pytest.mark.slow
def test_twelve_devices_wait_in_the_hubs_queues_together(workshop, monkeypatch):
    monkeypatch.setattr(hub_measuring, "PATIENCE", QUICK)
    bundle = open_bundle(bundle_folder(workshop.spec, workshop.settings.bundles, "random"))
    with HubServer(devices=13) as server:
        server.answer = answers_of(bundle.artefact_path("onnx"))
        monkeypatch.setenv("BENCHMARK_AIHUB_TOKEN", TOKEN)
        monkeypatch.setenv("BENCHMARK_AIHUB_URL", server.url)
        monkeypatch.setenv("BENCHMARK_AIHUB_DEVICES", "os:android")  # all but one
        result = invoke("--models", TINY)
    assert result.exit_code == 0, result.output
    assert workshop.stored("SELECT count(DISTINCT hardware_id), count(*) FROM performance_results") == [(12, 12)]
    assert server.requests.count(("POST", "/models")) == 1
    first_poll = server.requests.index(("GET", "/job_summaries"))
    assert server.requests[:first_poll].count(("POST", "/jobs")) == 12
    assert TOKEN not in result.output


@pytest.mark.slow
def test_a_token_without_a_chosen_device_measures_the_default_one(workshop, monkeypatch):
    monkeypatch.setattr(hub_measuring, "PATIENCE", QUICK)
    bundle = open_bundle(bundle_folder(workshop.spec, workshop.settings.bundles, "random"))
    with HubServer() as server:
        server.answer = answers_of(bundle.artefact_path("onnx"))
        monkeypatch.setenv("BENCHMARK_AIHUB_TOKEN", TOKEN)
        monkeypatch.setenv("BENCHMARK_AIHUB_URL", server.url)
        assert invoke("--models", TINY).exit_code == 0
    assert workshop.stored("SELECT requested_device FROM test_results") == [("Samsung Galaxy S24, android 14",)]


_RUN = """
from ipfs_accel_pipeline.benchmark.hub_jobs import Patience
from ipfs_accel_pipeline.cli import main
from ipfs_accel_pipeline.pipeline import hub_measuring
hub_measuring.PATIENCE = Patience(poll_s=0.1)
main(["--qualcomm", "--profile", "smoke", "--weights", "random", "--models", "%s"])
"""


@pytest.mark.slow
def test_a_run_that_was_killed_while_it_waited_pays_for_nothing_twice(workshop, monkeypatch):
    bundle = open_bundle(bundle_folder(workshop.spec, workshop.settings.bundles, "random"))
    with HubServer() as server:
        server.answer = answers_of(bundle.artefact_path("onnx"))
        server.stuck = {device.name for device in server.devices}
        monkeypatch.setenv("BENCHMARK_AIHUB_TOKEN", TOKEN)
        monkeypatch.setenv("BENCHMARK_AIHUB_URL", server.url)
        monkeypatch.setenv("BENCHMARK_AIHUB_DEVICES", "os:android")
        run = subprocess.Popen([sys.executable, "-c", _RUN % TINY], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while len(server.submitted("inference_job")) < 2:
            assert time.monotonic() < deadline, "the jobs were never submitted"
            assert run.poll() is None
            time.sleep(0.1)
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert server.count("POST", "/jobs") == 4
        server.stuck = set()
        assert subprocess.run([sys.executable, "-c", _RUN % TINY], capture_output=True, timeout=120).returncode == 0
        assert server.count("POST", "/jobs") == 4
        assert server.count("POST", "/models") == 1
    assert workshop.stored("SELECT count(*), count(DISTINCT run_id) FROM performance_results") == [(2, 1)]
    assert list((workshop.settings.data / "aihub").glob("*.json")) == []
