"""`ipfs-accel migrate` as a person types it."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from ipfs_accel_pipeline.cli import main
from ipfs_accel_pipeline_tests import legacy_samples as samples


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """In an empty folder with one measured run in `old/`."""
    monkeypatch.chdir(tmp_path)
    samples.write(tmp_path / "old" / "a.json", samples.direct())

    def invoke(*arguments, **options):
        return CliRunner().invoke(main, ["migrate", *arguments, "--db-path", "results.duckdb"], **options)

    return invoke


def test_a_migration_ends_with_its_report_and_verifies(invoke):
    result = invoke("old")
    assert result.exit_code == 0, result.output
    assert "| S01 direct_benchmark | 1 |" in result.stdout
    assert "Content seen before, so left alone: 1" in invoke("old").stdout
    verified = invoke("--verify")
    assert verified.exit_code == 0
    assert "all agree" in verified.stdout


def test_a_verification_that_fails_says_where_and_has_exit_code_1(invoke, tmp_path):
    invoke("old")
    (tmp_path / "old" / "a.json").write_text("{}")
    verified = invoke("--verify")
    assert verified.exit_code == 1
    assert "the source is gone" in verified.stdout


def test_names_come_from_standard_input_and_the_report_goes_to_a_file(invoke, tmp_path):
    result = invoke("-", "--report", "json", "--output", "out/report.json", "--quiet", input="old/a.json\n\n")
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert json.loads((tmp_path / "out" / "report.json").read_text())["rows"]["test_results"] == 1


def test_a_list_may_come_from_windows(invoke, tmp_path):
    command = ["migrate", "-", "--db-path", "results.duckdb", "--quiet", "--report", "json"]
    code = f"from ipfs_accel_pipeline.cli import main; main({command})"
    # Click's runner translates line ends, a real process does not.
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, input=b"old/a.json\r\n\r\n", capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["outcomes"] == {"imported": 1}


@pytest.mark.parametrize("missing", ["nowhere", "old/*.csv", "old/**/b.json"])
def test_a_source_that_is_not_there_is_exit_code_2_and_the_rest_goes_on(invoke, missing):
    result = invoke(missing, "old")
    assert result.exit_code == 2, result.output
    assert f"There is no file or folder '{missing}', and no file matches it as a pattern" in result.stderr
    assert "| S01 direct_benchmark | 1 |" in result.stdout
    assert invoke("o*/**/*.json").exit_code == 0


def test_a_dry_run_leaves_no_database(invoke, tmp_path):
    assert "dry run: nothing was written" in invoke("old", "--dry-run").stdout
    assert not (tmp_path / "results.duckdb").exists()


@pytest.mark.parametrize(
    "arguments", [[], ["--verify", "old"], ["old", "--report", "html"], ["old", "--max-file-mb", "0"]]
)
def test_wrong_use_has_exit_code_2(invoke, arguments):
    assert invoke(*arguments).exit_code == 2


def test_what_is_refused_is_told_at_once_and_the_rest_goes_on(invoke, tmp_path):
    (tmp_path / "old" / "b.json").write_text('{"a": ')
    result = invoke("old", "gone.json")
    assert result.exit_code == 2  # gone.json
    assert "b.json: refused: truncated" in result.stderr
    assert "gone.json: refused: no such file, folder or pattern" in result.stderr
    assert "1 test_results" in result.stdout
