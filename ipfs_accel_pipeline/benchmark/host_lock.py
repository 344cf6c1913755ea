"""Two benchmarks never share one host: a lock that a command line run and a run from the UI both take."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ipfs_accel_pipeline.errors import PipelineError

# Not the temporary folder of this process: TMPDIR differs between a shell and a service.
_FOLDER = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())
_LOCK_NAME = "ipfs-accel-benchmark.lock"


@contextmanager
def exclusive_host(on_wait: Callable[[str], None] = lambda message: None, path: Path | None = None) -> Iterator[None]:
    """Hold the host's benchmark lock; waits for as long as another run holds it, after saying so once."""
    file = path or _FOLDER / _LOCK_NAME
    lock = FileLock(file, mode=0o666)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_wait("Another benchmark run holds this host; waiting for it to end.")
        lock.acquire()
    except PermissionError as error:
        raise PipelineError(f"{file} belongs to another user. Remove it when that user measures nothing.") from error
    try:
        yield
    finally:
        lock.release()
