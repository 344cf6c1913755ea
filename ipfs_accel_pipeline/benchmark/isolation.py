"""What happens inside an isolated child process: limits, the call, and the one file that carries its result back.

Run as `python -m ipfs_accel_pipeline.benchmark.isolation JOB`, or called by the fork host after a fork.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import os
import pickle
import re
import signal
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import OutOfItsMemoryError, Unsupported, is_out_of_memory, missing_library
from ipfs_accel_pipeline.records import Status

_PR_SET_PDEATHSIG = 1
_STACK_WITHOUT_LIMIT = 2 * 1024 * 1024  # glibc's, of a thread where the stack is not limited
RESULT_NOT_WRITTEN = 73  # the exit code that sysexits.h calls EX_CANTCREAT


@dataclass(frozen=True)
class Job:
    """A call to make in a process of its own. Arguments and result are pickled."""

    target: str  # "package.module:function"
    arguments: dict[str, Any]
    timeout_s: float
    memory_limit_mb: float | None = None
    preload: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """How the call ended, as the child itself saw it."""

    status: Status
    value: Any = None
    message: str | None = None
    traceback: str | None = None


def run_job(folder: Path) -> None:
    """Make the call described in `folder/job` and leave its ending in `folder/ending`."""
    faulthandler.enable()
    job: Job = pickle.loads((folder / "job").read_bytes())
    ending = _call(job)
    with contextlib.suppress(OSError, ValueError):  # closed by the benchmark
        sys.stdout.flush()  # who calls this leaves without Python's own end
    content = pickle.dumps(ending)
    try:
        (folder / "ending.tmp").write_bytes(content)
        os.replace(folder / "ending.tmp", folder / "ending")
    except OSError:  # the disk is full: the one sign that needs no room there
        os._exit(RESULT_NOT_WRITTEN)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies: a killed pipeline leaves no benchmark behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the request was made
            os._exit(1)


def _call(job: Job) -> Ending:
    try:
        _limit_memory(job.memory_limit_mb)
        module, _, name = job.target.partition(":")
        return Ending(Status.PASSED, value=getattr(importlib.import_module(module), name)(**job.arguments))
    except SystemExit as exit_request:
        return Ending(Status.ERROR, message=f"the benchmark called sys.exit({exit_request.code!r})")
    except BaseException as error:
        status = Status.OUT_OF_MEMORY if _found_no_room_for_a_thread(error) else _status_of(error)
        message = _message(error)
        is_ours = status is Status.OUT_OF_MEMORY and not isinstance(error, OutOfItsMemoryError)
        if is_ours and job.memory_limit_mb is not None:
            message = f"{message.rstrip(': ')} (it may have {job.memory_limit_mb:.0f} MiB)"
        return Ending(status, message=message, traceback=traceback.format_exc(limit=-30))


def _status_of(error: BaseException) -> Status:
    if isinstance(error, Unsupported):
        return Status.UNSUPPORTED
    if is_out_of_memory(error):
        return Status.OUT_OF_MEMORY
    if isinstance(error, ModuleNotFoundError):
        return Status.UNSUPPORTED
    if isinstance(error, TimeoutError):  # a runtime outside this process that did not answer
        return Status.TIMEOUT
    return Status.ERROR


def _found_no_room_for_a_thread(error: BaseException) -> bool:
    """Python does not say why a thread could not be started: too many of them, or no memory left for its stack.

    The kernel refuses the stack where it and what is held already exceed the limit; the same sum is done here. Where
    other threads gave back theirs meanwhile, the reason stays unknown.
    """
    if "can't start new thread" not in str(error) or sys.platform != "linux":
        return False
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    stack, _ = resource.getrlimit(resource.RLIMIT_STACK)
    stack = _STACK_WITHOUT_LIMIT if stack == resource.RLIM_INFINITY else stack
    held = re.search(r"^VmData:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return limit != resource.RLIM_INFINITY and held is not None and int(held[1]) * 1024 + stack > limit


def _message(error: BaseException) -> str:
    if isinstance(error, Unsupported | OutOfItsMemoryError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return missing_library(error)
    return f"{type(error).__name__}: {error}"


def _limit_memory(limit_mb: float | None) -> None:
    """Bound private writable memory. Address space is not bounded: runtimes reserve far more than they use."""
    if limit_mb is None or sys.platform != "linux":
        return
    import resource

    limit = int(limit_mb * 1024 * 1024)
    with contextlib.suppress(ValueError):  # the hard limit is already lower, which bounds us as well
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    # The module once more by its name: what is pickled must not come from "__main__".
    from ipfs_accel_pipeline.benchmark import isolation

    isolation.die_with_parent(int(sys.argv[2]))
    isolation.run_job(Path(sys.argv[1]))
    os._exit(0)  # the result is kept: a runtime that hangs while it is taken down would only be waited for
