"""The life of one browser: started with a profile of its own, ended with all its processes, its profile removed.

It stays in the process group of its parent, so whoever kills a benchmark's group kills its browser too; and it holds
the other end of our pipe, so it ends itself when its parent dies in any other way.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from ipfs_accel_pipeline.browser.devtools import BrowserGoneError, DevTools, NoAnswerError
from ipfs_accel_pipeline.errors import BackendUnavailable
from ipfs_accel_pipeline.temporary import OwnedFolder, remove_orphans

# Quiet, without network traffic of its own, and never slowed down because nobody looks at the page.
_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-breakpad",
    "--disable-dev-shm-usage",  # containers have 64 MB there
    "--password-store=basic",
    "--use-mock-keychain",
    "--mute-audio",
)
_ENABLE_WEBGPU = "--enable-unsafe-webgpu"
_WEBNN = "WebMachineLearningNeuralNetwork"
_ENABLE_FEATURES = "--enable-features="
# `preexec_fn` would do the same, but not safely beside threads; a POSIX shell knows no descriptor above 9.
_EXEC = (
    sys.executable,
    "-ISc",
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])",
)
_PREFIX = "ipfs-accel-browser-"
START_TIMEOUT_S = 30.0
_END_TIMEOUT_S = 5.0
_ERROR_TAIL_BYTES = 1500


class Browser:
    """A running browser. `close` is always to be called; it never raises."""

    def __init__(self, path: Path, flags: Sequence[str] = (), start_timeout_s: float = START_TIMEOUT_S) -> None:
        if not os.access(path, os.X_OK):
            raise BackendUnavailable(f"{path} is not a program that can be started. Set BENCHMARK_BROWSER.")
        remove_orphans(_PREFIX)
        self._folder = OwnedFolder(f"{_PREFIX}{os.getpid()}-")
        self._profile = self._folder.path
        self._errors = self._profile / "stderr"
        try:
            self._process, self.devtools = self._start(path, flags)
        except OSError as error:
            self._folder.remove()
            raise BackendUnavailable(f"{path} could not be started: {error}") from error
        try:
            version = self.devtools.call("Browser.getVersion", start_timeout_s)
        except (BrowserGoneError, NoAnswerError) as error:
            reason = f"{path} did not come up: {error}. Its last words: {self.last_words()}"
            self.close()
            raise BackendUnavailable(reason) from error
        except BaseException:
            self.close()
            raise
        self.product = str(version["product"])  # Chrome/156.0.8078.108

    @property
    def pid(self) -> int:
        return self._process.pid

    def processes(self) -> list[psutil.Process]:
        """The browser's own process first, then all that it has started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(self._process.pid)
            return [main, *main.children(recursive=True)]
        return []

    def last_words(self) -> str:
        """The end of what it wrote to standard error, on one line."""
        with contextlib.suppress(OSError):
            tail = self._errors.read_bytes()[-_ERROR_TAIL_BYTES:].decode(errors="replace")
            return " | ".join(line for line in tail.splitlines() if line.strip()) or "none"
        return "none"

    def close(self) -> None:
        """Kill all its processes and remove its profile: nothing in it is worth an orderly end, which takes 2 s."""
        _kill(self.processes())
        self._process.wait()
        with contextlib.suppress(OSError):
            self.devtools.close()
        self._remove_profile()

    def _remove_profile(self) -> None:
        """More than once: a process that is being killed may still be writing its last file."""
        for _ in range(20):
            self._folder.remove()
            if not self._profile.exists():
                return
            time.sleep(0.1)

    def _start(self, path: Path, flags: Sequence[str]) -> tuple[subprocess.Popen[bytes], DevTools]:
        """The browser reads its pipe at descriptor 3 and writes at 4: a small program puts them there, then is it."""
        from_us, to_browser = _high_pipe()
        from_browser, to_us = _high_pipe()
        command = [*_EXEC, str(from_us), str(to_us), str(path.absolute()), *self._arguments(flags)]
        try:
            with self._errors.open("wb") as errors:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    pass_fds=(from_us, to_us),
                    cwd=self._profile,
                    env=self._environment(),
                )
        except OSError:
            os.close(to_browser)
            os.close(from_browser)
            raise
        finally:
            os.close(from_us)
            os.close(to_us)
        return process, DevTools(to_browser, from_browser)

    def _arguments(self, flags: Sequence[str]) -> list[str]:
        # Chromium refuses to start its sandbox as root; nobody else goes without one.
        no_sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        profile = f"--user-data-dir={self._profile}"
        return [*_FLAGS, _ENABLE_WEBGPU, profile, *no_sandbox, *with_webnn(flags), "about:blank"]

    def _environment(self) -> dict[str, str]:
        """Nothing is written into the user's own folders.

        Its folder for temporary files is the profile too, under the shortest name: it has a socket there, whose path
        may have 107 characters.
        """
        homes = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
        return {**os.environ, **dict.fromkeys(homes, str(self._profile)), "TMPDIR": "."}


def with_webnn(flags: Sequence[str]) -> list[str]:
    """Chromium obeys the last list of features alone, so theirs and ours are one."""
    lists = [flag.removeprefix(_ENABLE_FEATURES) for flag in flags if flag.startswith(_ENABLE_FEATURES)]
    others = [flag for flag in flags if not flag.startswith(_ENABLE_FEATURES)]
    return [*others, _ENABLE_FEATURES + ",".join([_WEBNN, *lists])]


def _high_pipe() -> tuple[int, int]:
    """Descriptors above 9, so that putting one of them at 3 cannot hit another."""
    import fcntl  # not on Windows, where this module is still imported

    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]


def _kill(family: Sequence[psutil.Process]) -> None:
    """By process object, which knows its start time: a number that was given again is not hit."""
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(family, timeout=_END_TIMEOUT_S)
