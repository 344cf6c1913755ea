"""The command line as a person types it: real processes, real measurements of a tiny model."""

import json
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from ipfs_accel_pipeline.cli import main
from ipfs_accel_pipeline.cli.errors import sigterm_stops
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.tables import TABLES
from ipfs_accel_pipeline_tests.workshop import TINY

SMOKE = ["--profile", "smoke", "--weights", "random"]


def invoke(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty working directory and no setting from outside."""
    for name in ("BENCHMARK_DB_PATH", "BENCHMARK_DATA_DIR", "BENCHMARK_CATALOGUE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_version_is_that_of_the_package():
    result = invoke("--version")
    assert (result.exit_code, result.output) == (0, f"ipfs-accel, version {version('ipfs-accel-pipeline')}\n")


def test_detect_shows_and_stores_every_type(elsewhere):
    result = invoke("detect")
    assert result.exit_code == 0, result.output
    assert "CPU" in result.output
    assert "Qualcomm" in result.output
    with open_database(elsewhere / "data" / "benchmark.duckdb") as connection:
        types = connection.execute("SELECT count(DISTINCT hardware_type) FROM hardware_platforms").fetchall()
    assert types == [(8,)]


def test_a_database_named_by_option_wins_over_the_environment(elsewhere, monkeypatch):
    monkeypatch.setenv("BENCHMARK_DB_PATH", str(elsewhere / "environment.duckdb"))
    assert invoke("detect", "--db-path", elsewhere / "option.duckdb").exit_code == 0
    assert (elsewhere / "option.duckdb").exists()
    assert not (elsewhere / "environment.duckdb").exists()
    assert invoke("detect").exit_code == 0
    assert (elsewhere / "environment.duckdb").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--models", "bert-bse-uncased"], "bert-base-uncased"),
        (["--hardware", "CUDAA"], "This machine has:"),
        (["--precisions", "fp12"], "fp32, fp16, bf16, int8"),
        (["--batch-sizes", "0"], "between 1 and"),
        (["--batch-sizes", "two"], "not a list of whole numbers"),
        (["--profile", "leisurely"], "smoke"),
        (["report", "--format", "pdf"], "markdown"),
        (["--db-path", "mine.duckdb", "detect"], "Write --db-path after the command"),
        (["--report", "--json-output", "out.json"], "--json-output is for measuring, and --report only reports"),
        (["--report", "--qualcomm"], "--qualcomm is for measuring"),
        (["--memory-limit-mb", "-5"], "too low"),
        (["run", "--memory-limit-mb", "nan"], "'nan' is no number that a value can be compared with"),
        *((["run", option, ""], "the list is empty") for option in ("--models", "--hardware", "--precisions")),
        (["run", "--models", " , "], "the list is empty"),
        (["run", "--batch-sizes", ""], "the list is empty"),
        (["report", "--models", ""], "the list is empty"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_use_is_one_clear_message_and_exit_code_2(elsewhere, arguments, says):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_report_before_anything_was_measured_says_what_to_run(elsewhere):
    result = invoke("--report")
    assert result.exit_code == 2
    assert "Run `ipfs-accel run`" in result.output


@pytest.mark.parametrize(
    "command",
    [
        ["--report"],
        ["report"],
        ["snapshot"],
        ["dashboard"],
        ["regressions"],
        ["regressions", "--set", "fixed", "abc"],
        ["compare", "a", "b"],
        ["recommend"],
        ["migrate", "--verify"],
    ],
)
def test_a_database_that_does_not_exist_is_told_by_whoever_only_reads_and_is_not_made(elsewhere, command):
    path = elsewhere / "mistyped" / "benchmark.duckdb"
    result = invoke(*command, "--db-path", path)
    assert result.exit_code == 2, result.output
    assert f"There is no database at {path} yet" in result.output
    assert "(--db-path)" in result.output
    assert not path.parent.exists()


def test_a_run_to_compare_with_is_looked_for_before_anything_is_measured(elsewhere, monkeypatch):
    measured = []
    monkeypatch.setattr("ipfs_accel_pipeline.cli.commands.run_pipeline", lambda *all: measured.append(all))
    comparing = ["run", "--compare", "run-a", "run-b", "--models", "bert-tiny"]
    nothing_stored = invoke(*comparing)
    assert nothing_stored.exit_code == 2
    assert "There is no database at" in nothing_stored.output
    assert invoke("detect").exit_code == 0
    assert invoke("snapshot").exit_code == 0
    result = invoke(*comparing)
    assert result.exit_code == 2
    assert "The run 'run-a' has no result" in result.output
    assert measured == []


def test_a_snapshot_that_came_without_its_database_is_read(elsewhere):
    database = elsewhere / "data" / "benchmark.duckdb"
    assert invoke("detect").exit_code == 0
    assert invoke("snapshot").exit_code == 0
    database.unlink()
    result = invoke("report")
    assert result.exit_code == 0, result.output


def test_a_file_that_is_no_database_is_refused_and_left_alone(elsewhere):
    path = elsewhere / "notes.duckdb"
    path.write_text("my notes")
    result = invoke("detect", "--db-path", path)
    assert result.exit_code == 2
    assert "not a DuckDB database" in result.output
    assert path.read_text() == "my notes"


@pytest.mark.parametrize("command", ["run", "detect", "snapshot", "report", "regressions"])
def test_a_path_that_names_no_database_is_wrong_use(elsewhere, monkeypatch, command):
    for path, says in (
        ("/", "/ is a folder. Name a file in it"),
        (os.fsdecode(b"d\xff/b.duckdb"), "its name is no UTF-8"),
    ):
        monkeypatch.setenv("BENCHMARK_DB_PATH", path)
        result = invoke(command)
        assert result.exit_code == 2, result.output
        assert says in result.output


def test_a_threshold_that_is_no_number_is_told_before_anything_is_measured(elsewhere, monkeypatch):
    monkeypatch.setenv("BENCHMARK_MINIMUM_EFFECT", "three")
    monkeypatch.setattr("ipfs_accel_pipeline.cli.commands.run_pipeline", lambda *_: pytest.fail("it measured"))
    result = invoke("run", "--hardware", "cpu")
    assert result.exit_code == 2
    assert "BENCHMARK_MINIMUM_EFFECT='three' is no number" in result.output


def test_a_run_that_is_told_to_end_says_what_becomes_of_its_results(elsewhere):
    script = (
        "import os, signal\n"
        "from ipfs_accel_pipeline.cli import commands, main\n"
        "commands.run_pipeline = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "main(['run', '--hardware', 'cpu'])\n"
    )
    # A process of its own: libraries that other tests loaded into this one may not survive a signal.
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (told.returncode, "Stopped. What was measured is kept" in told.stderr) == (143, True), told.stderr


def test_after_a_run_sigterm_ends_the_process_as_before():
    before = signal.getsignal(signal.SIGTERM)
    with sigterm_stops():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.slow
def test_a_run_measures_stores_and_ends_with_the_report(workshop):
    result = invoke("--models", TINY, "--hardware", "openvino", *SMOKE)
    assert result.exit_code == 0, result.output
    assert "# AI models on hardware endpoints" in result.stdout
    assert TINY in result.stdout
    assert "1 of 1 rounds passed" in result.stderr


@pytest.mark.slow
def test_the_first_versions_command_lines_work(workshop, tmp_path):
    models = ["--models", f"{TINY},tiny-bert"]  # one model by two names
    assert invoke(*models, "--hardware", "OpenVINO", "--quiet", *SMOKE).exit_code == 0
    for format, begins in (("markdown", "# "), ("html", "<!doctype html>"), ("json", "{")):
        output = tmp_path / f"test_report.{format}"
        result = invoke("--report", "--format", format, "--output", output)
        assert result.exit_code == 0, result.output
        assert output.read_text().lower().startswith(begins)


@pytest.mark.slow
def test_a_reports_folder_that_cannot_be_written_keeps_no_report_from_being_made(workshop, tmp_path):
    workshop.settings.reports.write_text("no folder")
    output = tmp_path / "asked_for.md"
    result = invoke("run", "--models", TINY, *SMOKE, "--hardware", "cpu", "--output", output)
    assert result.exit_code == 2, result.output
    assert TINY in output.read_text()
    assert "Reports: none." in result.output
    assert f"cannot be written to {workshop.settings.reports}" in result.output
    assert "Name another --output" not in result.output


@pytest.mark.slow
def test_json_output_still_works_and_says_that_it_is_deprecated(workshop, tmp_path):
    output = tmp_path / "results.json"
    result = invoke("run", "--models", TINY, "--hardware", "openvino", "--json-output", output, "--quiet", *SMOKE)
    assert result.exit_code == 0, result.output
    assert "deprecated" in result.stderr
    assert json.loads(output.read_text())["performance"]


@pytest.mark.slow
def test_a_benchmark_that_cannot_run_is_exit_code_1_and_the_others_are_kept(workshop):
    lengths = ["--sequence-lengths", "16,4096"]
    result = invoke("--models", TINY, "--hardware", "openvino", *lengths, "--quiet", *SMOKE)
    assert result.exit_code == 1
    with open_database(workshop.settings.database) as connection:
        rows = connection.execute("SELECT status FROM test_results ORDER BY sequence_length").fetchall()
    assert rows == [("passed",), ("unsupported",)]


@pytest.mark.slow
def test_what_a_killed_run_had_measured_is_recovered_by_the_next(workshop):
    command = [sys.executable, "-m", "ipfs_accel_pipeline", "--models", TINY, "--hardware", "openvino"]
    options = ["--weights", "random", "--batch-sizes", "1,2,3,4,5,6,7,8"]
    killed = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    while "round 1: passed" not in (line := killed.stderr.readline()):
        assert line, "the run ended before it measured anything"
    killed.kill()
    killed.communicate()
    result = subprocess.run([*command, *SMOKE], capture_output=True, text=True, check=True)
    assert "Recovered" in result.stderr
    with open_database(workshop.settings.database) as connection:
        runs = connection.execute("SELECT count(DISTINCT run_id) FROM performance_results").fetchall()
    assert runs == [(2,)]


def test_the_readme_names_every_table():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    tables = readme.partition("## Tables")[2].partition("\n## ")[0]
    assert {name for name in TABLES if f"`{name}`" not in tables} == set()


def test_the_readme_names_every_option_of_the_command():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    help_text = subprocess.run(
        [sys.executable, "-m", "ipfs_accel_pipeline", "run", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    ).stdout
    options = {word.strip(",") for word in help_text.split() if word.startswith("--")}
    assert {option for option in options if option not in readme} == set()
