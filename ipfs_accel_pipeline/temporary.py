"""Folders for temporary files, and the removal of those whose owner was killed before it could remove them itself.

The owner holds a lock within its folder, which the kernel gives back when it dies. Its process number would tell
nothing where containers share one folder for temporary files.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

_LOCK_NAME = "owner.lock"
_BEING_MADE_S = 60  # the lock's file is there a moment before it is held


class OwnedFolder:
    """A new folder of this process. `remove` is always to be called."""

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._lock = FileLock(self.path / _LOCK_NAME)
        try:
            self._lock.acquire()
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        self._lock.release()  # Windows removes no file that is open
        shutil.rmtree(self.path, ignore_errors=True)


def remove_orphans(prefix: str) -> None:
    """The folders of that prefix whose owner is dead; what belongs to another user stays."""
    with contextlib.suppress(OSError):  # there is no folder for temporary files: whoever needs one says so
        for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
            if _is_orphan(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_orphan(folder: Path) -> bool:
    file = folder / _LOCK_NAME
    try:
        if time.time() - file.stat().st_mtime < _BEING_MADE_S:
            return False
        with FileLock(file, timeout=0):
            return True
    except (OSError, Timeout):  # no lock: of an earlier version; none that we may take: of another user
        return False
