"""What a person sees while a run goes on: a bar on a terminal, plain lines elsewhere, nothing when asked for quiet."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ipfs_accel_pipeline.cli.speech import PatientConsole
from ipfs_accel_pipeline.pipeline.preparation import Prepared
from ipfs_accel_pipeline.pipeline.progress import describe, describe_prepared
from ipfs_accel_pipeline.records import HardwarePlatform, Observation, Status


class TerminalProgress:
    """Writes to standard error, so that a report on standard output stays clean."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._console = PatientConsole(file=sys.stderr, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def preparing(self, artefacts: int) -> None:
        self._begin("preparing models", artefacts)

    def prepared(self, one: Prepared) -> None:
        self._advance(describe_prepared(one), notable=one.made_now or not one.outcome.ok)

    def measuring(self, platform: HardwarePlatform, rounds: int) -> None:
        self._begin(f"measuring {platform.hardware_id}", rounds)

    def observed(self, observation: Observation) -> None:
        self._advance(describe(observation), notable=observation.status is not Status.PASSED)

    def warn(self, message: str) -> None:
        self._console.print(message, markup=False)

    def _begin(self, what: str, total: int) -> None:
        if not self._quiet and not self._console.is_terminal:
            self._console.print(what, markup=False)
        self._task = self._bar.add_task(what, total=total)

    def _advance(self, line: str, notable: bool) -> None:
        """On a terminal the bar is enough, and only what is notable scrolls by."""
        if not self._quiet and (notable or not self._console.is_terminal):
            self._console.print(line, markup=False)
        if self._task is not None:
            self._bar.advance(self._task)
