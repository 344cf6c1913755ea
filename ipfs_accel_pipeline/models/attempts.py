"""Tries export paths until one gives a graph that answers like the reference, and keeps what happened to each."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import DownloadError, PipelineError, Unsupported, is_out_of_memory, missing_library
from ipfs_accel_pipeline.models.agreement import Agreement
from ipfs_accel_pipeline.models.bundles import Attempt
from ipfs_accel_pipeline.models.reasons import reason_of

# OpenVINO says of a full disk no more than "iostream error": less than this is left after it.
_FULL_BELOW_BYTES = 2**20


@dataclass(frozen=True)
class ExportPath:
    """`write` leaves the artefact's files in the empty folder it is given."""

    name: str
    write: Callable[[Path], None]


@dataclass(frozen=True)
class Made:
    """What a maker of artefacts returns for the outcome file."""

    exporter: str
    attempts: tuple[Attempt, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


class ExportError(PipelineError):
    """No export path worked; the message has the reason of each. Unsupported if each said that this model cannot."""

    def __init__(self, attempts: Sequence[Attempt], is_unsupported: bool, lacks_library: bool = False) -> None:
        super().__init__("; ".join(f"{attempt.exporter}: {attempt.error}" for attempt in attempts))
        self.attempts = tuple(attempts)
        self.is_unsupported = is_unsupported
        self.lacks_library = lacks_library  # for one of the paths at least: with it the answer may be another


def first_accepted(
    paths: Sequence[ExportPath], target: Path, check: Callable[[Path], list[Agreement]], gated: bool = True
) -> Made:
    """Write with the first path whose result passes. Ungated, the agreement is recorded and judges nothing."""
    attempts: list[Attempt] = []
    is_unsupported, lacks_library = True, False
    for path in paths:
        started = time.monotonic()
        refusal, agreements = _try(path, target, check, gated)
        attempts.append(Attempt(path.name, refusal.reason if refusal else None, round(time.monotonic() - started, 2)))
        if refusal is None:
            details = {"agreement": [agreement.to_json() for agreement in agreements]}
            return Made(path.name, tuple(attempts), details)
        is_unsupported &= refusal.is_unsupported
        lacks_library |= refusal.lacks_library
        _empty(target)
        gc.collect()  # an exporter leaves cycles behind that hold whole models
    raise ExportError(attempts, is_unsupported, lacks_library)


@dataclass(frozen=True)
class _Refusal:
    """Why a path cannot be taken: text alone, as an exception would hold whole models."""

    reason: str
    is_unsupported: bool = False
    lacks_library: bool = False


def _try(
    path: ExportPath, target: Path, check: Callable[[Path], list[Agreement]], gated: bool
) -> tuple[_Refusal | None, list[Agreement]]:
    """Why this path cannot be taken, or None and how well its graph agrees."""
    try:
        path.write(target)
        agreements = check(target)
    except Exception as error:
        if is_transient(error):
            raise
        if shutil.disk_usage(target).free < _FULL_BELOW_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from error
        if isinstance(error, ModuleNotFoundError):
            return _Refusal(missing_library(error), is_unsupported=True, lacks_library=True), []
        is_unsupported = isinstance(error, Unsupported)
        return _Refusal(str(error) if is_unsupported else reason_of(error), is_unsupported), []
    refusals = [agreement.refusal() if gated else agreement.problem for agreement in agreements]
    return next((_Refusal(refusal) for refusal in refusals if refusal), None), agreements


def is_transient(error: BaseException) -> bool:
    """Full memory, a full disk or a lost connection says nothing about the model, whatever it was turned into.

    For bad models libraries raise OSError unnumbered.
    """
    if is_out_of_memory(error) or isinstance(error, DownloadError):
        return True
    if isinstance(error, OSError) and error.errno is not None:
        return True
    if os.strerror(errno.ENOSPC) in str(error):  # safetensors has an error of its own for it
        return True
    return error.__cause__ is not None and is_transient(error.__cause__)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
