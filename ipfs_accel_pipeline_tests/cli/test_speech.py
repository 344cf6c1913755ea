"""A run whose reader has gone away: `ipfs-accel run ... | head`."""

import os
import subprocess
import sys

import pytest

from ipfs_accel_pipeline.cli.progress import TerminalProgress
from ipfs_accel_pipeline.cli.speech import say
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline_tests.workshop import TINY


def closed_pipe() -> int:
    read, write = os.pipe()
    os.close(read)
    return write


def test_what_nobody_reads_is_said_to_nobody(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, os.fdopen(closed_pipe(), "w"))
    with TerminalProgress(quiet=False) as progress:
        progress.warn("the first line meets the closed pipe")
        progress.warn("the second one does not")
    say("a report", err=False)
    say("a last word", err=True)
    sys.stdout.flush()
    sys.stderr.write("of another library")
    sys.stderr.flush()


@pytest.mark.slow
def test_a_run_whose_reader_has_gone_measures_to_its_end(workshop):
    nobody = closed_pipe()
    command = ["run", "--models", TINY, "--hardware", "openvino", "--profile", "smoke", "--weights", "random"]
    ended = subprocess.run([sys.executable, "-m", "ipfs_accel_pipeline", *command], stdout=nobody, stderr=nobody)
    assert ended.returncode == 0
    with open_database(workshop.settings.database) as connection:
        assert [test.status for test in read_rows(connection, "test_results")] == ["passed"]
    assert (workshop.settings.reports / "report.md").exists()
