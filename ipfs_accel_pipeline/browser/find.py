"""Which browsers this machine has: the one the user names, else Chrome, Chromium and Edge where they usually are.

BENCHMARK_BROWSER: paths or names, separated as in PATH; `none` for no browser at all. BENCHMARK_BROWSER_FLAGS: further
flags for it. BENCHMARK_SOFTWARE_ADAPTERS=1: measure adapters that are software, too. Read here and nowhere else.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ipfs_accel_pipeline.errors import BackendUnavailable

BROWSER_VARIABLE = "BENCHMARK_BROWSER"
FLAGS_VARIABLE = "BENCHMARK_BROWSER_FLAGS"
SOFTWARE_VARIABLE = "BENCHMARK_SOFTWARE_ADAPTERS"

_NO_BROWSER = "none"
_ON_PATH = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "microsoft-edge")
_MAC_APPLICATIONS = ("Google Chrome", "Chromium", "Microsoft Edge")


@dataclass(frozen=True)
class Browsers:
    """What was found, in the order of preference; `problem` says why something named is missing, or that all is."""

    paths: tuple[Path, ...]
    problem: str | None = None


def find_browsers(
    environment: Mapping[str, str] = os.environ,
    system: str = platform.system(),
    which: Callable[[str], str | None] = shutil.which,
) -> Browsers:
    """No browser is started. Two names of one file are one browser."""
    if system == "Windows":
        return Browsers((), "not implemented: the remote-debugging pipe of Windows")
    named = [name for name in environment.get(BROWSER_VARIABLE, "").split(os.pathsep) if name]
    if named == [_NO_BROWSER]:
        return Browsers((), f"{BROWSER_VARIABLE}=none switches browsers off")
    if named:
        return _named(named, which)
    found = _distinct(path for name in _usual_names(system) if (path := which(name)))
    if not found:
        return Browsers((), f"no browser was found. Install Chrome, Chromium or Edge, or set {BROWSER_VARIABLE}.")
    return Browsers(found)


def extra_flags(environment: Mapping[str, str] = os.environ) -> list[str]:
    try:
        return shlex.split(environment.get(FLAGS_VARIABLE, ""))
    except ValueError as error:
        raise BackendUnavailable(f"{FLAGS_VARIABLE} is no list of flags: {error}. Quote as in a shell.") from error


def software_is_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    return environment.get(SOFTWARE_VARIABLE, "").strip().lower() in ("1", "true", "yes", "on")


def _named(names: list[str], which: Callable[[str], str | None]) -> Browsers:
    missing = [name for name in names if not which(name)]
    problem = f"{BROWSER_VARIABLE} names {', '.join(missing)}: no such program" if missing else None
    return Browsers(_distinct(path for name in names if (path := which(name))), problem)


def _usual_names(system: str) -> tuple[str, ...]:
    if system == "Darwin":
        return (*(f"/Applications/{name}.app/Contents/MacOS/{name}" for name in _MAC_APPLICATIONS), *_ON_PATH)
    return _ON_PATH


def _distinct(paths: Iterable[str]) -> tuple[Path, ...]:
    found: dict[Path, Path] = {}
    for path in paths:
        found.setdefault(Path(path).resolve(), Path(path))
    return tuple(found.values())
