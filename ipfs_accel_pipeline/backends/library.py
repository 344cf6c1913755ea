"""What all backends ask about the library they stand on: is it here, and in which version."""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Sequence

from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported


def imported_version(module: str) -> str | None:
    """What the module says of itself: a build (`2.13.0+cpu`) is in it, which no package metadata tells."""
    try:
        return str(importlib.import_module(module).__version__)
    except ModuleNotFoundError:
        return None


def require_module(module: str, install: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise BackendUnavailable(f"{module} is not installed here. {install}")


def require_precision(backend: str, device: str, precision: str, known: Sequence[str]) -> None:
    if precision not in known:
        raise Unsupported(f"{backend} on {device} cannot be asked for {precision} (it can: {', '.join(known)})")


def milliseconds_since(started: float) -> float:
    """`started` is a reading of time.perf_counter."""
    return (time.perf_counter() - started) * 1000
