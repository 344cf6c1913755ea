"""A process that has imported heavy modules once and forks a fresh child for each job.

Importing torch and transformers costs about ten seconds, a fork some milliseconds; the child is as isolated as a new
process, since the host computes nothing. Protocol over stdin and stdout: a job folder in, `started PID` and
`ended WAITSTATUS` out.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
import tempfile
import traceback
from pathlib import Path

from ipfs_accel_pipeline.benchmark.isolation import die_with_parent, run_job

LOG_NAME = "log"


def serve(modules: list[str]) -> None:
    for module in modules:
        with contextlib.suppress(ImportError):  # the job will meet it again, and report it as its own result
            importlib.import_module(module)
    gc.freeze()  # a child's garbage collection would touch, and so copy, every page of what was imported
    _say("ready")
    for line in sys.stdin.buffer:  # bytes, as a folder's name need not be text
        folder = Path(os.fsdecode(line.removesuffix(b"\n")))
        host = os.getpid()
        child = os.fork()
        if child == 0:
            _become_child(folder, host)
        _say(f"started {child}")
        _, wait_status = os.waitpid(child, 0)
        _say(f"ended {wait_status}")


def _become_child(folder: Path, host: int) -> None:
    """Never returns: a child that came back from here would serve the host's next job."""
    try:
        os.setsid()  # own process group, so that a time-out kills whatever the benchmark started
        die_with_parent(host)
        log = os.open(folder / LOG_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what the host reads from here is not the benchmark's
        os.environ["TMPDIR"] = str(folder)  # what it leaves there when it is killed goes with the job
        tempfile.tempdir = None  # the host's own may be known already
        run_job(folder)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    serve(sys.argv[2:])
