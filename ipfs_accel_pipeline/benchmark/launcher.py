"""Runs each job in a process of its own and turns every way of dying into a status.

A time-out, a crash, a kill by the kernel's out-of-memory killer: the caller always gets an outcome, never an exception.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.benchmark.fork_host import LOG_NAME
from ipfs_accel_pipeline.benchmark.isolation import RESULT_NOT_WRITTEN, Ending, Job
from ipfs_accel_pipeline.errors import says_out_of_memory
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.temporary import OwnedFolder, remove_orphans

_PREFIX = "ipfs-accel-job-"
_LOG_TAIL_BYTES = 4096
_VMSTAT = Path("/proc/vmstat")
_FREE_TEMPORARY = "Free some space in the folder for temporary files, or name another with TMPDIR."


@dataclass(frozen=True)
class Outcome:
    """How a job ended, and its return value if it passed."""

    status: Status
    value: Any
    message: str | None
    duration_s: float | None  # None where no process was started
    details: dict[str, Any] = field(default_factory=dict)  # traceback, log tail, exit code or signal


class Launcher:
    """A context manager: the processes it keeps for forking end with it."""

    def __init__(self) -> None:
        self._hosts: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], _ForkHost] = {}

    def __enter__(self) -> Launcher:
        remove_orphans(_PREFIX)
        return self

    def __exit__(self, *_: object) -> None:
        for host in self._hosts.values():
            host.close()
        self._hosts.clear()

    def run(self, job: Job) -> Outcome:
        """Run `job` to its end, however it ends."""
        content = pickle.dumps(job)
        try:
            with _job_folder() as folder:
                (folder / "job").write_bytes(content)
                return self._run_in(folder, job)
        except OSError as error:  # no room for temporary files, no process or file to be had
            return Outcome(Status.ERROR, None, f"no process could be run for it: {error}. {_remedy(error)}", None)

    def _run_in(self, folder: Path, job: Job) -> Outcome:
        kills_before = _oom_kills()
        started: float | None = None
        try:
            host = self._host(job)  # to start one takes seconds, which are none of the job's
            started = time.monotonic()
            exit_code = host.run(folder, job.timeout_s) if host else _run_fresh(job, folder)
        except _HostDiedError as death:
            duration_s = time.monotonic() - started if started else None
            return Outcome(Status.CRASHED, None, str(death), duration_s)
        duration_s = time.monotonic() - started
        return _outcome(job, folder, exit_code, duration_s, _oom_kills() > kills_before)

    def _host(self, job: Job) -> _ForkHost | None:
        """The process to fork from; None for a job that is given one of its own."""
        if not job.preload or sys.platform != "linux":  # elsewhere GPU frameworks do not survive a fork
            return None
        key = (job.preload, tuple(sorted(job.environment.items())))
        host = self._hosts.get(key)
        if host is None or not host.is_alive():
            if host is not None:
                host.close()
            host = self._hosts[key] = _ForkHost(job)
        return host


@contextlib.contextmanager
def _job_folder() -> Iterator[Path]:
    folder = OwnedFolder(_PREFIX)
    try:
        yield folder.path
    finally:
        folder.remove()


def _remedy(error: OSError) -> str:
    """What frees what is missing; errno tells which."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "Allow more open files (ulimit -n)."
    if error.errno == errno.EAGAIN:
        return "Allow more processes (ulimit -u)."
    if error.errno == errno.ENOMEM:
        return "Free some memory."
    return _FREE_TEMPORARY


class _HostDiedError(Exception):
    pass


class _ForkHost:
    def __init__(self, job: Job) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the host)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ipfs_accel_pipeline.benchmark.fork_host", str(os.getpid()), *job.preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,  # `select` must not miss a line that a buffer already holds
            env={**os.environ, **job.environment},
            start_new_session=True,
        )
        self._read_line(timeout_s=300)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def run(self, folder: Path, timeout_s: float) -> int | None:
        """Exit code (negative: the signal), or None after a time-out."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(os.fsencode(folder) + b"\n")
        except BrokenPipeError as error:
            self._end()
            raise _HostDiedError("the process that forks benchmarks was gone") from error
        child = int(self._read_line(timeout_s=60).removeprefix("started "))
        try:
            answered = self._answers_within(timeout_s)
        except BaseException:
            self._end()  # its answer may still come: the next job needs a new host
            raise
        finally:
            _kill_group(child)  # after a time-out the child, else whatever it started and left
        ended = self._read_line(timeout_s=60)
        return os.waitstatus_to_exitcode(int(ended.removeprefix("ended "))) if answered else None

    def _end(self) -> None:
        """Waits for its death too: until then it would pass for alive, and be given the next job."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._end()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._errors.close()

    def _answers_within(self, timeout_s: float) -> bool:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], timeout_s)
        return bool(ready)

    def _read_line(self, timeout_s: float) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline() if self._answers_within(timeout_s) else b""
        if not line:
            self._end()
            self._errors.seek(0)
            log = self._errors.read()[-_LOG_TAIL_BYTES:].decode(errors="replace")
            raise _HostDiedError(f"the process that forks benchmarks died: {log}")
        return line.decode().rstrip("\n")


def _run_fresh(job: Job, folder: Path) -> int | None:
    """Exit code (negative: the signal), or None after a time-out."""
    with (folder / LOG_NAME).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ipfs_accel_pipeline.benchmark.isolation", str(folder), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # What it leaves in its temporary folder when it is killed goes with the job.
            env={**os.environ, **job.environment, "TMPDIR": str(folder)},
            start_new_session=True,
        )
        try:
            return process.wait(job.timeout_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _kill_group(process.pid)  # also whatever the benchmark itself started and left
            process.wait()


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _outcome(job: Job, folder: Path, exit_code: int | None, duration_s: float, oom_killed: bool) -> Outcome:
    log_tail = _log_tail(folder / LOG_NAME)
    ending = _read_ending(folder / "ending")
    if ending is None and exit_code is None:
        message = f"no result after {job.timeout_s:g} s; the process was killed"
        return Outcome(Status.TIMEOUT, None, message, duration_s, {"log_tail": log_tail})
    if ending is None:
        assert exit_code is not None
        status, message = _death(exit_code, oom_killed, log_tail)
        return Outcome(status, None, message, duration_s, {"exit_code": exit_code, "log_tail": log_tail})
    if ending.status is Status.PASSED:
        return Outcome(ending.status, ending.value, None, duration_s)
    details = {"traceback": ending.traceback, "log_tail": log_tail}
    return Outcome(ending.status, None, ending.message, duration_s, details)


def _death(exit_code: int, oom_killed: bool, log_tail: str) -> tuple[Status, str]:
    """Status and reason of a process that left no ending."""
    if exit_code == RESULT_NOT_WRITTEN:
        return Status.ERROR, f"its result could not be written to {tempfile.gettempdir()}. {_FREE_TEMPORARY}"
    if exit_code >= 0:
        return Status.CRASHED, f"the process ended with exit code {exit_code} and no result"
    name = _signal_name(-exit_code)
    if oom_killed and -exit_code == signal.SIGKILL:
        return Status.OUT_OF_MEMORY, "killed by the kernel's out-of-memory killer"
    if says_out_of_memory(log_tail):
        return Status.OUT_OF_MEMORY, f"killed by {name} after an allocation failed"
    return Status.CRASHED, f"killed by signal {-exit_code} ({name})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no name of their own
        return "unnamed"


def _read_ending(path: Path) -> Ending | None:
    try:
        ending: Ending = pickle.loads(path.read_bytes())
    except (FileNotFoundError, pickle.UnpicklingError, EOFError, AttributeError):  # none, or nothing we can read
        return None
    return ending


def _log_tail(path: Path) -> str:
    try:
        return path.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
    except FileNotFoundError:
        return ""


def _oom_kills() -> int:
    """How often the kernel's out-of-memory killer has struck since boot; 0 where the system does not say."""
    try:
        counters = dict(line.split() for line in _VMSTAT.read_text().splitlines())
    except (OSError, ValueError):
        return 0
    return int(counters.get("oom_kill", 0))
