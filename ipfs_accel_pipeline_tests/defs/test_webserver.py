"""A real webserver and daemon, spoken to as the UI does: launch a run, backfill every partition, turn the sensor on."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import dagster as dg
import pytest
from dagster_graphql import DagsterGraphQLClient

from ipfs_accel_pipeline_tests.workshop import TINY

pytestmark = [pytest.mark.slow, pytest.mark.webserver]

ROOT = Path(__file__).parents[2]
LOCATION = "ipfs_accel_pipeline"
REPOSITORY = {"repositoryLocationName": LOCATION, "repositoryName": "__repository__"}
CONFIG = {"resources": {"benchmark": {"config": {"models": [TINY], "profile": "smoke", "weights": "random"}}}}

LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
RUNS = """
query ($filter: RunsFilter) {
  runsOrError(filter: $filter) { ... on Runs { results {
    runId status startTime endTime tags { key value } } } }
}"""
START_SENSOR = """
mutation ($selector: SensorSelector!) {
  startSensor(sensorSelector: $selector) { __typename ... on PythonError { message } }
}"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Webserver and daemon of one Dagster instance."""

    def __init__(self, home, log):
        # Two processes that make the same new database at once refuse each other; `make ui` runs `detect` before.
        with dg.DagsterInstance.from_config(str(home)) as instance:
            instance.get_runs_count()
        self._port = free_port()
        environment = {**os.environ, "DAGSTER_HOME": str(home)}
        commands = (
            ["webserver", "-w", "workspace.yaml", "-p", str(self._port)],
            ["daemon", "run", "-w", "workspace.yaml"],
        )
        self._processes = [
            subprocess.Popen(
                [str(Path(sys.executable).with_name(f"dagster-{name}")), *arguments],
                cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
            )
            for name, *arguments in commands
        ]  # fmt: skip
        self._client = self._connect()

    def _connect(self):
        deadline = time.monotonic() + 180
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self._port}/server_info", timeout=5).close()
                return DagsterGraphQLClient("127.0.0.1", port_number=self._port)
            except OSError:
                assert time.monotonic() < deadline, "the webserver did not come up"
                assert all(process.poll() is None for process in self._processes)
                time.sleep(0.5)

    def ask(self, query, **variables):
        return self._client._execute(query, variables)

    def launch(self, job, partition=None):
        tags = [{"key": "dagster/partition", "value": partition}] if partition else []
        params = {
            "selector": {**REPOSITORY, "pipelineName": job},
            "runConfigData": CONFIG if job == "benchmark" else {},
            "executionMetadata": {"tags": tags},
        }
        answer = self.ask(LAUNCH, params=params)["launchPipelineExecution"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return answer["run"]["runId"]

    def wait(self, filter, count, timeout_s=420):
        """The runs that match, once `count` of them ended well."""
        deadline = time.monotonic() + timeout_s
        while True:
            runs = self.ask(RUNS, filter=filter)["runsOrError"]["results"]
            assert not [run for run in runs if run["status"] in ("FAILURE", "CANCELED")], runs
            if sum(run["status"] == "SUCCESS" for run in runs) >= count:
                return runs
            assert time.monotonic() < deadline, runs
            time.sleep(1)

    def stop(self):
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture
def server(workshop, tmp_path):
    home = tmp_path / "dagster_home"
    home.mkdir()
    shutil.copy(ROOT / "data" / "dagster_home" / "dagster.yaml", home)
    with (tmp_path / "server.log").open("wb") as log:
        server = Server(home, log)
        try:
            yield server
        finally:
            server.stop()


@pytest.mark.timeout(900)
def test_a_person_detects_launches_backfills_and_turns_the_sensor_on(server, workshop):
    # The detection makes this machine's devices partitions.
    selector = {**REPOSITORY, "sensorName": "new_hardware"}
    server.wait({"runIds": [server.launch("detect")]}, 1)
    openvino = "openvino-cpu"
    with_partition = {"pipelineName": "benchmark"}

    # One run, launched as from the launchpad.
    from ipfs_accel_pipeline.hardware.detect import detect_hardware

    partitions = [platform.hardware_id for platform in detect_hardware() if platform.available]
    chosen = next(key for key in partitions if key.startswith(openvino))
    first = server.launch("benchmark", chosen)
    server.wait({"runIds": [first]}, 1)
    assert workshop.published("SELECT run_id, hardware_id FROM performance_results") == [(first, chosen)]

    # A backfill over all partitions.
    backfill = server.ask(
        BACKFILL,
        params={
            "selector": {"partitionSetName": "benchmark_partition_set", "repositorySelector": REPOSITORY},
            "partitionNames": partitions,
            "runConfigData": CONFIG,
        },
    )["launchPartitionBackfill"]
    assert backfill["__typename"] == "LaunchBackfillSuccess", backfill
    tag = {"key": "dagster/backfill", "value": backfill["backfillId"]}
    runs = server.wait({"tags": [tag]}, len(partitions))
    assert {one["value"] for run in runs for one in run["tags"] if one["key"] == "dagster/partition"} == set(partitions)
    tested = workshop.published("SELECT hardware_id, count(DISTINCT run_id) FROM test_results GROUP BY 1")
    assert dict(tested) == {key: 2 if key == chosen else 1 for key in partitions}
    timed = workshop.published("SELECT DISTINCT hardware_id FROM performance_results")
    assert {key for (key,) in timed} == {key for key in partitions if not key.endswith("emulator")}

    # Two benchmarks never ran at once on this host.
    spans = sorted((run["startTime"], run["endTime"]) for run in server.wait(with_partition, 1 + len(partitions)))
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))

    # The sensor can be turned on (what it finds and asks for is in test_automation and test_pipeline).
    started = server.ask(START_SENSOR, selector=selector)["startSensor"]
    assert started["__typename"] == "Sensor", started
