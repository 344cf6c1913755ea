"""The commands that only read: the dashboard as a process of its own, and the report's options."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from xml.etree import ElementTree

import httpx
import pytest
from click.testing import CliRunner

from ipfs_accel_pipeline.cli import main
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline_tests.dashboard.synthetic import Size, publish_synthetic
from ipfs_accel_pipeline_tests.reports import example


@pytest.fixture(scope="module")
def example_database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading")
    example.write_example(folder / "benchmark.duckdb")
    publish_snapshot(folder / "benchmark.duckdb", folder / "benchmark.snapshot.duckdb")
    return folder / "benchmark.duckdb"


def report(database, *arguments):
    return CliRunner().invoke(main, ["report", "--db-path", str(database), *arguments])


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_for_answer(address: str, process: subprocess.Popen[str]) -> httpx.Response:
    deadline = time.monotonic() + 60
    while True:
        try:
            return httpx.get(address)
        except httpx.TransportError:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.slow
def test_the_dashboard_is_one_command_that_says_where_it_is_and_stops_when_told(example_database):
    port = free_port()
    command = ["dashboard", "--db-path", str(example_database), "--port", str(port), "--token", "s3cret"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ipfs_accel_pipeline", *command], stderr=subprocess.PIPE, text=True
    )
    try:
        refused = wait_for_answer(f"http://127.0.0.1:{port}/api/summary", process)
        answer = httpx.get(f"http://127.0.0.1:{port}/api/summary", headers={"Authorization": "Bearer s3cret"})
        head = httpx.head(f"http://127.0.0.1:{port}/overview", headers={"Authorization": "Bearer s3cret"})
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert refused.status_code == 401
    assert answer.json()["cases"] == 14
    assert f"http://127.0.0.1:{port}/?token=s3cret" in said
    assert (head.status_code, head.content) == (200, b"")
    assert process.returncode == 0
    assert "Traceback" not in said


def test_a_taken_port_is_told_with_the_remedy_and_nothing_is_promised(example_database):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["dashboard", "--db-path", str(example_database), "--port", str(port)])
    assert result.exit_code == 2
    assert f"Port {port} of 127.0.0.1 is taken. Choose another one: --port" in result.output
    assert "Dashboard:" not in result.output


def test_an_address_of_another_machine_is_told(example_database):
    result = CliRunner().invoke(main, ["dashboard", "--db-path", str(example_database), "--host", "192.0.2.1"])
    assert result.exit_code == 2
    assert "Cannot listen on 192.0.2.1, port 8050: Cannot assign" in result.output


@pytest.mark.parametrize("format", ["junit", "model-index", "openmetrics"])
def test_a_report_is_exported_to_a_file(example_database, tmp_path, format):
    path = tmp_path / "export"

    result = report(example_database, "--format", format, "--output", str(path))

    assert result.exit_code == 0, result.output
    assert example.BERT in path.read_text(encoding="utf-8") or "fake/bert-tiny" in path.read_text(encoding="utf-8")
    if format == "junit":
        assert ElementTree.parse(path).getroot().tag == "testsuites"


def test_a_report_since_a_day_leaves_out_what_is_older(example_database):
    result = report(example_database, "--format", "json", "--since", "2026-03-02")

    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["since"] == "2026-03-02T00:00:00Z"
    assert document["summary"]["tests"] == 0


def test_two_runs_are_compared_in_a_report(tmp_path):
    publish_synthetic(tmp_path, Size(models=4, platforms=2, runs=2))

    result = report(tmp_path / "benchmark.duckdb", "--compare", "run-000", "run-001")

    assert result.exit_code == 0, result.output
    assert "A is run-000, B is run-001" in result.output
    assert re.search(r"\| (≈ tied|▲ B slower|▼ B faster) \|", result.output)


@pytest.mark.parametrize("question", [["recommend"], ["recommend", "--fleet"], ["report"]])
def test_a_measured_model_is_asked_for_by_its_short_name(example_database, question):
    def ask(models):
        options = [] if question == ["report"] else ["--max-age-days", "9999"]
        command = [*question, "--models", models, "--db-path", str(example_database), *options]
        return CliRunner().invoke(main, command)

    result = ask("fake/bert-tiny")  # its name; the id is another
    assert example.BERT in result.stdout, result.output
    misspelt = ask("fake/bert-tny")
    assert misspelt.exit_code == 2
    assert "Perhaps you meant: fake/bert-tiny" in misspelt.output


def test_a_run_that_does_not_exist_is_wrong_use(example_database):
    result = report(example_database, "--compare", "run-1", "nonsense")

    assert result.exit_code == 2
    assert "The run 'nonsense' has no result" in result.output
